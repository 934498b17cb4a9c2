//! What a checkpoint will be, down to the last byte's place, before any of it is made.

use std::collections::HashSet;

use safetensors::Dtype as StoredDtype;

use super::header::{self, TensorHeader};
use super::index::Index;
use super::manifest::Manifest;
use super::{ByteSize, PlanError};
use crate::{Geometry, Scheme, Seed, bf16, f16};

/// One tensor that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedTensor {
    /// Its name, which its random numbers follow from.
    pub name: String,
    /// The number format that it is stored in.
    pub dtype: StoredDtype,
    /// Its shape as stored.
    pub shape: Vec<usize>,
    /// The rule that chose its scheme, in the words of the rules.
    pub rule: String,
    /// The layer that it belongs to.
    pub geometry: Geometry,
    /// How it is made.
    pub scheme: Scheme,
}

/// Into how many files a checkpoint is cut, and what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// One file of this name, whatever its size.
    OneFile(String),
    /// Files of at most this many bytes of tensors, in order, as many as it takes; a tensor that is
    /// larger gets a file of its own. They are called as Hugging Face's loaders expect:
    /// `model.safetensors` alone, or `model-00001-of-00002.safetensors` and so on with an index.
    AtMost(ByteSize),
}

/// A whole checkpoint, checked, cut into files.
#[derive(Debug)]
pub struct Plan {
    pub(super) seed: Seed,
    pub(super) tensors: Vec<Made>,
    pub(super) files: Vec<PlannedFile>,
    /// Whether the files come with an index.
    pub(super) index: Option<Index>,
}

/// A planned tensor and what the scheme says of it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) tensor: PlannedTensor,
    pub(super) kind: Kind,
    pub(super) mean: f64,
    pub(super) std: f64,
}

/// How a tensor's bytes come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F64,
    F32,
    Bf16,
    F16,
    /// All bytes are 0, which is the number 0 in every format.
    Zeros,
}

/// One file: which tensors, in which order.
#[derive(Debug)]
pub(super) struct PlannedFile {
    pub(super) name: String,
    /// Length and text of the header.
    pub(super) header: Vec<u8>,
    /// Tensors in the order of their bytes.
    pub(super) tensors: Vec<Placed>,
}

/// A tensor's place in its file.
#[derive(Debug)]
pub(super) struct Placed {
    /// Its number in the plan.
    pub(super) number: usize,
    pub(super) header: TensorHeader,
}

impl PlannedFile {
    pub(super) fn data_bytes(&self) -> u64 {
        self.tensors.last().map_or(0, |last| last.header.bytes.end)
    }

    pub(super) fn total_bytes(&self) -> u64 {
        self.header.len() as u64 + self.data_bytes()
    }
}

impl Plan {
    /// Checks every tensor and lays the files out.
    ///
    /// Tensors keep their order from file to file; within a file those of wider number formats come
    /// first, so that each begins at a multiple of its element's size.
    ///
    /// # Errors
    /// [`PlanError`], for names used twice, schemes that do not fit, formats that cannot be made,
    /// and sizes that overflow.
    pub fn new(seed: Seed, tensors: Vec<PlannedTensor>, cut: &Cut) -> Result<Self, PlanError> {
        check_names(&tensors)?;
        let sizes: Vec<u64> = tensors.iter().map(byte_count).collect::<Result<_, _>>()?;
        let total = sizes.iter().try_fold(0_u64, |sum, n| sum.checked_add(*n));
        // Offsets within a file are counted in usize as well.
        total
            .filter(|total| usize::try_from(*total).is_ok())
            .ok_or(PlanError::Overflow)?;
        let tensors: Vec<Made> = tensors
            .into_iter()
            .map(|tensor| checked(seed, tensor))
            .collect::<Result<_, _>>()?;
        let groups = match cut {
            Cut::OneFile(_) => vec![(0..tensors.len()).collect()],
            Cut::AtMost(limit) => group(&sizes, limit.0),
        };
        let count = groups.len();
        let files = groups
            .into_iter()
            .enumerate()
            .map(|(number, group)| lay_out(file_name(cut, number, count), group, &tensors, &sizes))
            .collect::<Result<Vec<_>, _>>()?;
        let index = (count > 1).then(|| index_of(&files));
        Ok(Self {
            seed,
            tensors,
            files,
            index,
        })
    }

    /// The manifest that the checkpoint will have, digests missing.
    pub fn manifest(&self) -> Manifest {
        Manifest::of(self)
    }

    /// How many tensors there are.
    pub fn tensor_count(&self) -> usize {
        self.tensors.len()
    }

    /// How many files hold them.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Bytes of all tensors, headers not counted.
    pub fn tensor_bytes(&self) -> u64 {
        self.files.iter().map(PlannedFile::data_bytes).sum()
    }
}

fn check_names(tensors: &[PlannedTensor]) -> Result<(), PlanError> {
    if tensors.is_empty() {
        return Err(PlanError::Empty);
    }
    let mut seen = HashSet::with_capacity(tensors.len());
    for tensor in tensors {
        if tensor.name == header::METADATA {
            return Err(PlanError::ReservedName);
        }
        if !seen.insert(&tensor.name) {
            let name = tensor.name.clone();
            return Err(PlanError::DuplicateName { name });
        }
    }
    Ok(())
}

fn byte_count(tensor: &PlannedTensor) -> Result<u64, PlanError> {
    let elements: Option<u64> = tensor.shape.iter().try_fold(1_u64, |product, n| {
        product.checked_mul(u64::try_from(*n).ok()?)
    });
    if elements != Some(tensor.geometry.len() as u64) {
        return Err(PlanError::Shape {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            geometry: Box::new(tensor.geometry.clone()),
        });
    }
    elements
        .and_then(|elements| elements.checked_mul(tensor.dtype.bitsize() as u64))
        .map(|bits| bits.div_ceil(8))
        .ok_or(PlanError::Overflow)
}

fn checked(seed: Seed, tensor: PlannedTensor) -> Result<Made, PlanError> {
    let refused = |source| PlanError::Scheme {
        name: tensor.name.clone(),
        rule: tensor.rule.clone(),
        source: Box::new(source),
    };
    let stream = seed.stream(&tensor.name);
    let prepared = tensor.scheme.prepare(&tensor.geometry, &stream);
    let prepared = prepared.map_err(refused)?;
    let kind = kind(&tensor)?;
    // A format too narrow for the values says so here, before anything is written.
    match kind {
        Kind::F64 => prepared.check_format::<f64>(),
        Kind::F32 => prepared.check_format::<f32>(),
        Kind::Bf16 => prepared.check_format::<bf16>(),
        Kind::F16 => prepared.check_format::<f16>(),
        Kind::Zeros => Ok(()),
    }
    .map_err(refused)?;
    let (mean, std) = (prepared.mean(), prepared.std());
    Ok(Made {
        tensor,
        kind,
        mean,
        std,
    })
}

fn kind(tensor: &PlannedTensor) -> Result<Kind, PlanError> {
    match tensor.dtype {
        StoredDtype::F64 => Ok(Kind::F64),
        StoredDtype::F32 => Ok(Kind::F32),
        StoredDtype::BF16 => Ok(Kind::Bf16),
        StoredDtype::F16 => Ok(Kind::F16),
        _ if tensor.scheme == Scheme::zeros() => Ok(Kind::Zeros),
        dtype => Err(PlanError::Dtype {
            name: tensor.name.clone(),
            dtype,
            scheme: tensor.scheme.to_string(),
        }),
    }
}

/// Consecutive tensors into files of at most `limit` bytes.
fn group(sizes: &[u64], limit: u64) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut filled = u64::MAX;
    for (tensor, size) in sizes.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if filled.saturating_add(*size) <= limit => {
                group.push(tensor);
                filled += size;
            }
            _ => {
                groups.push(vec![tensor]);
                filled = *size;
            }
        }
    }
    groups
}

fn file_name(cut: &Cut, number: usize, count: usize) -> String {
    match cut {
        Cut::OneFile(name) => name.clone(),
        Cut::AtMost(_) if count == 1 => "model.safetensors".to_owned(),
        Cut::AtMost(_) => format!("model-{:05}-of-{count:05}.safetensors", number + 1),
    }
}

/// Places a file's tensors one after the other, wider formats first.
fn lay_out(
    name: String,
    mut group: Vec<usize>,
    tensors: &[Made],
    sizes: &[u64],
) -> Result<PlannedFile, PlanError> {
    group.sort_by_key(|number| std::cmp::Reverse(tensors[*number].tensor.dtype.bitsize()));
    let mut start = 0;
    let mut placed = Vec::with_capacity(group.len());
    for number in group {
        let tensor = &tensors[number].tensor;
        // Not past the sum of all sizes, which was checked.
        let end = start + sizes[number];
        let header = TensorHeader {
            name: tensor.name.clone(),
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            bytes: start..end,
        };
        placed.push(Placed { number, header });
        start = end;
    }
    match header::encode(placed.iter().map(|placed| &placed.header)) {
        Ok(header) => Ok(PlannedFile {
            name,
            header,
            tensors: placed,
        }),
        Err(source) => Err(PlanError::Layout { file: name, source }),
    }
}

fn index_of(files: &[PlannedFile]) -> Index {
    let weight_map = files
        .iter()
        .flat_map(|file| {
            let names = file.tensors.iter().map(|placed| &placed.header.name);
            names.map(|name| (name.clone(), file.name.clone()))
        })
        .collect();
    Index { weight_map }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
