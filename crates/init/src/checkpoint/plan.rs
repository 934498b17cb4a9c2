//! What a checkpoint will be, down to the last byte's place, before any of it is made.

use std::ops::Range;

use safetensors::Dtype as StoredDtype;

use super::header::{self, Listed};
use super::names::Names;
use super::planned::{Making, PlannedTensors};
use super::{ByteSize, PlanError};
use crate::{Scheme, Seed, Stream, bf16, f16};

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
///
/// Each tensor takes little more memory than its name: headers and manifest are made as they are
/// written.
#[derive(Debug)]
pub struct Plan {
    pub(super) seed: Seed,
    names: Names,
    /// What the tensors are besides their names.
    makings: Vec<Made>,
    /// The making of each tensor.
    each: Vec<usize>,
    /// The tensors, file by file, in the order of their bytes.
    places: Vec<Place>,
    pub(super) files: Vec<PlannedFile>,
}

/// How tensors are made, and what the scheme says of them.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) making: Making,
    pub(super) kind: Kind,
    pub(super) mean: f64,
    pub(super) std: f64,
    /// The length of each tensor.
    pub(super) bytes: u64,
    /// The scheme and the layer in words.
    pub(super) scheme: String,
    pub(super) layer: String,
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

/// A tensor's place in its file.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its number among all tensors.
    tensor: usize,
    /// Where it begins, counted from the end of the header.
    start: u64,
}

/// One file.
#[derive(Debug)]
pub(super) struct PlannedFile {
    pub(super) name: String,
    /// Which of the places are in it.
    pub(super) places: Range<usize>,
    /// Length of all before the first tensor.
    pub(super) header_bytes: u64,
    /// Length of all tensors.
    pub(super) data_bytes: u64,
}

/// A tensor in its place.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) name: &'a str,
    pub(super) made: &'a Made,
    /// Where it begins, counted from the end of the header.
    pub(super) start: u64,
}

impl PlannedFile {
    pub(super) fn total_bytes(&self) -> u64 {
        self.header_bytes + self.data_bytes
    }
}

impl<'a> Placed<'a> {
    pub(super) fn stream(&self, seed: Seed) -> Stream {
        seed.stream(self.name)
    }

    fn listed(self) -> Listed<'a> {
        Listed {
            name: self.name,
            dtype: self.made.making.dtype,
            shape: &self.made.making.shape,
            bytes: self.start..self.start + self.made.bytes,
        }
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
    pub fn new(
        seed: Seed,
        tensors: impl Into<PlannedTensors>,
        cut: &Cut,
    ) -> Result<Self, PlanError> {
        let PlannedTensors {
            names,
            makings,
            each,
        } = tensors.into();
        names.check()?;
        // The first tensor of a making stands for all of them in what is said of it.
        let firsts = firsts(&each);
        let first = |making: usize| names.get(firsts[making]);
        let sizes: Vec<u64> = makings
            .iter()
            .enumerate()
            .map(|(number, making)| byte_count(making, first(number)))
            .collect::<Result<_, _>>()?;
        check_total(each.iter().map(|making| sizes[*making]))?;
        let makings = makings
            .into_iter()
            .zip(sizes)
            .enumerate()
            .map(|(number, (making, bytes))| checked(making, bytes, first(number)))
            .collect::<Result<_, _>>()?;
        let mut plan = Self {
            seed,
            names,
            makings,
            places: Vec::with_capacity(each.len()),
            each,
            files: Vec::new(),
        };
        plan.lay_out(cut)?;
        Ok(plan)
    }

    fn lay_out(&mut self, cut: &Cut) -> Result<(), PlanError> {
        let limit = match cut {
            Cut::OneFile(_) => u64::MAX,
            Cut::AtMost(limit) => limit.0,
        };
        let bytes = self.each.iter().map(|making| self.makings[*making].bytes);
        let groups = group(bytes, limit);
        let files = groups.len();
        for (number, group) in groups.into_iter().enumerate() {
            self.add_file(file_name(cut, number, files), group)?;
        }
        Ok(())
    }

    /// Places a file's tensors one after the other, wider formats first.
    fn add_file(&mut self, name: String, tensors: Range<usize>) -> Result<(), PlanError> {
        let (places, mut start) = (tensors.clone(), 0);
        let mut tensors: Vec<usize> = tensors.collect();
        let width = |tensor: usize| self.makings[self.each[tensor]].making.dtype.bitsize();
        tensors.sort_by_key(|tensor| std::cmp::Reverse(width(*tensor)));
        for tensor in tensors {
            self.places.push(Place { tensor, start });
            // Not past the sum of all sizes, which was checked.
            start += self.makings[self.each[tensor]].bytes;
        }
        let listed = places.clone().map(|place| self.placed(place).listed());
        match header::size(listed) {
            Ok(header_bytes) => {
                self.files.push(PlannedFile {
                    name,
                    places,
                    header_bytes,
                    data_bytes: start,
                });
                Ok(())
            }
            Err(source) => Err(PlanError::Layout { file: name, source }),
        }
    }

    /// How many tensors there are.
    pub fn tensor_count(&self) -> usize {
        self.names.len()
    }

    /// How many files hold them.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Bytes of all tensors, headers not counted.
    pub fn tensor_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.data_bytes).sum()
    }

    /// Whether the files come with an index.
    pub(super) fn has_index(&self) -> bool {
        self.files.len() > 1
    }

    /// The tensor in this place, counted through all files.
    pub(super) fn placed(&self, place: usize) -> Placed<'_> {
        let Place { tensor, start } = self.places[place];
        Placed {
            name: self.names.get(tensor),
            made: &self.makings[self.each[tensor]],
            start,
        }
    }

    /// What a file's header lists.
    pub(super) fn listed(&self, file: &PlannedFile) -> impl Iterator<Item = Listed<'_>> {
        file.places.clone().map(|place| self.placed(place).listed())
    }
}

/// The first tensor of each making; makings are numbered as they first come.
fn firsts(each: &[usize]) -> Vec<usize> {
    let mut firsts = Vec::new();
    for (tensor, making) in each.iter().enumerate() {
        if *making == firsts.len() {
            firsts.push(tensor);
        }
    }
    firsts
}

fn check_total(mut sizes: impl Iterator<Item = u64>) -> Result<(), PlanError> {
    sizes
        .try_fold(0_u64, |sum, bytes| sum.checked_add(bytes))
        // Offsets within a file are counted in usize as well.
        .filter(|total| usize::try_from(*total).is_ok())
        .map(|_| ())
        .ok_or(PlanError::Overflow)
}

fn byte_count(making: &Making, name: &str) -> Result<u64, PlanError> {
    let elements: Option<u64> = making.shape.iter().try_fold(1_u64, |product, n| {
        product.checked_mul(u64::try_from(*n).ok()?)
    });
    if elements != Some(making.geometry.len() as u64) {
        return Err(PlanError::Shape {
            name: name.to_owned(),
            shape: making.shape.clone(),
            geometry: Box::new(making.geometry.clone()),
        });
    }
    elements
        .and_then(|elements| elements.checked_mul(making.dtype.bitsize() as u64))
        .map(|bits| bits.div_ceil(8))
        .ok_or(PlanError::Overflow)
}

/// Everything but a tensor's values is the same for all names.
fn checked(making: Making, bytes: u64, name: &str) -> Result<Made, PlanError> {
    let refused = |source| PlanError::Scheme {
        name: name.to_owned(),
        rule: making.rule.clone(),
        source: Box::new(source),
    };
    let stream = Seed(0).stream(name);
    let prepared = making.scheme.prepare(&making.geometry, &stream);
    let prepared = prepared.map_err(refused)?;
    let kind = kind(&making, name)?;
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
    let (scheme, layer) = (
        making.scheme.to_string(),
        making.geometry.layer().to_string(),
    );
    Ok(Made {
        making,
        kind,
        mean,
        std,
        bytes,
        scheme,
        layer,
    })
}

fn kind(making: &Making, name: &str) -> Result<Kind, PlanError> {
    match making.dtype {
        StoredDtype::F64 => Ok(Kind::F64),
        StoredDtype::F32 => Ok(Kind::F32),
        StoredDtype::BF16 => Ok(Kind::Bf16),
        StoredDtype::F16 => Ok(Kind::F16),
        _ if making.scheme == Scheme::zeros() => Ok(Kind::Zeros),
        dtype => Err(PlanError::Dtype {
            name: name.to_owned(),
            dtype,
            scheme: making.scheme.to_string(),
        }),
    }
}

/// Consecutive tensors into files of at most `limit` bytes.
fn group(sizes: impl Iterator<Item = u64>, limit: u64) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut filled = u64::MAX;
    for (tensor, size) in sizes.enumerate() {
        match groups.last_mut() {
            Some(group) if filled.saturating_add(size) <= limit => {
                group.end = tensor + 1;
                filled += size;
            }
            _ => {
                groups.push(tensor..tensor + 1);
                filled = size;
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

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
