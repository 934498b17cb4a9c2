//! Philox4x32-10 on vectors: a block in each 64-bit lane.

use super::lanes::Lanes;
use crate::Stream;
use crate::philox::{MULTIPLIERS, ROUNDS, round_keys};

/// Blocks that make a batch: with 4 words each, 128 f32 or 64 f64.
pub(super) const BATCH_BLOCKS: usize = 32;
/// Vectors of blocks that are made at a time, and half as many as the vectors of words they give.
pub(super) const GROUPS: usize = 4;

/// Batches whose block numbers share their high 32 bits.
const SEGMENT: u64 = (1 << 32) / BATCH_BLOCKS as u64;

/// Two vectors of words for each vector of blocks.
pub(super) type Words<L> = [[<L as Lanes>::Words; 2]; GROUPS];

/// Makes the blocks of one segment of a stream.
#[derive(Clone, Copy)]
pub(super) struct Generator<L: Lanes> {
    lanes: L,
    keys: [[u32; 2]; ROUNDS],
    /// Counter words 1 to 3, the same for the whole segment.
    upper: [u32; 3],
}

impl<L: Lanes> Generator<L> {
    /// For the segment that holds `batch`.
    #[inline(always)]
    pub(super) fn new(lanes: L, stream: &Stream, batch: u64) -> Self {
        let [nonce_0, nonce_1] = stream.nonce();
        let upper = [(batch / SEGMENT) as u32, nonce_0, nonce_1];
        Self {
            lanes,
            keys: round_keys(stream.key()),
            upper,
        }
    }

    /// Batches from `batch` to the end of its segment.
    #[inline(always)]
    pub(super) fn reach(batch: u64) -> u64 {
        SEGMENT - batch % SEGMENT
    }

    /// The words of [`GROUPS`] vectors of blocks from number `first`, half of the groups at a time:
    /// side by side they fill the time that one alone would wait for its products, and no more fit
    /// into sixteen registers.
    #[inline(always)]
    pub(super) fn words(&self, first: u32) -> Words<L> {
        let mut groups = self.start(first);
        for half in groups.chunks_exact_mut(GROUPS / 2) {
            for number in 0..ROUNDS {
                self.round(half, number);
            }
        }
        self.finish(groups)
    }

    /// The counters of [`GROUPS`] vectors of blocks from number `first`, of which the low 32 bits
    /// count.
    #[inline(always)]
    pub(super) fn start(&self, first: u32) -> [[L::Words; 4]; GROUPS] {
        let step = L::BLOCKS as u32;
        // Written out, as in `finish`: iterators over vectors cost a tenth of the speed.
        [
            self.counters(first),
            self.counters(first.wrapping_add(step)),
            self.counters(first.wrapping_add(2 * step)),
            self.counters(first.wrapping_add(3 * step)),
        ]
    }

    /// Round `number` of ten.
    #[inline(always)]
    pub(super) fn round(&self, groups: &mut [[L::Words; 4]], number: usize) {
        let lanes = self.lanes;
        let multipliers = [splat(lanes, MULTIPLIERS[0]), splat(lanes, MULTIPLIERS[1])];
        let [key_0, key_1] = self.keys[number];
        let keys = [splat(lanes, key_0), splat(lanes, key_1)];
        for group in groups {
            *group = round(lanes, *group, multipliers, keys);
        }
    }

    /// The words, in order, once all rounds are done.
    #[inline(always)]
    pub(super) fn finish(&self, groups: [[L::Words; 4]; GROUPS]) -> Words<L> {
        let lanes = self.lanes;
        let [a, b, c, d] = groups;
        [
            lanes.interleave(a),
            lanes.interleave(b),
            lanes.interleave(c),
            lanes.interleave(d),
        ]
    }

    /// The counters of the blocks from number `first`.
    #[inline(always)]
    fn counters(&self, first: u32) -> [L::Words; 4] {
        let lanes = self.lanes;
        let [c1, c2, c3] = self.upper;
        let low = lanes.add_64(splat(lanes, first), lanes.block_offsets());
        [low, splat(lanes, c1), splat(lanes, c2), splat(lanes, c3)]
    }
}

// The kernels' helpers are functions, not closures: a closure is not compiled with the features of
// the function around it, and its intrinsics would become calls.
#[inline(always)]
fn splat<L: Lanes>(lanes: L, x: u32) -> L::Words {
    lanes.splat_64(u64::from(x))
}

/// One round. Only the low halves of the words count; what is above them is left over.
#[inline(always)]
fn round<L: Lanes>(
    lanes: L,
    [c0, c1, c2, c3]: [L::Words; 4],
    multipliers: [L::Words; 2],
    keys: [L::Words; 2],
) -> [L::Words; 4] {
    let p0 = lanes.multiply_wide(c0, multipliers[0]);
    let p1 = lanes.multiply_wide(c2, multipliers[1]);
    let high_0 = lanes.xor(lanes.shift_right_64::<32>(p1), c1);
    let high_1 = lanes.xor(lanes.shift_right_64::<32>(p0), c3);
    [
        lanes.xor(high_0, keys[0]),
        p1,
        lanes.xor(high_1, keys[1]),
        p0,
    ]
}
