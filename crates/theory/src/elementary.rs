//! The elementary functions with their first two derivatives, each written once for plain numbers
//! and for jets. Values come from `libm` only.

use std::f64::consts::FRAC_2_SQRT_PI;

use crate::scalar::Scalar;
use crate::special::{normal_cdf, normal_pdf};

/// eˣ.
pub(crate) fn exp<S: Scalar>(x: S) -> S {
    x.apply(libm::exp, |_, e| (e, e))
}

/// eˣ − 1, accurate near zero.
pub(crate) fn expm1<S: Scalar>(x: S) -> S {
    x.apply(libm::expm1, |x, _| {
        // Not the value plus one, which would lose the lower tail.
        let e = libm::exp(x);
        (e, e)
    })
}

/// The natural logarithm.
pub(crate) fn ln<S: Scalar>(x: S) -> S {
    x.apply(libm::log, |x, _| (1.0 / x, -1.0 / (x * x)))
}

/// ln(1 + x), accurate near zero.
pub(crate) fn ln_1p<S: Scalar>(x: S) -> S {
    x.apply(libm::log1p, |x, _| {
        (1.0 / (1.0 + x), -1.0 / ((1.0 + x) * (1.0 + x)))
    })
}

/// The square root.
pub(crate) fn sqrt<S: Scalar>(x: S) -> S {
    x.apply(libm::sqrt, |x, r| (0.5 / r, -0.25 / (r * x)))
}

/// The sine.
pub(crate) fn sin<S: Scalar>(x: S) -> S {
    x.apply(libm::sin, |x, s| (libm::cos(x), -s))
}

/// The cosine.
pub(crate) fn cos<S: Scalar>(x: S) -> S {
    x.apply(libm::cos, |x, c| (-libm::sin(x), -c))
}

/// The arc tangent.
pub(crate) fn atan<S: Scalar>(x: S) -> S {
    x.apply(libm::atan, |x, _| {
        let d = 1.0 / (1.0 + x * x);
        (d, -2.0 * x * d * d)
    })
}

/// The hyperbolic sine.
pub(crate) fn sinh<S: Scalar>(x: S) -> S {
    x.apply(libm::sinh, |x, s| (libm::cosh(x), s))
}

/// The hyperbolic cosine.
pub(crate) fn cosh<S: Scalar>(x: S) -> S {
    x.apply(libm::cosh, |x, c| (libm::sinh(x), c))
}

/// The inverse hyperbolic sine.
pub(crate) fn asinh<S: Scalar>(x: S) -> S {
    x.apply(libm::asinh, |x, _| {
        let d = 1.0 / libm::sqrt(1.0 + x * x);
        (d, -x * d * d * d)
    })
}

/// The hyperbolic tangent.
pub(crate) fn tanh<S: Scalar>(x: S) -> S {
    x.apply(libm::tanh, |_, t| {
        let slope = (1.0 - t) * (1.0 + t);
        (slope, -2.0 * t * slope)
    })
}

/// The logistic function 1/(1 + e^{−x}), without overflow and accurate in the lower tail.
pub(crate) fn sigmoid<S: Scalar>(x: S) -> S {
    x.apply(logistic, |x, s| {
        // 1 − s is taken as σ(−x), which keeps its digits in the upper tail.
        let slope = s * logistic(-x);
        (slope, slope * (logistic(-x) - s))
    })
}

fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// ln(1 + eˣ), without overflow and accurate in the lower tail.
pub(crate) fn softplus<S: Scalar>(x: S) -> S {
    x.apply(
        |x| x.max(0.0) + libm::log1p(libm::exp(-x.abs())),
        |x, _| {
            let s = logistic(x);
            (s, s * logistic(-x))
        },
    )
}

/// The error function.
pub(crate) fn erf<S: Scalar>(x: S) -> S {
    x.apply(libm::erf, |x, _| {
        let d = FRAC_2_SQRT_PI * libm::exp(-x * x);
        (d, -2.0 * x * d)
    })
}

/// The standard normal distribution function Φ, accurate in the lower tail.
pub(crate) fn cdf<S: Scalar>(x: S) -> S {
    x.apply(normal_cdf, |x, _| {
        let d = normal_pdf(x);
        (d, -x * d)
    })
}

/// e^{−x²}.
pub(crate) fn gaussian<S: Scalar>(x: S) -> S {
    x.apply(
        |x| libm::exp(-x * x),
        |x, g| (-2.0 * x * g, (4.0 * x * x - 2.0) * g),
    )
}

/// x − tanh x, without cancellation near zero.
pub(crate) fn tanhshrink<S: Scalar>(x: S) -> S {
    x.apply(tanhshrink_value, |x, _| {
        let t = libm::tanh(x);
        (t * t, 2.0 * t * (1.0 - t) * (1.0 + t))
    })
}

fn tanhshrink_value(x: f64) -> f64 {
    // Below 0.4 the difference would lose digits. There (x cosh x − sinh x)/cosh x, whose
    // numerator is the series Σ 2k·x^{2k+1}/(2k+1)!, all of one sign; 8 terms reach 2^−60.
    if x.abs() >= 0.4 {
        return x - libm::tanh(x);
    }
    let w = x * x;
    let mut term = x;
    let mut sum = 0.0;
    for k in 1..=8 {
        let k = f64::from(k);
        term *= w / (2.0 * k * (2.0 * k + 1.0));
        sum += 2.0 * k * term;
    }
    sum / libm::cosh(x)
}

/// The scale λ of SELU (Klambauer and others, 2017).
pub(crate) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// The α of SELU (Klambauer and others, 2017).
pub(crate) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
/// √(2/π) and the cubic coefficient of the tanh form of GELU (Hendrycks and Gimpel, 2016).
const GELU_TANH_SCALE: f64 = 0.797_884_560_802_865_4;
const GELU_TANH_CUBIC: f64 = 0.044_715;

/// x Φ(x).
pub(crate) fn gelu<S: Scalar>(x: S) -> S {
    x * cdf(x)
}

/// ½x(1 + tanh(√(2/π)(x + 0.044715x³))), written as x·σ(2·…), which keeps the lower tail.
pub(crate) fn gelu_tanh<S: Scalar>(x: S) -> S {
    let inner = x + (x * x * x).scale(GELU_TANH_CUBIC);
    x * sigmoid(inner.scale(2.0 * GELU_TANH_SCALE))
}

/// x tanh(ln(1 + eˣ)).
pub(crate) fn mish<S: Scalar>(x: S) -> S {
    x * tanh(softplus(x))
}

/// x/(1 + |x|).
pub(crate) fn softsign<S: Scalar>(x: S) -> S {
    x / abs(x).shift(1.0)
}

/// |x|; the slope at zero is zero, as frameworks have it.
pub(crate) fn abs<S: Scalar>(x: S) -> S {
    x.apply(f64::abs, |x, _| (sign_value(x), 0.0))
}

/// The sign of x: −1, 0 or 1.
pub(crate) fn sign<S: Scalar>(x: S) -> S {
    x.apply(sign_value, |_, _| (0.0, 0.0))
}

fn sign_value(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        // Zero stays zero and NaN stays NaN.
        x * 0.0
    }
}

/// x raised to a constant power.
pub(crate) fn power<S: Scalar>(x: S, exponent: f64) -> S {
    if exponent == 2.0 {
        return x * x;
    }
    x.apply(
        |x| libm::pow(x, exponent),
        |x, _| {
            let below = |lowered: f64, factor: f64| {
                // 0·∞ is the derivative of a constant: zero.
                if factor == 0.0 {
                    0.0
                } else {
                    factor * libm::pow(x, exponent - lowered)
                }
            };
            (
                below(1.0, exponent),
                below(2.0, exponent * (exponent - 1.0)),
            )
        },
    )
}
