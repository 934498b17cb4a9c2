use std::path::PathBuf;

use thiserror::Error;

use super::ReadError;
use crate::checkpoint::manifest::{LONGEST, MANIFEST_SCHEMA};

/// A manifest that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No manifest where one was looked for.
    #[error(
        "{} is not there; name a folder or a .safetensors file that `evenkeel init` made, or its manifest",
        path.display()
    )]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file too long for a manifest.
    #[error("{} has {bytes} bytes; a manifest has at most {LONGEST}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// Text that is no manifest.
    #[error("{} does not read as a manifest: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A manifest of another layout.
    #[error(
        "{} is of the schema {found:?}; this evenkeel reads {MANIFEST_SCHEMA:?}, so use the one that wrote it",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: String,
    },
    /// A manifest that contradicts itself.
    #[error("{}: {fault}; use the manifest that was made with the checkpoint", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        fault: Inconsistency,
    },
}

/// How a manifest can contradict itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Inconsistency {
    /// A file's name that leads elsewhere.
    #[error("it names the file {file:?}; only a plain name within its own folder is followed")]
    FileName {
        /// The name.
        file: String,
    },
    /// A tensor in a file that is not listed, or not in the files' order.
    #[error("tensor {tensor:?} is said to be in {file:?}, which is not the next of the files")]
    FileOrder {
        /// The tensor.
        tensor: String,
        /// The file.
        file: String,
    },
    /// One name for two tensors.
    #[error("it lists tensor {tensor:?} twice")]
    DuplicateName {
        /// The tensor.
        tensor: String,
    },
    /// Sizes that overflow.
    #[error("the size of tensor {tensor:?} overflows")]
    Overflow {
        /// The tensor.
        tensor: String,
    },
    /// Tensors that no header can list.
    #[error("the tensors of {file:?} do not form a header")]
    Header {
        /// The file.
        file: String,
    },
    /// A tensor without a digest.
    #[error(
        "tensor {tensor:?} has no digest: the manifest is of a run that did not finish (`evenkeel init --resume` goes on with it)"
    )]
    NoDigest {
        /// The tensor.
        tensor: String,
    },
}
