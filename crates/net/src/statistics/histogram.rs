//! Counts over equal bins of a fixed range.

mod bits;
mod slots;
mod words;

use bits::BitCounts;
use slots::FindSlots;

use super::moments::CHUNK as PART;
use crate::simd::{Kernel, vectorized};

/// Values whose bins are found together before they are counted.
const CHUNK: usize = 512;
/// Tables counted into in turn, so that equal neighbours do not wait for one another's store.
const TABLES: usize = 4;
/// Slots up to which the tables lie on the stack.
const SMALL: usize = 256;
/// Most bins that a histogram may have.
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
        Ok(Self {
            low,
            high,
            slots: vec![0; bins + 3],
        })
    }

    /// Counts `values`.
    pub fn update(&mut self, values: &[f32]) {
        let find = FindSlots::new(self.low, self.high, self.bins());
        match BitCounts::new(find, values.len()) {
            Some(counts) => {
                self.count_bits(counts, find, values, |part| vectorized(AllFinite(part)))
            }
            None => count_one_by_one(&mut self.slots, values, find),
        }
    }

    /// Counts `values`, and shows each part of them to `beside` first, while that is in the nearest cache:
    /// what [`Moments`](super::Moments) take at a time. `beside` tells whether they are all finite.
    pub(crate) fn update_beside(&mut self, values: &[f32], mut beside: impl FnMut(&[f32]) -> bool) {
        let find = FindSlots::new(self.low, self.high, self.bins());
        match BitCounts::new(find, values.len()) {
            Some(counts) => self.count_bits(counts, find, values, beside),
            None => {
                for part in values.chunks(PART) {
                    beside(part);
                }
                count_one_by_one(&mut self.slots, values, find);
            }
        }
    }

    fn count_bits(
        &mut self,
        mut counts: BitCounts,
        find: FindSlots,
        values: &[f32],
        mut all_finite: impl FnMut(&[f32]) -> bool,
    ) {
        for part in values.chunks(PART) {
            match all_finite(part) {
                true => counts.add(&mut self.slots, part),
                false => count_one_by_one(&mut self.slots, part, find),
            }
        }
        counts.move_to(&mut self.slots);
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

    /// The histogram of max(x, 0) over the values x of this one, of which `nonfinite` stay not finite.
    /// What is not above zero is zero, and what is above it stays where it is.
    pub(crate) fn rectified(&self, nonfinite: u64) -> Self {
        let find = FindSlots::new(self.low, self.high, self.bins());
        let mut zero = [0];
        find.exact(&[0.0], &mut zero);
        let zero = zero[0] as usize;
        let mut slots = self.slots.clone();
        let moved: u64 = slots[..zero].iter().sum();
        slots[..zero].fill(0);
        // −∞ among them.
        slots[zero] += moved + (self.nonfinite() - nonfinite);
        slots[self.bins() + 2] = nonfinite;
        Self { slots, ..*self }
    }

    /// Counts so many values that are NaN or infinite.
    pub(crate) fn add_nonfinite(&mut self, count: u64) {
        let slot = self.bins() + 2;
        self.slots[slot] += count;
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
}

/// Whether all values are finite.
struct AllFinite<'a>(&'a [f32]);

impl Kernel for AllFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        // As whole numbers, which vectors have a largest of.
        let magnitude = |value: &f32| value.abs().to_bits();
        self.0.iter().map(magnitude).fold(0, u32::max) < f32::INFINITY.to_bits()
    }
}

fn count_one_by_one(slots: &mut [u64], values: &[f32], find: FindSlots) {
    // A table holds u32: it is emptied long before one could overflow.
    for part in values.chunks(1 << 30) {
        match slots.len() <= SMALL {
            true => count_small(slots, part, find),
            false => count_large(slots, part, find),
        }
    }
}

/// Counts into tables on the stack that an index of eight bits cannot leave.
fn count_small(slots: &mut [u64], values: &[f32], find: FindSlots) {
    let mut tables = [[0u32; SMALL]; TABLES];
    let mut found = [0u32; CHUNK];
    for chunk in values.chunks(CHUNK) {
        let found = &mut found[..chunk.len()];
        find.run(chunk, found);
        let mut quads = found.chunks_exact(TABLES);
        for quad in &mut quads {
            for (table, &slot) in tables.iter_mut().zip(quad) {
                table[slot as usize % SMALL] += 1;
            }
        }
        for &slot in quads.remainder() {
            tables[0][slot as usize % SMALL] += 1;
        }
    }
    for table in &tables {
        for (total, &count) in slots.iter_mut().zip(table) {
            *total += u64::from(count);
        }
    }
}

/// With more bins than that neighbours seldom fall in one, so a table is enough.
fn count_large(slots: &mut [u64], values: &[f32], find: FindSlots) {
    let mut found = [0u32; CHUNK];
    for chunk in values.chunks(CHUNK) {
        let found = &mut found[..chunk.len()];
        find.run(chunk, found);
        for &slot in &*found {
            slots[slot as usize] += 1;
        }
    }
}
