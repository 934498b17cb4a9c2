//! Count, mean, standard deviation, extremes, zeros and non-finite values.

use crate::simd::{Kernel, vectorized};

/// Values that share one shift and one set of accumulators: 16 KiB, which stays in L1.
pub(super) const CHUNK: usize = 4096;
/// Independent accumulators: two 512-bit vectors of f64, enough to hide the latency of an add.
const LANES: usize = 16;

/// Moments of `f32` values, accumulated in f64.
///
/// With the finite values `x_1 … x_n`:
/// mean `m = Σ x_i / n`, variance `Σ (x_i − m)² / n` (the population's), second moment
/// `Σ x_i² / n = variance + m²`. Values that are NaN or infinite are counted and left out of
/// every other statistic.
///
/// Each chunk is summed about one of its own values, so that a small spread about a large mean
/// is not lost, and chunks are merged by the update of Chan, Golub and LeVeque. The order of
/// summation depends only on how the values were given, never on the machine: the same calls
/// give the same bits.
///
/// # Example
///
/// ```
/// use evenkeel_net::Moments;
///
/// let mut moments = Moments::of(&[1.0, 2.0, 0.0, f32::INFINITY]);
/// moments.merge(&Moments::of(&[5.0]));
/// assert_eq!(moments.count(), 5);
/// assert_eq!(moments.nonfinite_count(), 1);
/// assert_eq!(moments.mean(), 2.0);
/// assert_eq!(moments.second_moment(), 7.5);
/// assert_eq!(moments.zero_fraction(), 0.2);
/// ```
///
/// # Source
///
/// T. F. Chan, G. H. Golub, R. J. LeVeque (1983), "Algorithms for computing the sample
/// variance", eq. 1.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    finite: u64,
    nonfinite: u64,
    /// How many of those are NaN.
    nan: u64,
    zeros: u64,
    mean: f64,
    /// `Σ (x_i − mean)²`.
    deviations: f64,
    min: f32,
    max: f32,
}

impl Default for Moments {
    fn default() -> Self {
        Self::new()
    }
}

impl Moments {
    /// Moments of no values.
    pub const fn new() -> Self {
        Self {
            finite: 0,
            nonfinite: 0,
            nan: 0,
            zeros: 0,
            mean: 0.0,
            deviations: 0.0,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
        }
    }

    /// Moments of `values`.
    pub fn of(values: &[f32]) -> Self {
        let mut moments = Self::new();
        moments.update(values);
        moments
    }

    /// Adds `values`.
    pub fn update(&mut self, values: &[f32]) {
        for chunk in values.chunks(CHUNK) {
            self.merge(&vectorized(ChunkMoments(chunk)));
        }
    }

    /// Adds what `other` has seen, as if its values followed these.
    pub fn merge(&mut self, other: &Self) {
        self.nonfinite += other.nonfinite;
        self.nan += other.nan;
        self.zeros += other.zeros;
        if other.finite == 0 {
            return;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if self.finite == 0 {
            self.finite = other.finite;
            self.mean = other.mean;
            self.deviations = other.deviations;
            return;
        }
        let (here, there) = (self.finite as f64, other.finite as f64);
        let total = here + there;
        let apart = other.mean - self.mean;
        self.mean += apart * (there / total);
        self.deviations += other.deviations + apart * apart * (here * (there / total));
        self.finite += other.finite;
    }

    /// How many values were seen, non-finite ones included.
    pub fn count(&self) -> u64 {
        self.finite + self.nonfinite
    }

    /// How many values were finite.
    pub fn finite_count(&self) -> u64 {
        self.finite
    }

    /// How many values were NaN or infinite.
    pub fn nonfinite_count(&self) -> u64 {
        self.nonfinite
    }

    /// How many values were NaN.
    pub fn nan_count(&self) -> u64 {
        self.nan
    }

    /// How many values were exactly zero, of either sign.
    pub fn zero_count(&self) -> u64 {
        self.zeros
    }

    /// Mean of the finite values; NaN when there are none.
    pub fn mean(&self) -> f64 {
        self.if_any(self.mean)
    }

    /// Population variance of the finite values; NaN when there are none.
    pub fn variance(&self) -> f64 {
        self.if_any(self.deviations / self.finite as f64)
    }

    /// Population standard deviation of the finite values; NaN when there are none.
    pub fn std(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Mean of the squares of the finite values; NaN when there are none.
    pub fn second_moment(&self) -> f64 {
        self.variance() + self.mean() * self.mean()
    }

    /// Root mean square of the finite values; NaN when there are none.
    pub fn rms(&self) -> f64 {
        self.second_moment().sqrt()
    }

    /// Smallest finite value; NaN when there is none.
    pub fn min(&self) -> f64 {
        self.if_any(f64::from(self.min))
    }

    /// Largest finite value; NaN when there is none.
    pub fn max(&self) -> f64 {
        self.if_any(f64::from(self.max))
    }

    /// Share of all values that are exactly zero; NaN when there are none.
    pub fn zero_fraction(&self) -> f64 {
        self.zeros as f64 / self.count() as f64
    }

    /// Whether values were seen and every one was exactly zero.
    pub fn is_all_zero(&self) -> bool {
        self.zeros > 0 && self.zeros == self.count()
    }

    /// Whether no value was NaN or infinite.
    pub fn is_all_finite(&self) -> bool {
        self.nonfinite == 0
    }

    fn if_any(&self, value: f64) -> f64 {
        if self.finite == 0 { f64::NAN } else { value }
    }
}

/// One chunk in one pass.
struct ChunkMoments<'a>(&'a [f32]);

impl Kernel for ChunkMoments<'_> {
    type Output = Moments;

    #[inline(always)]
    fn run(self) -> Moments {
        // Any finite value will do as the shift; the first one is at hand.
        let Some(&shift) = self.0.iter().find(|value| value.is_finite()) else {
            return Moments {
                nonfinite: self.0.len() as u64,
                nan: nans(self.0),
                ..Moments::new()
            };
        };
        // As if all were finite, which they are where their sum is: one of f32 values in f64 is far from
        // f64's largest, and one value that is not finite makes it infinite or NaN.
        let moments = self.sum::<false>(shift);
        if moments.mean.is_finite() {
            return moments;
        }
        Moments {
            nan: nans(self.0),
            ..self.sum::<true>(shift)
        }
    }
}

impl ChunkMoments<'_> {
    /// Moments of the chunk about one of its values, with a look, where `LOOKS` is set, for what is not
    /// finite.
    #[inline(always)]
    fn sum<const LOOKS: bool>(&self, shift: f32) -> Moments {
        let mut lanes = Lanes::new(shift);
        let (blocks, rest) = self.0.as_chunks::<LANES>();
        for block in blocks {
            lanes = lanes.add::<LOOKS>(block, &[false; LANES]);
        }
        if !rest.is_empty() {
            // Filled up with the shift, which changes nothing but the count of zeros.
            let mut block = [shift; LANES];
            let mut padding = [true; LANES];
            block[..rest.len()].copy_from_slice(rest);
            padding[..rest.len()].fill(false);
            lanes = lanes.add::<LOOKS>(&block, &padding);
        }
        lanes.finish(self.0.len())
    }
}

/// How many of `values` are NaN: looked at only where something is not finite.
fn nans(values: &[f32]) -> u64 {
    values.iter().filter(|value| value.is_nan()).count() as u64
}

/// Accumulators of a chunk. Where it is looked for, a value that is not finite is replaced by the shift,
/// which adds nothing to the sums and cannot change the extremes, so no branch is needed.
///
/// It is passed by value, and each statistic has a loop of its own over the lanes, so that all of
/// it stays in vector registers.
#[derive(Clone, Copy)]
struct Lanes {
    shift: f32,
    sum: [f64; LANES],
    squares: [f64; LANES],
    min: [f32; LANES],
    max: [f32; LANES],
    zeros: [u32; LANES],
    nonfinite: [u32; LANES],
}

impl Lanes {
    #[inline(always)]
    fn new(shift: f32) -> Self {
        Self {
            shift,
            sum: [0.0; LANES],
            squares: [0.0; LANES],
            min: [shift; LANES],
            max: [shift; LANES],
            zeros: [0; LANES],
            nonfinite: [0; LANES],
        }
    }

    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "lanes of several arrays at once"
    )]
    fn add<const LOOKS: bool>(mut self, block: &[f32; LANES], padding: &[bool; LANES]) -> Self {
        let mut kept = *block;
        let mut apart = [0.0; LANES];
        if LOOKS {
            for lane in 0..LANES {
                let finite = block[lane].abs() <= f32::MAX;
                kept[lane] = if finite { block[lane] } else { self.shift };
                self.nonfinite[lane] += u32::from(!finite);
            }
        }
        for lane in 0..LANES {
            self.zeros[lane] += u32::from((block[lane] == 0.0) & !padding[lane]);
        }
        for lane in 0..LANES {
            self.min[lane] = if kept[lane] < self.min[lane] {
                kept[lane]
            } else {
                self.min[lane]
            };
            self.max[lane] = if kept[lane] > self.max[lane] {
                kept[lane]
            } else {
                self.max[lane]
            };
        }
        for lane in 0..LANES {
            apart[lane] = f64::from(kept[lane]) - f64::from(self.shift);
        }
        for lane in 0..LANES {
            self.sum[lane] += apart[lane];
        }
        for lane in 0..LANES {
            self.squares[lane] = apart[lane].mul_add(apart[lane], self.squares[lane]);
        }
        self
    }

    #[inline(always)]
    fn finish(self, count: usize) -> Moments {
        let nonfinite = u64::from(self.nonfinite.iter().sum::<u32>());
        let finite = count as u64 - nonfinite;
        // Replaced values each added a zero, so the sums are over the finite ones.
        let sum: f64 = self.sum.iter().sum();
        let squares: f64 = self.squares.iter().sum();
        Moments {
            finite,
            nonfinite,
            nan: 0,
            zeros: u64::from(self.zeros.iter().sum::<u32>()),
            mean: f64::from(self.shift) + sum / finite as f64,
            // Rounding may leave a hair below zero where all values are equal.
            deviations: (squares - sum * (sum / finite as f64)).max(0.0),
            min: self.min.into_iter().fold(f32::INFINITY, f32::min),
            max: self.max.into_iter().fold(f32::NEG_INFINITY, f32::max),
        }
    }
}
