//! What can be wrong with a wish for weights.

use evenkeel_theory::{ActivationError, GainError};
use thiserror::Error;

use crate::{DistributionError, GeometryError};

/// A scheme that cannot make a tensor, and why.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum InitError {
    /// The layer itself cannot be.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// The scheme's parameters give no distribution.
    #[error("{scheme} on {geometry}: {source}")]
    Distribution {
        /// The scheme.
        scheme: String,
        /// The layer and its shape.
        geometry: String,
        /// What the distribution says.
        source: DistributionError,
    },
    /// A parameter outside its domain.
    #[error("{scheme}: {parameter} is {value}, but it must be {expected}")]
    Parameter {
        /// The scheme.
        scheme: String,
        /// The parameter's name.
        parameter: &'static str,
        /// What it was.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A scheme that divides by a fan, on a bias or a norm's scale.
    #[error(
        "{scheme} divides by a fan, and a {geometry} has none; \
         use zeros, ones, or uniform with the bound you want"
    )]
    NoFans {
        /// The scheme.
        scheme: String,
        /// The tensor.
        geometry: String,
    },
    /// A scheme for one kind of layer, on another.
    #[error("{scheme} needs {needs}, but got a {geometry}")]
    Unsuited {
        /// The scheme.
        scheme: String,
        /// What the scheme works on.
        needs: &'static str,
        /// The tensor.
        geometry: String,
    },
    /// An activation without a gain.
    #[error(transparent)]
    Gain(#[from] GainError),
    /// A text that names no activation.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// A backward gain of an activation whose derivative is 0 almost everywhere.
    #[error(
        "{activation} is flat, so no scale keeps its gradient; use the forward gain (fan_in), or \
         another activation"
    )]
    FlatActivation {
        /// The activation.
        activation: String,
    },
    /// A range that does not lie within the tensor.
    #[error("elements {start}..{end} do not lie within the tensor's {length}")]
    Range {
        /// First element wanted.
        start: u64,
        /// One past the last.
        end: u64,
        /// Elements in the tensor.
        length: u64,
    },
    /// A slice whose length is not the range's.
    #[error("the range has {expected} elements, but the slice to fill has {got}")]
    SliceLength {
        /// Elements of the range.
        expected: u64,
        /// Elements of the slice.
        got: u64,
    },
    /// A tensor that must be made whole, and that memory does not hold.
    #[error(
        "{scheme} on {geometry} must be made whole, which takes {bytes} bytes of memory, more than there are; \
         use a scheme that draws element by element, or a machine with more memory"
    )]
    Memory {
        /// The scheme.
        scheme: String,
        /// The layer and its shape.
        geometry: String,
        /// Bytes that are needed.
        bytes: u64,
    },
    /// A scheme's name that is not known.
    #[error("no scheme is named {name:?}; known are {known}")]
    UnknownScheme {
        /// The name.
        name: String,
        /// The names there are, comma-separated.
        known: String,
    },
    /// A parameter that the named scheme does not have, or lacks.
    #[error("{scheme} {problem} {parameter:?}; it takes {takes}")]
    SchemeParameter {
        /// The scheme's name.
        scheme: &'static str,
        /// "does not take" or "needs".
        problem: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The parameters that it takes.
        takes: String,
    },
}
