//! Words of 64 bits in vectors, each as a vector of its low half and one of its high half.

use pulp::Simd;
#[cfg(target_arch = "x86_64")]
use pulp::bytemuck::cast;

use crate::simd::Instructions;

/// Bits of a half.
const HALF: u32 = 32;

/// A vector of words.
pub(super) type Words<S> = [<S as Simd>::u32s; 2];

/// What is done with words. AVX-512 has one instruction for logic of three operands, and for shifts by any
/// number, which vectors of every machine have not.
#[derive(Clone, Copy)]
pub(super) struct Logic<S: Simd> {
    simd: S,
    one: S::u32s,
    half: S::u32s,
    instructions: Instructions,
}

impl<S: Simd> Logic<S> {
    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        Self {
            simd,
            one: simd.splat_u32s(1),
            half: simd.splat_u32s(HALF),
            instructions: Instructions::of::<S>(),
        }
    }

    /// Words with one bit set, and none where its number is not below 64.
    #[inline(always)]
    pub(super) fn bits(self, numbers: S::u32s) -> Words<S> {
        let above = self.simd.sub_u32s(numbers, self.half);
        [self.half_bits(numbers), self.half_bits(above)]
    }

    #[inline(always)]
    fn half_bits(self, numbers: S::u32s) -> S::u32s {
        match self.instructions {
            // Shifted by more than there are bits, nothing is left.
            #[cfg(target_arch = "x86_64")]
            Instructions::V4(v4) => cast(v4.shl_dyn_u32x16(cast(self.one), cast(numbers))),
            _ => {
                let simd = self.simd;
                let shifted = simd.wrapping_dyn_shl_u32s(self.one, numbers);
                let within = simd.less_than_u32s(numbers, self.half);
                simd.select_u32s(within, shifted, simd.splat_u32s(0))
            }
        }
    }

    /// Adds four words, bit by bit, to sums of their weight and of twice that, and gives what is
    /// carried, of four times their weight.
    #[inline(always)]
    pub(super) fn add_four(
        self,
        ones: &mut Words<S>,
        twos: &mut Words<S>,
        words: &[Words<S>; 4],
    ) -> Words<S> {
        let mut fours = *twos;
        for half in 0..2 {
            let [a, b, c, d] = words;
            let (sum, first) = self.full_add(ones[half], a[half], b[half]);
            let (sum, second) = self.full_add(sum, c[half], d[half]);
            ones[half] = sum;
            (twos[half], fours[half]) = self.full_add(twos[half], first, second);
        }
        fours
    }

    /// Adds words to sums of their weight, and leaves there what is carried.
    #[inline(always)]
    pub(super) fn half_add(self, sums: &mut Words<S>, words: &mut Words<S>) {
        let simd = self.simd;
        for (sum, word) in sums.iter_mut().zip(words) {
            let carry = simd.and_u32s(*sum, *word);
            *sum = simd.xor_u32s(*sum, *word);
            *word = carry;
        }
    }

    /// The bits that an odd number of three words have, and those that two or three of them have.
    #[inline(always)]
    fn full_add(self, a: S::u32s, b: S::u32s, c: S::u32s) -> (S::u32s, S::u32s) {
        match self.instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::V4(v4) => {
                // What is made of each three bits, of 1, 1, 1 first.
                const ODD: i32 = 0b1001_0110;
                const MOST: i32 = 0b1110_1000;
                let (a, b, c) = (cast(a), cast(b), cast(c));
                let odd = v4.avx512f._mm512_ternarylogic_epi32::<ODD>(a, b, c);
                let most = v4.avx512f._mm512_ternarylogic_epi32::<MOST>(a, b, c);
                let [odd, most]: [pulp::u32x16; 2] = [pulp::cast(odd), pulp::cast(most)];
                (cast(odd), cast(most))
            }
            _ => {
                let simd = self.simd;
                let either = simd.xor_u32s(a, b);
                let both = simd.and_u32s(a, b);
                let carry = simd.or_u32s(both, simd.and_u32s(c, either));
                (simd.xor_u32s(either, c), carry)
            }
        }
    }
}
