//! One value everywhere.

use super::error::{DistributionError, finite};
use super::{Job, Sampler};
use crate::Element;

/// The distribution that has one value only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    value: f64,
}

impl Constant {
    pub(super) fn new(value: f64) -> Result<Self, DistributionError> {
        Ok(Self {
            value: finite("constant", "value", value)?,
        })
    }

    /// The value.
    pub fn value(&self) -> f64 {
        self.value
    }

    pub(super) fn sampler<T: Element>(&self) -> Result<Sampler, DistributionError> {
        let rounded = T::from_f64(self.value).to_f64();
        if rounded.abs() <= T::LARGEST {
            return Ok(Sampler::Constant { value: self.value });
        }
        Err(DistributionError::NotRepresentable {
            distribution: "constant",
            dtype: T::DTYPE,
            low: self.value,
            high: self.value,
        })
    }
}

/// Fills with the constant of `job`; true if it has one.
pub(crate) fn filled<T: Element>(job: &Job, out: &mut [T]) -> bool {
    if let Sampler::Constant { value } = job.sampler {
        out.fill(T::from_f64(value));
        return true;
    }
    false
}
