use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::HeaderError;
use crate::checkpoint::index::IndexError;

/// A checkpoint that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not.
        source: io::Error,
    },
    /// A device, a pipe, or anything else that is no file.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A file that is no safetensors file.
    #[error("{}: {source}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        source: HeaderError,
    },
    /// An index that is none.
    #[error("{}: {source}", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// The rule that it breaks.
        source: IndexError,
    },
    /// A folder without a checkpoint.
    #[error("{} holds no .safetensors file; name a safetensors file, or a folder with its index", path.display())]
    NoCheckpoint {
        /// The folder.
        path: PathBuf,
    },
    /// A folder in which one file is as good as another.
    #[error(
        "{} holds {count} of {what} and none is called {expected}; name the one to read",
        path.display()
    )]
    Ambiguous {
        /// The folder.
        path: PathBuf,
        /// How many there are.
        count: usize,
        /// What there are several of.
        what: &'static str,
        /// The name that would settle it.
        expected: &'static str,
    },
    /// An index that names a file that is not there.
    #[error("{} names {file:?}, which is not there; is the download complete?", index.display())]
    Absent {
        /// The index.
        index: PathBuf,
        /// The file.
        file: String,
    },
    /// A link out of the folder.
    #[error("{} leads out of its folder, to {}; it is not followed", path.display(), target.display())]
    LeavesFolder {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A tensor that the index puts into a file that does not have it.
    #[error("{} puts tensor {name:?} into {file:?}, which does not hold it", index.display())]
    NotInFile {
        /// The index.
        index: PathBuf,
        /// The tensor.
        name: String,
        /// The file.
        file: String,
    },
    /// A tensor that the index does not put where it is.
    #[error("{file:?} holds tensor {name:?}, but {} does not put it there", index.display())]
    NotInIndex {
        /// The index.
        index: PathBuf,
        /// The tensor.
        name: String,
        /// The file that holds it.
        file: String,
    },
}
