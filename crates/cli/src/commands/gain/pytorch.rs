//! PyTorch's own table of gains, to be compared with.

use evenkeel_theory::{Gain, Kind};

use crate::terminal::number::decimals;

/// Gains that differ by less than this, relatively, are the same.
const SAME: f64 = 1e-9;

/// `torch.nn.init.calculate_gain`, where it knows the activation: identity and sigmoid 1, tanh 5/3,
/// ReLU √2, leaky ReLU √(2/(1 + slope²)), SELU ¾.
///
/// # Source
/// PyTorch's documentation of `torch.nn.init.calculate_gain`.
pub(super) fn calculate_gain(kind: &Kind) -> Option<f64> {
    match *kind {
        Kind::Identity | Kind::Sigmoid => Some(1.0),
        Kind::Tanh => Some(5.0 / 3.0),
        Kind::Relu => Some(std::f64::consts::SQRT_2),
        Kind::LeakyRelu { slope } => Some((2.0 / (1.0 + slope * slope)).sqrt()),
        Kind::Selu => Some(0.75),
        _ => None,
    }
}

pub(super) fn preserves(theirs: f64, gain: &Gain) -> bool {
    (theirs / gain.forward - 1.0).abs() <= SAME
}

/// The factor that a layer puts on the second moment at PyTorch's gain.
pub(super) fn factor(theirs: f64, gain: &Gain) -> f64 {
    (theirs / gain.forward) * (theirs / gain.forward)
}

/// What PyTorch's gain does, in words.
pub(super) fn remark(theirs: f64, gain: &Gain) -> String {
    if preserves(theirs, gain) {
        "calculate_gain: the same".to_owned()
    } else {
        let factor = decimals(factor(theirs, gain), 4);
        format!("calculate_gain: a layer multiplies E[φ²] by {factor}")
    }
}
