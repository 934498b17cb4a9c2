use super::{Scheme, Shape};
use crate::Fan;

impl Scheme {
    /// Kaiming's (He's) normal initialisation: variance `gain²/fan`.
    ///
    /// With the activation's forward gain 1/√E\[φ²\] and [`Fan::In`] the forward second moment
    /// holds from layer to layer; with the backward gain 1/√E\[φ′²\] and [`Fan::Out`], the
    /// gradient's. For ReLU both gains are √2.
    ///
    /// # Shapes
    /// As [`Scheme::variance_scaling`].
    ///
    /// # Scale
    /// std = gain/√fan.
    ///
    /// # Source
    /// He, Zhang, Ren and Sun, *Delving deep into rectifiers*, ICCV 2015, equations 10 and 14.
    pub fn kaiming_normal(gain: f64, fan: Fan) -> Self {
        Self::scaled("kaiming_normal", gain, fan, Shape::Normal)
    }

    /// Kaiming's (He's) uniform initialisation: U(−b, b) with `b = gain·√(3/fan)`.
    ///
    /// # Shapes
    /// As [`Scheme::variance_scaling`].
    ///
    /// # Scale
    /// std = gain/√fan.
    ///
    /// # Source
    /// As [`Scheme::kaiming_normal`]; the uniform form is PyTorch's and Keras's.
    pub fn kaiming_uniform(gain: f64, fan: Fan) -> Self {
        Self::scaled("kaiming_uniform", gain, fan, Shape::Uniform)
    }

    /// Kaiming's initialisation with a truncated normal, cut at two standard deviations.
    ///
    /// # Scale
    /// std = gain/√fan.
    ///
    /// # Source
    /// Keras's and JAX's `he_normal`, which truncate.
    pub fn kaiming_truncated_normal(gain: f64, fan: Fan) -> Self {
        Self::scaled(
            "kaiming_truncated_normal",
            gain,
            fan,
            Shape::TruncatedNormal,
        )
    }
}
