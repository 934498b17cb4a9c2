//! The uniform distribution.

use super::error::{DistributionError, finite};
use super::{Sampler, Scaled};
use crate::Element;
use crate::element::{Toward, ceiling, floor, vanishes};

/// The uniform distribution on [low, high).
///
/// Value *x* = *c* + *w*·*i*, where *i* is the element's random word as a signed integer, *w* the
/// interval's width over 2³² (f64: 2⁶⁴) and *c* its middle: a symmetric interval has its finest
/// resolution about 0, where weights are. *x* is rounded to nearest-even once, and what would then
/// lie outside [low, high), at most half a unit in the last place, becomes the nearest value
/// inside: `high` itself never comes out, in any format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    pub(super) fn new(low: f64, high: f64) -> Result<Self, DistributionError> {
        let low = finite("uniform", "low", low)?;
        let high = finite("uniform", "high", high)?;
        if low < high {
            Ok(Self { low, high })
        } else {
            Err(DistributionError::EmptyInterval {
                distribution: "uniform",
                low,
                high,
            })
        }
    }

    /// Lower bound, which may come out.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Upper bound, which never comes out.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// (low + high)/2.
    pub fn mean(&self) -> f64 {
        // Halved first: the sum of two large bounds can overflow.
        0.5 * self.low + 0.5 * self.high
    }

    /// (high − low)/√12.
    pub fn std(&self) -> f64 {
        (0.5 * self.high - 0.5 * self.low) / 3.0_f64.sqrt()
    }

    pub(super) fn sampler<T: Element>(&self) -> Result<Sampler, DistributionError> {
        let inside = Self::inside::<T>(self.low, self.high);
        let (low, high) = inside.ok_or(DistributionError::NotRepresentable {
            distribution: "uniform",
            dtype: T::DTYPE,
            low: self.low,
            high: self.high,
        })?;
        // Halves again against overflow; the word is signed, so it spans 2 halves.
        let half_width = 0.5 * self.high - 0.5 * self.low;
        Ok(Sampler::Uniform(Scaled::new(
            self.mean(),
            half_width,
            low,
            high,
        )))
    }

    /// The first and last of the format's finite values in [low, high).
    fn inside<T: Element>(low: f64, high: f64) -> Option<(f64, f64)> {
        let first = ceiling::<T>(low);
        let last = floor::<T>(high);
        let last = if last.to_f64() < high {
            last
        } else {
            last.neighbour(Toward::Down)
        };
        let (first, last) = (first.to_f64(), last.to_f64());
        let finite = low >= -T::LARGEST && high <= T::LARGEST;
        let vanishes = vanishes::<T>(0.5 * high - 0.5 * low);
        (finite && first <= last && !vanishes).then_some((first, last))
    }
}
