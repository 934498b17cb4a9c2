//! AVX2 with FMA and F16C: eight f32 at a time.

#![expect(unsafe_code, reason = "the machine's vector instructions")]

use std::arch::x86_64::*;

use half::{bf16, f16};

use super::lanes::{Kernel, Lanes, Registers, intrinsics};

/// The proof that this machine has AVX2, FMA and F16C.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    pub(super) fn new() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c");
        found.then_some(Self(()))
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
fn run<K: Kernel>(lanes: Avx2, kernel: K) {
    kernel.run(lanes);
}

#[cold]
#[inline(never)]
#[target_feature(enable = "avx2,fma,f16c")]
fn run_seldom<K: Kernel>(lanes: Avx2, kernel: K) {
    kernel.run(lanes);
}

impl Lanes for Avx2 {
    type Words = __m256i;
    type Singles = __m256;
    type Doubles = __m256d;
    const BLOCKS: usize = 4;
    const REGISTERS: Registers = Registers::Sixteen;

    fn run<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` is made only where the machine has these features.
        unsafe { run(self, kernel) }
    }

    #[inline(always)]
    fn run_seldom<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` is made only where the machine has these features.
        unsafe { run_seldom(self, kernel) }
    }

    intrinsics! {
        splat_64(x: u64) -> __m256i { _mm256_set1_epi64x(x.cast_signed()) }
        add_64(a: __m256i, b: __m256i) -> __m256i { _mm256_add_epi64(a, b) }
        multiply_wide(a: __m256i, b: __m256i) -> __m256i { _mm256_mul_epu32(a, b) }
        sign_64(a: __m256i) -> __m256i { _mm256_cmpgt_epi64(_mm256_setzero_si256(), a) }
        splat_32(x: u32) -> __m256i { _mm256_set1_epi32(x.cast_signed()) }
        subtract_32(a: __m256i, b: __m256i) -> __m256i { _mm256_sub_epi32(a, b) }
        sign_32(a: __m256i) -> __m256i { _mm256_srai_epi32::<31>(a) }
        shift_left_each_32(a: __m256i, by: __m256i) -> __m256i { _mm256_sllv_epi32(a, by) }
        shift_right_each_32(a: __m256i, by: __m256i) -> __m256i { _mm256_srlv_epi32(a, by) }
        leading_zeros_32(a: __m256i) -> __m256i {{
            // The exponent of half the number, which is positive as a signed integer; clearing the
            // bit 8 below the top one keeps the conversion from rounding up to the next power.
            let half = _mm256_srli_epi32::<1>(a);
            let steady = _mm256_andnot_si256(_mm256_srli_epi32::<8>(half), half);
            let bits = _mm256_castps_si256(_mm256_cvtepi32_ps(steady));
            // 127 is the exponent's bias; the top bit of half a number is bit 30.
            _mm256_sub_epi32(_mm256_set1_epi32(127 + 30), _mm256_srli_epi32::<23>(bits))
        }}
        below_32(a: __m256i, limit: u32) -> u32 {{
            // Comparison is signed here: both sides are shifted by 2³¹.
            let shift = _mm256_set1_epi32(i32::MIN);
            let limit = _mm256_set1_epi32((limit ^ (1 << 31)).cast_signed());
            let below = _mm256_cmpgt_epi32(limit, _mm256_xor_si256(a, shift));
            _mm256_movemask_ps(_mm256_castsi256_ps(below)).cast_unsigned()
        }}
        and(a: __m256i, b: __m256i) -> __m256i { _mm256_and_si256(a, b) }
        or(a: __m256i, b: __m256i) -> __m256i { _mm256_or_si256(a, b) }
        xor(a: __m256i, b: __m256i) -> __m256i { _mm256_xor_si256(a, b) }
        // Unpacking takes lanes of even number for its low result, odd for its high one.
        block_offsets() -> __m256i { _mm256_set_epi64x(3, 1, 2, 0) }
        interleave(words: [__m256i; 4]) -> [__m256i; 2] {{
            // The low halves of the second and fourth words go to the odd 32-bit lanes.
            let first = _mm256_blend_epi32::<0xaa>(words[0], _mm256_slli_epi64::<32>(words[1]));
            let second = _mm256_blend_epi32::<0xaa>(words[2], _mm256_slli_epi64::<32>(words[3]));
            [_mm256_unpacklo_epi64(first, second), _mm256_unpackhi_epi64(first, second)]
        }}
        splat_f32(x: f32) -> __m256 { _mm256_set1_ps(x) }
        to_f32(a: __m256i) -> __m256 { _mm256_cvtepi32_ps(a) }
        f32_from_bits(a: __m256i) -> __m256 { _mm256_castsi256_ps(a) }
        f32_to_bits(a: __m256) -> __m256i { _mm256_castps_si256(a) }
        multiply_f32(a: __m256, b: __m256) -> __m256 { _mm256_mul_ps(a, b) }
        multiply_add_f32(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fmadd_ps(a, b, c) }
        max_f32(a: __m256, b: __m256) -> __m256 { _mm256_max_ps(a, b) }
        min_f32(a: __m256, b: __m256) -> __m256 { _mm256_min_ps(a, b) }
        splat_f64(x: f64) -> __m256d { _mm256_set1_pd(x) }
        f64_from_bits(a: __m256i) -> __m256d { _mm256_castsi256_pd(a) }
        f64_to_bits(a: __m256d) -> __m256i { _mm256_castpd_si256(a) }
        add_f64(a: __m256d, b: __m256d) -> __m256d { _mm256_add_pd(a, b) }
        subtract_f64(a: __m256d, b: __m256d) -> __m256d { _mm256_sub_pd(a, b) }
        multiply_f64(a: __m256d, b: __m256d) -> __m256d { _mm256_mul_pd(a, b) }
        divide_f64(a: __m256d, b: __m256d) -> __m256d { _mm256_div_pd(a, b) }
        square_root_f64(a: __m256d) -> __m256d { _mm256_sqrt_pd(a) }
        multiply_add_f64(a: __m256d, b: __m256d, c: __m256d) -> __m256d { _mm256_fmadd_pd(a, b, c) }
        max_f64(a: __m256d, b: __m256d) -> __m256d { _mm256_max_pd(a, b) }
        min_f64(a: __m256d, b: __m256d) -> __m256d { _mm256_min_pd(a, b) }
        above_f64(a: __m256d, b: __m256d) -> u32 {
            _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(a, b)).cast_unsigned()
        }
        where_at_most_f64(a: __m256d, b: __m256d, yes: __m256d, no: __m256d) -> __m256d {
            _mm256_blendv_pd(no, yes, _mm256_cmp_pd::<_CMP_LE_OQ>(a, b))
        }
    }

    // AVX2's shifts by a constant take it as a signed one: the variable forms take it as it is.
    #[inline(always)]
    fn shift_right_64<const N: u32>(self, a: __m256i) -> __m256i {
        // SAFETY: the machine has the features.
        unsafe { _mm256_srlv_epi64(a, _mm256_set1_epi64x(i64::from(N))) }
    }

    #[inline(always)]
    fn shift_left_64<const N: u32>(self, a: __m256i) -> __m256i {
        // SAFETY: the machine has the features.
        unsafe { _mm256_sllv_epi64(a, _mm256_set1_epi64x(i64::from(N))) }
    }

    #[inline(always)]
    fn shift_left_32<const N: u32>(self, a: __m256i) -> __m256i {
        // SAFETY: the machine has the features.
        unsafe { _mm256_sllv_epi32(a, _mm256_set1_epi32(N.cast_signed())) }
    }

    #[inline(always)]
    fn shift_right_32<const N: u32>(self, a: __m256i) -> __m256i {
        // SAFETY: the machine has the features.
        unsafe { _mm256_srlv_epi32(a, _mm256_set1_epi32(N.cast_signed())) }
    }

    #[inline(always)]
    fn look_up(self, table: &[f32; 16], index: __m256i) -> __m256 {
        // SAFETY: the machine has the features, and the table is as long as the two loads.
        unsafe {
            let low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table.as_ptr()), index);
            let high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table[8..].as_ptr()), index);
            // The blend goes by the top bit: bit 3 of the index, moved there.
            let upper = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(index));
            _mm256_blendv_ps(low, high, upper)
        }
    }

    /// A look-up takes both halves of the table and a choice between them: in the lower half, where all
    /// octaves of 31 in 32 vectors are, one half is enough.
    #[inline(always)]
    fn is_lower(self, index: __m256i) -> bool {
        // SAFETY: the machine has the features; bit 3 of each index is moved to the top.
        unsafe { _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32::<28>(index))) == 0 }
    }

    #[inline(always)]
    fn look_up_lower(self, table: &[f32; 16], index: __m256i) -> __m256 {
        // SAFETY: the machine has the features, and the table is longer than the load.
        unsafe { _mm256_permutevar8x32_ps(_mm256_loadu_ps(table.as_ptr()), index) }
    }

    #[inline(always)]
    fn store_f32(self, a: __m256, out: &mut [f32]) {
        let out = &mut out[..8];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), a) }
    }

    #[inline(always)]
    fn store_bf16(self, a: __m256, out: &mut [bf16]) {
        let out = &mut out[..8];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe {
            // Nearest-even by adding 0x7fff or 0x8000.
            let bits = _mm256_castps_si256(a);
            let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
            let half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
            let rounded = _mm256_srli_epi32::<16>(_mm256_add_epi32(bits, half));
            // Packing works within 128 bits: the two useful quarters are then brought together.
            let packed = _mm256_packus_epi32(rounded, rounded);
            let packed = _mm256_permute4x64_epi64::<0b00_00_10_00>(packed);
            _mm_storeu_si128(out.as_mut_ptr().cast(), _mm256_castsi256_si128(packed));
        }
    }

    #[inline(always)]
    fn store_f16(self, a: __m256, out: &mut [f16]) {
        let out = &mut out[..8];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe {
            let rounded = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(a);
            _mm_storeu_si128(out.as_mut_ptr().cast(), rounded);
        }
    }

    #[inline(always)]
    fn store_f64(self, a: __m256d, out: &mut [f64]) {
        let out = &mut out[..4];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe { _mm256_storeu_pd(out.as_mut_ptr(), a) }
    }
}
