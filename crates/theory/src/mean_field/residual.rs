//! Residual networks: h_l = β h_{l−1} + α (W φ(h_{l−1}) + b).

use super::error::{correlation, non_negative};
use super::{MeanField, MeanFieldError};

/// The maps of a residual network whose branch is one plain layer.
///
/// With branch scale α and skip scale β: q_l = β²q_{l−1} + α²V(q_{l−1}); the covariance of two
/// inputs likewise; the gradient's mean square changes by β² + α²χ₁ a layer.
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, MeanField, ResidualMeanField};
///
/// // 100 branches scaled by 1/√100 let the variance grow by about e, not by 2¹⁰⁰.
/// let branch = MeanField::new(&Activation::relu(), 2.0, 0.0)?;
/// let net = ResidualMeanField::new(branch, 0.1, 1.0)?;
/// let last = net.variance_profile(1.0, 100)?[100];
/// assert!((last - 1.01_f64.powi(100)).abs() < 1e-12);
/// # Ok::<(), evenkeel_theory::MeanFieldError>(())
/// ```
///
/// # Source
/// Yang and Schoenholz (2017) for α = β = 1; the scales as
/// in Hanin and Rolnick (2018).
#[derive(Clone, Debug, PartialEq)]
pub struct ResidualMeanField {
    branch: MeanField,
    branch_scale: f64,
    skip_scale: f64,
}

impl ResidualMeanField {
    /// The network with the given branch, scaled by `branch_scale`, on a skip path scaled by
    /// `skip_scale`.
    ///
    /// # Errors
    /// [`MeanFieldError::Parameter`] when a scale is negative or not finite.
    pub fn new(
        branch: MeanField,
        branch_scale: f64,
        skip_scale: f64,
    ) -> Result<Self, MeanFieldError> {
        non_negative("branch_scale", branch_scale)?;
        non_negative("skip_scale", skip_scale)?;
        Ok(Self {
            branch,
            branch_scale,
            skip_scale,
        })
    }

    /// The next layer's variance, β²q + α²V(q).
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`].
    pub fn variance_map(&self, q: f64) -> Result<f64, MeanFieldError> {
        Ok(self.mix(q, self.branch.variance_map(q)?))
    }

    /// The variances of successive layers: `q0` first, then `depth` more.
    ///
    /// # Errors
    /// As [`ResidualMeanField::variance_map`]; [`MeanFieldError::Parameter`] for a negative `q0`.
    pub fn variance_profile(&self, q0: f64, depth: usize) -> Result<Vec<f64>, MeanFieldError> {
        non_negative("q0", q0)?;
        let mut profile = vec![q0];
        for layer in 0..depth {
            profile.push(self.variance_map(profile[layer])?);
        }
        Ok(profile)
    }

    /// The factor a layer puts on the gradient's mean square, β² + α²χ₁(q).
    ///
    /// # Errors
    /// [`MeanFieldError::Expectation`].
    pub fn chi_1(&self, q: f64) -> Result<f64, MeanFieldError> {
        Ok(self.mix(1.0, self.branch.chi_1(q)?))
    }

    /// The next layer's correlation of two inputs of variance `q` and correlation `c`.
    ///
    /// # Errors
    /// [`MeanFieldError::Parameter`], [`MeanFieldError::Expectation`].
    pub fn correlation_map(&self, q: f64, c: f64) -> Result<f64, MeanFieldError> {
        correlation(c)?;
        let branch_q = self.branch.variance_map(q)?;
        let branch_c = self.branch.correlation_map(q)?.value(c)?;
        Ok(self.mix(c * q, branch_c * branch_q) / self.mix(q, branch_q))
    }

    /// The gradient's mean square at each layer, relative to the last: `depth` + 1 values, the
    /// input's first, for a network whose variance starts at `q0`.
    ///
    /// # Errors
    /// As [`ResidualMeanField::variance_profile`].
    pub fn gradient_profile(&self, q0: f64, depth: usize) -> Result<Vec<f64>, MeanFieldError> {
        let variances = self.variance_profile(q0, depth)?;
        let mut profile = vec![1.0; depth + 1];
        for layer in (0..depth).rev() {
            profile[layer] = profile[layer + 1] * self.chi_1(variances[layer])?;
        }
        Ok(profile)
    }

    fn mix(&self, skip: f64, branch: f64) -> f64 {
        self.skip_scale * self.skip_scale * skip + self.branch_scale * self.branch_scale * branch
    }
}
