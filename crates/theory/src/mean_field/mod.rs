//! Signal propagation in an infinitely wide network.
//!
//! Layer l computes h_l = W_l φ(h_{l−1}) + b_l with W_ij ~ N(0, σ_w²/fan_in), b_i ~ N(0, σ_b²). As
//! the width grows, the h_l of one input are independent Gaussians of variance q_l, those of two
//! inputs have correlation c_l, and both follow deterministic maps.

mod analysis;
mod correlation;
mod critical;
mod error;
mod fixed_points;
mod jacobian;
mod kernel;
mod phase_diagram;
mod residual;
mod table_kernel;

pub use analysis::{Analysis, Phase};
pub use correlation::CorrelationMap;
pub use critical::{CriticalApproach, CriticalPoint, critical_line, critical_point};
pub use error::MeanFieldError;
pub use fixed_points::{FixedPoint, FixedPoints, Stability};
pub use jacobian::{JacobianMoments, WeightLaw};
pub use phase_diagram::{PhaseDiagram, PhasePoint, phase_diagram};
pub use residual::ResidualMeanField;

use crate::activation::Activation;
use crate::gaussian::ExpectationError;
use crate::moments::Moments;
use error::non_negative;

/// Above this variance an overflow is f64's own, and the next variance counts as infinite.
const OVERFLOW_VARIANCE: f64 = 1e150;

/// The mean-field theory of one activation at one (σ_w², σ_b²).
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, MeanField};
///
/// let net = MeanField::new(&Activation::tanh(), 1.5, 0.05)?;
/// let analysis = net.analyze()?;
/// assert!((analysis.q_star - 0.418_037_200_533_477_8).abs() < 1e-12);
/// assert!((analysis.xi_c - 15.790_994_034).abs() < 1e-6);
/// # Ok::<(), evenkeel_theory::MeanFieldError>(())
/// ```
///
/// # Source
/// Poole and others (2016), the length map (3) and the correlation map (5); Schoenholz and others
/// (2017).
#[derive(Clone, Debug, PartialEq)]
pub struct MeanField {
    activation: Activation,
    sigma_w2: f64,
    sigma_b2: f64,
}

impl MeanField {
    /// The theory for weights of variance `sigma_w2`/fan_in and biases of variance `sigma_b2`.
    ///
    /// # Errors
    /// [`MeanFieldError::Parameter`] when either is negative or not finite.
    pub fn new(
        activation: &Activation,
        sigma_w2: f64,
        sigma_b2: f64,
    ) -> Result<Self, MeanFieldError> {
        non_negative("sigma_w2", sigma_w2)?;
        non_negative("sigma_b2", sigma_b2)?;
        Ok(Self {
            activation: activation.clone(),
            sigma_w2,
            sigma_b2,
        })
    }

    /// The activation φ.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// σ_w², the weights' variance times fan-in.
    pub fn sigma_w2(&self) -> f64 {
        self.sigma_w2
    }

    /// σ_b², the biases' variance.
    pub fn sigma_b2(&self) -> f64 {
        self.sigma_b2
    }

    /// V(q) = σ_w² E\[φ(√q z)²\] + σ_b²: the next layer's preactivation variance.
    ///
    /// A variance that f64 cannot hold comes back as infinity.
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`].
    pub fn variance_map(&self, q: f64) -> Result<f64, MeanFieldError> {
        if q == f64::INFINITY {
            return Ok(q);
        }
        match Moments::at(&self.activation, q) {
            Ok(moments) => Ok(self.sigma_w2 * moments.second_moment.value + self.sigma_b2),
            Err(ExpectationError::NotIntegrable { .. }) if q > OVERFLOW_VARIANCE => {
                Ok(f64::INFINITY)
            }
            Err(source) => Err(self.refused(source)),
        }
    }

    /// The preactivation variances of successive layers: q₀ = `q0` first, then `depth` more.
    ///
    /// # Errors
    /// As [`MeanField::variance_map`]; a negative `q0` is an [`MeanFieldError::Parameter`].
    pub fn variance_profile(&self, q0: f64, depth: usize) -> Result<Vec<f64>, MeanFieldError> {
        non_negative("q0", q0)?;
        let mut profile = Vec::with_capacity(depth + 1);
        let mut q = q0;
        profile.push(q);
        for _ in 0..depth {
            let next = self.variance_map(q)?;
            profile.push(next);
            if next == q {
                // A fixed point to the last bit: every further layer has it too.
                profile.resize(depth + 1, q);
                break;
            }
            q = next;
        }
        Ok(profile)
    }

    /// χ₁(q) = σ_w² E\[φ′(√q z)²\]: the factor a layer puts on the gradient's mean square.
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`].
    pub fn chi_1(&self, q: f64) -> Result<f64, MeanFieldError> {
        Ok(self.sigma_w2 * self.moments(q)?.derivative_second_moment.value)
    }

    /// χ_q(q) = dV/dq, whose value at a fixed point says whether it is stable.
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`].
    pub fn chi_q(&self, q: f64) -> Result<f64, MeanFieldError> {
        Ok(self.sigma_w2 * self.moments(q)?.second_moment_slope.value)
    }

    pub(crate) fn moments(&self, q: f64) -> Result<Moments, MeanFieldError> {
        Moments::at(&self.activation, q).map_err(|source| self.refused(source))
    }

    pub(crate) fn refused(&self, source: ExpectationError) -> MeanFieldError {
        MeanFieldError::Expectation {
            activation: self.activation.to_string(),
            source,
        }
    }
}
