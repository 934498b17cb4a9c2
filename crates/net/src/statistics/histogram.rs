//! Counts over equal bins of a fixed range.

mod bits;

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
        // A table holds u32: it is emptied long before one could overflow.
        for part in values.chunks(1 << 30) {
            if bits::fits(self.bins(), part.len()) {
                bits::count(&mut self.slots, part, find);
            } else if self.slots.len() <= SMALL {
                count_small(&mut self.slots, part, find);
            } else {
                count_large(&mut self.slots, part, find);
            }
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

const TWO_TO_52: f64 = (1u64 << 52) as f64;
const TWO_TO_23: f32 = (1u32 << 23) as f32;

/// Finds the slot of each value.
#[derive(Clone, Copy)]
struct FindSlots {
    low: f64,
    high: f64,
    per_unit: f64,
    bins: f64,
    /// What f32 finds the slots with, where it is near enough to f64.
    single: Option<Single>,
}

/// A value's place in f32, in bins, so that it rounds to its slot: `x · scale + offset`.
#[derive(Clone, Copy)]
struct Single {
    scale: f32,
    offset: f32,
    /// Further than this from a whole number it is so near an edge that the slot is in doubt.
    sure: f32,
    /// The slot of 0, which is often on an edge and is half of what a ReLU makes.
    zero: f32,
}

/// Doubt above which f64 would be asked for too many of the values.
const MOST_DOUBT: f64 = 1e-3;

impl FindSlots {
    fn new(low: f64, high: f64, bins: usize) -> Self {
        let bins = bins as f64;
        let per_unit = bins / (high - low);
        let exact = Self {
            low,
            high,
            per_unit,
            bins,
            single: None,
        };
        // Roundings, each of at most 2⁻²⁴: of the scale, times at most `reach`, of the offset, at most
        // `reach + 1/2`, and of the fused multiply-add, at most `bins + 1`. The least that is in
        // doubt is twice all of it.
        let reach = low.abs().max(high.abs()) * per_unit;
        let doubt = 2.0 * (2.0 * reach + bins + 2.0) / f64::from(1u32 << 24);
        let scale = per_unit as f32;
        if !(scale.is_normal() && doubt <= MOST_DOUBT) {
            return exact;
        }
        let mut zero = [0];
        exact.run(&[0.0], &mut zero);
        Self {
            single: Some(Single {
                scale,
                offset: (0.5 - low * per_unit) as f32,
                sure: (0.5 - doubt) as f32,
                zero: zero[0] as f32,
            }),
            ..exact
        }
    }

    fn run(self, values: &[f32], slots: &mut [u32]) {
        vectorized(Find {
            range: self,
            values,
            slots,
        });
    }

    /// In f64, without a branch.
    #[inline(always)]
    fn exact(self, values: &[f32], slots: &mut [u32]) {
        let Self {
            low,
            high,
            per_unit,
            bins,
            ..
        } = self;
        for (slot, &value) in slots.iter_mut().zip(values) {
            let x = f64::from(value);
            let position = (x - low) * per_unit;
            // Rounding may carry a value just below `high` to `bins`.
            let capped = if position < bins - 1.0 {
                position
            } else {
                bins - 1.0
            };
            let inside = 1.0 + if position > 0.0 { capped } else { 0.0 };
            let above = if x > high { bins + 1.0 } else { inside };
            let found = if x < low { 0.0 } else { above };
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

/// Values of which, if one is in doubt, all are looked at again.
const BLOCK: usize = 64;
/// Doubts gathered side by side.
const LANES: usize = 16;

/// In f32 where that leaves no doubt, and else in f64: f32 alone would carry a value across an edge
/// now and then.
struct Find<'a> {
    range: FindSlots,
    values: &'a [f32],
    slots: &'a mut [u32],
}

impl Kernel for Find<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Some(single) = self.range.single else {
            return self.range.exact(self.values, self.slots);
        };
        let last = self.range.bins as f32 + 1.0;
        let (blocks, rest) = self.values.as_chunks::<BLOCK>();
        let (slots, rest_slots) = self.slots.as_chunks_mut::<BLOCK>();
        for (block, slots) in blocks.iter().zip(slots) {
            if single.find(block, slots, last) {
                self.range.exact(block, slots);
            }
        }
        self.range.exact(rest, rest_slots);
    }
}

impl Single {
    /// Finds the slots of a block, and tells whether any is in doubt.
    #[inline(always)]
    fn find(self, values: &[f32; BLOCK], slots: &mut [u32; BLOCK], last: f32) -> bool {
        let mut doubts = [0u32; LANES];
        for start in (0..BLOCK).step_by(LANES) {
            for lane in 0..LANES {
                let x = values[start + lane];
                let place = x.mul_add(self.scale, self.offset);
                let found = place.round_ties_even();
                // NaN where the value is not finite.
                let sure = (place - found).abs() <= self.sure;
                doubts[lane] |= u32::from(!sure & (x != 0.0));
                let found = if found > 0.0 { found } else { 0.0 };
                let found = if found < last { found } else { last };
                let found = if x == 0.0 { self.zero } else { found };
                // As with 2⁵² above.
                slots[start + lane] = (found + TWO_TO_23).to_bits() & 0x7f_ffff;
            }
        }
        doubts.iter().fold(0, |all, doubt| all | doubt) != 0
    }
}
