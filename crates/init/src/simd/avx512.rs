//! AVX-512: sixteen f32 at a time.

#![expect(unsafe_code, reason = "the machine's vector instructions")]

use std::arch::x86_64::*;

use half::{bf16, f16};

use super::lanes::{Kernel, Lanes, Registers, intrinsics};

/// The proof that this machine has AVX-512 F, CD, BW, DQ and VL.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

impl Avx512 {
    pub(super) fn new() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        found.then_some(Self(()))
    }
}

#[target_feature(enable = "avx512f,avx512cd,avx512bw,avx512dq,avx512vl")]
fn run<K: Kernel>(lanes: Avx512, kernel: K) {
    kernel.run(lanes);
}

#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512cd,avx512bw,avx512dq,avx512vl")]
fn run_seldom<K: Kernel>(lanes: Avx512, kernel: K) {
    kernel.run(lanes);
}

impl Lanes for Avx512 {
    type Words = __m512i;
    type Singles = __m512;
    type Doubles = __m512d;
    const BLOCKS: usize = 8;
    const REGISTERS: Registers = Registers::ThirtyTwo;

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
        splat_64(x: u64) -> __m512i { _mm512_set1_epi64(x.cast_signed()) }
        add_64(a: __m512i, b: __m512i) -> __m512i { _mm512_add_epi64(a, b) }
        multiply_wide(a: __m512i, b: __m512i) -> __m512i { _mm512_mul_epu32(a, b) }
        shift_right_64<const N>(a: __m512i) -> __m512i { _mm512_srli_epi64::<N>(a) }
        shift_left_64<const N>(a: __m512i) -> __m512i { _mm512_slli_epi64::<N>(a) }
        sign_64(a: __m512i) -> __m512i { _mm512_srai_epi64::<63>(a) }
        splat_32(x: u32) -> __m512i { _mm512_set1_epi32(x.cast_signed()) }
        subtract_32(a: __m512i, b: __m512i) -> __m512i { _mm512_sub_epi32(a, b) }
        shift_left_32<const N>(a: __m512i) -> __m512i { _mm512_slli_epi32::<N>(a) }
        shift_right_32<const N>(a: __m512i) -> __m512i { _mm512_srli_epi32::<N>(a) }
        sign_32(a: __m512i) -> __m512i { _mm512_srai_epi32::<31>(a) }
        shift_left_each_32(a: __m512i, by: __m512i) -> __m512i { _mm512_sllv_epi32(a, by) }
        shift_right_each_32(a: __m512i, by: __m512i) -> __m512i { _mm512_srlv_epi32(a, by) }
        leading_zeros_32(a: __m512i) -> __m512i { _mm512_lzcnt_epi32(a) }
        below_32(a: __m512i, limit: u32) -> u32 {
            u32::from(_mm512_cmplt_epu32_mask(a, _mm512_set1_epi32(limit.cast_signed())))
        }
        and(a: __m512i, b: __m512i) -> __m512i { _mm512_and_si512(a, b) }
        or(a: __m512i, b: __m512i) -> __m512i { _mm512_or_si512(a, b) }
        xor(a: __m512i, b: __m512i) -> __m512i { _mm512_xor_si512(a, b) }
        // Unpacking takes lanes of even number for its low result, odd for its high one.
        block_offsets() -> __m512i { _mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0) }
        interleave(words: [__m512i; 4]) -> [__m512i; 2] {{
            // The low halves of the second and fourth words go to the odd 32-bit lanes.
            let first = _mm512_mask_shuffle_epi32::<0b10_10_00_00>(words[0], 0xaaaa, words[1]);
            let second = _mm512_mask_shuffle_epi32::<0b10_10_00_00>(words[2], 0xaaaa, words[3]);
            [_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second)]
        }}
        splat_f32(x: f32) -> __m512 { _mm512_set1_ps(x) }
        to_f32(a: __m512i) -> __m512 { _mm512_cvtepi32_ps(a) }
        f32_from_bits(a: __m512i) -> __m512 { _mm512_castsi512_ps(a) }
        f32_to_bits(a: __m512) -> __m512i { _mm512_castps_si512(a) }
        multiply_f32(a: __m512, b: __m512) -> __m512 { _mm512_mul_ps(a, b) }
        multiply_add_f32(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fmadd_ps(a, b, c) }
        max_f32(a: __m512, b: __m512) -> __m512 { _mm512_max_ps(a, b) }
        min_f32(a: __m512, b: __m512) -> __m512 { _mm512_min_ps(a, b) }
        splat_f64(x: f64) -> __m512d { _mm512_set1_pd(x) }
        f64_from_bits(a: __m512i) -> __m512d { _mm512_castsi512_pd(a) }
        f64_to_bits(a: __m512d) -> __m512i { _mm512_castpd_si512(a) }
        add_f64(a: __m512d, b: __m512d) -> __m512d { _mm512_add_pd(a, b) }
        subtract_f64(a: __m512d, b: __m512d) -> __m512d { _mm512_sub_pd(a, b) }
        multiply_f64(a: __m512d, b: __m512d) -> __m512d { _mm512_mul_pd(a, b) }
        divide_f64(a: __m512d, b: __m512d) -> __m512d { _mm512_div_pd(a, b) }
        square_root_f64(a: __m512d) -> __m512d { _mm512_sqrt_pd(a) }
        multiply_add_f64(a: __m512d, b: __m512d, c: __m512d) -> __m512d { _mm512_fmadd_pd(a, b, c) }
        max_f64(a: __m512d, b: __m512d) -> __m512d { _mm512_max_pd(a, b) }
        min_f64(a: __m512d, b: __m512d) -> __m512d { _mm512_min_pd(a, b) }
        above_f64(a: __m512d, b: __m512d) -> u32 { u32::from(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(a, b)) }
        where_at_most_f64(a: __m512d, b: __m512d, yes: __m512d, no: __m512d) -> __m512d {
            _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_LE_OQ>(a, b), no, yes)
        }
    }

    #[inline(always)]
    fn look_up(self, table: &[f32; 16], index: __m512i) -> __m512 {
        // SAFETY: the machine has the features, and the table is as long as the load.
        unsafe { _mm512_permutexvar_ps(index, _mm512_loadu_ps(table.as_ptr())) }
    }

    #[inline(always)]
    fn store_f32(self, a: __m512, out: &mut [f32]) {
        let out = &mut out[..16];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), a) }
    }

    #[inline(always)]
    fn store_bf16(self, a: __m512, out: &mut [bf16]) {
        let out = &mut out[..16];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe {
            // Not vcvtneps2bf16, which flushes subnormals: nearest-even by adding 0x7fff or 0x8000.
            let bits = _mm512_castps_si512(a);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
            let rounded = _mm512_srli_epi32::<16>(_mm512_add_epi32(bits, half));
            _mm256_storeu_si256(out.as_mut_ptr().cast(), _mm512_cvtepi32_epi16(rounded));
        }
    }

    #[inline(always)]
    fn store_f16(self, a: __m512, out: &mut [f16]) {
        let out = &mut out[..16];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe {
            let rounded = _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(a);
            _mm256_storeu_si256(out.as_mut_ptr().cast(), rounded);
        }
    }

    #[inline(always)]
    fn store_f64(self, a: __m512d, out: &mut [f64]) {
        let out = &mut out[..8];
        // SAFETY: the machine has the features, and `out` is as long as the store.
        unsafe { _mm512_storeu_pd(out.as_mut_ptr(), a) }
    }
}
