use super::{Scheme, Shape};
use crate::Fan;

impl Scheme {
    /// Xavier's (Glorot's) normal initialisation: variance `gain²·2/(fan_in + fan_out)`.
    ///
    /// The compromise between keeping the forward signal's variance (1/fan_in) and the backward
    /// signal's (1/fan_out), for activations that are the identity near 0.
    ///
    /// # Shapes
    /// As [`Scheme::variance_scaling`].
    ///
    /// # Scale
    /// std = gain·√(2/(fan_in + fan_out)).
    ///
    /// # Source
    /// Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural
    /// networks*, AISTATS 2010, equation 12; the gain is PyTorch's generalisation.
    pub fn xavier_normal(gain: f64) -> Self {
        Self::scaled("xavier_normal", gain, Fan::Average, Shape::Normal)
    }

    /// Xavier's (Glorot's) uniform initialisation: U(−b, b) with `b = gain·√(6/(fan_in + fan_out))`.
    ///
    /// # Shapes
    /// As [`Scheme::variance_scaling`].
    ///
    /// # Scale
    /// std = gain·√(2/(fan_in + fan_out)).
    ///
    /// # Source
    /// Glorot and Bengio, AISTATS 2010, equation 16.
    pub fn xavier_uniform(gain: f64) -> Self {
        Self::scaled("xavier_uniform", gain, Fan::Average, Shape::Uniform)
    }

    /// Xavier's initialisation with a truncated normal, cut at two standard deviations.
    ///
    /// # Scale
    /// std = gain·√(2/(fan_in + fan_out)).
    ///
    /// # Source
    /// Keras's and TensorFlow's `glorot_normal`, which truncate.
    pub fn xavier_truncated_normal(gain: f64) -> Self {
        Self::scaled(
            "xavier_truncated_normal",
            gain,
            Fan::Average,
            Shape::TruncatedNormal,
        )
    }
}
