//! `manifest.json`: what every tensor of a checkpoint is, how it was made, and its digest.

use std::io::{self, Write};
use std::path::Path;

use safetensors::Dtype as StoredDtype;
use serde::{Deserialize, Serialize};

use super::hash::{self, TensorDigest};
use super::header::{self, TensorHeader};
use super::plan::{Made, Plan};
use super::read;
use super::{Inconsistency, ManifestError, ReadError};
use crate::{Fan, Layout};

/// The layout of the manifest itself; another number means other fields.
pub const MANIFEST_SCHEMA: &str = "evenkeel-manifest/1";
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

impl Manifest {
    /// The manifest of a plan, digests missing.
    pub(super) fn of(plan: &Plan) -> Self {
        let files = plan.files.iter().map(|file| FileEntry {
            name: file.name.clone(),
            bytes: file.total_bytes(),
        });
        let tensors = plan.files.iter().flat_map(|file| {
            let placed = file.tensors.iter();
            placed.map(|placed| TensorEntry::of(&plan.tensors[placed.number], &file.name))
        });
        Self {
            schema: MANIFEST_SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: plan.seed.0,
            digest_method: hash::METHOD.to_owned(),
            tensor_bytes: plan.tensor_bytes(),
            files: files.collect(),
            tensors: tensors.collect(),
        }
    }

    /// Reads a manifest. Its text is checked to be one; what it says is not believed yet.
    pub(super) fn read(path: &Path) -> Result<Self, ManifestError> {
        let (mut file, bytes) = read::open(path)?;
        let owned = || path.to_path_buf();
        if bytes > LONGEST {
            return Err(ManifestError::TooLong {
                path: owned(),
                bytes,
            });
        }
        let text = read::read_exactly(&mut file, bytes).map_err(|source| ReadError::Io {
            path: owned(),
            source,
        })?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|source| ManifestError::Json {
                path: owned(),
                source,
            })?;
        if manifest.schema != MANIFEST_SCHEMA {
            let found = manifest.schema;
            return Err(ManifestError::Schema {
                path: owned(),
                found,
            });
        }
        Ok(manifest)
    }

    /// Writes its text as it is made: that of the most tensors takes more memory than they do.
    pub(super) fn write(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }

    /// The same manifest before anything was made.
    pub(super) fn without_digests(mut self) -> Self {
        for tensor in &mut self.tensors {
            tensor.digest = None;
        }
        self
    }

    /// In what the two differ, digests apart, in words; nothing when they do not.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let (here, there) = (
            self.clone().without_digests(),
            other.clone().without_digests(),
        );
        if here == there {
            return None;
        }
        if here.version != there.version {
            return Some(format!(
                "evenkeel {} against {}",
                here.version, there.version
            ));
        }
        if here.seed != there.seed {
            return Some(format!("seed {} against {}", here.seed, there.seed));
        }
        if here.files.len() != there.files.len() {
            return Some(format!(
                "{} files against {}",
                here.files.len(),
                there.files.len()
            ));
        }
        let tensors = here.tensors.iter().zip(&there.tensors);
        Some(match tensors.into_iter().find(|(a, b)| a != b) {
            Some((a, b)) if a.name != b.name => {
                format!("tensor {:?} in the place of {:?}", a.name, b.name)
            }
            Some((a, _)) => format!("what tensor {:?} is or how it is made", a.name),
            None => format!(
                "{} tensors against {}",
                here.tensors.len(),
                there.tensors.len()
            ),
        })
    }

    /// What each file's header must be and where its tensors lie, checked.
    pub(super) fn files(&self) -> Result<Vec<ExpectedFile<'_>>, Inconsistency> {
        let mut rest = self.tensors.as_slice();
        let mut expected = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let plain = Path::new(&file.name).file_name() == Some(file.name.as_ref());
            if !plain || file.name.contains(['/', '\\', '\0']) {
                return Err(Inconsistency::FileName {
                    file: file.name.clone(),
                });
            }
            let count = rest.iter().take_while(|t| t.file == file.name).count();
            let (own, others) = rest.split_at(count);
            rest = others;
            expected.push(ExpectedFile::new(file, own)?);
        }
        match rest.first() {
            None => Ok(expected),
            Some(tensor) => Err(Inconsistency::FileOrder {
                tensor: tensor.name.clone(),
                file: tensor.file.clone(),
            }),
        }
    }
}

impl TensorEntry {
    fn of(made: &Made, file: &str) -> Self {
        let tensor = &made.tensor;
        let geometry = &tensor.geometry;
        let with_fans = geometry.has_fans();
        let fan_in = geometry.fan(Fan::In);
        Self {
            name: tensor.name.clone(),
            file: file.to_owned(),
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            rule: tensor.rule.clone(),
            scheme: tensor.scheme.to_string(),
            layer: geometry.layer().to_string(),
            layout: geometry.layout(),
            fan_in: with_fans.then(|| geometry.fan_in()),
            fan_out: with_fans.then(|| geometry.fan_out()),
            gain: with_fans.then(|| made.std * fan_in.sqrt()),
            mean: made.mean,
            std: made.std,
            digest: None,
        }
    }
}

/// What a file must be, by its manifest.
pub(super) struct ExpectedFile<'a> {
    pub(super) entry: &'a FileEntry,
    pub(super) header: Vec<u8>,
    pub(super) tensors: Vec<ExpectedTensor<'a>>,
}

/// What a tensor must be.
pub(super) struct ExpectedTensor<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: std::ops::Range<u64>,
    pub(super) digest: TensorDigest,
}

impl<'a> ExpectedFile<'a> {
    fn new(entry: &'a FileEntry, tensors: &'a [TensorEntry]) -> Result<Self, Inconsistency> {
        let mut start = 0_u64;
        let mut headers = Vec::with_capacity(tensors.len());
        let mut expected = Vec::with_capacity(tensors.len());
        for tensor in tensors {
            let size = header::bit_count(&tensor.shape, tensor.dtype).map(|bits| bits.div_ceil(8));
            let end = size
                .and_then(|size| start.checked_add(size))
                .ok_or_else(|| Inconsistency::Overflow {
                    tensor: tensor.name.clone(),
                })?;
            let digest = tensor.digest.ok_or_else(|| Inconsistency::NoDigest {
                tensor: tensor.name.clone(),
            })?;
            headers.push(TensorHeader {
                name: tensor.name.clone(),
                dtype: tensor.dtype,
                shape: tensor.shape.clone(),
                bytes: start..end,
            });
            expected.push(ExpectedTensor {
                name: &tensor.name,
                bytes: start..end,
                digest,
            });
            start = end;
        }
        let header = header::encode(&headers).map_err(|_| Inconsistency::Header {
            file: entry.name.clone(),
        })?;
        Ok(Self {
            entry,
            header,
            tensors: expected,
        })
    }
}
