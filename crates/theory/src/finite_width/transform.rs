//! Moments of a logarithm from a Laplace transform.

use super::FiniteWidthError;
use super::log_moment::{Direction, Exactness, LogMoment};
use crate::activation::Activation;
use crate::gaussian::{ExpectationError, expectations};
use crate::special::{EULER_GAMMA, LOG_EXPONENTIAL_VARIANCE};

/// E\[e^{−sX}\] and −d/ds of it for X = 2φ²/(1 + a²), φ(z) = z above zero and az below.
pub(super) fn two_slopes(slope: f64, s: f64) -> [f64; 2] {
    let scale = 2.0 / (1.0 + slope * slope);
    let (up, down) = (scale, scale * slope * slope);
    let side = |w: f64| 1.0 / (1.0 + 2.0 * s * w).sqrt();
    let cube = |w: f64| side(w) * side(w) * side(w) * w;
    [0.5 * (side(up) + side(down)), 0.5 * (cube(up) + cube(down))]
}

/// The same for one neuron's share of any activation's law; `size` makes its mean one.
pub(super) fn transform_of(
    activation: &Activation,
    q: f64,
    direction: Direction,
    size: f64,
    s: f64,
) -> Result<[f64; 2], ExpectationError> {
    let integrand = |x: f64| match direction {
        Direction::Forward => {
            let value = activation.value(x);
            let share = value * value / size;
            let damped = libm::exp(-s * share);
            // An infinite share is damped to nothing.
            [damped, if damped == 0.0 { 0.0 } else { share * damped }]
        }
        Direction::Backward => {
            // E over g of e^{−s w g²}, and of w g² e^{−s w g²}.
            let slope = activation.derivative(x);
            let share = slope * slope / size;
            let side = 1.0 / (1.0 + 2.0 * s * share).sqrt();
            [side, share * side * side * side]
        }
    };
    let cuts = cuts(activation, q, s);
    let estimates = expectations(integrand, q, &cuts, activation.evaluations())?;
    Ok(estimates.map(|estimate| estimate.value))
}

/// Break points, and for large s a ladder of cuts towards each place where φ may touch zero: there
/// e^{−sφ²} is a peak of width about √(q/s).
fn cuts(activation: &Activation, q: f64, s: f64) -> Vec<f64> {
    let mut cuts = activation.breakpoints().to_vec();
    let centres: Vec<f64> = cuts.iter().copied().chain([0.0]).collect();
    let mut rung = 0.1;
    while rung * rung * s > 0.01 {
        let reach = rung * q.sqrt();
        cuts.extend(
            centres
                .iter()
                .flat_map(|centre| [centre - reach, centre + reach]),
        );
        rung *= 0.1;
    }
    cuts
}

/// The step in ln t of the sum below. The integrand is analytic within ±π/2 of the real axis, so
/// the trapezoidal rule errs by about e^{−π²/step} = 10⁻¹⁷.
const STEP: f64 = 0.25;
/// Terms below this share of the largest are left out.
const NEGLIGIBLE: f64 = 1e-19;

/// Mean and variance of log S, S = (1/n) Σ X_i, from M(s) = E\[e^{−sX}\] and −M′(s).
///
/// With an independent standard exponential E, W = ln E − ln S has P(W > u) = E\[e^{−e^u S}\] =
/// M(e^u/n)^n. So the moments of W are integrals over that known function, and those of log S
/// follow: E\[W\] = −γ − E\[log S\], Var\[W\] = π²/6 + Var\[log S\]. Mass of S at zero never enters the
/// density of W, so the result is conditional on S > 0.
pub(super) fn log_moment_from_transform(
    width: usize,
    exactness: Exactness,
    transform: impl Fn(f64) -> Result<[f64; 2], FiniteWidthError>,
) -> Result<LogMoment, FiniteWidthError> {
    let n = width as f64;
    let density = |u: f64| -> Result<f64, FiniteWidthError> {
        let s = libm::exp(u) / n;
        let [damped, slope] = transform(s)?;
        Ok(n * s * slope * libm::pow(damped, n - 1.0))
    };
    let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
    let mut largest = 0.0_f64;
    for direction in [-1.0, 1.0] {
        let mut k = if direction < 0.0 { 0.0 } else { 1.0 };
        loop {
            let u = direction * k * STEP;
            let weight = density(u)?;
            mass += weight;
            first += weight * u;
            second += weight * u * u;
            largest = largest.max(weight);
            k += 1.0;
            // The weights fall as e^u on one side; on the other they may rise before they fall.
            if (weight * u * u <= NEGLIGIBLE * largest && u.abs() > 3.0) || u.abs() > 650.0 {
                break;
            }
        }
    }
    let mean = first / mass;
    let variance = second / mass - mean * mean;
    Ok(LogMoment {
        mean: -EULER_GAMMA - mean,
        variance: (variance - LOG_EXPONENTIAL_VARIANCE).max(0.0),
        exactness,
    })
}
