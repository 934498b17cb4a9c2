//! Hermite coefficients: what an activation looks like in the basis that diagonalises correlation.

use super::explain;
use super::{ExpectationError, panels, rule, weigh};
use crate::activation::Activation;

/// Beyond this |z| the product of φ and √density is below the rounding of the sum.
const REACH: f64 = 14.0;

/// a_k = E\[φ(√q z) he_k(z)\] for k < `terms`, he_k the Hermite polynomials normalised to
/// E\[he_k²\] = 1, so that E\[φ(u₁)φ(u₂)\] = Σ a_k² c^k (Mehler's formula).
///
/// Composite 21-point Kronrod quadrature on panels cut at the kinks and short enough for the
/// fastest polynomial, which oscillates with wavelength 2π/√k.
pub(crate) fn hermite_coefficients(
    activation: &Activation,
    q: f64,
    terms: usize,
) -> Result<Vec<f64>, ExpectationError> {
    let scale = q.sqrt();
    let mut coefficients = vec![0.0; terms];
    // Two wavelengths a panel leave the 21 points exact to rounding.
    let width = (4.0 * std::f64::consts::PI / (terms as f64).sqrt()).min(1.0);
    for (left, right) in pieces(scale, activation.breakpoints(), width) {
        let (centre, half) = (0.5 * (left + right), 0.5 * (right - left));
        for i in 0..21 {
            let node = if i < 10 {
                -rule::NODES[i]
            } else {
                rule::NODES[20 - i]
            };
            let z = centre + half * node;
            let weight = half * rule::KRONROD[i.min(20 - i)];
            // The density is shared between φ and the polynomials, so that neither overflows.
            let root_density = libm::exp(-0.25 * z * z);
            let [checked] = weigh([activation.value(scale * z)], z, scale * z)
                .map_err(|failure| explain(failure, scale))?;
            let value = weight * checked / root_density;
            accumulate(&mut coefficients, value, root_density, z);
        }
    }
    Ok(coefficients)
}

/// Adds value·he_k(z)·root_density for all k, by the recurrence
/// √(k+1)·he_{k+1} = z·he_k − √k·he_{k−1}.
fn accumulate(coefficients: &mut [f64], value: f64, root_density: f64, z: f64) {
    let (mut before, mut now) = (0.0, root_density);
    for (k, coefficient) in coefficients.iter_mut().enumerate() {
        *coefficient += value * now;
        let k = k as f64;
        (before, now) = (now, (z * now - k.sqrt() * before) / (k + 1.0).sqrt());
    }
}

/// Panels no wider than `width`.
fn pieces(scale: f64, breakpoints: &[f64], width: f64) -> Vec<(f64, f64)> {
    let mut extra = panels::octaves(0.0, scale, REACH);
    extra.extend(breakpoints.iter().map(|x| x / scale));
    let edges = panels::coarse(REACH, extra);
    let mut pieces = Vec::new();
    for pair in edges.windows(2) {
        let count = ((pair[1] - pair[0]) / width).ceil().max(1.0);
        let step = (pair[1] - pair[0]) / count;
        for i in 0..count as usize {
            pieces.push((pair[0] + step * i as f64, pair[0] + step * (i + 1) as f64));
        }
    }
    pieces
}
