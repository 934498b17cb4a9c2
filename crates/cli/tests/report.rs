//! `evenkeel report` through the binary: the page again, several runs beside each other, and one clear
//! message for each thing that can be wrong with results.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use common::{Said, evenkeel, run};
use tempfile::TempDir;

/// A short run of the lab, made once: its folder is not written into.
fn measured() -> &'static Path {
    static RUN: OnceLock<TempDir> = OnceLock::new();
    let home = RUN.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let mut lab = evenkeel(home.path());
        lab.args(["lab", "--quick", "--only", "first-layer,vanish"]);
        let said = run(lab.args(["--data", "strokes", "--out", "made"]));
        assert_eq!(said.status, 0, "{}", said.err);
        home
    });
    home.path()
}

/// A home with the results, and nothing else, in folders of these names.
fn home_with(folders: &[&str]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for folder in folders {
        let folder = home.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(
            measured().join("made/results.json"),
            folder.join("results.json"),
        )
        .unwrap();
    }
    home
}

fn report(home: &Path, arguments: &[&str]) -> Said {
    run(evenkeel(home).arg("report").args(arguments))
}

/// The names of all files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_page_is_the_labs_to_the_byte_from_the_folder_and_from_the_file() {
    let home = home_with(&["a"]);
    let page = home.path().join("a/report.html");
    for given in ["a", "a/results.json"] {
        let said = report(home.path(), &[given]);
        assert_eq!((said.status, said.err.as_str()), (0, ""));
        let again = fs::read(&page).unwrap();
        assert_eq!(
            again,
            fs::read(measured().join("made/report.html")).unwrap()
        );
        // The story in a page: marks, signals, the end.
        for words in [
            "✓ first-layer",
            "✓ vanish",
            "▁0·",
            "0 at layer",
            "2 of 2",
            "a/report.html",
        ] {
            assert!(said.out.contains(words), "no {words:?} in\n{}", said.out);
        }
        fs::remove_file(&page).unwrap();
    }
}

#[test]
fn the_page_of_a_training_run_is_drawn_again_too() {
    let home = tempfile::tempdir().unwrap();
    let mut train = evenkeel(home.path());
    train.args([
        "train", "--data", "strokes", "--width", "16", "--steps", "3",
    ]);
    assert_eq!(run(&mut train).status, 0);
    let page = home.path().join("evenkeel-train/report.html");
    let made = fs::read(&page).unwrap();
    let said = report(home.path(), &["evenkeel-train", "--out", "again.html"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert_eq!(fs::read(home.path().join("again.html")).unwrap(), made);
    assert!(
        said.out.contains("· train  ▅") || said.out.contains("· train  ▄"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("0 of 0"), "{}", said.out);
    // The manifest beside it is a thing of another kind.
    refused(
        home.path(),
        &["evenkeel-train/checkpoint.json"],
        &["is no results file but the manifest of a training checkpoint"],
    );
}

#[cfg(unix)]
#[test]
fn results_may_come_through_a_pipe_where_the_page_has_a_place() {
    let home = tempfile::tempdir().unwrap();
    let json = fs::File::open(measured().join("made/results.json")).unwrap();
    let mut cat = Command::new("cat")
        .stdin(json)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut command = evenkeel(home.path());
    command.args(["report", "/dev/stdin", "--out", "page.html"]);
    let said = run(command.stdin(cat.stdout.take().unwrap()));
    assert!(cat.wait().unwrap().success());
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let page = fs::read(home.path().join("page.html")).unwrap();
    assert_eq!(page, fs::read(measured().join("made/report.html")).unwrap());
    // Beside a device there is none.
    let empty = tempfile::tempdir().unwrap();
    refused(
        empty.path(),
        &["/dev/null"],
        &["/dev/null is no file", "--out"],
    );
}

#[test]
fn two_results_are_compared_beside_the_first() {
    let home = home_with(&["a", "b"]);
    let said = report(home.path(), &["a", "b/results.json"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert!(said.out.contains("2 runs compared"), "{}", said.out);
    let page = fs::read_to_string(home.path().join("a/comparison.html")).unwrap();
    assert!(page.starts_with("<!doctype html>"));
    for name in [">a<", ">b<"] {
        assert!(page.contains(name), "no {name}");
    }
    assert_eq!(files(home.path()).len(), 3, "the page alone is new");
}

#[test]
fn a_file_that_is_there_is_replaced_only_where_that_is_asked() {
    let home = home_with(&["a"]);
    let page = home.path().join("new/deep/page.html");
    let said = report(home.path(), &["a", "--out", "new/deep/page.html"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let made = fs::read(&page).unwrap();
    fs::write(&page, "mine").unwrap();
    let said = report(home.path(), &["a", "--out", "new/deep/page.html"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(
        said.err.contains("exists already") && said.err.contains("--force"),
        "{}",
        said.err
    );
    assert_eq!(fs::read_to_string(&page).unwrap(), "mine");
    let said = report(
        home.path(),
        &["a", "--out", "new/deep/page.html", "--force"],
    );
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert_eq!(fs::read(&page).unwrap(), made);
}

#[test]
fn the_results_are_never_overwritten() {
    let home = home_with(&["a"]);
    let results = home.path().join("a/results.json");
    let before = fs::read(&results).unwrap();
    for given in ["a", "a/results.json"] {
        let said = report(
            home.path(),
            &[given, "--out", "./a/../a/results.json", "--force"],
        );
        assert_eq!((said.status, said.out.as_str()), (2, ""));
        assert!(
            said.err.contains("the results that are read"),
            "{}",
            said.err
        );
        assert_eq!(fs::read(&results).unwrap(), before);
    }
}

#[test]
fn figures_are_files_of_their_own_in_the_colours_asked_for() {
    let home = home_with(&["a", "b"]);
    let of = |folder: &str| {
        let paths = files(&home.path().join(folder));
        assert!(!paths.is_empty());
        paths
            .iter()
            .map(|path| fs::read_to_string(path).unwrap())
            .collect::<Vec<_>>()
    };
    for (folder, more) in [
        ("reader", &[][..]),
        ("light", &["--theme", "light"]),
        ("dark", &["--theme", "dark", "--format", "svg"]),
    ] {
        let said = report(home.path(), &[&["a", "--figures", folder], more].concat());
        assert_eq!((said.status, said.err.as_str()), (0, ""));
        assert!(
            said.out.contains(&format!("figures: {folder}")),
            "{}",
            said.out
        );
    }
    let [reader, light, dark] = ["reader", "light", "dark"].map(of);
    assert!(
        reader
            .iter()
            .all(|svg| svg.contains("prefers-color-scheme"))
    );
    assert!(
        light
            .iter()
            .chain(&dark)
            .all(|svg| !svg.contains("prefers-color-scheme"))
    );
    assert_eq!(light.len(), dark.len());
    assert!(light.iter().zip(&dark).all(|(light, dark)| light != dark));
    // Of several runs into a folder each.
    let said = report(home.path(), &["a", "b", "--figures", "both"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert_eq!(of("both/a"), reader);
    assert_eq!(of("both/b"), reader);
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn figures_as_pixels_are_pixels() {
    let home = home_with(&["a"]);
    let said = report(
        home.path(),
        &["a", "--figures", "pixels", "--format", "png"],
    );
    if said.err.contains("cannot be rasterised") {
        eprintln!("skipped: this build has no pixels");
        return;
    }
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let paths = files(&home.path().join("pixels"));
    assert!(!paths.is_empty());
    for path in paths {
        assert_eq!(path.extension().unwrap(), "png");
        assert!(fs::read(path).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    }
}

#[test]
fn how_figures_are_to_be_asks_for_figures() {
    let home = home_with(&["a"]);
    for more in [["--format", "svg"], ["--theme", "dark"]] {
        let said = report(home.path(), &["a", more[0], more[1]]);
        assert_eq!((said.status, said.out.as_str()), (2, ""));
        assert!(said.err.contains("--figures"), "{}", said.err);
    }
    assert_eq!(files(home.path()).len(), 1);
}

#[test]
fn hostile_names_have_no_power_over_the_terminal() {
    let home = home_with(&["a"]);
    let path = home.path().join("a/results.json");
    let mut results: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let hostile = format!("\u{1b}[2J\n\u{202e}<script>{}", "x".repeat(5_000));
    for field in ["id", "title"] {
        results["experiments"][0][field] = hostile.clone().into();
    }
    fs::write(&path, results.to_string()).unwrap();
    let said = report(home.path(), &["a"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    assert!(
        said.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        said.out
    );
}

/// Expects an error that holds all of `words`, and no file but what was there.
fn refused(home: &Path, arguments: &[&str], words: &[&str]) {
    let before = files(home);
    let said = report(home, arguments);
    assert_eq!(
        (said.status, said.out.as_str()),
        (2, ""),
        "{arguments:?}: {}",
        said.err
    );
    for word in words {
        assert!(
            said.err.contains(word),
            "{arguments:?}: no {word:?} in {}",
            said.err
        );
    }
    assert_eq!(files(home), before, "{arguments:?}");
}

#[test]
fn each_thing_that_can_be_wrong_with_results_has_its_message() {
    let home = home_with(&["good"]);
    let whole = fs::read_to_string(home.path().join("good/results.json")).unwrap();
    let line = 1 + whole.lines().position(|l| l.contains("\"seed\"")).unwrap();
    let place = format!("line {line}, column");
    let cases: [(&str, String, &[&str]); 6] = [
        ("empty.json", String::new(), &["empty.json is empty"]),
        (
            "half.json",
            whole[..whole.len() / 2].to_owned(),
            &["half.json is damaged", "line"],
        ),
        (
            "wrong.json",
            whole.replacen("\"seed\": ", "\"seed\": -", 1),
            &["wrong.json is damaged", &place],
        ),
        (
            "newer.json",
            r#"{"schema": 2, "version": "9.9.9"}"#.to_owned(),
            &["schema 2", "evenkeel 9.9.9"],
        ),
        (
            "other.json",
            r#"{"tensors": []}"#.to_owned(),
            &["is no results file", "manifest"],
        ),
        (
            "words.json",
            "hello".to_owned(),
            &["words.json is no results file"],
        ),
    ];
    for (name, text, words) in cases {
        fs::write(home.path().join(name), text).unwrap();
        refused(home.path(), &[name], words);
        // Also where the results before it are whole.
        refused(home.path(), &["good", name], words);
    }
    refused(
        home.path(),
        &["nowhere.json"],
        &["cannot read nowhere.json", "evenkeel lab"],
    );
    fs::create_dir(home.path().join("bare")).unwrap();
    refused(home.path(), &["bare"], &["bare holds no results.json"]);
    let none = without_experiments(&whole);
    fs::write(home.path().join("none.json"), none).unwrap();
    refused(home.path(), &["none.json"], &["hold no experiment"]);
    refused(
        home.path(),
        &["good", "--out", "good"],
        &["good is a folder", "--out"],
    );
    refused(
        home.path(),
        &["good", "--out", "none.json/page.html"],
        &["none.json"],
    );
    refused(
        home.path(),
        &["good", "--figures", "none.json"],
        &["none.json is a file", "--figures"],
    );
}

/// The results without their experiments.
fn without_experiments(json: &str) -> String {
    let mut results: serde_json::Value = serde_json::from_str(json).unwrap();
    results["experiments"] = serde_json::Value::Array(Vec::new());
    results.to_string()
}

#[test]
fn results_are_asked_for() {
    let home = tempfile::tempdir().unwrap();
    refused(home.path(), &[], &["RESULTS"]);
}

/// The command with no programs to be found but those in `folder`.
fn with_programs(home: &Path, folder: &Path) -> Command {
    let mut command = evenkeel(home);
    command.env("PATH", folder).env_remove("BROWSER");
    command
}

#[cfg(target_os = "linux")]
#[test]
fn where_there_is_no_browser_the_path_is_said() {
    let home = home_with(&["a"]);
    let nothing = tempfile::tempdir().unwrap();
    let mut command = with_programs(home.path(), nothing.path());
    let said = run(command.args(["report", "a", "--open"]));
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains("no browser"), "{}", said.err);
    let page = fs::canonicalize(home.path().join("a/report.html")).unwrap();
    let said = said.err.replace(['\n', ' '], "");
    assert!(said.contains(&page.display().to_string()), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn where_there_is_a_browser_it_is_given_the_whole_path() {
    use std::os::unix::fs::PermissionsExt;

    let home = home_with(&["a"]);
    let programs = tempfile::tempdir().unwrap();
    let opener = programs.path().join("xdg-open");
    let shown = home.path().join("shown");
    fs::write(
        &opener,
        format!("#!/bin/sh\necho \"$1\" > {}\n", shown.display()),
    )
    .unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = with_programs(home.path(), programs.path());
    let said = run(command.args(["report", "a", "--open"]));
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains("opening"), "{}", said.err);
    let page = fs::canonicalize(home.path().join("a/report.html")).unwrap();
    assert_eq!(
        fs::read_to_string(shown).unwrap().trim(),
        page.display().to_string()
    );
}
