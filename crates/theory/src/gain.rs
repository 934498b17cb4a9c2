//! The gain of an activation: the scale of the weights that keeps the signal at its size.

use thiserror::Error;

use crate::activation::Activation;
use crate::gaussian::{ExpectationError, readable};
use crate::moments::Moments;
use crate::verdict::Verdict;

/// What scale an activation asks of the weights, and what follows from that choice.
///
/// With W_ij ~ N(0, gain²/fan_in) and preactivations of variance q:
///
/// - forward = √(q/E\[φ²\]) keeps the second moment: the next preactivations have variance q again
///   (at q = 1, 1/√E\[φ²\]);
/// - centered = √(q/Var φ) keeps the variance of φ, for nets that take the mean out;
/// - backward = 1/√E\[φ′²\] keeps the mean square of the gradient (with fan_out for fan_in);
/// - χ₁ = gain²·E\[φ′²\] is the factor a layer puts on the gradient's mean square at the forward
///   gain;
/// - χ_q = gain²·dE\[φ²\]/dq is the factor a layer puts on a small deviation of q from its fixed
///   point.
///
/// # Source
/// Poole and others (2016), the length map (3) and χ₁ (6); Schoenholz and others (2017) for χ_q;
/// the forward gain of ReLU is √2 of He and others (2015), equation 10.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// The activation, as its canonical text.
    pub activation: String,
    /// The preactivation variance at which the gain holds.
    pub q: f64,
    /// √(q/E\[φ²\])
    pub forward: f64,
    /// √(q/Var φ)
    pub centered: f64,
    /// 1/√E\[φ′²\]; none where φ is flat almost everywhere
    pub backward: Option<f64>,
    /// E\[φ²\]
    pub second_moment: f64,
    /// E\[φ\]
    pub mean: f64,
    /// E\[φ′²\]/(E\[φ²\]/q)
    pub chi_1: f64,
    /// The slope of the variance map at its fixed point q
    pub chi_q: f64,
    /// The largest relative error among the numbers above, as estimated by the integrator
    pub error: f64,
}

/// Why an activation has no gain.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GainError {
    /// The variance at which the gain is asked for is zero, negative or not finite.
    #[error("the preactivation variance q must be finite and above 0, got {}", readable(*.got))]
    Variance {
        /// What was given.
        got: f64,
    },
    /// E\[φ²\] is zero: no scale brings the signal back.
    #[error(
        "{activation}: its second moment at q = {} is 0, so no gain preserves the signal; use a \
         larger q or another activation",
        readable(*.q)
    )]
    ZeroSecondMoment {
        /// The activation.
        activation: String,
        /// The variance that was asked for.
        q: f64,
    },
    /// φ is constant: nothing of the input is left.
    #[error("{activation}: it is constant, so it carries no signal; use an activation that varies")]
    Constant {
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

impl Gain {
    /// The gain at unit preactivation variance.
    ///
    /// # Errors
    /// [`GainError`]: zero second moment, a constant, or an expectation that cannot be had.
    ///
    /// # Example
    /// ```
    /// use evenkeel_theory::{Activation, Gain};
    ///
    /// let gelu = Gain::of(&Activation::gelu())?;
    /// assert!((gelu.forward - 1.533_530_441_195_54).abs() < 1e-13);
    /// assert!((gelu.chi_q - 1.144_063_196_872_58).abs() < 1e-12);
    /// # Ok::<(), evenkeel_theory::GainError>(())
    /// ```
    pub fn of(activation: &Activation) -> Result<Self, GainError> {
        Self::at(activation, 1.0)
    }

    /// The gain at preactivation variance `q`.
    ///
    /// # Errors
    /// [`GainError`], as [`Gain::of`], and [`GainError::Variance`] unless 0 < q < ∞.
    pub fn at(activation: &Activation, q: f64) -> Result<Self, GainError> {
        if !(q.is_finite() && q > 0.0) {
            return Err(GainError::Variance { got: q });
        }
        let name = || activation.to_string();
        let moments = Moments::at(activation, q).map_err(|source| GainError::Expectation {
            activation: name(),
            source,
        })?;
        let second_moment = moments.second_moment.value;
        if second_moment <= 0.0 || q / second_moment == f64::INFINITY {
            return Err(GainError::ZeroSecondMoment {
                activation: name(),
                q,
            });
        }
        let flat = moments.derivative_second_moment.value == 0.0;
        // A constant's variance is what the rounding of its mean leaves.
        let rounding = 16.0 * f64::EPSILON * second_moment;
        if flat && moments.variance.value.abs() <= rounding {
            return Err(GainError::Constant { activation: name() });
        }
        let forward_squared = q / second_moment;
        Ok(Self {
            activation: name(),
            q,
            forward: forward_squared.sqrt(),
            centered: (q / moments.variance.value.max(f64::MIN_POSITIVE)).sqrt(),
            backward: (!flat).then(|| 1.0 / moments.derivative_second_moment.value.sqrt()),
            second_moment,
            mean: moments.mean.value,
            chi_1: forward_squared * moments.derivative_second_moment.value,
            chi_q: forward_squared * moments.second_moment_slope.value,
            error: relative_error(&moments),
        })
    }

    /// What follows from the gain, in words and with the numbers behind them.
    pub fn verdict(&self) -> Verdict {
        Verdict::new(self)
    }
}

fn relative_error(moments: &Moments) -> f64 {
    let second = &moments.second_moment;
    let centered = moments.variance.error / moments.variance.value;
    let derivative = &moments.derivative_second_moment;
    let backward = if derivative.value > 0.0 {
        derivative.error / derivative.value
    } else {
        0.0
    };
    let slope = moments.second_moment_slope.error * moments.q / second.value;
    let forward = second.error / second.value;
    // A gain is an inverse square root, which halves a relative error; χ₁ and χ_q divide by E[φ²].
    (0.5 * centered)
        .max(backward + forward)
        .max(slope + forward)
}
