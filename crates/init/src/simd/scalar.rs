//! One value at a time: the definition of every bit.

use half::{bf16, f16};

use super::lanes::Lanes;
use crate::Stream;
use crate::distribution::{Job, Sampler, Scaled, Slice};
use crate::quantile::{MANTISSA_SCALE, quantile_double, quantile_single};

/// 2⁻⁶³ and 2⁻⁶⁴.
const UNIT_63: f64 = 1.0 / 9_223_372_036_854_775_808.0;
const UNIT_64: f64 = 1.0 / 18_446_744_073_709_551_616.0;

/// The top bit of a word.
const SIGN: u32 = 1 << 31;

/// The formats whose values are an f32 value, rounded.
pub(crate) trait Single: Copy + Default {
    /// `value` rounded to nearest-even.
    fn from_single(value: f32) -> Self;

    /// A vector of values, likewise.
    fn store<L: Lanes>(lanes: L, values: L::Singles, out: &mut [Self]);
}

impl Single for f32 {
    fn from_single(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, values: L::Singles, out: &mut [Self]) {
        lanes.store_f32(values, out);
    }
}

impl Single for bf16 {
    fn from_single(value: f32) -> Self {
        bf16::from_f32(value)
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, values: L::Singles, out: &mut [Self]) {
        lanes.store_bf16(values, out);
    }
}

impl Single for f16 {
    fn from_single(value: f32) -> Self {
        f16::from_f32(value)
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, values: L::Singles, out: &mut [Self]) {
        lanes.store_f16(values, out);
    }
}

/// Element i comes from word i mod 4 of block i div 4.
pub(super) fn fill_single<T: Single>(job: &Job, out: &mut [T]) {
    let mut block = job.stream.block(job.start / 4);
    for (offset, value) in out.iter_mut().enumerate() {
        let index = job.start + offset as u64;
        if index.is_multiple_of(4) {
            block = job.stream.block(index / 4);
        }
        *value = T::from_single(single(job, index, block[(index % 4) as usize]));
    }
}

/// Element i comes from words 2(i mod 2), the low half, and 2(i mod 2) + 1 of block i div 2.
pub(super) fn fill_double(job: &Job, out: &mut [f64]) {
    for (offset, value) in out.iter_mut().enumerate() {
        *value = double_at(job, job.start + offset as u64);
    }
}

/// The f32 value of element `index`.
#[inline(always)]
pub(super) fn single_at(job: &Job, index: u64) -> f32 {
    single(job, index, job.stream.word(index))
}

/// The f32 value of element `index`, whose word is `word`.
#[inline(always)]
fn single(job: &Job, index: u64, word: u32) -> f32 {
    match &job.sampler {
        Sampler::Constant { value } => *value as f32,
        Sampler::Uniform(scaled) => {
            scaled.single((word ^ SIGN).cast_signed() as f32 * MANTISSA_SCALE)
        }
        Sampler::Normal(scaled) => {
            // The middle of the word's cell, seen from the nearer end.
            let mirrored = if word & SIGN == 0 { word } else { !word };
            let z = quantile_single(u64::from(mirrored) << 32 | 1 << 31, word & SIGN);
            scaled.single(z.unwrap_or_else(|| normal(lengthened(&job.stream, index, word)) as f32))
        }
        Sampler::Truncated(scaled, slice) => {
            let p = slice.probability(word);
            let z = quantile_single(p.min(!p), (p >> 32) as u32 & SIGN);
            let tail = || slice.quantile(lengthened(&job.stream, index, word)) as f32;
            scaled.single(z.unwrap_or_else(tail))
        }
    }
}

/// The f64 value of element `index`.
#[inline(always)]
pub(super) fn double_at(job: &Job, index: u64) -> f64 {
    let block = job.stream.block(index / 2);
    let pair = 2 * (index % 2) as usize;
    let word = u64::from(block[pair]) | u64::from(block[pair + 1]) << 32;
    match &job.sampler {
        Sampler::Constant { value } => *value,
        Sampler::Uniform(scaled) => {
            scaled.double((word ^ (1 << 63)).cast_signed() as f64 * UNIT_63)
        }
        Sampler::Normal(scaled) => scaled.double(normal(word)),
        Sampler::Truncated(scaled, slice) => scaled.double(slice.quantile(word)),
    }
}

/// `word`, with the element's tail word below it.
#[inline(always)]
fn lengthened(stream: &Stream, index: u64, word: u32) -> u64 {
    u64::from(word) << 32 | u64::from(stream.tail_word(index))
}

/// The standard normal at probability (word + ½)·2⁻⁶⁴.
#[inline(always)]
fn normal(word: u64) -> f64 {
    let offset = ((word ^ (1 << 63)).cast_signed() as f64 + 0.5) * UNIT_64;
    let tail = (word.min(!word) as f64 + 0.5) * UNIT_64;
    quantile_double(offset, tail)
}

impl Scaled {
    #[inline(always)]
    fn single(&self, standard: f32) -> f32 {
        let value = standard.mul_add(self.scale as f32, self.center as f32);
        let (low, high) = (self.low as f32, self.high as f32);
        // Comparisons, not `max` and `min`, which leave open which of two zeros comes out.
        let value = if value > low { value } else { low };
        if value < high { value } else { high }
    }

    #[inline(always)]
    fn double(&self, standard: f64) -> f64 {
        let value = standard.mul_add(self.scale, self.center);
        let value = if value > self.low { value } else { self.low };
        if value < self.high { value } else { self.high }
    }
}

impl Slice {
    /// The parent's probability at the middle of the cell of `word`, in units of 2⁻⁶⁴.
    #[inline(always)]
    fn probability(&self, word: u32) -> u64 {
        let word = u64::from(word);
        let (high, low) = (self.fixed_inside >> 32, self.fixed_inside & 0xffff_ffff);
        self.fixed_start + word * high + ((word * low) >> 32)
    }

    /// The parent's quantile at the part (word + ½)·2⁻⁶⁴ of the slice, counted from both ends so
    /// that neither tail loses digits.
    #[inline(always)]
    fn quantile(&self, word: u64) -> f64 {
        let from_below = (word as f64 + 0.5) * UNIT_64;
        let from_above = (!word as f64 + 0.5) * UNIT_64;
        let p = from_below.mul_add(self.inside, self.below);
        let q = from_above.mul_add(self.inside, self.above);
        quantile_double(0.5 * (p - q), p.min(q))
    }
}
