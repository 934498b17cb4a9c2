//! `evenkeel verify` through its binary: equal, different, or an error.

mod common;
mod trees;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Said, evenkeel, run};
use trees::example;

/// A folder with the small model in six files.
fn made() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let spec = example("llama-tiny.toml");
    let said = run(evenkeel(home.path()).args([
        "init",
        "--spec",
        &spec,
        "--max-shard-size",
        "2MB",
        "--out",
        "m",
    ]));
    assert_eq!(said.status, 0, "{}", said.err);
    let folder = home.path().join("m");
    (home, folder)
}

fn verify(folder: &Path, more: &[&str]) -> Said {
    run(evenkeel(folder).arg("verify").arg(folder).args(more))
}

/// Expects exactly these findings, each `(file, words of the fault)`.
fn differs(folder: &Path, expected: &[(&str, &str)]) {
    let said = verify(folder, &["--json"]);
    assert_eq!(said.status, 1, "{}{}", said.out, said.err);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["equal"], false);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), expected.len(), "{findings:#?}");
    for (finding, (file, fault)) in findings.iter().zip(expected) {
        assert_eq!(finding["file"], *file);
        assert!(
            finding["fault"].as_str().unwrap().contains(fault),
            "{finding}"
        );
    }
    let told = verify(folder, &[]);
    assert_eq!(told.status, 1);
    assert!(
        told.out.contains("differs from") && told.out.contains("--resume"),
        "{}",
        told.out
    );
}

const FIRST: &str = "model-00001-of-00006.safetensors";

#[test]
fn what_init_made_is_equal_and_stays_so() {
    let (_home, folder) = made();
    let said = verify(&folder, &[]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(
        said.out.contains("equals") && said.out.contains("39 tensors, 10.4 MB, 6 files"),
        "{}",
        said.out
    );
    let said = verify(&folder, &["--json", "--threads", "3"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (said.status, &report["equal"], &report["tensors"]),
        (0, &true.into(), &39.into())
    );
}

#[test]
fn one_flipped_bit_of_a_value_is_found_and_its_tensor_named() {
    let (_home, folder) = made();
    let path = folder.join("model-00002-of-00006.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    differs(
        &folder,
        &[("model-00002-of-00006.safetensors", "other values in tensor")],
    );
    let said = verify(&folder, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(
        report["findings"][0]["tensor"]
            .as_str()
            .unwrap()
            .starts_with("model.layers.")
    );
}

#[test]
fn headers_lengths_and_absence_are_found() {
    let (_home, folder) = made();
    let path = folder.join(FIRST);
    let bytes = fs::read(&path).unwrap();
    // Another name of the same length: the values are untouched.
    let renamed = String::from_utf8_lossy(&bytes[8..120])
        .find("embed")
        .unwrap()
        + 8;
    let mut other = bytes.clone();
    other[renamed] = b'E';
    fs::write(&path, &other).unwrap();
    differs(&folder, &[(FIRST, "another header")]);
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    differs(&folder, &[(FIRST, "bytes instead of")]);
    fs::remove_file(&path).unwrap();
    differs(&folder, &[(FIRST, "is missing")]);
    fs::create_dir(&path).unwrap();
    differs(&folder, &[(FIRST, "not a regular file")]);
}

#[test]
fn what_a_loader_would_take_for_a_part_of_it_is_found() {
    let (_home, folder) = made();
    let index = folder.join("model.safetensors.index.json");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(
        &index,
        text.replacen(FIRST, "model-00002-of-00006.safetensors", 1),
    )
    .unwrap();
    differs(&folder, &[("model.safetensors.index.json", "does not put")]);
    fs::remove_file(&index).unwrap();
    fs::write(folder.join("model-00007-of-00006.safetensors"), "").unwrap();
    differs(
        &folder,
        &[
            ("model.safetensors.index.json", "is missing"),
            ("model-00007-of-00006.safetensors", "not in the manifest"),
        ],
    );
}

#[test]
fn without_a_manifest_to_trust_it_is_an_error() {
    let (_home, folder) = made();
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let first_digest = text.split("\"digest\": ").nth(1).unwrap()[..66].to_owned();
    let cases = [
        ("{".to_owned(), "does not read as a manifest"),
        (
            text.replacen("evenkeel-manifest/1", "evenkeel-manifest/9", 1),
            "evenkeel-manifest/9",
        ),
        (
            text.replace(FIRST, "../outside.safetensors"),
            "its own folder",
        ),
        (
            text.replacen(&format!("\"file\": \"{FIRST}\""), "\"file\": \"other\"", 1),
            "not the next of the files",
        ),
        (text.replacen(&first_digest, "null", 1), "did not finish"),
        (
            text.replacen(&first_digest, "\"00\"", 1),
            "64 hexadecimal digits",
        ),
        (
            text.replacen("4000,", "9223372036854775807, 3,", 1),
            "overflows",
        ),
    ];
    for (text, words) in cases {
        fs::write(&manifest, text).unwrap();
        let said = verify(&folder, &[]);
        assert_eq!(said.status, 2, "{words}: {}{}", said.out, said.err);
        assert!(said.err.contains(words), "{words}: {}", said.err);
        assert_eq!(said.out, "");
    }
    fs::remove_file(&manifest).unwrap();
    let said = verify(&folder, &[]);
    assert!(
        said.status == 2
            && said
                .err
                .contains("manifest.json is not there; name a folder"),
        "{}",
        said.err
    );
    fs::write(folder.join("notes.txt"), "notes").unwrap();
    let said = run(evenkeel(&folder).args(["verify", "notes.txt"]));
    assert!(
        said.status == 2 && said.err.contains("notes.txt does not read as a manifest"),
        "{}",
        said.err
    );
}
