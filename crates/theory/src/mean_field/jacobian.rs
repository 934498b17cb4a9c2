//! The singular values of the input–output Jacobian.

use super::{MeanField, MeanFieldError};
use crate::moments::FourthMoments;

/// How the weights are drawn, as far as the Jacobian's spectrum notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightLaw {
    /// Independent Gaussian entries.
    Gaussian,
    /// Orthogonal matrices (Haar), scaled.
    Orthogonal,
}

/// Moments of the squared singular values of J = ∂h_L/∂h_0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JacobianMoments {
    /// Their mean, χ₁^L
    pub mean_square: f64,
    /// Their variance over their squared mean, L(μ₂/μ₁² − 1 − s₁)
    pub relative_variance: f64,
}

impl MeanField {
    /// The moments of the squared singular values of the Jacobian over `depth` layers, held at
    /// variance `q`, in the limit of infinite width.
    ///
    /// μ_k = E\[φ′^{2k}\]; s₁ = −1 for Gaussian weights, 0 for orthogonal ones.
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`]; [`MeanFieldError::Flat`].
    ///
    /// # Example
    /// ```
    /// use evenkeel_theory::{Activation, MeanField, WeightLaw};
    ///
    /// // Ten orthogonal linear layers are an isometry; ten Gaussian ones spread out.
    /// let net = MeanField::new(&Activation::identity(), 1.0, 0.0)?;
    /// assert_eq!(net.jacobian_moments(1.0, 10, WeightLaw::Orthogonal)?.relative_variance, 0.0);
    /// assert_eq!(net.jacobian_moments(1.0, 10, WeightLaw::Gaussian)?.relative_variance, 10.0);
    /// # Ok::<(), evenkeel_theory::MeanFieldError>(())
    /// ```
    ///
    /// # Source
    /// Pennington, Schoenholz and Ganguli (2017, 2018).
    pub fn jacobian_moments(
        &self,
        q: f64,
        depth: usize,
        weights: WeightLaw,
    ) -> Result<JacobianMoments, MeanFieldError> {
        let mu_1 = self.moments(q)?.derivative_second_moment.value;
        if mu_1 <= 0.0 {
            return Err(MeanFieldError::Flat {
                activation: self.activation.to_string(),
            });
        }
        let mu_2 = FourthMoments::at(&self.activation, q)
            .map_err(|source| self.refused(source))?
            .derivative
            .value;
        let s_1 = match weights {
            WeightLaw::Gaussian => -1.0,
            WeightLaw::Orthogonal => 0.0,
        };
        let depth = depth as f64;
        Ok(JacobianMoments {
            mean_square: libm::pow(self.sigma_w2 * mu_1, depth),
            // Rounding must not make a variance negative.
            relative_variance: (depth * (mu_2 / (mu_1 * mu_1) - 1.0 - s_1)).max(0.0),
        })
    }
}
