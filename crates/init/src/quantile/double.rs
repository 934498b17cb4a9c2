//! The quantile in f64: Wichura's rational approximations.
#![allow(clippy::excessive_precision)] // Published constants, as they are published.

use super::ln;

/// A quotient of two polynomials, highest power first.
pub(crate) struct Rational {
    pub(crate) numerator: [f64; 8],
    pub(crate) denominator: [f64; 8],
}

impl Rational {
    #[inline(always)]
    fn at(&self, x: f64) -> f64 {
        horner(&self.numerator, x) / horner(&self.denominator, x)
    }
}

#[inline(always)]
fn horner([first, rest @ ..]: &[f64; 8], x: f64) -> f64 {
    rest.iter()
        .fold(*first, |sum, &coefficient| sum.mul_add(x, coefficient))
}

/// Half the width of the central region in probability, and the offsets that each region's variable
/// is counted from.
pub(crate) struct Split {
    pub(crate) central: f64,
    pub(crate) central_square: f64,
    pub(crate) far: f64,
    pub(crate) near_offset: f64,
}

/// Wichura's regions: |p − ½| ≤ 0.425; √(−ln p) ≤ 5; the rest.
pub(crate) const SPLIT: Split = Split {
    central: 0.425,
    central_square: 0.180_625,
    far: 5.0,
    near_offset: 1.6,
};

/// For |p − ½| ≤ 0.425, in 0.425² − (p − ½)².
pub(crate) const CENTRAL: Rational = Rational {
    numerator: [
        2.509_080_928_730_122_672_7e3,
        3.343_057_558_358_812_810_5e4,
        6.726_577_092_700_870_085_3e4,
        4.592_195_393_154_987_145_7e4,
        1.373_169_376_550_946_112_5e4,
        1.971_590_950_306_551_442_7e3,
        1.331_416_678_917_843_774_5e2,
        3.387_132_872_796_366_608,
    ],
    denominator: [
        5.226_495_278_852_854_561e3,
        2.872_908_573_572_194_267_4e4,
        3.930_789_580_009_271_061e4,
        2.121_379_430_158_659_586_7e4,
        5.394_196_021_424_751_107_7e3,
        6.871_870_074_920_579_083e2,
        4.231_333_070_160_091_125_2e1,
        1.0,
    ],
};

/// For √(−ln p) in [1.6, 5], in √(−ln p) − 1.6.
pub(crate) const NEAR_TAIL: Rational = Rational {
    numerator: [
        7.745_450_142_783_414_076_4e-4,
        2.272_384_498_926_918_458_33e-2,
        2.417_807_251_774_506_117_7e-1,
        1.270_458_252_452_368_382_58,
        3.647_848_324_763_204_605_04,
        5.769_497_221_460_691_405_5,
        4.630_337_846_156_545_295_9,
        1.423_437_110_749_683_577_34,
    ],
    denominator: [
        1.050_750_071_644_416_843_24e-9,
        5.475_938_084_995_344_946e-4,
        1.519_866_656_361_645_719_66e-2,
        1.481_039_764_274_800_745_9e-1,
        6.897_673_349_851_000_045_5e-1,
        1.676_384_830_183_803_849_4,
        2.053_191_626_637_758_821_87,
        1.0,
    ],
};

/// For √(−ln p) above 5, in √(−ln p) − 5.
pub(crate) const FAR_TAIL: Rational = Rational {
    numerator: [
        2.010_334_399_292_288_132_65e-7,
        2.711_555_568_743_487_578_15e-5,
        1.242_660_947_388_078_438_6e-3,
        2.653_218_952_657_612_309_3e-2,
        2.965_605_718_285_048_912_3e-1,
        1.784_826_539_917_291_335_8,
        5.463_784_911_164_114_369_9,
        6.657_904_643_501_103_777_2,
    ],
    denominator: [
        2.044_263_103_389_939_785_64e-15,
        1.421_511_758_316_445_888_7e-7,
        1.846_318_317_510_054_681_8e-5,
        7.868_691_311_456_132_591e-4,
        1.487_536_129_085_061_485_25e-2,
        1.369_298_809_227_358_053_1e-1,
        5.998_322_065_558_879_376_9e-1,
        1.0,
    ],
};

/// Φ⁻¹ of a probability given twice over: `offset` = p − ½, and `tail` = min(p, 1 − p), so that
/// neither the median nor a tail loses digits to cancellation.
///
/// # Source
/// M. J. Wichura, *Algorithm AS 241: The percentage points of the normal distribution*, Applied
/// Statistics 37 (1988), PPND16: relative error about 10⁻¹⁶.
#[inline(always)]
pub(crate) fn quantile_double(offset: f64, tail: f64) -> f64 {
    if offset.abs() <= SPLIT.central {
        return offset * CENTRAL.at((-offset).mul_add(offset, SPLIT.central_square));
    }
    let r = (-ln(tail)).sqrt();
    let z = if r <= SPLIT.far {
        NEAR_TAIL.at(r - SPLIT.near_offset)
    } else {
        FAR_TAIL.at(r - SPLIT.far)
    };
    z.copysign(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Φ is known to about 10⁻¹⁶ relative in the tail by libm's erfc; a relative error ε of the
    /// probability moves z by ε/(z·hazard) ≤ ε, so 10⁻¹⁵ relative bounds what both can differ by.
    #[test]
    fn inverts_the_distribution_function() {
        for i in 1..90_000 {
            let z = -1e-4 * f64::from(i);
            let tail = 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
            let offset = -0.5 * libm::erf(-z * std::f64::consts::FRAC_1_SQRT_2);
            let got = quantile_double(offset, tail);
            assert!((got - z).abs() < 2e-15 * z.abs().max(1.0), "{z}: {got}");
            assert_eq!(quantile_double(-offset, tail), -got);
        }
    }
}
