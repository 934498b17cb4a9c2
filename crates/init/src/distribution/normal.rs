//! The normal distribution.

use super::error::{DistributionError, finite};
use super::{Sampler, Scaled};
use crate::Element;
use crate::element::vanishes;

/// No normal value lies further from the mean than this many standard deviations.
///
/// The smallest tail probability that 64 random bits resolve is 2⁻⁶⁵, at 9.16.
pub(crate) const REACH: f64 = 9.25;

/// The normal distribution, by inversion of its cumulative distribution.
///
/// f32: a sign and 31 bits of probability; where these fall into the outer 2⁻¹¹ (|z| > 3.49) a
/// second word lengthens them to 63, so that tails come as often and as finely as they should, out
/// to |z| = 9.16. f64: a sign and 63 bits always.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    mean: f64,
    std: f64,
}

impl Normal {
    pub(super) fn new(mean: f64, std: f64) -> Result<Self, DistributionError> {
        let mean = finite("normal", "mean", mean)?;
        let std = finite("normal", "std", std)?;
        if std < 0.0 {
            let expected = "0 or more";
            return Err(DistributionError::Std {
                distribution: "normal",
                std,
                expected,
            });
        }
        Ok(Self { mean, std })
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation.
    pub fn std(&self) -> f64 {
        self.std
    }

    pub(super) fn sampler<T: Element>(&self) -> Result<Sampler, DistributionError> {
        let (low, high) = (self.mean - REACH * self.std, self.mean + REACH * self.std);
        if low < -T::LARGEST || high > T::LARGEST || vanishes::<T>(self.std) {
            return Err(DistributionError::NotRepresentable {
                distribution: "normal",
                dtype: T::DTYPE,
                low,
                high,
            });
        }
        Ok(Sampler::Normal(Scaled::new(
            self.mean,
            self.std,
            -T::LARGEST,
            T::LARGEST,
        )))
    }
}
