//! Files and errors.

mod fixture;

use std::fs;

use evenkeel_lab::results::Number;
use evenkeel_report::{ReportError, check, figures, page, write};

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

#[test]
fn each_kind_of_damage_has_its_error() {
    let damaged = |change: fn(&mut evenkeel_lab::results::Results)| {
        let mut results = fixture::results();
        change(&mut results);
        // What cannot be drawn is left out, and never a panic.
        let _ = figures(&results);
        check(&results).unwrap_err()
    };
    let error = damaged(|r| r.experiments.clear());
    assert!(matches!(error, ReportError::NoExperiments));

    let error = damaged(|r| r.experiments[0].images[0].tiles[3].pixels.truncate(9));
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
        r.experiments[0].images[0].tiles[3]
            .pixels
            .replace_range(0..1, "g")
    });
    assert!(
        matches!(error, ReportError::Pixels { tile: 3, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("\"data\""), "{error}");

    let error = damaged(|r| r.experiments[1].tables[0].rows[1].truncate(1));
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

    let error = damaged(|r| r.experiments[5].ridgelines[0].high = Number(f64::NAN));
    assert!(matches!(error, ReportError::Axis { .. }), "{error:?}");

    let error = damaged(|r| r.experiments[10].curves[0].series[1].y.truncate(5));
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

    let error = damaged(|r| r.experiments[8].grids[0].rows[2].truncate(3));
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
