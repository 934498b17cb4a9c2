//! Counting many values in few bins, without an increment for each.
//!
//! A value in bin b is a word of 64 bits with bit b set. Words are added bit by bit, so that plane p of the
//! sums holds bit p of 16 × 64 counts: two words of a plane's weight and the plane itself make the
//! plane anew and one word of twice the weight, in two instructions of AVX-512 for each half of 16 words. (An
//! increment in memory waits for the one before it where both are of one bin.) The method is known
//! as positional population counting; Klarqvist, Muła and Lemire, "Efficient computation of
//! positional population counts using SIMD instructions", 2019, describe it for words of 16 bits.

use pulp::{Simd, WithSimd};

use super::count_small;
use super::slots::{BLOCK, FindSlots, FixedPoint};
use super::words::{Logic, Words};
use crate::simd::{Kernel, vectorized, vectorized_with};

/// Bins of a word.
const BINS: usize = 64;
/// Values from which on it pays to read the counts out of their planes.
const WORTH: usize = 1 << 12;
/// Words side by side.
const LANES: usize = 16;
/// Words of a weight that are added at once, and carried as one of four times the weight.
const TOGETHER: usize = BLOCK / LANES;
/// Values whose words are carried as one.
const CHUNK: usize = BLOCK * TOGETHER * TOGETHER;
/// Planes that they are added to before.
const CARRIED_FROM: usize = 6;
/// Bits of a count.
const PLANES: usize = 14;
/// Chunks that fit into the counts.
const MOST_CHUNKS: usize = ((1 << PLANES) - 1) / (CHUNK / LANES);

/// Counts that values are added to.
pub(super) struct BitCounts {
    find: FindSlots,
    fixed_point: FixedPoint,
    planes: [Plane; PLANES],
    /// How many values were found above the range; those below it are what is left.
    above: [u32; LANES],
    /// How many chunks were added.
    chunks: usize,
}

/// One bit of 16 × 64 counts: of the first 32 bins, and of the others.
type Plane = [[u32; LANES]; 2];

impl BitCounts {
    /// No counts; none can be had where it would not pay for so many values.
    pub(super) fn new(find: FindSlots, values: usize) -> Option<Self> {
        if find.bins() as usize > BINS || values < WORTH {
            return None;
        }
        Some(Self {
            find,
            fixed_point: find.fixed_point()?,
            planes: [[[0; LANES]; 2]; PLANES],
            above: [0; LANES],
            chunks: 0,
        })
    }

    /// Counts finite `values`: into `slots` those that do not fill a chunk, and what is held where that is as
    /// much as can be.
    pub(super) fn add(&mut self, slots: &mut [u64], values: &[f32]) {
        let (mut chunks, rest) = values.as_chunks::<CHUNK>();
        while !chunks.is_empty() {
            if self.chunks == MOST_CHUNKS {
                self.move_to(slots);
            }
            let fitting = chunks.len().min(MOST_CHUNKS - self.chunks);
            let (now, later) = chunks.split_at(fitting);
            vectorized_with(Add {
                chunks: now,
                counts: self,
            });
            self.chunks += fitting;
            chunks = later;
        }
        if !rest.is_empty() {
            count_small(slots, rest, self.find);
        }
    }

    /// Moves the counts to `slots`.
    pub(super) fn move_to(&mut self, slots: &mut [u64]) {
        let bins = self.find.bins() as usize;
        let counts = vectorized(Read {
            planes: &self.planes,
        });
        let above: u64 = self.above.into_iter().map(u64::from).sum();
        let mut elsewhere = above;
        for (slot, count) in slots[1..=bins].iter_mut().zip(counts) {
            *slot += u64::from(count);
            elsewhere += u64::from(count);
        }
        slots[bins + 1] += above;
        slots[0] += (self.chunks * CHUNK) as u64 - elsewhere;
        self.planes = [[[0; LANES]; 2]; PLANES];
        self.above = [0; LANES];
        self.chunks = 0;
    }
}

/// Adds chunks of values.
struct Add<'a> {
    chunks: &'a [[f32; CHUNK]],
    counts: &'a mut BitCounts,
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for chunk in self.chunks {
            for column in 0..LANES / S::U32_LANES {
                let mut planes = [[simd.splat_u32s(0); 2]; PLANES];
                for (plane, stored) in planes.iter_mut().zip(&self.counts.planes) {
                    for (half, stored) in plane.iter_mut().zip(stored) {
                        *half = S::as_simd_u32s(stored).0[column];
                    }
                }
                self.counts.add_column(simd, chunk, column, &mut planes);
                for (plane, stored) in planes.iter().zip(&mut self.counts.planes) {
                    for (half, stored) in plane.iter().zip(stored) {
                        S::as_mut_simd_u32s(stored).0[column] = *half;
                    }
                }
            }
        }
    }
}

impl BitCounts {
    /// Adds the values of a chunk that are in one column, where each 16 values are a row of vectors.
    #[inline(always)]
    fn add_column<S: Simd>(
        &mut self,
        simd: S,
        chunk: &[f32; CHUNK],
        column: usize,
        planes: &mut [Words<S>; PLANES],
    ) {
        let logic = Logic::new(simd);
        let find = self.fixed_point.over_vectors(simd);
        let zero = simd.splat_u32s(0);
        let one = simd.splat_u32s(1);
        let columns = LANES / S::U32_LANES;
        let [ones, twos, fours, eights, sixteens, thirty_twos, ..] = planes;
        let mut above = S::as_simd_u32s(&self.above).0[column];

        let mut carried = [[zero; 2]; TOGETHER];
        for (carried, part) in carried
            .iter_mut()
            .zip(chunk.as_chunks::<{ BLOCK * TOGETHER }>().0)
        {
            let mut from_blocks = [[zero; 2]; TOGETHER];
            for (from_block, block) in from_blocks.iter_mut().zip(part.as_chunks::<BLOCK>().0) {
                let block = S::as_simd_f32s(block).0;
                let mut bins = [zero; TOGETHER];
                let mut sure = one;
                let mut with_these = above;
                for (row, bins) in bins.iter_mut().enumerate() {
                    let found = find.run(block[row * columns + column]);
                    *bins = found.bins;
                    let more = simd.add_u32s(with_these, one);
                    with_these = simd.select_u32s(found.above, more, with_these);
                    sure = simd.min_u32s(sure, found.sure);
                }
                if simd.first_true_m32s(simd.equal_u32s(sure, zero)) < S::U32_LANES {
                    let mut rows = [block[column]; TOGETHER];
                    for (row, values) in rows.iter_mut().enumerate() {
                        *values = block[row * columns + column];
                    }
                    bins = look_again(simd, self.find, rows);
                    let last = simd.splat_u32s(self.find.bins());
                    with_these = above;
                    for &bins in &bins {
                        let more = simd.add_u32s(with_these, one);
                        let is_above = simd.equal_u32s(bins, last);
                        with_these = simd.select_u32s(is_above, more, with_these);
                    }
                }
                above = with_these;
                let mut words = [[zero; 2]; TOGETHER];
                for (words, bins) in words.iter_mut().zip(bins) {
                    *words = logic.bits(bins);
                }
                *from_block = logic.add_four(ones, twos, &words);
            }
            *carried = logic.add_four(fours, eights, &from_blocks);
        }
        S::as_mut_simd_u32s(&mut self.above).0[column] = above;
        let mut carry = logic.add_four(sixteens, thirty_twos, &carried);
        for plane in &mut planes[CARRIED_FROM..] {
            logic.half_add(plane, &mut carry);
        }
    }
}

/// The bins of values of which one is in doubt: as many as there are bins for what lies above the range,
/// and still more for what lies below it.
#[inline(always)]
fn look_again<S: Simd>(simd: S, find: FindSlots, rows: [S::f32s; TOGETHER]) -> [S::u32s; TOGETHER] {
    let (mut values, mut found) = ([0.0; BLOCK], [0; BLOCK]);
    let mut bins = [simd.splat_u32s(0); TOGETHER];
    S::as_mut_simd_f32s(&mut values).0[..TOGETHER].copy_from_slice(&rows);
    // Seldom, so it is not to be in the way of what is around it.
    vectorized(LookAgain {
        find,
        values: &values,
        bins: &mut found,
    });
    bins.copy_from_slice(&S::as_simd_u32s(&found).0[..TOGETHER]);
    bins
}

struct LookAgain<'a> {
    find: FindSlots,
    values: &'a [f32; BLOCK],
    bins: &'a mut [u32; BLOCK],
}

impl Kernel for LookAgain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.find.exact(self.values, self.bins);
        for bin in self.bins {
            *bin = bin.wrapping_sub(1);
        }
    }
}

/// The count of each bin: the words of a plane are added, halves to halves, until there is one, and then
/// its bits are looked at.
struct Read<'a> {
    planes: &'a [Plane; PLANES],
}

/// Halvings until one word is left, each of which may carry into a plane more.
const HALVINGS: usize = LANES.ilog2() as usize;

impl Kernel for Read<'_> {
    type Output = [u32; BINS];

    #[inline(always)]
    fn run(self) -> [u32; BINS] {
        let mut counts = [0; BINS];
        for (half, counts) in counts.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let mut planes = [[0; LANES]; PLANES + HALVINGS];
            for (sum, plane) in planes.iter_mut().zip(self.planes) {
                *sum = plane[half];
            }
            for halving in 0..HALVINGS {
                let width = LANES >> (halving + 1);
                let mut carry = [0; LANES];
                let (sums, carried) = planes.split_at_mut(PLANES + halving);
                for sum in sums {
                    for lane in 0..width {
                        let (a, b, c) = (sum[lane], sum[lane + width], carry[lane]);
                        sum[lane] = a ^ b ^ c;
                        carry[lane] = (a & b) | (c & (a ^ b));
                    }
                }
                carried[0] = carry;
            }
            for (plane, [word, ..]) in planes.iter().enumerate() {
                for (bin, count) in counts.iter_mut().enumerate() {
                    *count += (word >> bin & 1) << plane;
                }
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::{Add, BitCounts, CHUNK, FindSlots, MOST_CHUNKS};
    use crate::simd::vectorized_with;
    use crate::testing::narrow;

    const RANGES: [(f64, f64, usize); 11] = [
        (-4.0, 4.0, 64),
        (-1e-3, 1e-3, 64),
        (-1.0, 1.0, 63),
        (0.0, 1.0, 10),
        (-0.3, 0.7, 7),
        (2.0, 5.0, 64),
        (-5.0, -2.0, 33),
        (-1e30, 3e30, 1),
        // Zero is the end, or, by f64's rounding, just below the middle.
        (-1.0, 0.0, 64),
        (-49.3, 49.3, 64),
        (0.0, 3.0, 64),
    ];

    /// Edges and their neighbours, what lies far from them, and some of everything between; to whole chunks.
    fn values(low: f64, high: f64, bins: usize, chunks: usize) -> Vec<f32> {
        let mut values = vec![0.0, -0.0, 1e-45, -1e-45, 1e-38, -1e-38, f32::MAX, f32::MIN];
        for edge in 0..=bins {
            let mut value = (low + (high - low) * edge as f64 / bins as f64) as f32;
            let mut other = value;
            for _ in 0..20 {
                values.extend([value, other]);
                (value, other) = (value.next_up(), other.next_down());
            }
        }
        let mut state = 1u32;
        while !values.len().is_multiple_of(CHUNK) || values.len() < chunks * CHUNK {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let share = f64::from(state) / 2f64.powi(32);
            values.push((low + (high - low) * (1.25 * share - 0.125)) as f32);
        }
        values
    }

    type Way = fn(Add<'_>);

    /// Every width of vectors that this machine has.
    fn ways() -> Vec<(&'static str, Way)> {
        let mut ways: Vec<(&'static str, Way)> = vec![
            ("widest", |add| vectorized_with(add)),
            ("scalar", |add| narrow(|| vectorized_with(add))),
        ];
        #[cfg(target_arch = "x86_64")]
        if pulp::x86::V3::try_new().is_some() {
            ways.push(("AVX2", |add| {
                let simd = pulp::x86::V3::try_new().expect("looked for above");
                pulp::Simd::vectorize(simd, add);
            }));
        }
        ways
    }

    #[test]
    fn each_value_is_counted_where_f64_finds_it() {
        for (low, high, bins) in RANGES {
            let find = FindSlots::new(low, high, bins);
            let values = values(low, high, bins, 8);
            let mut slots = vec![0; values.len()];
            find.exact(&values, &mut slots);
            let mut expected = vec![0; bins + 3];
            for slot in slots {
                expected[slot as usize] += 1;
            }
            for (way, add) in ways() {
                let mut counts = BitCounts::new(find, values.len()).expect("worth it");
                let chunks = values.as_chunks::<CHUNK>().0;
                add(Add {
                    chunks,
                    counts: &mut counts,
                });
                counts.chunks = chunks.len();
                let mut counted = vec![0; bins + 3];
                counts.move_to(&mut counted);
                assert_eq!(counted, expected, "{low}..{high} in {bins} bins, {way}");
            }
        }
    }

    #[test]
    fn counts_that_are_full_are_moved() {
        let values = vec![0.5; (2 * MOST_CHUNKS + 1) * CHUNK + 3];
        let find = FindSlots::new(0.0, 1.0, 64);
        let mut counts = BitCounts::new(find, values.len()).expect("worth it");
        let mut slots = vec![0; 67];
        counts.add(&mut slots, &values);
        counts.move_to(&mut slots);
        let mut expected = vec![0; 67];
        expected[33] = values.len() as u64;
        assert_eq!(slots, expected);
    }
}
