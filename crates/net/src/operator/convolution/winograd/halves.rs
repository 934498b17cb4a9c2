//! Sums of sixteen vectors at once.

use pulp::Simd;

use crate::blocks::{BLOCK, Vector};

/// How vectors are summed: with the shuffles of AVX-512 or AVX2, or in plain loops, which compilers make
/// many more instructions of.
#[derive(Clone, Copy)]
pub(super) enum Halves {
    #[cfg(target_arch = "x86_64")]
    V4(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    V3(pulp::x86::V3),
    Plain,
}

impl Halves {
    /// For loops over vectors of `S`.
    pub(super) fn with<S: Simd>() -> Self {
        #[cfg(target_arch = "x86_64")]
        match S::F32_LANES {
            BLOCK => pulp::x86::V4::try_new().map_or(Self::Plain, Self::V4),
            8 => pulp::x86::V3::try_new().map_or(Self::Plain, Self::V3),
            _ => Self::Plain,
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self::Plain
    }

    /// The sum of each of sixteen vectors, by halves: of its first and its last eight values, then of
    /// the first and the last four of what that makes, and so on. Vectors are merged pair by pair, so
    /// that every step adds sixteen values; [`place`] tells where each sum ends up.
    #[inline(always)]
    pub(super) fn sum(self, vectors: &[Vector; BLOCK]) -> Vector {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::V4(simd) => v4::sum(simd, vectors),
            #[cfg(target_arch = "x86_64")]
            Self::V3(simd) => v3::sum(simd, vectors),
            Self::Plain => plain(vectors),
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

/// [`Halves::sum`] in loops.
#[inline(always)]
fn plain(vectors: &[Vector; BLOCK]) -> Vector {
    // Written out: loops would be vectorised across the vectors, whose values then come one by one.
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = vectors;
    let eights = [
        merge::<8>(a, b),
        merge::<8>(c, d),
        merge::<8>(e, f),
        merge::<8>(g, h),
        merge::<8>(i, j),
        merge::<8>(k, l),
        merge::<8>(m, n),
        merge::<8>(o, p),
    ];
    let [a, b, c, d, e, f, g, h] = &eights;
    let fours = [
        merge::<4>(a, b),
        merge::<4>(c, d),
        merge::<4>(e, f),
        merge::<4>(g, h),
    ];
    let [a, b, c, d] = &fours;
    let twos = [merge::<2>(a, b), merge::<2>(c, d)];
    merge::<1>(&twos[0], &twos[1])
}

/// Where [`Halves::sum`] leaves the sum of a vector: the last two steps go within quarters.
pub(super) fn place(vector: usize) -> usize {
    4 * (vector % 4) + vector / 4
}

/// Adds the first and the last `H` values of each `2 H` of two vectors. Those of a come before those of
/// b in the whole vector, or in each quarter of it where they fit there.
#[inline(always)]
fn merge<const H: usize>(a: &Vector, b: &Vector) -> Vector {
    const QUARTER: usize = BLOCK / 4;
    let mut made = [0.0; BLOCK];
    for at in 0..BLOCK / 2 {
        let from = at / H * 2 * H + at % H;
        let to = match H {
            1 | 2 => at / 2 * QUARTER + at % 2,
            _ => at,
        };
        let apart = match H {
            1 | 2 => QUARTER / 2,
            _ => BLOCK / 2,
        };
        made[to] = a[from] + a[from + H];
        made[to + apart] = b[from] + b[from + H];
    }
    made
}

#[cfg(test)]
mod tests {
    use super::{Halves, place, plain};
    use crate::blocks::{BLOCK, Vector};
    use crate::simd::vectorized_with;
    use pulp::{Simd, WithSimd};

    struct Sum<'a>(&'a [Vector; BLOCK]);

    impl WithSimd for Sum<'_> {
        type Output = Vector;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Vector {
            Halves::with::<S>().sum(self.0)
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
        let sums = plain(&vectors);
        for (index, vector) in vectors.iter().enumerate() {
            assert_eq!(sums[place(index)].to_bits(), sum(vector).to_bits());
        }
        let mut ways = vec![vectorized_with(Sum(&vectors))];
        #[cfg(target_arch = "x86_64")]
        ways.extend(pulp::x86::V3::try_new().map(|simd| Simd::vectorize(simd, Sum(&vectors))));
        for made in ways {
            assert_eq!(made.map(f32::to_bits), sums.map(f32::to_bits));
        }
        let mut places: Vec<_> = (0..BLOCK).map(place).collect();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..BLOCK));
    }
}
