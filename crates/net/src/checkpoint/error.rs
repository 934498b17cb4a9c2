//! What can be wrong with a checkpoint.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::graph::Shape;
use crate::optimizer::OptimizerError;

/// Why a checkpoint cannot be saved or gone on from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// There is none.
    #[error("{} holds no checkpoint: name the folder that a run was told to write into", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The system refused.
    #[error(
        "{} cannot be read or written: {source}; mend its permissions or make room, or choose another folder",
        path.display()
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A later version of the layout.
    #[error(
        "{} is a checkpoint of format {got}, and this version reads formats up to {newest}: use the evenkeel that wrote it, or a newer one", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        got: u64,
        /// The newest format that is read.
        newest: u64,
    },
    /// A file that is not what was written.
    #[error("{} is damaged: {problem}; go on from a copy, or begin anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A checkpoint of a network of other tensors.
    #[error(
        "the checkpoint is of another network: {difference}; make the network that it was saved from, or name another checkpoint"
    )]
    AnotherNetwork {
        /// The first tensor that differs, in the order of computation.
        difference: Difference,
    },
    /// A checkpoint of another optimiser.
    #[error(
        "the checkpoint is of another optimiser: {0}; make the one that it was saved from, or name another checkpoint"
    )]
    AnotherOptimizer(#[from] OptimizerError),
}

/// How the tensors of a checkpoint differ from a network's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The checkpoint lacks a tensor.
    Lacks {
        /// Its name.
        tensor: String,
    },
    /// The checkpoint has a tensor more.
    Extra {
        /// Its name.
        tensor: String,
    },
    /// A tensor has another shape.
    Shape {
        /// Its name.
        tensor: String,
        /// The network's shape.
        network: Shape,
        /// The checkpoint's.
        checkpoint: Vec<usize>,
    },
    /// A tensor has another number format than f32.
    Format {
        /// Its name.
        tensor: String,
        /// Its format.
        got: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks { tensor } => write!(f, "it has no tensor `{tensor}`"),
            Self::Extra { tensor } => {
                write!(f, "it has a tensor `{tensor}`, which the network has not")
            }
            Self::Shape {
                tensor,
                network,
                checkpoint,
            } => write!(
                f,
                "its `{tensor}` has the shape {checkpoint:?}, where the network's has {network}"
            ),
            Self::Format { tensor, got } => {
                write!(f, "its `{tensor}` is stored as {got}, where F32 is needed")
            }
        }
    }
}

impl CheckpointError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}
