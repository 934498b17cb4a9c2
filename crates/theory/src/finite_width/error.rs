//! What can go wrong in a finite-width prediction.

use thiserror::Error;

use crate::gain::GainError;
use crate::mean_field::MeanFieldError;

/// Why a finite-width quantity could not be had.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum FiniteWidthError {
    /// A layer has no neuron.
    #[error("layer {layer} has width 0; every layer needs at least one neuron")]
    Width {
        /// The layer, counted from 0.
        layer: usize,
    },
    /// A confidence is not a probability.
    #[error("the confidence must lie strictly between 0 and 1, such as 0.95; got {got}")]
    Confidence {
        /// What was given.
        got: f64,
    },
    /// The second moment is zero or infinite, so its logarithm has no moments.
    #[error(
        "the signal is 0 or infinite at layer {layer}, so its logarithm has no band; use another \
         variance or another activation"
    )]
    Silent {
        /// The layer, counted from 0.
        layer: usize,
    },
    /// The infinite-width theory failed.
    #[error(transparent)]
    MeanField(#[from] MeanFieldError),
    /// The activation has no gain.
    #[error(transparent)]
    Gain(#[from] GainError),
}
