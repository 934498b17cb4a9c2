//! The natural logarithm in f64, for positive normal numbers.
#![allow(clippy::excessive_precision)] // Published constants, as they are published.

/// ln 2, its high part with 32 trailing zero bits, so that its product with an exponent is exact.
pub(crate) const LN_2_HIGH: f64 = 6.931_471_803_691_238_164_90e-1;
/// What [`LN_2_HIGH`] leaves of ln 2.
pub(crate) const LN_2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;
/// The bits of √½, high word: mantissas are brought to [√½, √2).
pub(crate) const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_0000_0000;
/// ln((1+s)/(1−s)) = 2s + s·R(s²): R's coefficients in fdlibm, highest power first.
pub(crate) const LOG_COEFFICIENTS: [f64; 7] = [
    1.479_819_860_511_658_591e-1,
    1.531_383_769_920_937_332e-1,
    1.818_357_216_161_805_012e-1,
    2.222_219_843_214_978_396e-1,
    2.857_142_874_366_239_149e-1,
    3.999_999_999_940_941_908e-1,
    6.666_666_666_666_735_130e-1,
];
/// The bits of 1.
pub(crate) const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;

/// ln x, with an error below one unit in the last place.
///
/// # Source
/// The reduction and the coefficients are those of fdlibm's `e_log.c` (Sun Microsystems, 1993).
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let shifted = x.to_bits() + (ONE_BITS - SQRT_HALF_BITS);
    let exponent = (shifted >> 52) as f64 - 1023.0;
    let mantissa = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff) + SQRT_HALF_BITS);
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let [first, rest @ ..] = LOG_COEFFICIENTS;
    let r = z * rest.iter().fold(first, |sum, &c| sum.mul_add(z, c));
    let half_square = 0.5 * f * f;
    let correction = s.mul_add(half_square + r, exponent * LN_2_LOW);
    exponent.mul_add(LN_2_HIGH, f - (half_square - correction))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// libm's own logarithm has an error below one unit, so two of them agree within two.
    #[test]
    fn agrees_with_libm() {
        for i in 1..200_000_u32 {
            let x = f64::from(i) * 3.7e-6;
            for x in [x, x * x * x, x * 1e-30] {
                let exact = libm::log(x);
                assert!(
                    (ln(x) - exact).abs() <= 2.0 * f64::EPSILON * exact.abs().max(1e-3),
                    "ln({x})"
                );
            }
        }
    }
}
