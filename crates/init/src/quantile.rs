//! The normal quantile Φ⁻¹, in f32 and f64, from + − × ÷ √, fused multiply-add and integers only:
//! the same bits on every machine.

mod coefficients;
mod double;
mod logarithm;
mod single;

pub(crate) use coefficients::{COEFFICIENTS, DEGREE};
pub(crate) use double::{CENTRAL, NEAR_TAIL, Rational, SPLIT, quantile_double};
pub(crate) use logarithm::{LN_2_HIGH, LN_2_LOW, LOG_COEFFICIENTS, ONE_BITS, SQRT_HALF_BITS, ln};
pub(crate) use single::{MANTISSA_SCALE, TAIL_OCTAVE, quantile_single};
