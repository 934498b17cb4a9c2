//! Counting many values in few bins, without an increment for each.
//!
//! A value in bin b is a word of 64 bits with bit b set. Words are added bit by bit, in full adders of
//! three whole vectors of words, so that plane p of the sums holds bit p of 8 × 64 counts: two
//! instructions for eight values at the lowest plane, and half as many at each one above. (An
//! increment in memory waits for the one before it where both are of one bin.) The method is known
//! as positional population counting; Klarqvist, Muła and Lemire, "Efficient computation of
//! positional population counts using SIMD instructions", 2019, describe it for words of 16 bits.

use pulp::{Simd, WithSimd};

use super::{CHUNK, FindSlots, count_small};
use crate::simd::{Kernel, vectorized, vectorized_with};

/// Bins of a word.
const BINS: usize = 64;
/// Values from which on it pays to read the counts out of their planes.
const WORTH: usize = 1 << 12;
/// The slots that have no bit, of 64 bins: below, above, and not finite.
const WITHOUT_A_BIT: [u32; 3] = [0, BINS as u32 + 1, BINS as u32 + 2];
/// Words side by side.
const LANES: usize = 8;
/// Vectors of words that are added at once.
const GROUP: usize = 16;
/// Bits of a count.
const PLANES: usize = 14;
/// Planes that a group's words fill before one carry is left.
const TREE: usize = GROUP.ilog2() as usize;
/// Chunks that fit into the counts.
const MOST_CHUNKS: usize = ((1 << PLANES) - 1) / (CHUNK / LANES);

/// Whether values are counted here.
pub(super) fn fits(bins: usize, values: usize) -> bool {
    bins <= BINS && values >= WORTH
}

/// Counts `values` into `slots`.
pub(super) fn count(slots: &mut [u64], values: &[f32], find: FindSlots) {
    let mut found = [0u32; CHUNK];
    let (chunks, rest) = values.as_chunks::<CHUNK>();
    for part in chunks.chunks(MOST_CHUNKS) {
        let mut planes = [[0u64; LANES]; PLANES];
        for chunk in part {
            find.run(chunk, &mut found);
            let outside = vectorized_with(Add {
                found: &found,
                planes: &mut planes,
            });
            if outside {
                let counts = vectorized(Outside { found: &found });
                for (slot, count) in WITHOUT_A_BIT.into_iter().zip(counts) {
                    if count > 0 {
                        slots[slot as usize] += u64::from(count);
                    }
                }
            }
        }
        let counts = vectorized(Read { planes: &planes });
        for (slot, count) in slots[1..].iter_mut().zip(counts) {
            *slot += u64::from(count);
        }
    }
    count_small(slots, rest, find);
}

type Words = [u64; LANES];

/// Adds a chunk of slots to the planes, and tells whether any of them has no bit.
struct Add<'a> {
    found: &'a [u32; CHUNK],
    planes: &'a mut [Words; PLANES],
}

impl WithSimd for Add<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let mut all = 0;
        for group in self.found.as_chunks::<{ GROUP * LANES }>().0 {
            let mut words = [0u64; GROUP * LANES];
            for (word, slot) in words.iter_mut().zip(group) {
                let bin = slot.wrapping_sub(1);
                all |= bin;
                *word = if bin < BINS as u32 { 1 << bin } else { 0 };
            }
            let words = S::as_mut_simd_u64s(&mut words).0;
            let mut carries = GROUP;
            for (index, plane) in self.planes.iter_mut().enumerate() {
                let plane = S::as_mut_simd_u64s(plane).0;
                if index < TREE {
                    carries /= 2;
                    full_adds(simd, plane, words, carries);
                } else {
                    half_add(simd, plane, words);
                }
            }
        }
        all >= BINS as u32
    }
}

/// Adds twice `carries` words to the sums, bit by bit, and leaves the carries in the first words.
#[inline(always)]
fn full_adds<S: Simd>(simd: S, sums: &mut [S::u64s], words: &mut [S::u64s], carries: usize) {
    let vectors = sums.len();
    for (vector, sum) in sums.iter_mut().enumerate() {
        let mut a = *sum;
        for carry in 0..carries {
            let b = words[2 * carry * vectors + vector];
            let c = words[(2 * carry + 1) * vectors + vector];
            let either = simd.xor_u64s(a, b);
            let both = simd.and_u64s(a, b);
            words[carry * vectors + vector] = simd.or_u64s(both, simd.and_u64s(c, either));
            a = simd.xor_u64s(either, c);
        }
        *sum = a;
    }
}

/// Adds the first words to the sums, and leaves the carries there.
#[inline(always)]
fn half_add<S: Simd>(simd: S, sums: &mut [S::u64s], words: &mut [S::u64s]) {
    for (sum, word) in sums.iter_mut().zip(words) {
        let carry = simd.and_u64s(*sum, *word);
        *sum = simd.xor_u64s(*sum, *word);
        *word = carry;
    }
}

/// How often each slot occurs that has no bit.
struct Outside<'a> {
    found: &'a [u32; CHUNK],
}

impl Kernel for Outside<'_> {
    type Output = [u32; 3];

    #[inline(always)]
    fn run(self) -> [u32; 3] {
        WITHOUT_A_BIT.map(|slot| {
            self.found
                .iter()
                .map(|&found| u32::from(found == slot))
                .sum()
        })
    }
}

/// The count of each bin: the words of a plane are added, halves to halves, until there is one, and then
/// its bits are looked at.
struct Read<'a> {
    planes: &'a [Words; PLANES],
}

/// Halvings until one word is left, each of which may carry into a plane more.
const HALVINGS: usize = LANES.ilog2() as usize;

impl Kernel for Read<'_> {
    type Output = [u32; BINS];

    #[inline(always)]
    fn run(self) -> [u32; BINS] {
        let mut planes = [[0; LANES]; PLANES + HALVINGS];
        planes[..PLANES].copy_from_slice(self.planes);
        for halving in 0..HALVINGS {
            let half = LANES >> (halving + 1);
            let mut carry = [0; LANES];
            let (sums, carried) = planes.split_at_mut(PLANES + halving);
            for sum in sums {
                for lane in 0..half {
                    let (a, b, c) = (sum[lane], sum[lane + half], carry[lane]);
                    sum[lane] = a ^ b ^ c;
                    carry[lane] = (a & b) | (c & (a ^ b));
                }
            }
            carried[0] = carry;
        }
        let mut counts = [0; BINS];
        for (plane, [word, ..]) in planes.iter().enumerate() {
            let (low, high) = counts.split_at_mut(32);
            for (half, counts) in [*word as u32, (*word >> 32) as u32]
                .into_iter()
                .zip([low, high])
            {
                for (bin, count) in counts.iter_mut().enumerate() {
                    *count += (half >> bin & 1) << plane;
                }
            }
        }
        counts
    }
}
