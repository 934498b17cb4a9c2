use evenkeel_theory::{Activation, Gain};

use super::{Scheme, Shape};
use crate::{Fan, InitError};

impl Scheme {
    /// Kaiming's initialisation with the gain that an activation calls for, whichever it is.
    ///
    /// The gain is computed, not looked up: [`Fan::In`] takes the forward one, 1/√E\[φ²\], and
    /// [`Fan::Out`] the backward one, 1/√E\[φ′²\]; the two fans between take their geometric mean.
    ///
    /// # Shapes
    /// As [`Scheme::variance_scaling`].
    ///
    /// # Scale
    /// std = gain/√fan.
    ///
    /// # Errors
    /// [`InitError::Gain`] for an activation without a gain, [`InitError::FlatActivation`] where a
    /// backward gain is asked of an activation that is flat.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Fan, Geometry, Scheme, Seed, Shape};
    /// use evenkeel_theory::Activation;
    /// let scheme = Scheme::for_activation(&Activation::relu(), Fan::In, Shape::Normal)?;
    /// let prepared = scheme.prepare(&Geometry::linear(64, 50)?, &Seed(0).stream("weight"))?;
    /// assert!((prepared.std() - 0.2).abs() < 1e-12); // √(2/50)
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    ///
    /// # Source
    /// He et al., ICCV 2015, for ReLU; Poole et al., NeurIPS 2016, and Schoenholz et al., ICLR 2017,
    /// for any activation.
    pub fn for_activation(
        activation: &Activation,
        fan: Fan,
        shape: Shape,
    ) -> Result<Self, InitError> {
        let gain = gain(activation, fan)?;
        Ok(match shape {
            Shape::Normal => Self::kaiming_normal(gain, fan),
            Shape::Uniform => Self::kaiming_uniform(gain, fan),
            Shape::TruncatedNormal => Self::kaiming_truncated_normal(gain, fan),
        })
    }
}

/// The gain of `activation` that goes with `fan`.
pub(super) fn gain(activation: &Activation, fan: Fan) -> Result<f64, InitError> {
    let gain = Gain::of(activation)?;
    let backward = || {
        let flat = || InitError::FlatActivation {
            activation: activation.to_string(),
        };
        gain.backward.ok_or_else(flat)
    };
    match fan {
        Fan::In => Ok(gain.forward),
        Fan::Out => backward(),
        Fan::Average | Fan::GeometricMean => Ok((gain.forward * backward()?).sqrt()),
    }
}
