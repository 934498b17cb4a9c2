//! Exponentials that vectorise: no table, no branch, no fused multiply-add.
//!
//! Both reduce `x = n·ln 2 + r` with an integer n and |r| ≤ ln 2 / 2, and use
//! `eʳ − 1 = r + r²·q(r)`. The coefficients of q are our own: Chebyshev interpolation of
//! `(eʳ − 1 − r)/r²` on the reduced interval, made with 40 digits.

/// 1.5 · 2²³: adding and subtracting it rounds to the nearest integer, which then lies in the low
/// bits of the sum.
const ROUND_F32: f32 = 12_582_912.0;
/// 1.5 · 2⁵², likewise.
const ROUND_F64: f64 = 6_755_399_441_055_744.0;

/// The part of ln 2 with 12 trailing zero bits: n times it is exact for |n| < 2¹².
const LN_2_HIGH: f32 = f32::from_bits(0x3f31_7000);
/// The rest of ln 2.
const LN_2_LOW: f32 = (std::f64::consts::LN_2 - LN_2_HIGH as f64) as f32;

/// q for f32: relative error of eʳ 2·10⁻¹⁰.
#[expect(clippy::excessive_precision, reason = "as they were computed")]
const Q_F32: [f32; 6] = [
    0.500_000_001,
    0.166_666_667,
    0.041_666_464_6,
    0.008_333_310_9,
    0.001_393_368_6,
    0.000_198_910_31,
];

/// q for f64, where results are rounded to f32: relative error of eʳ 4·10⁻¹².
#[expect(clippy::excessive_precision, reason = "as they were computed")]
const Q_F64: [f64; 7] = [
    0.5,
    0.166_666_667_191_547_977,
    0.041_666_666_719_138_069,
    0.008_333_298_413_941_455,
    0.001_388_885_397_983_236,
    0.000_198_993_320_565_641,
    0.000_024_859_636_294_108,
];

/// (n as 2ⁿ's exponent field needs it, eʳ − 1) of `x`, for |x| < 2¹².
#[inline(always)]
fn reduce(x: f32) -> (i32, f32) {
    let shifted = x * std::f32::consts::LOG2_E + ROUND_F32;
    let n = shifted - ROUND_F32;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let q = Q_F32.iter().rev().fold(0.0, |sum, &c| sum * r + c);
    let bits = shifted.to_bits() as i32 - ROUND_F32.to_bits() as i32;
    (bits, r + r * r * q)
}

/// 2ⁿ for −126 ≤ n ≤ 127.
#[inline(always)]
fn two_to(n: i32) -> f32 {
    f32::from_bits(((n + 127) << 23) as u32)
}

/// Keeps x within `low..=high`; NaN stays NaN.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// eˣ, within 2 units in the last place, denormals included.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Beyond these the result is 0 or ∞ in f32.
    let (n, less_one) = reduce(clamp(x, -105.0, 90.0));
    // In two steps, so that neither factor leaves the normal range; only the last multiplication
    // can round, and it rounds to a denormal once.
    let half = n >> 1;
    let scaled = (1.0 + less_one) * two_to(half);
    scaled * two_to(n - half)
}

/// eˣ − 1 without cancellation about 0, for x ≤ 88.
#[inline(always)]
pub(super) fn exp_m1(x: f32) -> f32 {
    let (n, less_one) = reduce(clamp(x, -105.0, 88.0));
    // eˣ − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1). Below 2⁻¹²⁶ the sum is −1 in f32 as it is at 2⁻¹²⁶.
    let scale = two_to(n.max(-126));
    scale * less_one + (scale - 1.0)
}

/// eˣ in f64 with 11 right digits, for −700 ≤ x ≤ 700.
#[inline(always)]
pub(crate) fn exp_f64(x: f64) -> f64 {
    let shifted = x * std::f64::consts::LOG2_E + ROUND_F64;
    let n = shifted - ROUND_F64;
    let r = x - n * std::f64::consts::LN_2;
    let q = Q_F64.iter().rev().fold(0.0, |sum, &c| sum * r + c);
    // The low bits of `shifted` hold n in two's complement; the shift leaves only those that the
    // exponent field has room for.
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0f64.to_bits()));
    scale + scale * (r + r * r * q)
}
