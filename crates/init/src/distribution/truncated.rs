//! The truncated normal distribution.

use std::cmp::Ordering;

use super::error::{DistributionError, finite};
use super::moments::{Truncated, truncated};
use super::normal::REACH;
use super::{Sampler, Scaled};
use crate::Element;
use crate::element::{ceiling, floor, vanishes};

/// An interval that begins further than this many σ from the mean is refused: it holds less than
/// 2·10⁻¹⁹ of the parent's mass, and nobody means it.
const LIMIT: f64 = 9.0;

/// Where a truncated normal is cut off. Either bound may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    /// In standard deviations of the parent, from its mean: Keras and JAX cut at −2 and 2.
    Sigmas {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// In the units of the values: PyTorch's `a` and `b`.
    Absolute {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
}

/// What the `std` of a truncated normal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// The standard deviation of the values that come out, as in Keras's and JAX's
    /// `variance_scaling`: with bounds of ±2σ the parent is wider by 1/0.8796.
    Resulting,
    /// The standard deviation of the parent before truncation, as in PyTorch's `trunc_normal_`:
    /// what comes out is narrower.
    Parent,
}

/// A normal distribution with everything outside two bounds cut off.
///
/// A normal of mean *μ* and standard deviation *σ* (the *parent*), given that it lies in
/// [low, high]. Values come from inverting the distribution function between the bounds: nothing is
/// rejected, and nothing is moved onto a bound. Only where a format's rounding would carry a value
/// past a bound does it become the format's nearest value inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedNormal {
    parent_mean: f64,
    parent_std: f64,
    /// Bounds in the parent's standard deviations.
    alpha: f64,
    beta: f64,
    /// Bounds in the units of the values.
    low: f64,
    high: f64,
    standard: Truncated,
}

/// What the sampling of a truncated normal needs, beside scale and center.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slice {
    /// The parent's probability below the interval, inside it, and above it.
    pub(crate) below: f64,
    pub(crate) inside: f64,
    pub(crate) above: f64,
    /// Probability at word 0's middle, and the interval's, in units of 2⁻⁶⁴.
    pub(crate) fixed_start: u64,
    pub(crate) fixed_inside: u64,
}

impl TruncatedNormal {
    pub(super) fn new(
        mean: f64,
        std: f64,
        bounds: Bounds,
        convention: Convention,
    ) -> Result<Self, DistributionError> {
        const NAME: &str = "truncated_normal";
        let mean = finite(NAME, "mean", mean)?;
        let std = finite(NAME, "std", std)?;
        if std <= 0.0 {
            let expected = "more than 0";
            return Err(DistributionError::Std {
                distribution: NAME,
                std,
                expected,
            });
        }
        let (Bounds::Sigmas { low, high } | Bounds::Absolute { low, high }) = bounds;
        // Not `low >= high`: a NaN bound is refused too.
        if low.partial_cmp(&high) != Some(Ordering::Less) {
            return Err(DistributionError::EmptyInterval {
                distribution: NAME,
                low,
                high,
            });
        }
        let parent_std = parent_std(mean, std, bounds, convention)?;
        let (alpha, beta) = in_sigmas(mean, parent_std, bounds)?;
        let (low, high) = match bounds {
            Bounds::Sigmas { .. } => (mean + parent_std * alpha, mean + parent_std * beta),
            Bounds::Absolute { low, high } => (low, high),
        };
        let standard = truncated(alpha, beta);
        Ok(Self {
            parent_mean: mean,
            parent_std,
            alpha,
            beta,
            low,
            high,
            standard,
        })
    }

    /// The mean of the values that come out.
    pub fn mean(&self) -> f64 {
        if self.alpha == -self.beta {
            // The halves cancel but for rounding, which is not to be told as a mean.
            return self.parent_mean;
        }
        self.parent_mean + self.parent_std * self.standard.mean
    }

    /// The standard deviation of the values that come out.
    pub fn std(&self) -> f64 {
        self.parent_std * self.standard.variance.sqrt()
    }

    /// The mean of the parent.
    pub fn parent_mean(&self) -> f64 {
        self.parent_mean
    }

    /// The standard deviation of the parent.
    pub fn parent_std(&self) -> f64 {
        self.parent_std
    }

    /// Lower bound, in the units of the values.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Upper bound, in the units of the values.
    pub fn high(&self) -> f64 {
        self.high
    }

    pub(super) fn sampler<T: Element>(&self) -> Result<Sampler, DistributionError> {
        let at = |sigmas: f64| self.parent_mean + self.parent_std * sigmas;
        let (low, high) = (self.low.max(at(-REACH)), self.high.min(at(REACH)));
        let first = ceiling::<T>(self.low.max(-T::LARGEST)).to_f64();
        let last = floor::<T>(self.high.min(T::LARGEST)).to_f64();
        if low < -T::LARGEST || high > T::LARGEST || first > last || vanishes::<T>(self.parent_std)
        {
            return Err(DistributionError::NotRepresentable {
                distribution: "truncated_normal",
                dtype: T::DTYPE,
                low,
                high,
            });
        }
        let scaled = Scaled::new(self.parent_mean, self.parent_std, first, last);
        Ok(Sampler::Truncated(scaled, self.slice()))
    }

    fn slice(&self) -> Slice {
        const UNIT: f64 = 18_446_744_073_709_551_616.0; // 2⁶⁴
        let tail = |x: f64| 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
        let (below, above) = (tail(-self.alpha), tail(self.beta));
        let inside = self.standard.mass;
        // `as` saturates: a probability of 1 becomes 1 − 2⁻⁶⁴.
        let fixed_below = (below * UNIT) as u64;
        let fixed_inside = ((inside * UNIT) as u64).min(u64::MAX - fixed_below);
        // Word w stands for the middle of its cell, (w + 1/2)/2³².
        let fixed_start = fixed_below + (fixed_inside >> 33);
        Slice {
            below,
            inside,
            above,
            fixed_start,
            fixed_inside,
        }
    }
}

/// The bounds in the parent's standard deviations, not too far out.
fn in_sigmas(mean: f64, parent_std: f64, bounds: Bounds) -> Result<(f64, f64), DistributionError> {
    let (low, high) = match bounds {
        Bounds::Sigmas { low, high } => (low, high),
        Bounds::Absolute { low, high } => ((low - mean) / parent_std, (high - mean) / parent_std),
    };
    if low > LIMIT || high < -LIMIT {
        return Err(DistributionError::BeyondTail {
            low,
            high,
            limit: LIMIT,
        });
    }
    if low < high {
        return Ok((low, high));
    }
    Err(DistributionError::EmptyInterval {
        distribution: "truncated_normal",
        low,
        high,
    })
}

fn parent_std(
    mean: f64,
    std: f64,
    bounds: Bounds,
    convention: Convention,
) -> Result<f64, DistributionError> {
    match (convention, bounds) {
        (Convention::Parent, _) => Ok(std),
        (Convention::Resulting, Bounds::Sigmas { .. }) => {
            let (low, high) = in_sigmas(mean, std, bounds)?;
            Ok(std / truncated(low, high).variance.sqrt())
        }
        (Convention::Resulting, Bounds::Absolute { low, high }) => solve(mean, std, low, high),
    }
}

/// The parent's std for which `std` comes out between absolute bounds.
///
/// What comes out grows with the parent, from 0 to that of the flat distribution between the
/// bounds, so bisection finds the one solution. The parent is never narrower than what comes out.
fn solve(mean: f64, std: f64, low: f64, high: f64) -> Result<f64, DistributionError> {
    let largest = (0.5 * high - 0.5 * low) / 3.0_f64.sqrt();
    let resulting = |parent: f64| -> Result<f64, DistributionError> {
        let (alpha, beta) = in_sigmas(mean, parent, Bounds::Absolute { low, high })?;
        Ok(parent * truncated(alpha, beta).variance.sqrt())
    };
    // With the mean outside the bounds, a parent that is too narrow leaves nothing inside.
    let outside = (low - mean).max(mean - high).max(0.0);
    let mut narrow = std.max(outside / LIMIT * (1.0 + f64::EPSILON));
    let at_narrow = resulting(narrow)?;
    // Bounds so wide that they cut nothing off: the two are one but for rounding.
    if (at_narrow / std - 1.0).abs() <= 4.0 * f64::EPSILON {
        return Ok(narrow);
    }
    let mut wide = 2.0 * narrow;
    let unattainable = DistributionError::UnattainableStd {
        std,
        low,
        high,
        largest,
    };
    if std >= largest || at_narrow > std {
        return Err(unattainable);
    }
    while resulting(wide)? < std {
        // 10⁶ times the interval: flat to f64 rounding. What is not reached by then never is.
        if wide > 1e6 * (high - low) {
            return Err(unattainable);
        }
        (narrow, wide) = (wide, 2.0 * wide);
    }
    // Each step gives a bit; 60 exceed f64's 53.
    for _ in 0..60 {
        let middle = 0.5 * (narrow + wide);
        if resulting(middle)? < std {
            narrow = middle
        } else {
            wide = middle
        }
    }
    Ok(0.5 * (narrow + wide))
}
