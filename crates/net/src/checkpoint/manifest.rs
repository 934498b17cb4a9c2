//! `checkpoint.json`: which checkpoint holds, and what its files must be.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files::{is_ours, sha256};
use super::{CheckpointError, FORMAT, Progress};

/// The name of the file.
pub const MANIFEST: &str = "checkpoint.json";

/// More than any run's measurements take; a longer file is none of ours.
const LONGEST: u64 = 1 << 30;

/// What the file holds; its digest stands beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of evenkeel that wrote it.
    pub(super) version: String,
    /// The subfolder of the two files.
    pub(super) folder: String,
    pub(super) model: FileDigest,
    pub(super) state: FileDigest,
    pub(super) optimizer: OptimizerEntry,
    pub(super) progress: Progress,
}

/// A file's name, length and SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileDigest {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl FileDigest {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        }
    }
}

/// What of the optimiser's state is no tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OptimizerEntry {
    pub(super) name: String,
    pub(super) steps: u64,
    /// The names of its running averages, in its order.
    pub(super) buffers: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    format: u64,
    /// SHA-256 of `checkpoint`, written compactly with sorted keys.
    sha256: String,
    checkpoint: Value,
}

impl Manifest {
    /// The bytes of the file.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let checkpoint = serde_json::to_value(self).expect("a manifest is plain values");
        let envelope = Envelope {
            format: FORMAT,
            sha256: digest(&checkpoint),
            checkpoint,
        };
        let mut bytes = serde_json::to_vec_pretty(&envelope).expect("an envelope is plain values");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the file of `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self, CheckpointError> {
        let path = folder.join(MANIFEST);
        let missing = || CheckpointError::Missing {
            folder: folder.to_owned(),
        };
        let bytes = match std::fs::metadata(&path) {
            Ok(found) if found.len() > LONGEST => {
                return Err(CheckpointError::damaged(&path, "it is far too long"));
            }
            Ok(_) => std::fs::read(&path).map_err(CheckpointError::io(&path))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(CheckpointError::io(&path)(error)),
        };
        Self::parse(&path, &bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let damaged = |problem: String| CheckpointError::damaged(path, problem);
        let whole: Value = serde_json::from_slice(bytes)
            .map_err(|error| damaged(format!("it does not read as JSON ({error})")))?;
        // First of all: what a later version writes beside it is not ours to judge.
        match whole.get("format").and_then(Value::as_u64) {
            Some(got) if got > FORMAT => {
                return Err(CheckpointError::Newer {
                    path: path.to_owned(),
                    got,
                    newest: FORMAT,
                });
            }
            Some(_) => {}
            None => return Err(damaged("it names no format".to_owned())),
        }
        let unlike = |error| damaged(format!("it is no checkpoint's ({error})"));
        let Envelope {
            sha256, checkpoint, ..
        } = serde_json::from_value(whole).map_err(unlike)?;
        let got = digest(&checkpoint);
        if got != sha256 {
            return Err(damaged(format!(
                "its contents have the SHA-256 {got}, and {sha256} was written"
            )));
        }
        let manifest: Self = serde_json::from_value(checkpoint).map_err(unlike)?;
        if !is_ours(&manifest.folder) {
            return Err(damaged(format!(
                "it names the folder {:?}",
                manifest.folder
            )));
        }
        Ok(manifest)
    }
}

fn digest(checkpoint: &Value) -> String {
    sha256(checkpoint.to_string().as_bytes())
}
