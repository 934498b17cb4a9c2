//! NEON: four f32 at a time.

#![expect(unsafe_code, reason = "the machine's vector instructions")]

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use half::{bf16, f16};

use super::lanes::{Kernel, Lanes, Registers, intrinsics};

/// The proof that this machine has NEON.
#[derive(Clone, Copy)]
pub(super) struct Neon(());

impl Neon {
    pub(super) fn new() -> Option<Self> {
        is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

#[target_feature(enable = "neon")]
fn run<K: Kernel>(lanes: Neon, kernel: K) {
    kernel.run(lanes);
}

#[cold]
#[inline(never)]
#[target_feature(enable = "neon")]
fn run_seldom<K: Kernel>(lanes: Neon, kernel: K) {
    kernel.run(lanes);
}

#[inline]
#[target_feature(enable = "neon")]
fn as_64(a: uint32x4_t) -> uint64x2_t {
    vreinterpretq_u64_u32(a)
}

#[inline]
#[target_feature(enable = "neon")]
fn as_32(a: uint64x2_t) -> uint32x4_t {
    vreinterpretq_u32_u64(a)
}

impl Lanes for Neon {
    type Words = uint32x4_t;
    type Singles = float32x4_t;
    type Doubles = float64x2_t;
    const BLOCKS: usize = 2;
    const REGISTERS: Registers = Registers::ThirtyTwo;

    fn run<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` is made only where the machine has NEON.
        unsafe { run(self, kernel) }
    }

    #[inline(always)]
    fn run_seldom<K: Kernel>(self, kernel: K) {
        // SAFETY: `self` is made only where the machine has NEON.
        unsafe { run_seldom(self, kernel) }
    }

    // Shifts by a vector go left by its signed lanes, and right where these are negative; by the
    // lane's width or more they give zero.
    intrinsics! {
        splat_64(x: u64) -> uint32x4_t { as_32(vdupq_n_u64(x)) }
        add_64(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t { as_32(vaddq_u64(as_64(a), as_64(b))) }
        multiply_wide(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t {
            as_32(vmull_u32(vmovn_u64(as_64(a)), vmovn_u64(as_64(b))))
        }
        shift_right_64<const N>(a: uint32x4_t) -> uint32x4_t {
            as_32(vshlq_u64(as_64(a), vdupq_n_s64(-i64::from(N))))
        }
        shift_left_64<const N>(a: uint32x4_t) -> uint32x4_t {
            as_32(vshlq_u64(as_64(a), vdupq_n_s64(i64::from(N))))
        }
        sign_64(a: uint32x4_t) -> uint32x4_t {
            vreinterpretq_u32_s64(vshrq_n_s64::<63>(vreinterpretq_s64_u32(a)))
        }
        splat_32(x: u32) -> uint32x4_t { vdupq_n_u32(x) }
        subtract_32(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t { vsubq_u32(a, b) }
        shift_left_32<const N>(a: uint32x4_t) -> uint32x4_t {
            vshlq_u32(a, vdupq_n_s32(N.cast_signed()))
        }
        shift_right_32<const N>(a: uint32x4_t) -> uint32x4_t {
            vshlq_u32(a, vdupq_n_s32(-N.cast_signed()))
        }
        sign_32(a: uint32x4_t) -> uint32x4_t {
            vreinterpretq_u32_s32(vshrq_n_s32::<31>(vreinterpretq_s32_u32(a)))
        }
        shift_left_each_32(a: uint32x4_t, by: uint32x4_t) -> uint32x4_t {
            vshlq_u32(a, vreinterpretq_s32_u32(by))
        }
        shift_right_each_32(a: uint32x4_t, by: uint32x4_t) -> uint32x4_t {
            vshlq_u32(a, vnegq_s32(vreinterpretq_s32_u32(by)))
        }
        leading_zeros_32(a: uint32x4_t) -> uint32x4_t { vclzq_u32(a) }
        below_32(a: uint32x4_t, limit: u32) -> u32 {{
            let bits = vcombine_u32(vcreate_u32(0x2_0000_0001), vcreate_u32(0x8_0000_0004));
            vaddvq_u32(vandq_u32(vcltq_u32(a, vdupq_n_u32(limit)), bits))
        }}
        and(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t { vandq_u32(a, b) }
        or(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t { vorrq_u32(a, b) }
        xor(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t { veorq_u32(a, b) }
        block_offsets() -> uint32x4_t { as_32(vcombine_u64(vcreate_u64(0), vcreate_u64(1))) }
        interleave(words: [uint32x4_t; 4]) -> [uint32x4_t; 2] {{
            // The low halves of the second and fourth words go above those of the others.
            let first = vsliq_n_u64::<32>(as_64(words[0]), as_64(words[1]));
            let second = vsliq_n_u64::<32>(as_64(words[2]), as_64(words[3]));
            [as_32(vzip1q_u64(first, second)), as_32(vzip2q_u64(first, second))]
        }}
        splat_f32(x: f32) -> float32x4_t { vdupq_n_f32(x) }
        to_f32(a: uint32x4_t) -> float32x4_t { vcvtq_f32_s32(vreinterpretq_s32_u32(a)) }
        f32_from_bits(a: uint32x4_t) -> float32x4_t { vreinterpretq_f32_u32(a) }
        f32_to_bits(a: float32x4_t) -> uint32x4_t { vreinterpretq_u32_f32(a) }
        multiply_f32(a: float32x4_t, b: float32x4_t) -> float32x4_t { vmulq_f32(a, b) }
        multiply_add_f32(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
            vfmaq_f32(c, a, b)
        }
        max_f32(a: float32x4_t, b: float32x4_t) -> float32x4_t { vbslq_f32(vcgtq_f32(a, b), a, b) }
        min_f32(a: float32x4_t, b: float32x4_t) -> float32x4_t { vbslq_f32(vcltq_f32(a, b), a, b) }
        splat_f64(x: f64) -> float64x2_t { vdupq_n_f64(x) }
        f64_from_bits(a: uint32x4_t) -> float64x2_t { vreinterpretq_f64_u32(a) }
        f64_to_bits(a: float64x2_t) -> uint32x4_t { vreinterpretq_u32_f64(a) }
        add_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t { vaddq_f64(a, b) }
        subtract_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t { vsubq_f64(a, b) }
        multiply_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t { vmulq_f64(a, b) }
        divide_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t { vdivq_f64(a, b) }
        square_root_f64(a: float64x2_t) -> float64x2_t { vsqrtq_f64(a) }
        multiply_add_f64(a: float64x2_t, b: float64x2_t, c: float64x2_t) -> float64x2_t {
            vfmaq_f64(c, a, b)
        }
        max_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t { vbslq_f64(vcgtq_f64(a, b), a, b) }
        min_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t { vbslq_f64(vcltq_f64(a, b), a, b) }
        above_f64(a: float64x2_t, b: float64x2_t) -> u32 {{
            let bits = vcombine_u64(vcreate_u64(1), vcreate_u64(2));
            vaddvq_u64(vandq_u64(vcgtq_f64(a, b), bits)) as u32
        }}
        where_at_most_f64(
            a: float64x2_t,
            b: float64x2_t,
            yes: float64x2_t,
            no: float64x2_t
        ) -> float64x2_t {
            vbslq_f64(vcleq_f64(a, b), yes, no)
        }
    }

    #[inline(always)]
    fn look_up(self, table: &[f32; 16], index: uint32x4_t) -> float32x4_t {
        // SAFETY: the machine has NEON, and the table is as long as the load.
        unsafe {
            // The table as 64 bytes; entry i has bytes 4i to 4i + 3.
            let table = vld1q_u8_x4(table.as_ptr().cast());
            let first = vmulq_u32(index, vdupq_n_u32(0x0404_0404));
            let bytes = vreinterpretq_u8_u32(vaddq_u32(first, vdupq_n_u32(0x0302_0100)));
            vreinterpretq_f32_u8(vqtbl4q_u8(table, bytes))
        }
    }

    #[inline(always)]
    fn store_f32(self, a: float32x4_t, out: &mut [f32]) {
        let out = &mut out[..4];
        // SAFETY: the machine has NEON, and `out` is as long as the store.
        unsafe { vst1q_f32(out.as_mut_ptr(), a) }
    }

    #[inline(always)]
    fn store_bf16(self, a: float32x4_t, out: &mut [bf16]) {
        let out = &mut out[..4];
        // SAFETY: the machine has NEON, and `out` is as long as the store.
        unsafe {
            // Nearest-even by adding 0x7fff or 0x8000.
            let bits = vreinterpretq_u32_f32(a);
            let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
            let rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
            vst1_u16(
                out.as_mut_ptr().cast(),
                vmovn_u32(vshrq_n_u32::<16>(rounded)),
            );
        }
    }

    #[inline(always)]
    fn store_f16(self, a: float32x4_t, out: &mut [f16]) {
        // NEON's own conversion takes a type that stable Rust does not have yet.
        let mut values = [0.0; 4];
        self.store_f32(a, &mut values);
        for (value, out) in values.into_iter().zip(&mut out[..4]) {
            *out = f16::from_f32(value);
        }
    }

    #[inline(always)]
    fn store_f64(self, a: float64x2_t, out: &mut [f64]) {
        let out = &mut out[..2];
        // SAFETY: the machine has NEON, and `out` is as long as the store.
        unsafe { vst1q_f64(out.as_mut_ptr(), a) }
    }
}
