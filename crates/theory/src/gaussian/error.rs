//! Why an expectation could not be had.

use thiserror::Error;

/// Why a Gaussian expectation was refused. A wrong number is never given instead.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ExpectationError {
    /// The variance is negative or not a number.
    #[error("the variance must be finite and not below 0, got {}", readable(*.got))]
    Variance {
        /// What was given.
        got: f64,
    },
    /// The correlation lies outside \[−1, 1\].
    #[error("the correlation must lie in [-1, 1], got {got}")]
    Correlation {
        /// What was given.
        got: f64,
    },
    /// The integrand is not a number somewhere.
    #[error(
        "the function is not a number at x = {}; it must be defined on the whole line",
        readable(*.at)
    )]
    Undefined {
        /// Where.
        at: f64,
    },
    /// The integrand has a pole, or grows as fast as the Gaussian density falls.
    #[error(
        "the function has a pole or grows too fast for a Gaussian of variance {}: its integral does \
         not settle at x = {}; use a smaller variance or a slower function",
        readable(*.variance),
        readable(*.at)
    )]
    NotIntegrable {
        /// The variance of the Gaussian.
        variance: f64,
        /// Where it was given up.
        at: f64,
    },
    /// The accuracy was not reached within the work allowed.
    #[error(
        "the integral converged only to a relative error of {relative_error:.1e} (wanted \
         {wanted:.0e}) near x = {}; the function oscillates too fast, has a singularity there, \
         or loses digits",
        readable(*.at)
    )]
    Accuracy {
        /// The relative error that was reached.
        relative_error: f64,
        /// The relative error that was wanted.
        wanted: f64,
        /// Where the error is largest.
        at: f64,
    },
}

/// A number without a hundred zeros.
pub(crate) fn readable(x: f64) -> String {
    if x == 0.0 || (1e-4..1e6).contains(&x.abs()) {
        x.to_string()
    } else {
        format!("{x:.3e}")
    }
}
