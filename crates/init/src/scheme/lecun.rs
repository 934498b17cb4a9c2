use super::{Scheme, Shape};
use crate::Fan;

impl Scheme {
    /// LeCun's normal initialisation: variance `1/fan_in`.
    ///
    /// # Shapes
    /// As [`Scheme::variance_scaling`].
    ///
    /// # Scale
    /// std = 1/√fan_in.
    ///
    /// # Source
    /// LeCun, Bottou, Orr and Müller, *Efficient backprop*, 1998, equation 16.
    pub fn lecun_normal() -> Self {
        Self::scaled("lecun_normal", 1.0, Fan::In, Shape::Normal)
    }

    /// LeCun's uniform initialisation: U(−√(3/fan_in), √(3/fan_in)).
    ///
    /// # Scale
    /// std = 1/√fan_in.
    ///
    /// # Source
    /// As [`Scheme::lecun_normal`].
    pub fn lecun_uniform() -> Self {
        Self::scaled("lecun_uniform", 1.0, Fan::In, Shape::Uniform)
    }

    /// LeCun's initialisation with a truncated normal, cut at two standard deviations.
    ///
    /// # Scale
    /// std = 1/√fan_in.
    ///
    /// # Source
    /// Keras's and JAX's `lecun_normal`, which truncate; Flax's default for weights.
    pub fn lecun_truncated_normal() -> Self {
        Self::scaled(
            "lecun_truncated_normal",
            1.0,
            Fan::In,
            Shape::TruncatedNormal,
        )
    }
}
