//! What each activation computes: one formula for values and for derivatives alike.

use super::Kind;
use crate::elementary as f;
use crate::scalar::Scalar;

/// φ(x), on numbers or on jets.
pub(crate) fn evaluate<S: Scalar>(kind: &Kind, x: S) -> S {
    match *kind {
        Kind::Expression(ref expression) => expression.evaluate(x),
        Kind::Identity => x,
        Kind::Relu => leaky(x, 0.0),
        Kind::LeakyRelu { slope } | Kind::Prelu { slope } => leaky(x, slope),
        Kind::Relu6 => clamp(x, 0.0, 6.0),
        Kind::Elu { alpha } => elu(x, alpha),
        Kind::Celu { alpha } => positive_or(x, |x| f::expm1(x.scale(1.0 / alpha)).scale(alpha)),
        Kind::Selu => elu(x, f::SELU_ALPHA).scale(f::SELU_SCALE),
        Kind::Gelu => f::gelu(x),
        Kind::GeluTanh => f::gelu_tanh(x),
        Kind::QuickGelu => x * f::sigmoid(x.scale(1.702)),
        Kind::Silu => x * f::sigmoid(x),
        Kind::Swish { beta } => x * f::sigmoid(x.scale(beta)),
        Kind::Mish => f::mish(x),
        Kind::Softplus { beta } => f::softplus(x.scale(beta)).scale(1.0 / beta),
        Kind::Softsign => f::softsign(x),
        Kind::Tanh => f::tanh(x),
        Kind::Hardtanh => clamp(x, -1.0, 1.0),
        Kind::Sigmoid => f::sigmoid(x),
        Kind::Hardsigmoid => hardsigmoid(x),
        Kind::Hardswish => hardswish(x),
        Kind::LogSigmoid => -f::softplus(-x),
        Kind::Tanhshrink => f::tanhshrink(x),
        Kind::Softshrink { lambda } => softshrink(x, lambda),
        Kind::Hardshrink { lambda } => hardshrink(x, lambda),
        Kind::Erf => f::erf(x),
        Kind::Arctan => f::atan(x),
        Kind::Sin => f::sin(x),
        Kind::Cos => f::cos(x),
        Kind::Gaussian => f::gaussian(x),
        Kind::Abs => f::abs(x),
        Kind::ReluSquared => positive_or(x, |_| S::constant(0.0)) * leaky(x, 0.0),
    }
}

/// Where a named activation has a kink or a jump in itself or in a derivative, in rising order.
pub(crate) fn kind_breakpoints(kind: &Kind) -> Vec<f64> {
    match *kind {
        Kind::Relu
        | Kind::LeakyRelu { .. }
        | Kind::Prelu { .. }
        | Kind::Elu { .. }
        | Kind::Celu { .. }
        | Kind::Selu
        | Kind::Softsign
        | Kind::Abs
        | Kind::ReluSquared => vec![0.0],
        Kind::Relu6 => vec![0.0, 6.0],
        Kind::Hardtanh => vec![-1.0, 1.0],
        Kind::Hardsigmoid | Kind::Hardswish => vec![-3.0, 3.0],
        Kind::Softshrink { lambda } | Kind::Hardshrink { lambda } if lambda > 0.0 => {
            vec![-lambda, lambda]
        }
        _ => Vec::new(),
    }
}

/// x where it is positive, `otherwise(x)` elsewhere; NaN takes the first branch and stays NaN.
fn positive_or<S: Scalar>(x: S, otherwise: impl FnOnce(S) -> S) -> S {
    if x.real() <= 0.0 { otherwise(x) } else { x }
}

fn leaky<S: Scalar>(x: S, slope: f64) -> S {
    positive_or(x, |x| {
        if slope == 0.0 {
            S::constant(0.0)
        } else {
            x.scale(slope)
        }
    })
}

fn elu<S: Scalar>(x: S, alpha: f64) -> S {
    positive_or(x, |x| f::expm1(x).scale(alpha))
}

fn clamp<S: Scalar>(x: S, low: f64, high: f64) -> S {
    if x.real() <= low {
        S::constant(low)
    } else if x.real() >= high {
        S::constant(high)
    } else {
        x
    }
}

fn hardsigmoid<S: Scalar>(x: S) -> S {
    if x.real() <= -3.0 {
        S::constant(0.0)
    } else if x.real() >= 3.0 {
        S::constant(1.0)
    } else {
        x.scale(1.0 / 6.0).shift(0.5)
    }
}

fn hardswish<S: Scalar>(x: S) -> S {
    // The gate is not multiplied in where it is 0 or 1: −∞·0 would not be a number.
    if x.real() <= -3.0 {
        S::constant(0.0)
    } else if x.real() >= 3.0 {
        x
    } else {
        x * hardsigmoid(x)
    }
}

fn softshrink<S: Scalar>(x: S, lambda: f64) -> S {
    if x.real() > lambda {
        x.shift(-lambda)
    } else if x.real() < -lambda {
        x.shift(lambda)
    } else {
        x.scale(0.0)
    }
}

fn hardshrink<S: Scalar>(x: S, lambda: f64) -> S {
    if x.real().abs() <= lambda {
        S::constant(0.0)
    } else {
        x
    }
}
