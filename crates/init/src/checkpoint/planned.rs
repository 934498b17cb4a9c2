//! Tensors that are to be made, before they have a place in a file.

use safetensors::Dtype as StoredDtype;

use super::names::Names;
use crate::{Geometry, Scheme};

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

/// Tensors that are to be made, in order.
///
/// [`assign`](super::assign) makes them, or [`From`] a list. What many of them have in common is
/// held once, so that each takes little more memory than its name.
#[derive(Clone, Debug, Default)]
pub struct PlannedTensors {
    pub(super) names: Names,
    /// What there is besides names, in the order in which it is first needed.
    pub(super) makings: Vec<Making>,
    /// The making of each.
    pub(super) each: Vec<usize>,
}

/// All that is planned of a tensor but its name.
#[derive(Clone, Debug)]
pub(super) struct Making {
    pub(super) dtype: StoredDtype,
    pub(super) shape: Vec<usize>,
    pub(super) rule: String,
    pub(super) geometry: Geometry,
    pub(super) scheme: Scheme,
}

impl PlannedTensors {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensors, in order, each put together as it comes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = PlannedTensor> {
        self.names.iter().zip(&self.each).map(|(name, making)| {
            let making = self.makings[*making].clone();
            PlannedTensor {
                name: name.to_owned(),
                dtype: making.dtype,
                shape: making.shape,
                rule: making.rule,
                geometry: making.geometry,
                scheme: making.scheme,
            }
        })
    }
}

impl From<Vec<PlannedTensor>> for PlannedTensors {
    fn from(tensors: Vec<PlannedTensor>) -> Self {
        let mut planned = Self::default();
        for tensor in tensors {
            planned.names.push(&tensor.name);
            planned.each.push(planned.makings.len());
            planned.makings.push(Making {
                dtype: tensor.dtype,
                shape: tensor.shape,
                rule: tensor.rule,
                geometry: tensor.geometry,
                scheme: tensor.scheme,
            });
        }
        planned
    }
}
