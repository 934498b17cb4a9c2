//! Counts over equal bins of a fixed range.

use crate::simd::{Kernel, vectorized};

/// Values whose bins are found together before they are counted.
const CHUNK: usize = 512;
/// Tables counted into in turn, so that equal neighbours do not wait for one another's store.
const TABLES: usize = 4;
/// Most bins that a histogram may have: bounded, since four tables are kept.
const MAX_BINS: usize = 1 << 20;

/// Why a histogram cannot be made or merged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// `low` is not below `high`, or one is not finite.
    #[error("histogram range {low}..{high}: both ends must be finite and the first the smaller")]
    Range {
        /// Lower end of the range.
        low: f64,
        /// Upper end of the range.
        high: f64,
    },
    /// No bins, or more than 2²⁰.
    #[error("{bins} bins asked for: give between 1 and {MAX_BINS}")]
    Bins {
        /// Number of bins asked for.
        bins: usize,
    },
    /// Two histograms of different bins were merged.
    #[error(
        "histograms of {expected_bins} bins on {expected_low}..{expected_high} and of {bins} bins \
         on {low}..{high} cannot be merged: make both with the same range and bins"
    )]
    Mismatch {
        /// Bins of the histogram merged into.
        expected_bins: usize,
        /// Lower end of the histogram merged into.
        expected_low: f64,
        /// Upper end of the histogram merged into.
        expected_high: f64,
        /// Bins of the other.
        bins: usize,
        /// Lower end of the other.
        low: f64,
        /// Upper end of the other.
        high: f64,
    },
}

/// A histogram over `[low, high]` with equal bins.
///
/// Bin `i` of `n` counts the finite values `x` with `⌊(x − low) · n / (high − low)⌋ = i`,
/// computed in f64; a value equal to `high` falls in the last bin. Values below, above, and
/// not finite are counted apart, so that every value is in exactly one count.
///
/// # Errors
///
/// [`Histogram::new`] refuses a range that is empty or not finite, and no bins or more than 2²⁰.
///
/// # Example
///
/// ```
/// use evenkeel_net::Histogram;
///
/// let mut histogram = Histogram::new(-1.0, 1.0, 4)?;
/// histogram.update(&[-2.0, -1.0, -0.1, 0.0, 0.7, 1.0, f32::NAN]);
/// assert_eq!(histogram.counts(), [1, 1, 1, 2]);
/// assert_eq!((histogram.below(), histogram.above(), histogram.nonfinite()), (1, 0, 1));
/// # Ok::<(), evenkeel_net::HistogramError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    low: f64,
    high: f64,
    /// Below, then the bins, then above, then non-finite.
    slots: Vec<u64>,
    /// [`TABLES`] tables as long as `slots`, all zero between updates.
    tables: Vec<u32>,
}

impl Histogram {
    /// An empty histogram of `bins` equal bins on `[low, high]`.
    pub fn new(low: f64, high: f64, bins: usize) -> Result<Self, HistogramError> {
        if !(low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()) {
            return Err(HistogramError::Range { low, high });
        }
        if !(1..=MAX_BINS).contains(&bins) {
            return Err(HistogramError::Bins { bins });
        }
        let slots = bins + 3;
        Ok(Self {
            low,
            high,
            slots: vec![0; slots],
            tables: vec![0; TABLES * slots],
        })
    }

    /// Counts `values`.
    pub fn update(&mut self, values: &[f32]) {
        let bins = self.bins();
        let mut slot_of = [0u32; CHUNK];
        // A table holds u32: it is emptied long before one could overflow.
        for part in values.chunks(1 << 30) {
            for chunk in part.chunks(CHUNK) {
                let found = &mut slot_of[..chunk.len()];
                vectorized(FindSlots {
                    values: chunk,
                    slots: found,
                    low: self.low,
                    high: self.high,
                    bins,
                });
                count(&mut self.tables, bins + 3, found);
            }
            self.empty_tables();
        }
    }

    /// Adds the counts of `other`, which must have the same range and bins.
    pub fn merge(&mut self, other: &Self) -> Result<(), HistogramError> {
        if (self.low, self.high, self.bins()) != (other.low, other.high, other.bins()) {
            return Err(HistogramError::Mismatch {
                expected_bins: self.bins(),
                expected_low: self.low,
                expected_high: self.high,
                bins: other.bins(),
                low: other.low,
                high: other.high,
            });
        }
        for (here, there) in self.slots.iter_mut().zip(&other.slots) {
            *here += there;
        }
        Ok(())
    }

    /// Forgets every count.
    pub fn clear(&mut self) {
        self.slots.fill(0);
    }

    /// Number of bins.
    pub fn bins(&self) -> usize {
        self.slots.len() - 3
    }

    /// Lower end of the range.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Upper end of the range.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Lower edge of bin `index`; the upper edge of the last for `index` = [`bins`](Self::bins).
    pub fn edge(&self, index: usize) -> f64 {
        let share = index as f64 / self.bins() as f64;
        self.low + (self.high - self.low) * share
    }

    /// Counts of the bins, lowest first.
    pub fn counts(&self) -> &[u64] {
        &self.slots[1..=self.bins()]
    }

    /// How many finite values lie below the range.
    pub fn below(&self) -> u64 {
        self.slots[0]
    }

    /// How many finite values lie above the range.
    pub fn above(&self) -> u64 {
        self.slots[self.bins() + 1]
    }

    /// How many values are NaN or infinite.
    pub fn nonfinite(&self) -> u64 {
        self.slots[self.bins() + 2]
    }

    /// How many values were counted in all.
    pub fn total(&self) -> u64 {
        self.slots.iter().sum()
    }

    fn empty_tables(&mut self) {
        let slots = self.slots.len();
        for table in self.tables.chunks_exact(slots) {
            for (total, &count) in self.slots.iter_mut().zip(table) {
                *total += u64::from(count);
            }
        }
        self.tables.fill(0);
    }
}

/// Counts each slot, neighbours in different tables.
fn count(tables: &mut [u32], slots: usize, found: &[u32]) {
    let (first, rest) = tables.split_at_mut(slots);
    let (second, rest) = rest.split_at_mut(slots);
    let (third, fourth) = rest.split_at_mut(slots);
    let mut quads = found.chunks_exact(TABLES);
    for quad in &mut quads {
        first[quad[0] as usize] += 1;
        second[quad[1] as usize] += 1;
        third[quad[2] as usize] += 1;
        fourth[quad[3] as usize] += 1;
    }
    for &slot in quads.remainder() {
        first[slot as usize] += 1;
    }
}

const TWO_TO_52: f64 = (1u64 << 52) as f64;

/// Finds the slot of each value without a branch.
struct FindSlots<'a> {
    values: &'a [f32],
    slots: &'a mut [u32],
    low: f64,
    high: f64,
    bins: usize,
}

impl Kernel for FindSlots<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let bins = self.bins as f64;
        let per_unit = bins / (self.high - self.low);
        for (slot, &value) in self.slots.iter_mut().zip(self.values) {
            let x = f64::from(value);
            let position = (x - self.low) * per_unit;
            // Rounding may carry a value just below `high` to `bins`.
            let capped = if position < bins - 1.0 {
                position
            } else {
                bins - 1.0
            };
            let inside = 1.0 + if position > 0.0 { capped } else { 0.0 };
            let above = if x > self.high { bins + 1.0 } else { inside };
            let found = if x < self.low { 0.0 } else { above };
            let found = if value.abs() <= f32::MAX {
                found
            } else {
                bins + 2.0
            };
            // Added to 2⁵², a whole number lies in the low bits: a cast would not vectorise.
            *slot = (found.floor() + TWO_TO_52).to_bits() as u32;
        }
    }
}
