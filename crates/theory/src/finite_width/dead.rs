//! Layers in which no neuron is alive.

use crate::activation::Activation;
use crate::special::normal_cdf;

/// The probability that φ(x) is exactly zero for x ~ N(0, q): ½ for ReLU, 0 for GELU.
///
/// φ vanishes on a whole piece of the line only between break points, so that a look at a few
/// places of each piece decides.
pub fn zero_probability(activation: &Activation, q: f64) -> f64 {
    let scale = q.sqrt();
    let mut edges = vec![f64::NEG_INFINITY];
    edges.extend_from_slice(activation.breakpoints());
    edges.push(f64::INFINITY);
    edges
        .windows(2)
        .filter(|pair| vanishes(activation, pair[0], pair[1]))
        .map(|pair| probability(pair[0] / scale, pair[1] / scale))
        .sum()
}

/// P(a < z < b), without cancellation in the upper tail.
fn probability(a: f64, b: f64) -> f64 {
    if a > 0.0 {
        normal_cdf(-a) - normal_cdf(-b)
    } else {
        normal_cdf(b) - normal_cdf(a)
    }
}

fn vanishes(activation: &Activation, left: f64, right: f64) -> bool {
    // Irregular fractions, so that the zeros of a wave do not pass for a piece.
    [0.0131, 0.1873, 0.4127, 0.6719, 0.9517]
        .iter()
        .all(|&share| {
            let x = match (left.is_finite(), right.is_finite()) {
                (true, true) => left + share * (right - left),
                (true, false) => left + share / (1.0 - share),
                (false, true) => right - share / (1.0 - share),
                (false, false) => (share - 0.5) * 8.0,
            };
            activation.value(x) == 0.0
        })
}

/// The probability that all `width` neurons of a layer are zero for one input, when its
/// preactivations are independent N(0, `q`): P(φ = 0)^n, 2⁻ⁿ for ReLU.
///
/// A layer that is dead for an input passes neither it nor its gradient.
///
/// # Example
/// ```
/// use evenkeel_theory::{Activation, dead_layer_probability};
///
/// assert_eq!(dead_layer_probability(&Activation::relu(), 16, 1.0), 1.0 / 65536.0);
/// assert_eq!(dead_layer_probability(&Activation::gelu(), 16, 1.0), 0.0);
/// ```
///
/// # Source
/// Lu, Shin, Su and Karniadakis (2020), who bound the probability that a ReLU network is born dead.
pub fn dead_layer_probability(activation: &Activation, width: usize, q: f64) -> f64 {
    libm::pow(zero_probability(activation, q), width as f64)
}

/// The probability that at least one of the layers is dead for one input: 1 − Π(1 − pₗ).
pub fn dead_network_probability(activation: &Activation, widths: &[usize], q: f64) -> f64 {
    // Summed as logarithms, so that many tiny probabilities are not lost against one.
    let log_alive: f64 = widths
        .iter()
        .map(|&width| libm::log1p(-dead_layer_probability(activation, width, q)))
        .sum();
    -libm::expm1(log_alive)
}
