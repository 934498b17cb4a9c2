use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::ManifestError;
use crate::InitError;
use crate::checkpoint::ByteSize;

/// A checkpoint that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// What was to be written.
        path: PathBuf,
        /// Why it could not.
        source: io::Error,
    },
    /// Something is there, and is not to be touched.
    #[error(
        "{} exists already; choose another place, go on with an unfinished run with --resume, \
         or replace what is there with --force",
        path.display()
    )]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// A file of one tensor is there, and is not to be touched.
    #[error("{} exists already; choose another place, or replace it with --force", path.display())]
    FileExists {
        /// What is there.
        path: PathBuf,
    },
    /// A name that the format keeps for itself.
    #[error("no tensor can be named \"__metadata__\" in a safetensors file; choose another --name")]
    ReservedName,
    /// A folder where a file should be, or the other way round.
    #[error("{} is there, but is no {expected}; choose another place", path.display())]
    WrongKind {
        /// The path.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// Something is there that no run of ours made.
    #[error(
        "{} exists, but neither a manifest nor an unfinished run beside it, so there is nothing to resume; \
         choose another place, or replace it with --force",
        path.display()
    )]
    NothingToResume {
        /// What is there.
        path: PathBuf,
    },
    /// A run of another plan.
    #[error(
        "{} is of another run, so it cannot be gone on with: {difference}; \
         choose another place, or replace it with --force",
        path.display()
    )]
    OtherRun {
        /// The manifest of what is there.
        path: PathBuf,
        /// In what the two differ.
        difference: String,
    },
    /// Another process is at work.
    #[error("another process is writing {}; wait for it, or end it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A file that was made and is not there, or not whole, when the checkpoint is to be completed.
    #[error(
        "{} is gone: this run made it, and something removed or changed it before the checkpoint was complete; \
         leave the place alone while a run writes into it, and go on with --resume",
        path.display()
    )]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// A disk too full.
    #[error("{} has room for {free} more, but {needed} are to be written; nothing was written", folder.display())]
    Space {
        /// The folder.
        folder: PathBuf,
        /// Bytes that are free.
        free: ByteSize,
        /// Bytes that are needed.
        needed: ByteSize,
    },
    /// A manifest that cannot be read.
    #[error("{0}; replace what is there with --force")]
    Manifest(#[from] ManifestError),
    /// A tensor that cannot be made after all.
    #[error("tensor {tensor:?}: {source}")]
    Init {
        /// The tensor.
        tensor: String,
        /// What is wrong.
        source: InitError,
    },
}

impl WriteError {
    pub(in crate::checkpoint) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        if source.kind() == io::ErrorKind::ResourceBusy {
            return Self::Busy { path };
        }
        Self::Io { path, source }
    }
}
