//! Every figure of the fixture against a file that a person can open and judge.
//!
//! After a change that is meant, run with `UPDATE_GOLDEN=1`, look at the files, and commit them.

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};

use evenkeel_report::figures;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn figures_are_those_that_were_looked_at() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut names = Vec::new();
    for figure in figures(&fixture::results()) {
        let path = folder().join(&figure.file_name);
        if update {
            fs::write(&path, &figure.svg).unwrap();
        }
        let golden = fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{}: {e}; see the head of this test", path.display()));
        if let Some((n, (new, old))) = figure
            .svg
            .lines()
            .zip(golden.lines())
            .enumerate()
            .find(|(_, (a, b))| a != b)
        {
            panic!(
                "{} line {}:\n  was {old}\n  now {new}",
                figure.file_name,
                n + 1
            );
        }
        assert_eq!(figure.svg.len(), golden.len(), "{}", figure.file_name);
        names.push(figure.file_name);
    }
    let mut kept: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    kept.sort();
    names.sort();
    assert_eq!(
        names, kept,
        "a golden file belongs to no figure, or a figure has none"
    );
}
