//! What can be wrong with a distribution's parameters.

use crate::Dtype;
use crate::number::Plain;

/// Why a distribution cannot be built, or cannot fill a tensor of some format.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DistributionError {
    /// A parameter is NaN or infinite.
    #[error("{distribution}: {parameter} is {value}, expected a finite number")]
    NotFinite {
        /// The distribution's name.
        distribution: &'static str,
        /// The parameter's name.
        parameter: &'static str,
        /// What was given.
        value: f64,
    },
    /// A standard deviation below zero.
    #[error(
        "{distribution}: std is {std}, expected {expected}; give the standard deviation, not a log or a difference"
    )]
    Std {
        /// The distribution's name.
        distribution: &'static str,
        /// What was given.
        std: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// Nothing lies between the bounds.
    #[error("{distribution}: the interval from {low} to {high} is empty, expected low < high")]
    EmptyInterval {
        /// The distribution's name.
        distribution: &'static str,
        /// Lower bound, as given.
        low: f64,
        /// Upper bound, as given.
        high: f64,
    },
    /// The interval of a truncated normal lies so far out that next to nothing of it is left.
    #[error(
        "truncated_normal: the interval from {low}σ to {high}σ lies beyond {limit}σ on one side of the mean; move the mean into the interval, widen the bounds, or check their unit (σ or absolute)"
    )]
    BeyondTail {
        /// Lower bound in standard deviations of the parent.
        low: f64,
        /// Upper bound in standard deviations of the parent.
        high: f64,
        /// How far out an interval may begin.
        limit: f64,
    },
    /// No parent normal, truncated to these absolute bounds, has the standard deviation asked for.
    #[error(
        "truncated_normal: std {std} cannot come out between {low} and {high}; what can lies below {largest}: widen the bounds, or give them in σ"
    )]
    UnattainableStd {
        /// The std asked for.
        std: f64,
        /// Lower bound, absolute.
        low: f64,
        /// Upper bound, absolute.
        high: f64,
        /// No std at or above this can come out: that of the flat distribution between the bounds.
        largest: f64,
    },
    /// The format cannot hold the distribution's values: too large, too small, or too close together.
    #[error(
        "{distribution}: {dtype} cannot hold its values, from {} to {}; use a wider format, or another scale",
        Plain(*low),
        Plain(*high)
    )]
    NotRepresentable {
        /// The distribution's name.
        distribution: &'static str,
        /// The format.
        dtype: Dtype,
        /// Lower end of the values that would be needed.
        low: f64,
        /// Upper end of the values that would be needed.
        high: f64,
    },
    /// A range of elements runs past the last index, 2⁶⁴ − 1.
    #[error("a fill of {len} elements from element {start} runs past the last index, 2^64 - 1")]
    PastTheEnd {
        /// First element.
        start: u64,
        /// How many.
        len: usize,
    },
}

/// `value`, or the error that it is not finite.
pub(crate) fn finite(
    distribution: &'static str,
    parameter: &'static str,
    value: f64,
) -> Result<f64, DistributionError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(DistributionError::NotFinite {
            distribution,
            parameter,
            value,
        })
    }
}
