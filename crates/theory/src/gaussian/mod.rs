//! Expectations of functions of Gaussian variables, near f64 precision, kinks included.
//!
//! E\[f(√q z)\], z ~ N(0, 1), is integrated over |z| ≤ 37, where the density falls to 10⁻²⁹⁷, by an
//! adaptive 21-point Gauss–Kronrod rule on panels that are cut at the function's break points, at
//! the scale of the density and at the scale of the function. A function whose integrand has not
//! died out at the edge is refused.

mod adaptive;
mod error;
mod hermite;
mod pair;
mod panels;
mod rule;

pub use error::ExpectationError;
pub(crate) use error::readable;
pub(crate) use hermite::hermite_coefficients;
pub(crate) use pair::products;
pub use pair::{Covariance, expectation_of_product};

use crate::special::normal_pdf;
use adaptive::{Failure, Integral, integrate};

/// The most calls of the integrand for one expectation: enough for sin² at q = 10⁸, which has some
/// 30,000 periods under the density.
pub(crate) const EVALUATIONS: usize = 1 << 21;

/// The share of an integral that may lie at the edge of the range before it counts as unsettled.
const TAIL_SHARE: f64 = 1e-14;

/// A number with the estimate of its absolute error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// About how far the value may be from the truth, in absolute terms.
    pub error: f64,
}

impl Estimate {
    /// A value known in closed form, up to its rounding.
    pub(crate) fn closed_form(value: f64) -> Self {
        Self {
            value,
            error: 4.0 * f64::EPSILON * value.abs(),
        }
    }
}

/// E\[f(x)\] for x ~ N(0, q).
///
/// `breakpoints` are the places where f or a derivative of it is not continuous; those that are
/// left out cost time, not accuracy.
///
/// # Errors
/// [`ExpectationError`]: the variance is negative, f is not a number somewhere, f grows so fast
/// that the integral does not settle, or the relative error (of E|f|) stayed above 10⁻¹².
///
/// # Example
/// ```
/// use evenkeel_theory::gaussian::expectation;
///
/// let relu = |x: f64| x.max(0.0);
/// let second_moment = expectation(|x| relu(x) * relu(x), 3.0, &[0.0])?;
/// assert!((second_moment.value - 1.5).abs() < 1e-13);
/// assert!(second_moment.error < 1e-12);
///
/// assert!(expectation(|x| x * x * x * x, -1.0, &[]).is_err());
/// # Ok::<(), evenkeel_theory::gaussian::ExpectationError>(())
/// ```
pub fn expectation(
    f: impl Fn(f64) -> f64,
    q: f64,
    breakpoints: &[f64],
) -> Result<Estimate, ExpectationError> {
    let [estimate] = expectations(|x| [f(x)], q, breakpoints, EVALUATIONS)?;
    Ok(estimate)
}

/// Several expectations in one pass over the same points, with at most `evaluations` calls.
pub(crate) fn expectations<const N: usize>(
    f: impl Fn(f64) -> [f64; N],
    q: f64,
    breakpoints: &[f64],
    evaluations: usize,
) -> Result<[Estimate; N], ExpectationError> {
    let integrals = integrals(f, q, breakpoints, evaluations)?;
    for integral in &integrals {
        integral
            .accept()
            .map_err(|failure| explain(failure, q.sqrt()))?;
    }
    Ok(integrals.map(Integral::estimate))
}

/// As [`expectations`], but however large the relative error: for a difference whose digits are
/// known to be few. The estimate says how few.
pub(crate) fn rough_expectations<const N: usize>(
    f: impl Fn(f64) -> [f64; N],
    q: f64,
    breakpoints: &[f64],
    evaluations: usize,
) -> Result<[Estimate; N], ExpectationError> {
    Ok(integrals(f, q, breakpoints, evaluations)?.map(Integral::estimate))
}

fn integrals<const N: usize>(
    f: impl Fn(f64) -> [f64; N],
    q: f64,
    breakpoints: &[f64],
    evaluations: usize,
) -> Result<[Integral; N], ExpectationError> {
    if !(q.is_finite() && q >= 0.0) {
        return Err(ExpectationError::Variance { got: q });
    }
    let scale = q.sqrt();
    if scale == 0.0 {
        return at_a_point(f(0.0));
    }
    let mut weighted = |z: f64| weigh(f(scale * z), z, scale * z);
    let integrals = integrate(
        &mut weighted,
        &panels::edges(scale, breakpoints),
        evaluations,
    )
    .map_err(|failure| explain(failure, scale))?;
    check_edge(&mut weighted, &integrals, scale)?;
    Ok(integrals)
}

fn at_a_point<const N: usize>(values: [f64; N]) -> Result<[Integral; N], ExpectationError> {
    if values.iter().any(|value| !value.is_finite()) {
        return Err(ExpectationError::Undefined { at: 0.0 });
    }
    Ok(values.map(|value| Integral {
        value,
        error: 4.0 * f64::EPSILON * value.abs(),
        absolute: value.abs(),
        worst: 0.0,
    }))
}

/// The values times the density at z; NaN and infinity are found here, by their place in x.
fn weigh<const N: usize>(values: [f64; N], z: f64, x: f64) -> Result<[f64; N], Failure> {
    let density = normal_pdf(z);
    let mut weighted = [0.0; N];
    for i in 0..N {
        if values[i].is_nan() {
            return Err(Failure::NotANumber(x));
        }
        weighted[i] = values[i] * density;
        if weighted[i].is_infinite() {
            return Err(Failure::Infinite(x));
        }
    }
    Ok(weighted)
}

/// Refuses an integrand that is still alive where the range ends: what lies beyond is unknown.
fn check_edge<const N: usize>(
    weighted: &mut impl FnMut(f64) -> Result<[f64; N], Failure>,
    integrals: &[Integral; N],
    scale: f64,
) -> Result<(), ExpectationError> {
    // Two points a side, so that a zero of the function cannot hide its growth.
    for z in [
        panels::EDGE,
        panels::EDGE - 0.37,
        -panels::EDGE,
        0.37 - panels::EDGE,
    ] {
        let values = weighted(z).map_err(|failure| explain(failure, scale))?;
        for i in 0..N {
            if values[i].abs() > TAIL_SHARE * integrals[i].absolute {
                let variance = scale * scale;
                return Err(ExpectationError::NotIntegrable {
                    variance,
                    at: scale * z,
                });
            }
        }
    }
    Ok(())
}

fn explain(failure: Failure, scale: f64) -> ExpectationError {
    match failure {
        Failure::NotANumber(at) => ExpectationError::Undefined { at },
        Failure::Infinite(at) => ExpectationError::NotIntegrable {
            variance: scale * scale,
            at,
        },
        Failure::Accuracy { relative_error, at } => ExpectationError::Accuracy {
            relative_error,
            wanted: adaptive::WANTED,
            at: scale * at,
        },
    }
}
