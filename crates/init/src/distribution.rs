//! Distributions: checked when built, so that sampling cannot fail for their parameters.

mod constant;
mod error;
mod moments;
mod normal;
mod truncated;
mod uniform;

pub use constant::Constant;
pub use error::DistributionError;
pub use normal::Normal;
pub use truncated::{Bounds, Convention, TruncatedNormal};
pub use uniform::Uniform;

pub(crate) use constant::filled;
pub(crate) use truncated::Slice;

use crate::simd::Path;
use crate::{Element, Stream};

/// A distribution that weights are drawn from.
///
/// Value *i* of a fill depends only on the stream and on *i*: every value comes from its own random
/// words by inverting the distribution function, and none is rejected.
///
/// # Example
/// ```
/// use evenkeel_init::{Distribution, Seed};
///
/// let mut values = vec![0.0_f32; 10_000];
/// Distribution::uniform(-0.1, 0.1)?.fill(&Seed(1).stream("bias"), 0, &mut values)?;
/// assert!(values.iter().all(|x| (-0.1..0.1).contains(x)));
/// # Ok::<(), evenkeel_init::DistributionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// One value everywhere.
    Constant(Constant),
    /// Uniform on [low, high).
    Uniform(Uniform),
    /// Normal.
    Normal(Normal),
    /// Normal, cut off at two bounds.
    TruncatedNormal(TruncatedNormal),
}

impl Distribution {
    /// `value` everywhere.
    ///
    /// # Errors
    /// [`DistributionError::NotFinite`] if `value` is NaN or infinite.
    pub fn constant(value: f64) -> Result<Self, DistributionError> {
        Constant::new(value).map(Self::Constant)
    }

    /// Uniform on [`low`, `high`): `high` never comes out, in any format, after rounding.
    ///
    /// # Errors
    /// [`DistributionError::NotFinite`] if a bound is NaN or infinite,
    /// [`DistributionError::EmptyInterval`] unless `low` < `high`.
    pub fn uniform(low: f64, high: f64) -> Result<Self, DistributionError> {
        Uniform::new(low, high).map(Self::Uniform)
    }

    /// Normal with mean `mean` and standard deviation `std`.
    ///
    /// # Errors
    /// [`DistributionError::NotFinite`] if either is NaN or infinite, [`DistributionError::Std`]
    /// if `std` is negative.
    pub fn normal(mean: f64, std: f64) -> Result<Self, DistributionError> {
        Normal::new(mean, std).map(Self::Normal)
    }

    /// Normal around `mean`, cut off at `bounds`; `convention` says what `std` is.
    ///
    /// `mean` is the parent's mean in both conventions; it is what comes out too where the bounds
    /// lie symmetrically about it.
    ///
    /// # Errors
    /// [`DistributionError::NotFinite`] if `mean` or `std` is NaN or infinite,
    /// [`DistributionError::Std`] unless `std` > 0, [`DistributionError::EmptyInterval`] unless
    /// low < high, [`DistributionError::BeyondTail`] if the interval begins more than 9σ from the
    /// mean, and [`DistributionError::UnattainableStd`] if no parent gives `std` between absolute
    /// bounds.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Bounds, Convention, Distribution};
    /// let bounds = Bounds::Sigmas { low: -2.0, high: 2.0 };
    /// let keras = Distribution::truncated_normal(0.0, 0.02, bounds, Convention::Resulting)?;
    /// let torch = Distribution::truncated_normal(0.0, 0.02, bounds, Convention::Parent)?;
    /// assert!((keras.std() - 0.02).abs() < 1e-15);
    /// assert!((torch.std() - 0.02 * 0.879_625_661_034_239_8).abs() < 1e-15);
    /// # Ok::<(), evenkeel_init::DistributionError>(())
    /// ```
    pub fn truncated_normal(
        mean: f64,
        std: f64,
        bounds: Bounds,
        convention: Convention,
    ) -> Result<Self, DistributionError> {
        TruncatedNormal::new(mean, std, bounds, convention).map(Self::TruncatedNormal)
    }

    /// The mean of the values that come out.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(constant) => constant.value(),
            Self::Uniform(uniform) => uniform.mean(),
            Self::Normal(normal) => normal.mean(),
            Self::TruncatedNormal(truncated) => truncated.mean(),
        }
    }

    /// The standard deviation of the values that come out.
    pub fn std(&self) -> f64 {
        match self {
            Self::Constant(_) => 0.0,
            Self::Uniform(uniform) => uniform.std(),
            Self::Normal(normal) => normal.std(),
            Self::TruncatedNormal(truncated) => truncated.std(),
        }
    }

    /// Fills `out` with values `start`, `start` + 1, … of `stream`, on one thread.
    ///
    /// # Errors
    /// [`DistributionError::NotRepresentable`] if the format `T` cannot hold the values (say, a
    /// standard deviation of 10⁵ or of 10⁻⁹ in f16), [`DistributionError::PastTheEnd`] if the range runs past
    /// element 2⁶⁴ − 1. `out` is then untouched.
    pub fn fill<T: Element>(
        &self,
        stream: &Stream,
        start: u64,
        out: &mut [T],
    ) -> Result<(), DistributionError> {
        self.fill_on(Path::best(), stream, start, out)
    }

    /// [`fill`](Self::fill) on a given instruction set; the bits are the same on all of them.
    ///
    /// A path that this machine lacks gives way to [`Path::Scalar`].
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub fn fill_on<T: Element>(
        &self,
        path: Path,
        stream: &Stream,
        start: u64,
        out: &mut [T],
    ) -> Result<(), DistributionError> {
        let job = self.job::<T>(stream, start, out.len())?;
        T::fill(&job, path, out);
        Ok(())
    }

    /// The checked work of filling `len` elements from `start`.
    pub(crate) fn job<T: Element>(
        &self,
        stream: &Stream,
        start: u64,
        len: usize,
    ) -> Result<Job, DistributionError> {
        let last = (len as u64).saturating_sub(1);
        if start.checked_add(last).is_none() {
            return Err(DistributionError::PastTheEnd { start, len });
        }
        Ok(Job {
            sampler: self.sampler::<T>()?,
            stream: *stream,
            start,
        })
    }

    fn sampler<T: Element>(&self) -> Result<Sampler, DistributionError> {
        match self {
            Self::Constant(constant) => constant.sampler::<T>(),
            Self::Uniform(uniform) => uniform.sampler::<T>(),
            Self::Normal(normal) => normal.sampler::<T>(),
            Self::TruncatedNormal(truncated) => truncated.sampler::<T>(),
        }
    }

    /// Refuses a format that cannot hold the values, without making any.
    pub(crate) fn check_format<T: Element>(&self) -> Result<(), DistributionError> {
        self.sampler::<T>().map(drop)
    }
}

/// A distribution made ready for one format, the stream, and where to begin.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub(crate) sampler: Sampler,
    pub(crate) stream: Stream,
    pub(crate) start: u64,
}

/// How standard values become the distribution's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sampler {
    Constant { value: f64 },
    Uniform(Scaled),
    Normal(Scaled),
    Truncated(Scaled, Slice),
}

/// x = center + scale·(standard value), kept within [low, high], which the format holds exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scaled {
    pub(crate) center: f64,
    pub(crate) scale: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Scaled {
    fn new(center: f64, scale: f64, low: f64, high: f64) -> Self {
        // Adding 0 makes every zero a positive one: which of two comes out is then never in doubt.
        Self {
            center: center + 0.0,
            scale: scale + 0.0,
            low: low + 0.0,
            high: high + 0.0,
        }
    }
}
