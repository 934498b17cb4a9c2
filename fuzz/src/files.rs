//! Bytes as files, text and arguments.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of its own, which is gone when this is.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn with<const N: usize>(files: [(&str, &[u8]); N]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the files");
        for (name, bytes) in files {
            let path = folder.path().join(name);
            if let Some(inner) = path.parent() {
                fs::create_dir_all(inner).expect("a folder within it");
            }
            fs::write(path, bytes).expect("room for the files");
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

/// The lines of some bytes as a program's arguments, in which any byte but 0 may stand.
#[cfg(unix)]
pub(crate) fn words_of(data: &[u8]) -> impl Iterator<Item = OsString> + '_ {
    use std::os::unix::ffi::OsStringExt;
    lines(data).map(|line| OsString::from_vec(line.to_vec()))
}

/// The same where arguments are text.
#[cfg(not(unix))]
pub(crate) fn words_of(data: &[u8]) -> impl Iterator<Item = OsString> + '_ {
    lines(data).map(|line| String::from_utf8_lossy(line).into_owned().into())
}

/// The last newline ends a line, and begins none.
fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split_inclusive(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}
