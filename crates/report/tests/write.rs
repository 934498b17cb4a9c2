//! Files and errors.

mod fixture;

use std::fs;

use evenkeel_lab::results::{Experiment, Number, Results};
use evenkeel_report::{
    Format, ReportError, Theme, check, figures, page, write, write_figures, write_page,
};

#[test]
fn a_report_is_a_page_and_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/report");
    let results = fixture::results();
    let written = write(&results, &out).unwrap();
    assert_eq!(
        fs::read_to_string(&written.page).unwrap(),
        page(&results).unwrap()
    );
    let drawn = figures(&results);
    assert_eq!(written.figures.len(), drawn.len());
    for (path, figure) in written.figures.iter().zip(&drawn) {
        assert_eq!(fs::read_to_string(path).unwrap(), figure.svg);
    }
    // Nothing temporary stays behind, and a second time replaces the first.
    write(&results, &out).unwrap();
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    assert_eq!(
        fs::read_dir(out.join("figures")).unwrap().count(),
        drawn.len()
    );
}

#[test]
fn figures_of_another_run_go_and_the_users_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let figures = folder.path().join("figures");
    fs::create_dir(&figures).unwrap();
    let (stale, theirs) = (
        figures.join("relu-of-another-run.svg"),
        figures.join("mine.svg"),
    );
    fs::write(&stale, "").unwrap();
    fs::write(&theirs, "mine").unwrap();
    let written = write(&fixture::results(), folder.path()).unwrap();
    assert!(!stale.exists());
    assert!(theirs.exists());
    assert!(written.figures.iter().all(|figure| figure.exists()));
}

#[test]
fn hostile_ids_stay_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut results = fixture::results();
    for e in &mut results.experiments {
        e.id = "../../escape".into();
    }
    let written = write(&results, folder.path()).unwrap();
    for path in &written.figures {
        assert_eq!(path.parent().unwrap(), folder.path().join("figures"));
        assert!(path.is_file());
    }
}

#[test]
fn figures_are_written_in_a_theme_each_under_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/pictures");
    let drawn = figures(&fixture::results());
    // Twice the same run: no file may take the place of another.
    let twice: Vec<_> = drawn.iter().chain(&drawn).cloned().collect();
    let written = write_figures(&out, &twice, Format::Svg(Theme::Dark)).unwrap();
    assert_eq!(written.len(), 2 * drawn.len());
    for (path, figure) in written.iter().zip(&twice) {
        assert_eq!(
            fs::read_to_string(path).unwrap(),
            figure.themed(Theme::Dark)
        );
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), written.len());
    let stem = drawn[0].file_name.trim_end_matches(".svg");
    assert_eq!(written[drawn.len()], out.join(format!("{stem}-2.svg")));
}

#[test]
fn figures_are_written_as_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = &figures(&fixture::results())[..1];
    let (theme, scale) = (Theme::Light, 1.0);
    let written = write_figures(folder.path(), drawn, Format::Png { theme, scale }).unwrap();
    assert_eq!(written[0].extension().unwrap(), "png");
    assert_eq!(
        fs::read(&written[0]).unwrap(),
        drawn[0].png(theme, scale).unwrap()
    );
    // What cannot be drawn leaves nothing behind, not even the folder.
    let out = folder.path().join("none");
    let format = Format::Png { theme, scale: 0.0 };
    let error = write_figures(&out, drawn, format).unwrap_err();
    assert!(matches!(error, ReportError::Scale { .. }), "{error:?}");
    assert!(!out.exists());
}

#[test]
fn a_page_makes_its_folder_and_replaces_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/compared.html");
    write_page(&path, "<!doctype html>").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "<!doctype html>");
    let error = write_page(folder.path(), "x").unwrap_err();
    assert!(
        matches!(&error, ReportError::NotAFile { path } if path == folder.path()),
        "{error:?}"
    );
    let below = path.join("below.html");
    let error = write_page(&below, "x").unwrap_err();
    assert!(
        matches!(&error, ReportError::NotAFolder { path: p } if *p == path),
        "{error:?}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "<!doctype html>");
}

#[test]
fn a_folder_that_is_a_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "mine").unwrap();
    let error = write(&fixture::results(), &taken).unwrap_err();
    assert!(
        matches!(&error, ReportError::NotAFolder { path } if *path == taken),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("taken") && error.to_string().contains("--out"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
}

#[test]
fn a_name_that_cannot_be_a_file_is_told_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    // A folder stands where the page should go, with something in it, so it cannot be replaced.
    fs::create_dir_all(folder.path().join("report.html/kept")).unwrap();
    let error = write(&fixture::results(), folder.path()).unwrap_err();
    assert!(matches!(&error, ReportError::File { path, .. } if path.ends_with("report.html")));
    assert!(error.to_string().contains("report.html"), "{error}");
    let stray = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(stray, 2, "a temporary file stayed behind");
}

#[test]
fn damaged_results_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut results = fixture::results();
    results.schema = 2;
    let error = write(&results, folder.path()).unwrap_err();
    assert!(
        matches!(
            error,
            ReportError::Schema {
                expected: 1,
                got: 2,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// An experiment of the fixture.
fn of<'a>(results: &'a mut Results, id: &str) -> &'a mut Experiment {
    let found = results.experiments.iter_mut().find(|e| e.id == id);
    found.unwrap()
}

#[test]
fn each_kind_of_damage_has_its_error() {
    let damaged = |change: fn(&mut Results)| {
        let mut results = fixture::results();
        change(&mut results);
        // What cannot be drawn is left out, and never a panic.
        let _ = figures(&results);
        check(&results).unwrap_err()
    };
    let error = damaged(|r| r.experiments.clear());
    assert!(matches!(error, ReportError::NoExperiments));

    let error = damaged(|r| of(r, "data").images[0].tiles[3].pixels.truncate(9));
    assert!(
        matches!(
            error,
            ReportError::Length {
                expected: 1568,
                got: 9,
                ..
            }
        ),
        "{error:?}"
    );

    let error = damaged(|r| {
        of(r, "data").images[0].tiles[3]
            .pixels
            .replace_range(0..1, "g")
    });
    assert!(
        matches!(error, ReportError::Pixels { tile: 3, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("\"data\""), "{error}");

    let error = damaged(|r| of(r, "first-layer").tables[0].rows[1].truncate(1));
    assert!(
        matches!(
            error,
            ReportError::Length {
                expected: 4,
                got: 1,
                ..
            }
        ),
        "{error:?}"
    );

    let error = damaged(|r| of(r, "xavier-figures").ridgelines[0].high = Number(f64::NAN));
    assert!(matches!(error, ReportError::Axis { .. }), "{error:?}");

    let error = damaged(|r| of(r, "training").curves[0].series[1].y.truncate(5));
    assert!(
        matches!(
            error,
            ReportError::Length {
                what: "y",
                got: 5,
                ..
            }
        ),
        "{error:?}"
    );

    let error = damaged(|r| of(r, "gains").grids[0].rows[2].truncate(3));
    assert!(
        matches!(
            error,
            ReportError::Length {
                expected: 12,
                got: 3,
                ..
            }
        ),
        "{error:?}"
    );
}
