//! Sums of vectors by halves: of the first and the last eight values, then of the first and the last four
//! of what that makes, and so on. Sixteen vectors are merged pair by pair, so that every step adds
//! sixteen values; one vector alone takes a dozen instructions.

use pulp::Simd;

use super::gather::load;
use crate::blocks::{BLOCK, Vector};
use crate::simd::Instructions;

/// How sixteen vectors are summed: with the shuffles of AVX-512 or AVX2, or one by one. (Of a merge in
/// plain loops compilers make ten times the instructions.)
#[derive(Clone, Copy)]
pub(super) struct Halves(Instructions);

impl Halves {
    /// For loops over vectors of `S`.
    pub(super) fn with<S: Simd>() -> Self {
        Self(Instructions::of::<S>())
    }

    /// The sum of each of sixteen vectors; [`place`] tells where.
    #[inline(always)]
    pub(super) fn sum<S: Simd>(self, simd: S, vectors: &[Vector; BLOCK]) -> Vector {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::V4(v4) => v4::sum(v4, vectors),
            #[cfg(target_arch = "x86_64")]
            Instructions::V3(v3) => v3::sum(v3, vectors),
            Instructions::Any => {
                let mut sums = [0.0; BLOCK];
                for (index, vector) in vectors.iter().enumerate() {
                    sums[place(index)] = by_halves(simd, vector);
                }
                sums
            }
        }
    }
}

/// [`Halves::sum`] where a vector is one of the machine's. Calls of `map` would not be inlined.
#[cfg(target_arch = "x86_64")]
mod v4 {
    use core::arch::x86_64::__m512;

    use pulp::x86::V4;
    use pulp::{cast, f32x16};

    use crate::blocks::{BLOCK, Vector};

    #[inline(always)]
    pub(super) fn sum(simd: V4, vectors: &[Vector; BLOCK]) -> Vector {
        let zero = simd.splat_f32x16(0.0);
        let mut eights = [zero; BLOCK / 2];
        for (eight, [a, b]) in eights.iter_mut().zip(vectors.as_chunks::<2>().0) {
            // Halves: 0 and 1 of a, then of b.
            *eight = merge::<0x44, 0xEE>(simd, cast(*a), cast(*b));
        }
        let mut fours = [zero; BLOCK / 4];
        for (four, &[a, b]) in fours.iter_mut().zip(eights.as_chunks::<2>().0) {
            // Quarters: 0 and 2, against 1 and 3.
            *four = merge::<0x88, 0xDD>(simd, a, b);
        }
        let [a, b, c, d] = fours;
        let first = merge_within::<0x44, 0xEE>(simd, a, b);
        let second = merge_within::<0x44, 0xEE>(simd, c, d);
        cast(merge_within::<0x88, 0xDD>(simd, first, second))
    }

    /// Adds the quarters of a and b that `FIRST` and `SECOND` name.
    #[inline(always)]
    fn merge<const FIRST: i32, const SECOND: i32>(simd: V4, a: f32x16, b: f32x16) -> f32x16 {
        let (a, b): (__m512, __m512) = (cast(a), cast(b));
        let first = simd.avx512f._mm512_shuffle_f32x4::<FIRST>(a, b);
        let second = simd.avx512f._mm512_shuffle_f32x4::<SECOND>(a, b);
        cast(simd.avx512f._mm512_add_ps(first, second))
    }

    /// Adds the values within the quarters of a and b that they name.
    #[inline(always)]
    fn merge_within<const FIRST: i32, const SECOND: i32>(simd: V4, a: f32x16, b: f32x16) -> f32x16 {
        let (a, b): (__m512, __m512) = (cast(a), cast(b));
        let first = simd.avx512f._mm512_shuffle_ps::<FIRST>(a, b);
        let second = simd.avx512f._mm512_shuffle_ps::<SECOND>(a, b);
        cast(simd.avx512f._mm512_add_ps(first, second))
    }
}

/// [`Halves::sum`] where it is two of the machine's.
#[cfg(target_arch = "x86_64")]
mod v3 {
    use core::arch::x86_64::__m256;

    use pulp::x86::V3;
    use pulp::{cast, f32x8};

    use crate::blocks::{BLOCK, Vector};

    #[inline(always)]
    pub(super) fn sum(simd: V3, vectors: &[Vector; BLOCK]) -> Vector {
        let mut fours = [simd.splat_f32x8(0.0); BLOCK / 2];
        for (four, [a, b]) in fours.iter_mut().zip(vectors.as_chunks::<2>().0) {
            *four = merge(simd, fold(simd, a), fold(simd, b));
        }
        // Every other one, which leaves the sums where v4's are.
        let [a, b, c, d, e, f, g, h] = fours;
        let first = quarters(simd, [a, c, e, g]);
        let second = quarters(simd, [b, d, f, h]);
        cast([first, second])
    }

    /// The first and the last eight values, added.
    #[inline(always)]
    fn fold(simd: V3, vector: &Vector) -> f32x8 {
        let [first, last]: [f32x8; 2] = cast(*vector);
        simd.add_f32x8(first, last)
    }

    /// Adds the halves of a, and of b behind them.
    #[inline(always)]
    fn merge(simd: V3, a: f32x8, b: f32x8) -> f32x8 {
        let (a, b): (__m256, __m256) = (cast(a), cast(b));
        let first = simd.avx._mm256_permute2f128_ps::<0x20>(a, b);
        let second = simd.avx._mm256_permute2f128_ps::<0x31>(a, b);
        cast(simd.avx._mm256_add_ps(first, second))
    }

    /// The two steps within quarters.
    #[inline(always)]
    fn quarters(simd: V3, [a, b, c, d]: [f32x8; 4]) -> f32x8 {
        let first = merge_within::<0x44, 0xEE>(simd, a, b);
        let second = merge_within::<0x44, 0xEE>(simd, c, d);
        merge_within::<0x88, 0xDD>(simd, first, second)
    }

    /// Adds the values within the quarters of a and b that `FIRST` and `SECOND` name.
    #[inline(always)]
    fn merge_within<const FIRST: i32, const SECOND: i32>(simd: V3, a: f32x8, b: f32x8) -> f32x8 {
        let (a, b): (__m256, __m256) = (cast(a), cast(b));
        let first = simd.avx._mm256_shuffle_ps::<FIRST>(a, b);
        let second = simd.avx._mm256_shuffle_ps::<SECOND>(a, b);
        cast(simd.avx._mm256_add_ps(first, second))
    }
}

/// Where [`Halves::sum`] leaves the sum of a vector: the last two steps go within quarters.
pub(super) fn place(vector: usize) -> usize {
    4 * (vector % 4) + vector / 4
}

/// The sum of a vector's sixteen values, the second half of them added to the first until one is
/// left: as `reduce_sum_f32s` goes on within a vector of the machine's, so that the order does not
/// depend on its width.
#[inline(always)]
pub(super) fn by_halves<S: Simd>(simd: S, vector: &Vector) -> f32 {
    let mut left = *vector;
    let mut half = BLOCK / 2;
    while half >= S::F32_LANES {
        for at in 0..half {
            left[at] += left[at + half];
        }
        half /= 2;
    }
    simd.reduce_sum_f32s(load::<S>(&left, 0))
}

#[cfg(test)]
mod tests {
    use super::{Halves, place};
    use crate::blocks::{BLOCK, Vector};
    use crate::simd::vectorized_with;
    use crate::testing::narrow;
    use pulp::{Simd, WithSimd};

    struct Sum<'a>(&'a [Vector; BLOCK]);

    impl WithSimd for Sum<'_> {
        type Output = Vector;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vector {
            Halves::with::<S>().sum(simd, self.0)
        }
    }

    /// The definition.
    fn sum(vector: &Vector) -> f32 {
        let mut left = *vector;
        for half in [8, 4, 2, 1] {
            for at in 0..half {
                left[at] += left[at + half];
            }
        }
        left[0]
    }

    #[test]
    fn each_vector_has_its_sum_to_the_bit() {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 1e5 - 80.0
        };
        let mut vectors = [[0.0; BLOCK]; BLOCK];
        vectors.as_flattened_mut().fill_with(&mut next);
        let one_by_one = narrow(|| vectorized_with(Sum(&vectors)));
        let mut ways = vec![one_by_one, vectorized_with(Sum(&vectors))];
        #[cfg(target_arch = "x86_64")]
        ways.extend(pulp::x86::V3::try_new().map(|simd| Simd::vectorize(simd, Sum(&vectors))));
        for sums in ways {
            for (index, vector) in vectors.iter().enumerate() {
                assert_eq!(sums[place(index)].to_bits(), sum(vector).to_bits());
            }
        }
        let mut places: Vec<_> = (0..BLOCK).map(place).collect();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..BLOCK));
    }
}
