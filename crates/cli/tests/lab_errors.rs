//! Bad input to `evenkeel lab`: one clear message, exit status 2, nothing half-written.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod common;

use std::fs;
use std::path::Path;

use common::{evenkeel, run};

/// Runs `lab` with `arguments` in an empty folder and expects an error that names all of `words`.
fn refused(arguments: &[&str], words: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).arg("lab").args(arguments));
    assert_eq!(said.status, 2, "{arguments:?}: {}", said.err);
    for word in words {
        assert!(
            said.err.contains(word),
            "{arguments:?}: no {word:?} in {}",
            said.err
        );
    }
    assert_eq!(said.out, "", "{arguments:?}");
    let report = home.path().join("evenkeel-report");
    assert!(!report.exists(), "{arguments:?} left a folder behind");
}

#[test]
fn an_unknown_experiment_is_named_with_the_nearest() {
    refused(
        &["--only", "explode,kaming"],
        &["`kaming`", "did you mean `kaiming`?", "xavier-figures"],
    );
}

#[test]
fn an_empty_list_of_experiments_is_told_as_such() {
    for empty in ["", "explode,", ",", " "] {
        refused(
            &["--only", empty],
            &["--only has an empty name", "explode, vanish"],
        );
    }
}

#[test]
fn a_negative_number_is_told_as_such() {
    refused(&["--seed", "-1"], &["invalid value '-1' for '--seed"]);
    refused(&["--depth", "-3"], &["invalid value '-3' for '--depth"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_no_folder() {
    let home = tempfile::tempdir().unwrap();
    let mut child = evenkeel(home.path())
        .args(["lab", "--data", "strokes", "--json"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Long enough to have begun, far from long enough to have ended.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(fs::read_dir(home.path()).unwrap().next().is_none());
}

#[test]
fn depth_and_width_must_make_sense() {
    refused(&["--depth", "0"], &["--depth is 0", "from 1 to 10000"]);
    refused(
        &["--depth", "1000000"],
        &["--depth is 1000000", "from 1 to 10000"],
    );
    refused(&["--width", "0"], &["--width is 0", "from 1 to 8192"]);
    refused(&["--width", "99999"], &["--width is 99999"]);
    refused(&["--depth", "-3"], &["-3"]);
    refused(&["--threads", "0"], &["--threads is 0"]);
    refused(
        &[
            "--depth", "9000", "--width", "8000", "--only", "explode", "--data", "strokes",
        ],
        &["9000 layers of width 8000", "smaller"],
    );
}

#[test]
fn a_parameter_that_nothing_takes_is_refused() {
    refused(
        &["--only", "data", "--depth", "10"],
        &["none of the chosen experiments takes --depth", "explode"],
    );
    refused(
        &["--only", "explode", "--activation", "tanh"],
        &["--activation", "xavier"],
    );
}

#[test]
fn an_unknown_activation_is_refused() {
    refused(&["--activation", "reul"], &["reul", "relu"]);
}

#[test]
fn an_output_folder_that_is_a_file_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("taken");
    fs::write(&file, "mine").unwrap();
    let said =
        run(evenkeel(home.path()).args(["lab", "--quick", "--data", "strokes", "--out", "taken"]));
    assert_eq!(said.status, 2);
    assert!(said.err.contains("taken is a file"), "{}", said.err);
    assert!(said.err.contains("--out"), "{}", said.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn an_output_folder_that_cannot_be_made_is_refused() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let said = run(evenkeel(home.path()).args(["lab", "--data", "strokes", "--out", "file/below"]));
    assert_eq!(said.status, 2);
    assert!(said.err.contains("file/below"), "{}", said.err);
}

#[test]
fn without_network_mnist_is_an_error_that_says_what_to_do() {
    refused(
        &["--data", "mnist"],
        &["MNIST is not on this machine", "EVENKEEL_DATA"],
    );
}

#[test]
fn a_folder_without_the_files_is_an_error_that_lists_them() {
    refused(
        &["--data", "mnist", "--data-dir", "nowhere"],
        &["nowhere is not a folder", "MNIST's four files"],
    );
    refused(
        &["--data", "mnist", "--data-dir", "."],
        &["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
    );
}

/// The four files, the first of them broken by `damage`.
fn damaged_folder(home: &Path, damage: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Option<()> {
    let source = Path::new(&std::env::var_os("EVENKEEL_DATA")?).join("mnist");
    for name in [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ] {
        fs::copy(source.join(name), home.join(name)).ok()?;
    }
    let first = home.join("t10k-labels-idx1-ubyte.gz");
    let bytes = damage(fs::read(&first).ok()?);
    // The copies may be read-only, as their source is.
    fs::remove_file(&first).ok()?;
    fs::write(&first, bytes).ok()
}

#[test]
fn a_damaged_file_is_found_even_when_other_data_could_stand_in() {
    for (what, damage) in [
        (
            "truncated",
            (|b| b[..b.len() / 2].to_vec()) as fn(Vec<u8>) -> Vec<u8>,
        ),
        ("corrupt", |mut b| {
            let middle = b.len() / 2;
            b[middle] ^= 0xff;
            b
        }),
        ("empty", |_| Vec::new()),
        ("not gzip", |_| {
            b"hello, this is a page about MNIST".to_vec()
        }),
    ] {
        let home = tempfile::tempdir().unwrap();
        if damaged_folder(home.path(), damage).is_none() {
            eprintln!("skipped: EVENKEEL_DATA does not name a folder with mnist/");
            return;
        }
        let said = run(evenkeel(home.path()).args(["lab", "--data", "auto", "--data-dir", "."]));
        assert_eq!(said.status, 2, "{what}: {}", said.err);
        assert!(
            said.err.contains("t10k-labels-idx1-ubyte.gz"),
            "{what}: {}",
            said.err
        );
        assert!(!home.path().join("evenkeel-report").exists(), "{what}");
    }
}
