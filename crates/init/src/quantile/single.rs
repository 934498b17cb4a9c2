//! The quantile in f32: one polynomial for each octave of the probability.

use super::{COEFFICIENTS, DEGREE};

/// From this octave on, probabilities below 2⁻¹², the f64 quantile takes over.
///
/// There a 32-bit word no longer resolves f32's own spacing, so a second word is drawn anyway.
pub(crate) const TAIL_OCTAVE: u32 = 12;

/// 2⁻³¹, which brings a 32-bit mantissa to [−1, 0].
pub(crate) const MANTISSA_SCALE: f32 = 1.0 / 2_147_483_648.0;

/// Φ⁻¹ of `tail`·2⁻⁶⁴, a probability below ½, with the bits of `sign` flipped in; `None` where that
/// is so far out that the octave is not in the table.
///
/// With u = 2⁻ˢ(1 + h/2) and h in [−1, 0], it is the polynomial of octave *s* at h. Near the median,
/// s = 1 and h → 0, that has no constant term, so the smallest values keep their relative precision.
#[inline(always)]
pub(crate) fn quantile_single(tail: u64, sign: u32) -> Option<f32> {
    let octave = tail.leading_zeros();
    if octave >= TAIL_OCTAVE {
        return None;
    }
    // With its top bit set, the mantissa is as a signed integer the distance from the octave's
    // upper end, in units of 2⁻³¹.
    let mantissa = ((tail << octave) >> 32) as u32;
    let h = mantissa.cast_signed() as f32 * MANTISSA_SCALE;
    let column = octave as usize - 1;
    let z = (0..DEGREE)
        .rev()
        .fold(COEFFICIENTS.0[DEGREE][column], |sum, k| {
            sum.mul_add(h, COEFFICIENTS.0[k][column])
        });
    Some(f32::from_bits(z.to_bits() ^ sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantile::quantile_double;

    fn exact(tail: u64) -> f64 {
        let p = tail as f64 / 18_446_744_073_709_551_616.0;
        quantile_double(p - 0.5, p)
    }

    fn assert_close(tail: u64) {
        let got = f64::from(quantile_single(tail, 0).unwrap());
        let error = (got / exact(tail) - 1.0).abs();
        assert!(
            error < 2.0 * f64::from(f32::EPSILON),
            "{tail:#x}: {got}, off by {error:e}"
        );
    }

    /// Two units in the last place: the polynomial's error is half of one, its rounding and that of
    /// its argument the rest.
    #[test]
    fn is_the_f64_quantile_rounded() {
        for octave in 1..TAIL_OCTAVE {
            let width = 1_u64 << (63 - octave);
            for i in 0..20_000_u64 {
                // The middle of a word's cell, as normals have it.
                let word = (width + width / 20_000 * i) >> 32;
                assert_close(word << 32 | 1 << 31);
            }
        }
        // The smallest value of all keeps its precision: 2.9·10⁻¹⁰, not 0.
        assert_close(0x7fff_ffff_8000_0000);
    }

    /// Neighbouring octaves meet, and the quantile never falls as the probability grows past there.
    #[test]
    fn octaves_join() {
        for octave in 2..TAIL_OCTAVE {
            let edge = 1_u64 << (64 - octave);
            let (below, at) = (
                quantile_single(edge - 1, 0).unwrap(),
                quantile_single(edge, 0).unwrap(),
            );
            assert!(
                at >= below && at - below <= 2.0 * f32::EPSILON * at.abs(),
                "{below}, {at}"
            );
        }
    }

    #[test]
    fn tails_and_signs() {
        assert_eq!(quantile_single((1 << 52) - 1, 0), None);
        assert!(quantile_single(1 << 52, 0).is_some());
        let tail = 0x1234_5678_9abc_def0;
        assert_eq!(
            quantile_single(tail, 1 << 31),
            quantile_single(tail, 0).map(|z| -z)
        );
    }
}
