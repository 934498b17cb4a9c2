//! The kernel K(c) = E\[φ(u₁) φ(u₂)\] at variance q and correlation c, and its slope.

use std::f64::consts::PI;

use rayon::prelude::*;

use crate::activation::Activation;
use crate::gaussian::{Covariance, ExpectationError, hermite_coefficients, products};
use crate::moments::{Moments, negative_slope};
use crate::special::normal_pdf;

/// Terms of the Hermite series that is tried first.
const TERMS: usize = 512;
/// The share of E\[φ²\] that the series may leave out and still count as complete.
const COMPLETE: f64 = 1e-12;
/// Panels of the interpolation in arccos c that takes over when the series is not complete. They
/// are doubled until the last coefficients are small.
const PANELS: [usize; 4] = [24, 48, 96, 192];
/// How small, relative to E\[φ²\].
const INTERPOLATED: f64 = 1e-11;

/// K and its slope in c at one variance, ready to be evaluated many times.
#[derive(Clone, Debug)]
pub(super) enum Kernel {
    /// φ(x) = x above zero and `slope`·x below: the arc-cosine kernel.
    Homogeneous { q: f64, slope: f64 },
    /// K(c) = Σ a_k² c^k, with the Hermite coefficients a_k of φ(√q z).
    Series(Vec<f64>),
    /// Interpolation in θ = arccos c, in which a kink leaves K smooth up to the ends. Where φ jumps
    /// it is the slope times sin θ that is interpolated.
    Interpolated {
        kernel: Vec<f64>,
        slope: Vec<f64>,
        at_one: f64,
        slope_at_one: f64,
    },
}

impl Kernel {
    pub(super) fn new(activation: &Activation, q: f64) -> Result<Self, ExpectationError> {
        if let Some(slope) = negative_slope(activation.kind()) {
            return Ok(Self::Homogeneous { q, slope });
        }
        let moments = Moments::at(activation, q)?;
        let jumps = !activation.jumps().is_empty();
        if !jumps {
            let squares: Vec<f64> = hermite_coefficients(activation, q, TERMS)?
                .into_iter()
                .map(|a| a * a)
                .collect();
            let sum: f64 = squares.iter().sum();
            let slope: f64 = squares
                .iter()
                .enumerate()
                .map(|(k, a2)| k as f64 * a2)
                .sum();
            let left_out = (sum / moments.second_moment.value - 1.0).abs();
            let slope_at_one = q * moments.derivative_second_moment.value;
            // The slope weighs late terms by their index: it notices them first.
            if left_out <= COMPLETE && (slope / slope_at_one - 1.0).abs() <= 100.0 * COMPLETE {
                return Ok(Self::Series(squares));
            }
        }
        Self::interpolate(activation, q, &moments, jumps)
    }

    fn interpolate(
        activation: &Activation,
        q: f64,
        moments: &Moments,
        jumps: bool,
    ) -> Result<Self, ExpectationError> {
        let sample = |j: usize, panels: usize| {
            let angle = angle(j, panels);
            let (kernel, slope) = kernel_and_slope(activation, q, libm::cos(angle), moments)?;
            if !jumps {
                return Ok((kernel, slope));
            }
            // A jump makes the slope infinite at the ends; times the sine it is smooth.
            let finite = slope.is_finite().then(|| slope * libm::sin(angle));
            let limit = || jump_limit(activation, q, libm::cos(angle));
            Ok((kernel, finite.unwrap_or_else(limit)))
        };
        let at_one = moments.second_moment.value;
        let mut samples: Vec<(f64, f64)> = Vec::new();
        for panels in PANELS {
            let fresh = if samples.is_empty() { 1 } else { 2 };
            let new: Vec<(f64, f64)> = (0..=panels)
                .into_par_iter()
                .filter(|j| fresh == 1 || j % 2 == 1)
                .map(|j| sample(j, panels))
                .collect::<Result<_, ExpectationError>>()?;
            samples = interleave(samples, new);
            let kernel = chebyshev(samples.iter().map(|sample| sample.0).collect());
            let last = &kernel[kernel.len() - 3..];
            if last.iter().all(|a| a.abs() <= INTERPOLATED * at_one) {
                break;
            }
        }
        let smooth_at_one = q * moments.derivative_second_moment.value;
        Ok(Self::Interpolated {
            kernel: chebyshev(samples.iter().map(|sample| sample.0).collect()),
            slope: chebyshev(samples.iter().map(|sample| sample.1).collect()),
            at_one,
            slope_at_one: if jumps { f64::INFINITY } else { smooth_at_one },
        })
    }

    /// K(c).
    pub(super) fn value(&self, c: f64) -> f64 {
        match self {
            Self::Homogeneous { q, slope } => {
                // φ(u) = r(u) − s·r(−u) with r = relu.
                let same = (1.0 + slope * slope) * arc_cosine(c);
                q * (same - 2.0 * slope * arc_cosine(-c))
            }
            Self::Series(squares) => squares.iter().rev().fold(0.0, |sum, a2| sum * c + a2),
            Self::Interpolated { at_one, .. } if c == 1.0 => *at_one,
            Self::Interpolated { kernel, .. } => clenshaw(kernel, position(c)),
        }
    }

    /// dK/dc = q E\[φ′(u₁) φ′(u₂)\], the point masses of φ′ at jumps included.
    pub(super) fn slope(&self, c: f64) -> f64 {
        match self {
            Self::Homogeneous { q, slope } => {
                let same = (1.0 + slope * slope) * arc_cosine_slope(c);
                q * (same + 2.0 * slope * arc_cosine_slope(-c))
            }
            Self::Series(squares) => squares
                .iter()
                .enumerate()
                .skip(1)
                .rev()
                .fold(0.0, |sum, (k, a2)| sum * c + k as f64 * a2),
            Self::Interpolated { slope_at_one, .. } if c == 1.0 => *slope_at_one,
            Self::Interpolated {
                slope,
                slope_at_one,
                ..
            } => {
                let value = clenshaw(slope, position(c));
                if slope_at_one.is_finite() {
                    value
                } else {
                    value / (1.0 - c * c).sqrt()
                }
            }
        }
    }
}

/// E\[relu(u₁) relu(u₂)\] at unit variance (Cho and Saul, 2009, the arc-cosine kernel of
/// degree one).
fn arc_cosine(c: f64) -> f64 {
    ((1.0 - c * c).sqrt() + c * (PI - libm::acos(c))) / (2.0 * PI)
}

/// P(u₁ > 0, u₂ > 0), the slope of [`arc_cosine`].
fn arc_cosine_slope(c: f64) -> f64 {
    (PI - libm::acos(c)) / (2.0 * PI)
}

/// K and dK/dc by integration over the plane.
fn kernel_and_slope(
    activation: &Activation,
    q: f64,
    c: f64,
    moments: &Moments,
) -> Result<(f64, f64), ExpectationError> {
    let jumps = activation.jumps();
    if c == 1.0 {
        let slope = q * moments.derivative_second_moment.value;
        let slope = if jumps.is_empty() {
            slope
        } else {
            f64::INFINITY
        };
        return Ok((moments.second_moment.value, slope));
    }
    let pair = Covariance::new(q, q, c)?;
    let both = |x: f64| {
        let jet = activation.jet(x);
        [jet.value, jet.first]
    };
    let breaks = activation.breakpoints();
    let [kernel, smooth] = products(both, both, &pair, breaks, breaks)?;
    let mut slope = q * smooth.value;
    if c == -1.0 && !jumps.is_empty() {
        return Ok((kernel.value, f64::INFINITY));
    }
    let root = q.sqrt();
    let spread = (1.0 - c * c).sqrt();
    for jump in &jumps {
        let rise = jump.after - jump.before;
        let z = jump.at / root;
        // E[φ′(u₂) | u₁ = at]: u₂ is Gaussian about c·at with variance q(1 − c²).
        let shifted: Vec<f64> = breaks.iter().map(|k| k - c * jump.at).collect();
        let [conditional] = crate::gaussian::expectations(
            |x| [activation.derivative(c * jump.at + x)],
            q * spread * spread,
            &shifted,
            activation.evaluations(),
        )?;
        slope += 2.0 * root * rise * normal_pdf(z) * conditional.value;
        for other in &jumps {
            let w = other.at / root;
            let density = normal_pdf(z) * normal_pdf((w - c * z) / spread) / spread;
            slope += rise * (other.after - other.before) * density;
        }
    }
    Ok((kernel.value, slope))
}

/// The limit of √(1 − c²)·dK/dc as c → ±1: the density with which u₁ sits at one jump while u₂ = ±u₁
/// sits at one too.
fn jump_limit(activation: &Activation, q: f64, c: f64) -> f64 {
    let jumps = activation.jumps();
    let rise = |at: f64| -> f64 {
        let there = jumps
            .iter()
            .find(|jump| (jump.at - at).abs() <= f64::EPSILON * at.abs());
        there.map_or(0.0, |jump| jump.after - jump.before)
    };
    jumps
        .iter()
        .map(|jump| {
            let density = normal_pdf(jump.at / q.sqrt()) * normal_pdf(0.0);
            rise(jump.at) * rise(c * jump.at) * density
        })
        .sum()
}

/// The angle of node j, from 0 to π, clustered towards both ends.
fn angle(j: usize, panels: usize) -> f64 {
    0.5 * PI * (1.0 - libm::cos(PI * j as f64 / panels as f64))
}

/// Old samples at even places, new ones between them.
fn interleave<T>(old: Vec<T>, new: Vec<T>) -> Vec<T> {
    if old.is_empty() {
        return new;
    }
    let mut merged = Vec::with_capacity(old.len() + new.len());
    let mut new = new.into_iter();
    for sample in old {
        merged.push(sample);
        merged.extend(new.next());
    }
    merged
}

/// arccos c mapped to \[−1, 1\] for the Chebyshev series: c = 1 at one end, −1 at the other.
fn position(c: f64) -> f64 {
    1.0 - 2.0 * libm::acos(c.clamp(-1.0, 1.0)) / PI
}

/// The Chebyshev coefficients of the interpolant through values at cos(πj/(n−1)).
fn chebyshev(values: Vec<f64>) -> Vec<f64> {
    let last = values.len() - 1;
    let halved = |j: usize, value: f64| {
        if j == 0 || j == last {
            0.5 * value
        } else {
            value
        }
    };
    (0..=last)
        .map(|k| {
            let sum: f64 = values
                .iter()
                .enumerate()
                .map(|(j, &value)| {
                    // The angle is reduced exactly before its cosine is taken.
                    let turns = (j * k) % (2 * last);
                    halved(j, value) * libm::cos(PI * turns as f64 / last as f64)
                })
                .sum();
            halved(k, 2.0 * sum / last as f64)
        })
        .collect()
}

/// Σ a_k T_k(x), by Clenshaw's recurrence.
fn clenshaw(coefficients: &[f64], x: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for &a in coefficients[1..].iter().rev() {
        (b1, b2) = (2.0 * x * b1 - b2 + a, b1);
    }
    x * b1 - b2 + coefficients[0]
}
