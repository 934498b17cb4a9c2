//! f32, bf16 and f16 on vectors.

use std::marker::PhantomData;

use super::batches::{Recipe, fill};
use super::lanes::{Kernel, Lanes};
use super::scalar::{self, Single};
use crate::distribution::{Job, Sampler, Scaled, Slice};
use crate::quantile::{COEFFICIENTS, DEGREE, MANTISSA_SCALE, TAIL_OCTAVE};

const SIGN: u32 = 1 << 31;

/// The fill of `out`, whatever its ends.
pub(super) struct Fill<'a, T> {
    pub(super) job: &'a Job,
    pub(super) out: &'a mut [T],
}

impl<T: Single> Kernel for Fill<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { job, out } = self;
        match &job.sampler {
            // Filled before any path is chosen.
            Sampler::Constant { value } => out.fill(T::from_single(*value as f32)),
            Sampler::Uniform(scaled) => fill(lanes, job, Rounded::new(Uniform, scaled), out),
            Sampler::Normal(scaled) => fill(lanes, job, Rounded::new(Normal, scaled), out),
            Sampler::Truncated(scaled, slice) => {
                fill(lanes, job, Rounded::new(Truncated(*slice), scaled), out)
            }
        }
    }
}

/// Standard values, scaled and rounded to a format.
#[derive(Clone, Copy)]
struct Rounded<S, T> {
    standard: S,
    scaled: Scaled,
    format: PhantomData<T>,
}

impl<S, T> Rounded<S, T> {
    fn new(standard: S, scaled: &Scaled) -> Self {
        Self {
            standard,
            scaled: *scaled,
            format: PhantomData,
        }
    }
}

impl<S: Standard, T: Single> Recipe for Rounded<S, T> {
    type Element = T;
    const PER_BLOCK: usize = 4;

    #[inline(always)]
    fn vector<L: Lanes>(self, lanes: L, words: L::Words, out: &mut [T]) -> u32 {
        let Scaled {
            center,
            scale,
            low,
            high,
        } = self.scaled;
        let (center, scale) = (
            lanes.splat_f32(center as f32),
            lanes.splat_f32(scale as f32),
        );
        let (low, high) = (lanes.splat_f32(low as f32), lanes.splat_f32(high as f32));
        let (z, again) = self.standard.values(lanes, words);
        let value = lanes.multiply_add_f32(z, scale, center);
        let value = match S::SUPPORT {
            Support::Whole => value,
            Support::Interval => lanes.min_f32(lanes.max_f32(value, low), high),
        };
        T::store(lanes, value, out);
        again
    }

    #[inline(always)]
    fn one(job: &Job, index: u64) -> T {
        T::from_single(scalar::single_at(job, index))
    }
}

/// How words become standard values.
trait Standard: Copy {
    /// Where the values lie.
    const SUPPORT: Support;

    /// The values, and a bit for each lane whose word falls into a tail and must be lengthened.
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Singles, u32);
}

/// Whether rounding could carry values out of where they belong.
enum Support {
    /// The whole line: no.
    Whole,
    /// An interval: yes, and they are kept in.
    Interval,
}

#[derive(Clone, Copy)]
struct Uniform;

impl Standard for Uniform {
    const SUPPORT: Support = Support::Interval;

    #[inline(always)]
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Singles, u32) {
        let signed = lanes.to_f32(lanes.xor(words, lanes.splat_32(SIGN)));
        (
            lanes.multiply_f32(signed, lanes.splat_f32(MANTISSA_SCALE)),
            0,
        )
    }
}

#[derive(Clone, Copy)]
struct Normal;

impl Standard for Normal {
    const SUPPORT: Support = Support::Whole;

    #[inline(always)]
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Singles, u32) {
        let mirror = lanes.sign_32(words);
        // The mirrored word without its top bit, which is clear, and the half below it.
        let mirrored = lanes.xor(lanes.shift_left_32::<1>(words), mirror);
        let leading = lanes.or(mirrored, lanes.splat_32(1));
        let shift = lanes.leading_zeros_32(leading);
        let mantissa = lanes.shift_left_each_32(leading, shift);
        let sign = lanes.and(words, lanes.splat_32(SIGN));
        (
            quantile(lanes, mantissa, shift, sign),
            tails(lanes, leading),
        )
    }
}

#[derive(Clone, Copy)]
struct Truncated(Slice);

impl Standard for Truncated {
    const SUPPORT: Support = Support::Interval;

    #[inline(always)]
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Singles, u32) {
        let even = self.probabilities(lanes, words);
        let odd = self.probabilities(lanes, lanes.shift_right_64::<32>(words));
        let upper = lanes.splat_64(0xffff_ffff << 32);
        let lower = lanes.splat_64(0xffff_ffff);
        let high = lanes.or(lanes.shift_right_64::<32>(even), lanes.and(odd, upper));
        let low = lanes.or(lanes.and(even, lower), lanes.shift_left_64::<32>(odd));
        let mirror = lanes.sign_32(high);
        let sign = lanes.and(high, lanes.splat_32(SIGN));
        let (high, low) = (lanes.xor(high, mirror), lanes.xor(low, mirror));
        // Without the top bit, which is clear.
        let leading = lanes.or(
            lanes.shift_left_32::<1>(high),
            lanes.shift_right_32::<31>(low),
        );
        let shift = lanes.leading_zeros_32(leading);
        let rest = lanes.subtract_32(lanes.splat_32(32), shift);
        let mantissa = lanes.or(
            lanes.shift_left_each_32(leading, shift),
            lanes.shift_right_each_32(lanes.shift_left_32::<1>(low), rest),
        );
        (
            quantile(lanes, mantissa, shift, sign),
            tails(lanes, leading),
        )
    }
}

impl Truncated {
    /// The probability, in units of 2⁻⁶⁴, of the low 32 bits of each lane.
    #[inline(always)]
    fn probabilities<L: Lanes>(self, lanes: L, words: L::Words) -> L::Words {
        let Self(slice) = self;
        let by_high = lanes.multiply_wide(words, lanes.splat_64(slice.fixed_inside >> 32));
        let by_low = lanes.multiply_wide(words, lanes.splat_64(slice.fixed_inside & 0xffff_ffff));
        let sum = lanes.add_64(by_high, lanes.shift_right_64::<32>(by_low));
        lanes.add_64(lanes.splat_64(slice.fixed_start), sum)
    }
}

/// The lanes beyond the last octave of the table.
#[inline(always)]
fn tails<L: Lanes>(lanes: L, leading: L::Words) -> u32 {
    lanes.below_32(leading, 1 << (33 - TAIL_OCTAVE))
}

/// The normal quantile in octave `shift` + 1 at the mantissa's place in it, with `sign` flipped in.
#[inline(always)]
fn quantile<L: Lanes>(lanes: L, mantissa: L::Words, shift: L::Words, sign: L::Words) -> L::Singles {
    let h = lanes.multiply_f32(lanes.to_f32(mantissa), lanes.splat_f32(MANTISSA_SCALE));
    let z = if lanes.is_lower(shift) {
        polynomial::<L, true>(lanes, shift, h)
    } else {
        polynomial::<L, false>(lanes, shift, h)
    };
    lanes.f32_from_bits(lanes.xor(lanes.f32_to_bits(z), sign))
}

/// The octave's polynomial at h by Horner's rule; `IS_LOWER` where every `shift` is below 8.
#[inline(always)]
fn polynomial<L: Lanes, const IS_LOWER: bool>(
    lanes: L,
    shift: L::Words,
    h: L::Singles,
) -> L::Singles {
    let mut z = coefficient::<L, IS_LOWER>(lanes, DEGREE, shift);
    for k in (0..DEGREE).rev() {
        z = lanes.multiply_add_f32(z, h, coefficient::<L, IS_LOWER>(lanes, k, shift));
    }
    z
}

#[inline(always)]
fn coefficient<L: Lanes, const IS_LOWER: bool>(lanes: L, k: usize, shift: L::Words) -> L::Singles {
    if IS_LOWER {
        lanes.look_up_lower(&COEFFICIENTS.0[k], shift)
    } else {
        lanes.look_up(&COEFFICIENTS.0[k], shift)
    }
}
