//! f64 on vectors.

use super::batches::{Recipe, fill};
use super::lanes::{Kernel, Lanes};
use super::scalar;
use crate::distribution::{Job, Sampler, Scaled, Slice};
use crate::quantile::{
    CENTRAL, LN_2_HIGH, LN_2_LOW, LOG_COEFFICIENTS, NEAR_TAIL, ONE_BITS, Rational, SPLIT,
    SQRT_HALF_BITS,
};

/// The bits of 2⁵²: a 32-bit integer below them makes 2⁵² plus that integer.
const MAGIC_BITS: u64 = 0x4330_0000_0000_0000;
const MAGIC: f64 = 4_503_599_627_370_496.0;
const POWER_31: f64 = 2_147_483_648.0;
const POWER_32: f64 = 4_294_967_296.0;
const UNIT_63: f64 = 1.0 / 9_223_372_036_854_775_808.0;
const UNIT_64: f64 = 0.5 * UNIT_63;

/// The fill of `out`, whatever its ends.
pub(super) struct Fill<'a> {
    pub(super) job: &'a Job,
    pub(super) out: &'a mut [f64],
}

impl Kernel for Fill<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { job, out } = self;
        match &job.sampler {
            // Filled before any path is chosen.
            Sampler::Constant { value } => out.fill(*value),
            Sampler::Uniform(scaled) => fill(lanes, job, Double(Uniform, *scaled), out),
            Sampler::Normal(scaled) => fill(lanes, job, Double(Normal, *scaled), out),
            Sampler::Truncated(scaled, slice) => {
                fill(lanes, job, Double(Truncated(*slice), *scaled), out)
            }
        }
    }
}

/// Standard values, scaled.
#[derive(Clone, Copy)]
struct Double<S>(S, Scaled);

impl<S: Standard> Recipe for Double<S> {
    type Element = f64;
    const PER_BLOCK: usize = 2;

    #[inline(always)]
    fn vector<L: Lanes>(self, lanes: L, words: L::Words, out: &mut [f64]) -> u32 {
        let Self(standard, scaled) = self;
        let (z, again) = standard.values(lanes, words);
        let (scale, center) = (
            lanes.splat_f64(scaled.scale),
            lanes.splat_f64(scaled.center),
        );
        let value = lanes.multiply_add_f64(z, scale, center);
        let value = lanes.max_f64(value, lanes.splat_f64(scaled.low));
        lanes.store_f64(lanes.min_f64(value, lanes.splat_f64(scaled.high)), out);
        again
    }

    #[inline(always)]
    fn one(job: &Job, index: u64) -> f64 {
        scalar::double_at(job, index)
    }
}

/// How 64-bit words become standard values.
trait Standard: Copy {
    /// The values, and a bit for each lane in the far tail, which must be made one at a time.
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Doubles, u32);
}

#[derive(Clone, Copy)]
struct Uniform;

impl Standard for Uniform {
    #[inline(always)]
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Doubles, u32) {
        (
            lanes.multiply_f64(offset_signed(lanes, words), lanes.splat_f64(UNIT_63)),
            0,
        )
    }
}

#[derive(Clone, Copy)]
struct Normal;

impl Standard for Normal {
    #[inline(always)]
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Doubles, u32) {
        let (half, unit) = (lanes.splat_f64(0.5), lanes.splat_f64(UNIT_64));
        let offset = lanes.add_f64(offset_signed(lanes, words), half);
        let offset = lanes.multiply_f64(offset, unit);
        let mirrored = lanes.xor(words, lanes.sign_64(words));
        let tail = lanes.multiply_f64(lanes.add_f64(unsigned(lanes, mirrored), half), unit);
        quantile(lanes, offset, tail)
    }
}

#[derive(Clone, Copy)]
struct Truncated(Slice);

impl Standard for Truncated {
    #[inline(always)]
    fn values<L: Lanes>(self, lanes: L, words: L::Words) -> (L::Doubles, u32) {
        let Self(slice) = self;
        let (half, unit) = (lanes.splat_f64(0.5), lanes.splat_f64(UNIT_64));
        let inside = lanes.splat_f64(slice.inside);
        let flipped = lanes.xor(words, lanes.splat_64(u64::MAX));
        let below = lanes.multiply_f64(lanes.add_f64(unsigned(lanes, words), half), unit);
        let above = lanes.multiply_f64(lanes.add_f64(unsigned(lanes, flipped), half), unit);
        let p = lanes.multiply_add_f64(below, inside, lanes.splat_f64(slice.below));
        let q = lanes.multiply_add_f64(above, inside, lanes.splat_f64(slice.above));
        let offset = lanes.multiply_f64(half, lanes.subtract_f64(p, q));
        quantile(lanes, offset, lanes.min_f64(p, q))
    }
}

/// 64-bit integers, rounded once.
#[inline(always)]
fn unsigned<L: Lanes>(lanes: L, words: L::Words) -> L::Doubles {
    let high = integer(lanes, lanes.shift_right_64::<32>(words), MAGIC);
    join(lanes, high, words)
}

/// 64-bit integers less 2⁶³, rounded once.
#[inline(always)]
fn offset_signed<L: Lanes>(lanes: L, words: L::Words) -> L::Doubles {
    let high = integer(lanes, lanes.shift_right_64::<32>(words), MAGIC + POWER_31);
    join(lanes, high, words)
}

#[inline(always)]
fn join<L: Lanes>(lanes: L, high: L::Doubles, words: L::Words) -> L::Doubles {
    let low = lanes.and(words, lanes.splat_64(0xffff_ffff));
    lanes.multiply_add_f64(high, lanes.splat_f64(POWER_32), integer(lanes, low, MAGIC))
}

/// Integers below 2³², plus 2⁵², less `origin`: exact.
#[inline(always)]
fn integer<L: Lanes>(lanes: L, words: L::Words, origin: f64) -> L::Doubles {
    let biased = lanes.f64_from_bits(lanes.or(words, lanes.splat_64(MAGIC_BITS)));
    lanes.subtract_f64(biased, lanes.splat_f64(origin))
}

/// [`crate::quantile::quantile_double`], step by step; its far tail is left to the scalar code.
#[inline(always)]
fn quantile<L: Lanes>(lanes: L, offset: L::Doubles, tail: L::Doubles) -> (L::Doubles, u32) {
    let sign_bit = lanes.splat_64(1 << 63);
    let offset_bits = lanes.f64_to_bits(offset);
    let sign = lanes.and(offset_bits, sign_bit);
    let size = lanes.f64_from_bits(lanes.xor(offset_bits, sign));
    let negative = lanes.f64_from_bits(lanes.xor(offset_bits, sign_bit));
    let square = lanes.multiply_add_f64(negative, offset, lanes.splat_f64(SPLIT.central_square));
    let central = lanes.multiply_f64(offset, rational(lanes, &CENTRAL, square));

    let log_bits = lanes.f64_to_bits(logarithm(lanes, tail));
    let r = lanes.square_root_f64(lanes.f64_from_bits(lanes.xor(log_bits, sign_bit)));
    let near = lanes.subtract_f64(r, lanes.splat_f64(SPLIT.near_offset));
    let near = lanes.f64_to_bits(rational(lanes, &NEAR_TAIL, near));
    let near = lanes.f64_from_bits(lanes.or(near, sign));

    let z = lanes.where_at_most_f64(size, lanes.splat_f64(SPLIT.central), central, near);
    (z, lanes.above_f64(r, lanes.splat_f64(SPLIT.far)))
}

#[inline(always)]
fn rational<L: Lanes>(lanes: L, rational: &Rational, x: L::Doubles) -> L::Doubles {
    let numerator = horner(lanes, &rational.numerator, x);
    lanes.divide_f64(numerator, horner(lanes, &rational.denominator, x))
}

#[inline(always)]
fn horner<L: Lanes>(lanes: L, coefficients: &[f64], x: L::Doubles) -> L::Doubles {
    let mut sum = lanes.splat_f64(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = lanes.multiply_add_f64(sum, x, lanes.splat_f64(coefficient));
    }
    sum
}

/// [`crate::quantile::ln`], step by step.
#[inline(always)]
fn logarithm<L: Lanes>(lanes: L, x: L::Doubles) -> L::Doubles {
    let shifted = lanes.add_64(
        lanes.f64_to_bits(x),
        lanes.splat_64(ONE_BITS - SQRT_HALF_BITS),
    );
    let exponent = integer(lanes, lanes.shift_right_64::<52>(shifted), MAGIC + 1023.0);
    let fraction = lanes.and(shifted, lanes.splat_64(0x000f_ffff_ffff_ffff));
    let mantissa = lanes.f64_from_bits(lanes.add_64(fraction, lanes.splat_64(SQRT_HALF_BITS)));
    let f = lanes.subtract_f64(mantissa, lanes.splat_f64(1.0));
    let s = lanes.divide_f64(f, lanes.add_f64(lanes.splat_f64(2.0), f));
    let z = lanes.multiply_f64(s, s);
    let r = lanes.multiply_f64(z, horner(lanes, &LOG_COEFFICIENTS, z));
    let half_square = lanes.multiply_f64(lanes.multiply_f64(lanes.splat_f64(0.5), f), f);
    let low = lanes.multiply_f64(exponent, lanes.splat_f64(LN_2_LOW));
    let correction = lanes.multiply_add_f64(s, lanes.add_f64(half_square, r), low);
    let rest = lanes.subtract_f64(f, lanes.subtract_f64(half_square, correction));
    lanes.multiply_add_f64(exponent, lanes.splat_f64(LN_2_HIGH), rest)
}
