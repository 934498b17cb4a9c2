//! Checkpoints made by the command, and folders as values.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::common::{Said, evenkeel, run};

/// The files of a folder by name, hidden ones left out.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

pub(crate) fn tree(folder: &Path) -> Tree {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| !name.starts_with('.'))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The path of one of the repository's example files.
pub(crate) fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name);
    path.to_str().unwrap().to_owned()
}

/// Runs `init` in `home` and expects it to succeed.
pub(crate) fn init(home: &Path, arguments: &[&str]) -> Said {
    let said = run(evenkeel(home).arg("init").args(arguments));
    assert_eq!(said.status, 0, "{arguments:?}: {}", said.err);
    said
}

/// Runs `init` in `home` and expects an error that names all of `words`, and no output.
pub(crate) fn refused(home: &Path, arguments: &[&str], words: &[&str]) {
    let said = run(evenkeel(home).arg("init").args(arguments));
    assert_eq!(said.status, 2, "{arguments:?}: {}{}", said.out, said.err);
    for word in words {
        assert!(
            said.err.contains(word),
            "{arguments:?}: no {word:?} in {}",
            said.err
        );
    }
    assert_eq!(said.out, "", "{arguments:?}");
}

/// The small model in six files.
pub(crate) fn tiny(out: &str) -> Vec<String> {
    let spec = example("llama-tiny.toml");
    ["--spec", &spec, "--max-shard-size", "2MB", "--out", out]
        .map(str::to_owned)
        .to_vec()
}

pub(crate) fn tiny_with(home: &Path, out: &str, more: &[&str]) -> Said {
    let arguments = tiny(out);
    let arguments: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    init(home, &arguments)
}

/// The small model's folder, made in one go.
pub(crate) fn reference() -> (tempfile::TempDir, Tree) {
    let home = tempfile::tempdir().unwrap();
    tiny_with(home.path(), "m", &[]);
    let made = tree(&home.path().join("m"));
    (home, made)
}
