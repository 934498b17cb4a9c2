//! Every error there is, as a caller meets it: its variant, and what its message says of what is
//! wrong, where, what was expected and what to do.

mod fixture;

use std::fs;

use evenkeel_lab::results::{Experiment, Number, Results};
use evenkeel_report::{
    Format, ReportError, Run, Theme, check, comparison, figures, write, write_figures, write_page,
};

/// Asserts the variant of an error, and that its message has each of these parts.
macro_rules! refused {
    ($result:expr, $variant:pat, $($part:expr),+ $(,)?) => {{
        let Err(error) = $result else {
            panic!("{} was not refused", stringify!($result));
        };
        assert!(matches!(error, $variant), "{error:?}");
        let text = error.to_string();
        for part in [$($part),+] {
            assert!(text.contains(part), "{text:?} does not say {part:?}");
        }
    }};
}

fn of<'a>(results: &'a mut Results, id: &str) -> &'a mut Experiment {
    let found = results.experiments.iter_mut().find(|e| e.id == id);
    found.expect(id)
}

#[test]
fn results_that_cannot_be_drawn() {
    use ReportError as E;
    let damaged = |change: &dyn Fn(&mut Results)| {
        let mut results = fixture::results();
        change(&mut results);
        results
    };
    let again = "the results are damaged, run the lab again";
    refused!(
        check(&damaged(&|r| r.schema = 9)),
        E::Schema {
            got: 9,
            expected: 1,
            ..
        },
        "the results have schema 9, this version reads schema 1",
        "use the evenkeel that wrote them (version ",
    );
    refused!(
        check(&damaged(&|r| r.experiments.clear())),
        E::NoExperiments,
        "the results hold no experiment: run `evenkeel lab` without `--only`",
    );
    refused!(
        check(&damaged(&|r| of(r, "training").curves[0].series[1]
            .y
            .truncate(5))),
        E::Length {
            what: "y",
            got: 5,
            ..
        },
        "experiment \"training\", ",
        " values in y, got 5",
        again,
    );
    refused!(
        check(&damaged(
            &|r| of(r, "xavier-figures").ridgelines[0].high = Number(f64::NAN)
        )),
        E::Axis { .. },
        "experiment \"xavier-figures\", ",
        "the axis must run from a lower to a higher finite number",
        "to NaN",
        again,
    );
    let pixels = |r: &mut Results| {
        of(r, "data").images[0].tiles[3]
            .pixels
            .replace_range(0..1, "g");
    };
    refused!(
        check(&damaged(&pixels)),
        E::Pixels { tile: 3, .. },
        "experiment \"data\", samples ",
        "sample 3: grey values must be hexadecimal digits",
        again,
    );
    let (good, bad) = (fixture::results(), damaged(&pixels));
    let run = |name, results| Run { name, results };
    refused!(
        comparison(&[run("good.json", &good), run("bad.json", &bad)]),
        E::Run { .. },
        "\"bad.json\": experiment \"data\", samples ",
    );
    refused!(
        comparison(&[run("good.json", &good)]),
        E::TooFewRuns { got: 1 },
        "expected two or more results to compare, got 1: name another results.json",
    );
    // No template of the page's fails by itself: what one would say is passed on.
    refused!(
        Err::<(), _>(E::from(askama::Error::Fmt)),
        E::Template(_),
        "the report page could not be put together: ",
        "report it as a bug",
    );
}

#[test]
fn places_that_cannot_be_written_to() {
    use ReportError as E;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let results = fixture::results();
    fs::write(at("taken"), "").unwrap();
    fs::create_dir_all(at("page.html/kept")).unwrap();
    fs::create_dir_all(at("out/report.html/kept")).unwrap();
    refused!(
        write(&results, &at("taken")),
        E::NotAFolder { .. },
        "taken exists and is not a folder: choose another with --out",
    );
    refused!(
        write(&results, &at("taken/within")),
        E::Folder { .. },
        "cannot make the folder ",
        "taken/within: Not a directory",
        "choose another with --out",
    );
    refused!(
        write_page(&at("page.html"), "x"),
        E::NotAFile { .. },
        "page.html is a folder: name a file with --out",
    );
    refused!(
        write(&results, &at("out")),
        E::File { .. },
        "cannot write ",
        "out/report.html: ",
        "choose another folder with --out",
    );
    let drawn = figures(&results);
    for scale in [0.0, -1.0, 1e9, f64::NAN] {
        let theme = Theme::Light;
        refused!(
            write_figures(&at("png"), &drawn[..1], Format::Png { theme, scale }),
            E::Scale { .. },
            &format!("a figure cannot be drawn at scale {scale}: expected more than 0"),
            "choose a scale within that, such as 2",
        );
    }
}
