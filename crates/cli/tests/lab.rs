//! `evenkeel lab` through the binary: what it prints, what it writes, and that threads change nothing.

mod common;
mod outputs;

use std::sync::OnceLock;

use common::{Said, evenkeel, run};
use outputs::{results, without_times};
use serde_json::Value;
use tempfile::TempDir;

/// One quick run on the drawn digits, shared by the tests that only look at it.
fn quick_run() -> &'static (TempDir, Said) {
    static RUN: OnceLock<(TempDir, Said)> = OnceLock::new();
    RUN.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let said =
            run(evenkeel(home.path()).args(["lab", "--quick", "--seed", "7", "--threads", "2"]));
        (home, said)
    })
}

#[test]
fn without_network_the_whole_lesson_runs_on_drawn_digits_and_says_so() {
    let (home, said) = quick_run();
    assert_eq!(said.status, 0, "{}\n{}", said.out, said.err);
    assert!(said.err.contains("notice"), "{}", said.err);
    assert!(said.err.contains("strokes"), "{}", said.err);
    for study in evenkeel_lab::catalogue() {
        let id = study.id();
        assert!(
            said.out.contains(&format!("✓ {id}")),
            "no {id} in\n{}",
            said.out
        );
    }
    assert!(said.out.contains("report.html"), "{}", said.out);
    // In a pipe 80 columns, and no line runs on to blanks.
    for line in said.out.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
        assert_eq!(line, line.trim_end());
    }
    // Where signals end is marked in the blocks and told in numbers, while it runs and on the page.
    let vanished = said
        .out
        .lines()
        .filter(|line| line.contains("▁0·") && line.contains("0 at layer"));
    assert!(vanished.count() >= 2, "{}", said.out);
    let exploded = said
        .out
        .lines()
        .filter(|line| line.contains("··") && line.contains("at layer 2"));
    assert!(exploded.count() >= 2, "{}", said.out);
    assert!(!said.out.contains('\u{1b}'), "no colour in a pipe");

    let report = home.path().join("evenkeel-report");
    let page = std::fs::read_to_string(report.join("report.html")).unwrap();
    assert!(
        page.contains("strokes"),
        "the page names the data that stands in"
    );
    let results = results(&report);
    assert_eq!(results["schema"], 1);
    assert_eq!(results["data"]["name"], "strokes");
    assert!(results["data"]["fallback"].is_string());
    let figures = std::fs::read_dir(report.join("figures")).unwrap().count();
    assert!(figures >= 15, "{figures} figures");
}

#[test]
fn threads_do_not_change_a_result() {
    let (home, _) = quick_run();
    let other = tempfile::tempdir().unwrap();
    let said =
        run(evenkeel(other.path()).args(["lab", "--quick", "--seed", "7", "--threads", "1"]));
    assert_eq!(said.status, 0, "{}", said.err);
    let two = without_times(&home.path().join("evenkeel-report"));
    let one = without_times(&other.path().join("evenkeel-report"));
    assert_eq!(one, two);
}

#[test]
fn json_stands_alone_on_standard_output_and_equals_the_file() {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).args([
        "lab", "--quick", "--only", "explode", "--data", "strokes", "--json", "--out", "here",
    ]));
    assert_eq!(said.status, 0, "{}", said.err);
    let printed: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(printed, results(&home.path().join("here")));
    assert_eq!(printed["experiments"].as_array().unwrap().len(), 1);
}

#[test]
fn another_locale_gets_ascii_and_the_same_story() {
    let home = tempfile::tempdir().unwrap();
    let mut command = evenkeel(home.path());
    command.args([
        "lab",
        "--quick",
        "--only",
        "explode,vanish,relu",
        "--data",
        "strokes",
    ]);
    let said = run(command.env("LC_ALL", "C"));
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.is_ascii(), "{}", said.out);
    for words in [
        "+ vanish",
        ".0",
        "0 at layer",
        "rms 0.",
        " -> ",
        "------",
        "3 of 3",
    ] {
        assert!(said.out.contains(words), "no {words:?} in\n{}", said.out);
    }
    assert!(
        said.out.lines().all(|line| line.len() <= 80),
        "{}",
        said.out
    );
}

#[test]
fn the_list_names_every_experiment_with_its_question() {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).args(["lab", "--list"]));
    assert_eq!(said.status, 0);
    assert_eq!(said.err, "");
    let experiments = evenkeel_lab::catalogue().len();
    assert_eq!(said.out.matches('?').count(), experiments, "{}", said.out);
    assert!(
        said.out.contains("takes --depth, --width, --activation"),
        "{}",
        said.out
    );
}

#[test]
fn depth_width_and_activation_reach_the_experiments() {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).args([
        "lab",
        "--quick",
        "--only",
        "xavier",
        "--data",
        "strokes",
        "--depth",
        "20",
        "--width",
        "64",
        "--activation",
        "softsign",
    ]));
    assert_eq!(said.status, 0, "{}", said.err);
    let results = results(&home.path().join("evenkeel-report"));
    let measured = &results["experiments"][0]["measured"];
    assert_eq!(measured["depth"], 20);
    assert_eq!(measured["width"], 64);
    assert_eq!(measured["activation"], "softsign");
}
