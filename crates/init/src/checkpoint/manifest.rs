//! `manifest.json`: what every tensor of a checkpoint is, how it was made, and its digest.

mod expected;
mod found;
mod read;
mod write;

use safetensors::Dtype as StoredDtype;
use serde::{Deserialize, Serialize};

use super::hash::TensorDigest;
use crate::Layout;

pub(super) use expected::{Claims, ExpectedFile};
pub(super) use found::Found;

/// The layout of the manifest itself; another number means other fields.
pub const MANIFEST_SCHEMA: &str = "evenkeel-manifest/1";
/// The version that makes what is made now.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Longest manifest read: that of a million tensors and more.
pub(super) const LONGEST: u64 = 1_000_000_000;

/// What every tensor of a checkpoint is and how it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// The version of evenkeel that made it.
    pub version: String,
    /// The seed.
    pub seed: u64,
    /// How `digest` is made.
    pub digest_method: String,
    /// Bytes of all tensors, headers not counted.
    pub tensor_bytes: u64,
    /// The files, in order.
    pub files: Vec<FileEntry>,
    /// The tensors, file by file, in the order of their bytes.
    pub tensors: Vec<TensorEntry>,
}

/// One file of the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name, within the manifest's folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// One tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorEntry {
    /// Its name.
    pub name: String,
    /// The file that holds it.
    pub file: String,
    /// The number format.
    pub dtype: StoredDtype,
    /// The shape as stored.
    pub shape: Vec<usize>,
    /// The rule that chose the scheme.
    pub rule: String,
    /// The scheme and its parameters.
    pub scheme: String,
    /// The layer that it was made as.
    pub layer: String,
    /// The order in which its axes are stored.
    pub layout: Layout,
    /// Fan-in; none for a bias or a norm's scale. Where the parts of a packed projection differ,
    /// that of the first.
    pub fan_in: Option<usize>,
    /// Fan-out, likewise.
    pub fan_out: Option<usize>,
    /// std·√fan_in, by which a layer of mean 0 multiplies the root mean square of its inputs.
    pub gain: Option<f64>,
    /// The mean that the scheme intends.
    pub mean: f64,
    /// The standard deviation that the scheme intends.
    pub std: f64,
    /// Digest of its bytes; none while it has not been made.
    pub digest: Option<TensorDigest>,
}
