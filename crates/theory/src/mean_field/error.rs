//! What can go wrong in the mean-field theory of a network.

use thiserror::Error;

use crate::gaussian::ExpectationError;

/// Why a mean-field quantity could not be had.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MeanFieldError {
    /// A variance, correlation or scale is out of range.
    #[error("{parameter} must be {expected}, got {got}")]
    Parameter {
        /// Its name.
        parameter: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What was given.
        got: f64,
    },
    /// The variance grows from layer to layer without end.
    #[error(
        "{activation} with sigma_w2 = {sigma_w2}, sigma_b2 = {sigma_b2}: the variance grows \
         without end, so there is no fixed point; use a smaller sigma_w2"
    )]
    Diverges {
        /// The activation.
        activation: String,
        /// The weight variance times fan-in.
        sigma_w2: f64,
        /// The bias variance.
        sigma_b2: f64,
    },
    /// No σ_w² puts this activation on the edge of chaos at this σ_b².
    #[error("{activation} has no critical point at sigma_b2 = {sigma_b2}; {}", elsewhere(*.lowest, *.highest))]
    NoCriticalPoint {
        /// The activation.
        activation: String,
        /// The bias variance that was asked for.
        sigma_b2: f64,
        /// The lowest bias variance on the critical line; infinite where there is no line.
        lowest: f64,
        /// The highest bias variance that was found on the critical line; −∞ where there is no line.
        highest: f64,
    },
    /// The activation passes no gradient, so nothing is critical.
    #[error(
        "{activation} is flat almost everywhere, so χ₁ is 0 at any weight variance; use an \
         activation with a slope"
    )]
    Flat {
        /// The activation.
        activation: String,
    },
    /// A Gaussian expectation could not be had.
    #[error("{activation}: {source}")]
    Expectation {
        /// The activation.
        activation: String,
        /// Why.
        source: ExpectationError,
    },
}

/// Where critical points are, when there is none at the place that was asked for.
fn elsewhere(lowest: f64, highest: f64) -> String {
    if lowest > highest {
        String::from("it has none at any sigma_b2: no weight variance puts it on the edge of chaos")
    } else if lowest == highest {
        format!("its only one is at sigma_b2 = {lowest}")
    } else {
        format!("critical points exist for sigma_b2 from {lowest:.3e} to {highest:.3e}")
    }
}

/// A parameter that must be finite and not negative.
pub(crate) fn non_negative(parameter: &'static str, got: f64) -> Result<(), MeanFieldError> {
    if got.is_finite() && got >= 0.0 {
        return Ok(());
    }
    Err(MeanFieldError::Parameter {
        parameter,
        expected: "finite and not below 0",
        got,
    })
}

/// A correlation.
pub(crate) fn correlation(got: f64) -> Result<(), MeanFieldError> {
    if (-1.0..=1.0).contains(&got) {
        return Ok(());
    }
    Err(MeanFieldError::Parameter {
        parameter: "the correlation",
        expected: "in [-1, 1]",
        got,
    })
}
