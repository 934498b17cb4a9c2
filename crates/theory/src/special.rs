//! Special functions, built on `libm` only, so that they give the same bits on every machine.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// 1/√(2π), the height of the standard normal density at zero.
pub const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// The Euler–Mascheroni constant γ.
pub const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// The error function erf(x) = 2/√π ∫₀ˣ e^{−t²} dt.
///
/// # Example
/// ```
/// assert!((evenkeel_theory::special::erf(1.0) - 0.842_700_792_949_714_9).abs() < 1e-15);
/// ```
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// The complement erfc(x) = 1 − erf(x), accurate where erf(x) rounds to one.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// The density of the standard normal distribution, e^{−z²/2}/√(2π).
pub fn normal_pdf(z: f64) -> f64 {
    FRAC_1_SQRT_2PI * libm::exp(-0.5 * z * z)
}

/// The standard normal distribution function Φ(z) = ½ erfc(−z/√2), accurate in the lower tail.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// The z with Φ(z) = p, for p in \[0, 1\]; −∞ at 0, +∞ at 1, NaN outside.
///
/// Starts from the rational approximation 26.2.23 of Abramowitz and Stegun (error below
/// 4.5·10⁻⁴) and polishes it with Halley's iteration on [`normal_cdf`], which triples the digits
/// each time.
///
/// # Example
/// ```
/// let z = evenkeel_theory::special::normal_quantile(0.975);
/// assert!((z - 1.959_963_984_540_054).abs() < 1e-14);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    let t = libm::sqrt(-2.0 * libm::log(p));
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = numerator / denominator - t;
    for _ in 0..3 {
        // e/(1 + z·e/2): Halley's step for Φ(z) − p, since Φ'' = −zΦ'.
        let e = (normal_cdf(z) - p) / normal_pdf(z);
        z -= e / (1.0 + 0.5 * z * e);
    }
    z
}

/// The argument from which the asymptotic series of [`digamma`] and [`trigamma`] are used: their
/// first omitted term is then below 10⁻¹⁷.
const ASYMPTOTIC_FROM: f64 = 12.0;

/// The digamma function ψ(x) = d ln Γ(x)/dx for x > 0; NaN elsewhere.
///
/// Recurrence ψ(x) = ψ(x+1) − 1/x up to x ≥ 12, then the asymptotic series.
///
/// # Source
/// Abramowitz and Stegun (1964), 6.3.5 and 6.3.18.
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut shift) = (x, 0.0);
    while x < ASYMPTOTIC_FROM {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let w = 1.0 / (x * x);
    // B_{2k}/(2k): 1/12, −1/120, 1/252, −1/240, 1/132, −691/32760, 1/12.
    let series = w
        * (1.0 / 12.0
            - w * (1.0 / 120.0
                - w * (1.0 / 252.0
                    - w * (1.0 / 240.0 - w * (1.0 / 132.0 - w * (691.0 / 32760.0 - w / 12.0))))));
    shift + libm::log(x) - 0.5 / x - series
}

/// The trigamma function ψ₁(x) = d²ln Γ(x)/dx² for x > 0; NaN elsewhere.
///
/// # Source
/// Abramowitz and Stegun (1964), 6.4.6 and 6.4.12.
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut x, mut shift) = (x, 0.0);
    while x < ASYMPTOTIC_FROM {
        shift += 1.0 / (x * x);
        x += 1.0;
    }
    let w = 1.0 / (x * x);
    // B_{2k}: 1/6, −1/30, 1/42, −1/30, 5/66, −691/2730, 7/6.
    let series = w
        * (1.0 / 6.0
            - w * (1.0 / 30.0
                - w * (1.0 / 42.0
                    - w * (1.0 / 30.0 - w * (5.0 / 66.0 - w * (691.0 / 2730.0 - w * 7.0 / 6.0))))));
    shift + (1.0 + series) / x + 0.5 * w
}

/// ln Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The variance of the logarithm of a standard exponential variable, π²/6.
pub(crate) const LOG_EXPONENTIAL_VARIANCE: f64 = PI * PI / 6.0;

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn gamma_functions_match_known_values() {
        // ψ(1) = −γ, ψ(1/2) = −γ − 2 ln 2, ψ₁(1) = π²/6, ψ₁(1/2) = π²/2.
        let close = |a: f64, b: f64| assert!((a - b).abs() <= 4e-15 * b.abs(), "{a} {b}");
        close(digamma(1.0), -EULER_GAMMA);
        close(digamma(0.5), -EULER_GAMMA - 2.0 * std::f64::consts::LN_2);
        close(trigamma(1.0), LOG_EXPONENTIAL_VARIANCE);
        close(trigamma(0.5), PI * PI / 2.0);
        for x in [0.1, 0.7, 3.2, 11.9, 12.1, 256.0] {
            close(digamma(x), statrs::function::gamma::digamma(x));
            close(digamma(x + 1.0) - 1.0 / x, digamma(x));
            close(trigamma(x + 1.0) + 1.0 / (x * x), trigamma(x));
        }
        assert!(digamma(0.0).is_nan() && trigamma(-1.0).is_nan());
    }

    #[test]
    fn the_quantile_inverts_the_distribution_function() {
        let oracle = Normal::new(0.0, 1.0).unwrap();
        for p in [1e-300, 1e-20, 1e-5, 0.01, 0.2, 0.5, 0.7, 0.999] {
            let z = normal_quantile(p);
            assert!((normal_cdf(z) / p - 1.0).abs() < 1e-12, "p = {p}");
        }
        for z in [-6.0, -1.5, 0.0, 0.3, 2.5] {
            assert!((normal_cdf(z) / oracle.cdf(z) - 1.0).abs() < 1e-10);
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.5).is_nan() && normal_quantile(f64::NAN).is_nan());
    }
}
