//! Where a checkpoint goes, and which part of it this machine makes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use super::{ByteSize, Cut, read::folder_of};

/// Where a checkpoint goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A folder, with as many files as it takes and `manifest.json`.
    Folder(PathBuf),
    /// One safetensors file, and its manifest beside it: `x.manifest.json` for `x.safetensors`.
    File(PathBuf),
}

impl Destination {
    /// A file if the path ends in `.safetensors`, else a folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let is_file = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"));
        if is_file {
            Self::File(path)
        } else {
            Self::Folder(path)
        }
    }

    /// How a checkpoint that goes there is cut: files of at most `limit`, but one file stays one.
    pub fn cut(&self, limit: ByteSize) -> Cut {
        match self {
            Self::Folder(_) => Cut::AtMost(limit),
            Self::File(path) => {
                let name = path.file_name().unwrap_or_default();
                Cut::OneFile(name.to_string_lossy().into_owned())
            }
        }
    }

    /// The manifest of a finished checkpoint.
    pub fn manifest(&self) -> PathBuf {
        self.beside("manifest.json")
    }

    /// The manifest of an unfinished one.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.beside("manifest.unfinished.json")
    }

    /// The manifest of what one machine of several has made.
    pub(super) fn part_manifest(&self, part: Part) -> PathBuf {
        self.beside(&format!(
            "manifest.part-{:05}-of-{:05}.json",
            part.index, part.count
        ))
    }

    /// The folder that everything lies in.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Folder(path) => path,
            Self::File(path) => folder_of(path),
        }
    }

    fn beside(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(path) => path.join(name),
            Self::File(path) => path.with_extension(name),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Folder(path) | Self::File(path)) = self;
        path.display().fmt(f)
    }
}

/// Which part of a checkpoint this machine makes: files number `index`, `index + count`, … (from 1).
///
/// # Example
/// ```
/// use evenkeel_init::checkpoint::Part;
/// assert_eq!("1/1".parse(), Ok(Part::WHOLE));
/// assert!("0/4".parse::<Part>().is_err() && "5/4".parse::<Part>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    index: usize,
    count: usize,
}

/// A text that names no part.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} names no part; write I/N with I from 1 to N, as 2/8 for the second of eight")]
pub struct PartError {
    /// The text.
    pub text: String,
}

impl Part {
    /// Everything, on one machine.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Which of the parts this is, from 1.
    pub fn index(self) -> usize {
        self.index
    }

    /// How many parts there are.
    pub fn count(self) -> usize {
        self.count
    }

    /// Whether the file of this number (from 0) belongs to the part.
    pub(super) fn has(self, file: usize) -> bool {
        file % self.count == self.index - 1
    }

    /// All parts of as many.
    pub(super) fn all(self) -> impl Iterator<Item = Self> {
        let count = self.count;
        (1..=count).map(move |index| Self { index, count })
    }
}

impl FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        text.split_once('/')
            .and_then(|(index, count)| {
                Some((index.trim().parse().ok()?, count.trim().parse().ok()?))
            })
            .filter(|(index, count)| (1..=*count).contains(index) && *count < 100_000)
            .map(|(index, count)| Self { index, count })
            .ok_or_else(|| PartError {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}
