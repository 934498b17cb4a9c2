//! Seeing every activation and gradient while it is in cache.

mod dead_units;
mod parts;
mod recorder;
mod updates;

pub use dead_units::DeadUnits;
pub use recorder::{Quantity, Record, Recorder};
pub use updates::Update;

use crate::graph::Producer;

/// Which tensor a tap is shown, and which part of it.
///
/// A tensor comes in parts, each of which is shown by itself, whole rows at a time: an
/// activation or its gradient in one part for each lane of examples, a weight gradient in blocks
/// of its rows. How it is cut depends on shapes and the batch only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site<'a> {
    /// Name of the value or the parameter.
    pub name: &'a str,
    /// Its index in [`Graph::values`](crate::Graph::values), or in
    /// [`Graph::parameters`](crate::Graph::parameters) for a weight gradient.
    pub index: usize,
    /// What made the value; for a weight's gradient or update, what its layer makes.
    pub producer: Producer,
    /// Which part this is, from 0.
    pub part: usize,
    /// How many parts the tensor has at most: fewer are shown for fewer examples.
    pub parts: usize,
}

/// Sees each activation, each back-propagated gradient and each weight gradient while it is
/// still warm.
///
/// Parts are worked on by several threads at once, so a tap is shared: what it keeps, it keeps
/// by part, and merges in the order of the parts when it is read, which makes its result the
/// same for any number of threads. [`Recorder`] does so for statistics. Each method does
/// nothing unless it is given.
///
/// # Shapes
///
/// `values` is row-major: examples × features for activations and gradients, a block of rows of
/// the parameter for weight gradients.
pub trait Tap: Sync {
    /// Whether nothing shown would be looked at: it is not shown then, and looking up what it is
    /// costs nothing either. `false` unless it is given.
    fn is_blind(&self) -> bool {
        false
    }

    /// A value, just computed. An operator that works in place shows its own value after its
    /// input was shown, so nothing is missed.
    fn activation(&self, site: &Site<'_>, values: &[f32]) {
        let _ = (site, values);
    }

    /// The gradient of the loss by a value, complete. Shown for values that a parameter has an
    /// effect on; the network's inputs are not among them.
    fn gradient(&self, site: &Site<'_>, values: &[f32]) {
        let _ = (site, values);
    }

    /// The gradient of the loss by a parameter, biases included, complete.
    fn weight_gradient(&self, site: &Site<'_>, values: &[f32]) {
        let _ = (site, values);
    }

    /// A parameter's values before and after an optimiser's step. A part is a block of the values
    /// as they are stored, and need not be whole rows.
    fn update(&self, site: &Site<'_>, before: &[f32], after: &[f32]) {
        let _ = (site, before, after);
    }
}

/// Sees nothing, at no cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTap;

impl Tap for NoTap {
    fn is_blind(&self) -> bool {
        true
    }
}
