use std::fmt;

use serde::{Deserialize, Serialize};

use super::Scheme;
use super::elementwise::Elementwise;
use super::family::Family;
use crate::number::Plain;
use crate::{Block, Fan, InitError};

/// The shape of the distribution that values are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Normal.
    #[default]
    Normal,
    /// Uniform between −√3·std and √3·std.
    Uniform,
    /// Normal, cut at two standard deviations of its parent and widened so that `std` is what
    /// comes out (as JAX and Keras do, and PyTorch does not).
    TruncatedNormal,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "normal",
            Self::Uniform => "uniform",
            Self::TruncatedNormal => "truncated_normal",
        })
    }
}

/// The one formula of scale: std = gain/√fan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct VarianceScaling {
    strength: Strength,
    fan: Fan,
    shape: Shape,
}

/// What multiplies 1/fan: given as the variance's factor, or as its root.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Strength {
    Scale(f64),
    Gain(f64),
}

impl VarianceScaling {
    pub(super) fn check(&self, scheme: &Scheme) -> Result<(), InitError> {
        match self.strength {
            Strength::Scale(scale) => scheme.require_non_negative("scale", scale),
            Strength::Gain(gain) => scheme.require_non_negative("gain", gain),
        }
    }

    fn std(&self, block: &Block) -> f64 {
        let gain = match self.strength {
            Strength::Scale(scale) => scale.sqrt(),
            Strength::Gain(gain) => gain,
        };
        gain / block.fan(self.fan).sqrt()
    }

    pub(super) fn values(&self, block: &Block) -> Elementwise {
        Elementwise::centred(self.std(block), self.shape)
    }

    pub(super) fn parameters(&self) -> Vec<String> {
        let Self {
            strength,
            fan,
            shape,
        } = self;
        let strength = match strength {
            Strength::Scale(scale) => format!("scale={}", Plain(*scale)),
            Strength::Gain(gain) => format!("gain={}", Plain(*gain)),
        };
        vec![strength, format!("fan={fan}"), format!("shape={shape}")]
    }
}

impl Scheme {
    /// Values of variance `scale/fan`: the formula that every scheme with a fan specialises.
    ///
    /// W ~ (0, scale/n), n the fan that `fan` names, the distribution's shape `shape`.
    ///
    /// # Shapes
    /// Any tensor with inputs; independent blocks (groups, gates, packed projections, experts)
    /// each by their own fan.
    ///
    /// # Scale
    /// std = √(scale/n). It comes out exactly in each shape: a uniform bound is √3·std, and a
    /// truncated normal's parent is wider by 1/0.8796.
    ///
    /// # Errors
    /// On preparing: a negative or NaN scale; a tensor without inputs.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Fan, Geometry, Scheme, Seed, Shape};
    /// let conv = Geometry::convolution(64, 16, &[3, 3])?;
    /// let scheme = Scheme::variance_scaling(2.0, Fan::Out, Shape::Normal);
    /// let prepared = scheme.prepare(&conv, &Seed(0).stream("conv.weight"))?;
    /// assert!((prepared.std() - (2.0 / (64.0 * 9.0_f64)).sqrt()).abs() < 1e-15);
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    ///
    /// # Source
    /// TensorFlow's `VarianceScaling` and `jax.nn.initializers.variance_scaling`, which generalise
    /// Glorot and Bengio (2010) and He et al. (2015).
    pub fn variance_scaling(scale: f64, fan: Fan, shape: Shape) -> Self {
        let strength = Strength::Scale(scale);
        Self::new(
            "variance_scaling",
            Family::VarianceScaling(VarianceScaling {
                strength,
                fan,
                shape,
            }),
        )
    }

    /// `variance_scaling` under its method's own name, by the gain √scale.
    pub(super) fn scaled(name: &'static str, gain: f64, fan: Fan, shape: Shape) -> Self {
        let strength = Strength::Gain(gain);
        Self::new(
            name,
            Family::VarianceScaling(VarianceScaling {
                strength,
                fan,
                shape,
            }),
        )
    }
}
