use super::Scheme;
use super::Shape;
use super::family::Family;
use crate::number::Plain;
use crate::{Bounds, Convention, Distribution, DistributionError};

/// Where the truncated shapes are cut, in standard deviations of the parent.
pub(super) const CUT_SIGMAS: f64 = 2.0;

/// A distribution that every element is drawn from alike, its parameters not checked yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Elementwise {
    Constant {
        value: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    TruncatedNormal {
        mean: f64,
        std: f64,
        bounds: Bounds,
        convention: Convention,
    },
}

impl Elementwise {
    /// Mean 0 and the given std, in the given shape.
    pub(super) fn centred(std: f64, shape: Shape) -> Self {
        // No width is a constant, in each shape.
        if std == 0.0 {
            return Self::Constant { value: 0.0 };
        }
        match shape {
            Shape::Normal => Self::Normal { mean: 0.0, std },
            // A uniform of half-width b has the variance b²/3.
            Shape::Uniform => Self::Uniform {
                low: -3.0_f64.sqrt() * std,
                high: 3.0_f64.sqrt() * std,
            },
            Shape::TruncatedNormal => Self::TruncatedNormal {
                mean: 0.0,
                std,
                bounds: Bounds::Sigmas {
                    low: -CUT_SIGMAS,
                    high: CUT_SIGMAS,
                },
                convention: Convention::Resulting,
            },
        }
    }

    pub(super) fn distribution(&self) -> Result<Distribution, DistributionError> {
        match *self {
            Self::Constant { value } => Distribution::constant(value),
            Self::Uniform { low, high } => Distribution::uniform(low, high),
            Self::Normal { mean, std } => Distribution::normal(mean, std),
            Self::TruncatedNormal {
                mean,
                std,
                bounds,
                convention,
            } => Distribution::truncated_normal(mean, std, bounds, convention),
        }
    }

    pub(super) fn parameters(&self) -> Vec<String> {
        match *self {
            Self::Constant { value } => vec![format!("value={}", Plain(value))],
            Self::Uniform { low, high } => vec![
                format!("low={}", Plain(low)),
                format!("high={}", Plain(high)),
            ],
            Self::Normal { mean, std } => vec![
                format!("mean={}", Plain(mean)),
                format!("std={}", Plain(std)),
            ],
            Self::TruncatedNormal {
                mean,
                std,
                bounds,
                convention,
            } => {
                let (low, high, unit) = match bounds {
                    Bounds::Sigmas { low, high } => (low, high, "σ"),
                    Bounds::Absolute { low, high } => (low, high, ""),
                };
                let convention = match convention {
                    Convention::Resulting => "resulting",
                    Convention::Parent => "parent",
                };
                vec![
                    format!("mean={}", Plain(mean)),
                    format!("std={} {convention}", Plain(std)),
                    format!("low={}{unit}", Plain(low)),
                    format!("high={}{unit}", Plain(high)),
                ]
            }
        }
    }
}

impl Scheme {
    /// Every element `value`.
    ///
    /// # Shapes
    /// Any.
    pub fn constant(value: f64) -> Self {
        Self::elementwise("constant", Elementwise::Constant { value })
    }

    /// Every element 0.
    ///
    /// # Shapes
    /// Any.
    pub fn zeros() -> Self {
        Self::new("zeros", Family::Fixed(0.0))
    }

    /// Every element 1.
    ///
    /// # Shapes
    /// Any.
    pub fn ones() -> Self {
        Self::new("ones", Family::Fixed(1.0))
    }

    /// Uniform between `low` and `high`.
    ///
    /// # Shapes
    /// Any.
    ///
    /// # Scale
    /// std = (high − low)/√12.
    ///
    /// # Errors
    /// On preparing: unless low < high and both are finite.
    pub fn uniform(low: f64, high: f64) -> Self {
        Self::elementwise("uniform", Elementwise::Uniform { low, high })
    }

    /// Normal of this mean and std.
    ///
    /// # Shapes
    /// Any.
    ///
    /// # Errors
    /// On preparing: a negative std, or one that is not finite.
    pub fn normal(mean: f64, std: f64) -> Self {
        Self::elementwise("normal", Elementwise::Normal { mean, std })
    }

    /// Normal, cut off at `bounds`; `convention` says whether `std` is that of the parent or what
    /// comes out.
    ///
    /// # Shapes
    /// Any.
    ///
    /// # Errors
    /// On preparing: a std that is not positive, an empty interval, or one out in the tail.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Bounds, Convention, Geometry, Scheme, Seed};
    /// let two_sigma = Bounds::Sigmas { low: -2.0, high: 2.0 };
    /// let keras = Scheme::truncated_normal(0.0, 0.02, two_sigma, Convention::Resulting);
    /// let prepared = keras.prepare(&Geometry::linear(64, 64)?, &Seed(0).stream("weight"))?;
    /// assert!((prepared.std() - 0.02).abs() < 1e-12);
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    pub fn truncated_normal(mean: f64, std: f64, bounds: Bounds, convention: Convention) -> Self {
        let values = Elementwise::TruncatedNormal {
            mean,
            std,
            bounds,
            convention,
        };
        Self::elementwise("truncated_normal", values)
    }

    pub(super) fn elementwise(name: &'static str, values: Elementwise) -> Self {
        Self::new(name, Family::Elementwise(values))
    }
}
