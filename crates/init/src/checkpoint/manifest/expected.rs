//! What a checkpoint must be by its manifest, which is not believed before it is checked.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::Path;

use safetensors::Dtype as StoredDtype;
use serde::Deserialize;

use super::read::{Said, read};
use super::{FileEntry, TensorEntry};
use crate::checkpoint::hash::TensorDigest;
use crate::checkpoint::header::{self, Listed};
use crate::checkpoint::{Inconsistency, ManifestError, whole};

/// What a manifest says that a checkpoint can be compared with.
pub(in crate::checkpoint) struct Claims(Said<Vec<Claim>>);

/// What it says of a tensor; how it was made is read, and not kept.
#[derive(Deserialize)]
#[serde(from = "TensorEntry")]
struct Claim {
    name: String,
    file: String,
    dtype: StoredDtype,
    shape: Vec<usize>,
    digest: Option<TensorDigest>,
}

impl From<TensorEntry> for Claim {
    fn from(entry: TensorEntry) -> Self {
        Self {
            name: entry.name,
            file: entry.file,
            dtype: entry.dtype,
            shape: entry.shape,
            digest: entry.digest,
        }
    }
}

impl Claims {
    pub(in crate::checkpoint) fn read(path: &Path) -> Result<Self, ManifestError> {
        Ok(Self(read(path, PhantomData)?))
    }

    pub(in crate::checkpoint) fn tensor_count(&self) -> usize {
        self.0.tensors.len()
    }

    pub(in crate::checkpoint) fn tensor_bytes(&self) -> u64 {
        self.0.tensor_bytes
    }

    fn check_names(&self) -> Result<(), Inconsistency> {
        let mut seen = HashSet::with_capacity(self.tensor_count());
        let mut names = self.0.tensors.iter().map(|tensor| &tensor.name);
        match names.find(|name| !seen.insert(*name)) {
            Some(twice) => Err(Inconsistency::DuplicateName {
                tensor: twice.clone(),
            }),
            None => Ok(()),
        }
    }

    /// What each file's header must be and where its tensors lie, checked.
    pub(in crate::checkpoint) fn files(&self) -> Result<Vec<ExpectedFile<'_>>, Inconsistency> {
        self.check_names()?;
        let mut rest = self.0.tensors.as_slice();
        let mut expected = Vec::with_capacity(self.0.files.len());
        for file in &self.0.files {
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

/// What a file must be, by its manifest.
pub(in crate::checkpoint) struct ExpectedFile<'a> {
    pub(in crate::checkpoint) entry: &'a FileEntry,
    pub(in crate::checkpoint) header_bytes: u64,
    pub(in crate::checkpoint) tensors: Vec<ExpectedTensor<'a>>,
}

/// What a tensor must be.
pub(in crate::checkpoint) struct ExpectedTensor<'a> {
    claim: &'a Claim,
    pub(in crate::checkpoint) bytes: Range<u64>,
    pub(in crate::checkpoint) digest: TensorDigest,
}

impl<'a> ExpectedFile<'a> {
    fn new(entry: &'a FileEntry, tensors: &'a [Claim]) -> Result<Self, Inconsistency> {
        let mut start = 0_u64;
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
            expected.push(ExpectedTensor {
                claim: tensor,
                bytes: start..end,
                digest,
            });
            start = end;
        }
        let header_bytes = header::size(expected.iter().map(ExpectedTensor::listed));
        Ok(Self {
            entry,
            header_bytes: header_bytes.map_err(|_| Inconsistency::Header {
                file: entry.name.clone(),
            })?,
            tensors: expected,
        })
    }

    /// Whether the file has the header that it must have.
    pub(in crate::checkpoint) fn has_header(&self, file: &File) -> io::Result<bool> {
        whole::begins_with(file, |out| {
            let tensors = self.tensors.iter().map(ExpectedTensor::listed);
            header::write(tensors, self.header_bytes, out)
        })
    }
}

impl ExpectedTensor<'_> {
    pub(in crate::checkpoint) fn name(&self) -> &str {
        &self.claim.name
    }

    fn listed(&self) -> Listed<'_> {
        Listed {
            name: &self.claim.name,
            dtype: self.claim.dtype,
            shape: &self.claim.shape,
            bytes: self.bytes.clone(),
        }
    }
}
