//! Bytes as files.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of its own, which is gone when this is.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn with<const N: usize>(files: [(&str, &[u8]); N]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the files");
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("room for the files");
        }
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// What reaches a parser of text: the command line and its files are UTF-8 before that.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
