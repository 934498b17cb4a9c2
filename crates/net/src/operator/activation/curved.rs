//! Activations made of exponentials.

use super::Function;
use super::elementary::{exp, exp_f64, exp_m1};
use crate::operator::Retains;

/// The steepness of the sigmoid that imitates the normal distribution function.
pub(super) const QUICK_GELU_BETA: f64 = 1.702;

/// tanh x. The derivative is 1 − y².
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tanh;

impl Function for Tanh {
    const RETAINS: Retains = Retains::Output;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        // tanh |x| = E/(E + 2) with E = e^{2|x|} − 1, and the sign of x; beyond 10 it is 1.
        let size = x.abs();
        let size = if size > 10.0 { 10.0 } else { size };
        let e = exp_m1(2.0 * size);
        (e / (e + 2.0)).copysign(x)
    }

    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        (1.0 - y) * (1.0 + y)
    }
}

/// σ(x) = 1/(1 + e^{−x}). The derivative is y(1 − y).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sigmoid;

/// σ(−|x|) and σ(|x|): neither overflows nor cancels. Of a NaN, both are.
#[inline(always)]
fn sigmoids(x: f32) -> (f32, f32) {
    let e = exp(-x.abs());
    (e / (1.0 + e), 1.0 / (1.0 + e))
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    let (low, high) = sigmoids(x);
    if x < 0.0 { low } else { high }
}

impl Function for Sigmoid {
    const RETAINS: Retains = Retains::Output;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        sigmoid(x)
    }

    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        y * (1.0 - y)
    }
}

/// scale · x above 0, scale · α(eˣ − 1) below. The derivative below 0 is y + scale · α.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elu {
    scale: f32,
    scale_alpha: f32,
}

/// α and λ of "self-normalizing": G. Klambauer et al. (2017), eq. 14, to f64's digits.
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

impl Elu {
    pub(crate) fn new(alpha: f64, scale: f64) -> Self {
        Self {
            scale: scale as f32,
            scale_alpha: (scale * alpha) as f32,
        }
    }

    pub(crate) fn selu() -> Self {
        Self::new(SELU_ALPHA, SELU_SCALE)
    }
}

impl Function for Elu {
    const RETAINS: Retains = Retains::Output;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        let below = self.scale_alpha * exp_m1(if x > 0.0 { 0.0 } else { x });
        if x <= 0.0 { below } else { self.scale * x }
    }

    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        if y <= 0.0 {
            y + self.scale_alpha
        } else {
            self.scale
        }
    }
}

/// x·σ(x). The derivative is σ(x) + x·σ(x)·σ(−x).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silu;

impl Function for Silu {
    const RETAINS: Retains = Retains::Input;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        // −∞ · 0 is not a number, and the limit is 0: the largest finite value stands for it.
        let size = if x < -f32::MAX { -f32::MAX } else { x };
        size * sigmoid(x)
    }

    #[inline(always)]
    fn derivative(self, x: f32) -> f32 {
        // 110 stands for all beyond it: the second term is gone there, and ∞ · 0 is avoided.
        let size = if x > 110.0 { 110.0 } else { x };
        let size = if size < -110.0 { -110.0 } else { size };
        let (low, high) = sigmoids(size);
        let gate = if size < 0.0 { low } else { high };
        gate + size * (low * high)
    }
}

/// x·σ(βx) with β > 0, through f64: βx rounded to f32 would spoil the tail. The derivative is
/// σ(βx) + βx·σ(βx)·σ(−βx).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Swish {
    pub(crate) beta: f64,
}

/// Beyond it even f32's largest value times the gate is below its smallest.
const GATE_END: f64 = 200.0;

impl Swish {
    /// βx, no further out than the gate has an end, and σ of it and of its opposite.
    #[inline(always)]
    fn gate(self, x: f64) -> (f64, f64, f64) {
        let steep = self.beta * x;
        let steep = if steep > GATE_END { GATE_END } else { steep };
        let steep = if steep < -GATE_END { -GATE_END } else { steep };
        let e = exp_f64(-steep.abs());
        let (low, high) = (e / (1.0 + e), 1.0 / (1.0 + e));
        if steep < 0.0 {
            (steep, low, high)
        } else {
            (steep, high, low)
        }
    }
}

impl Function for Swish {
    const RETAINS: Retains = Retains::Input;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        let x = f64::from(if x < -f32::MAX { -f32::MAX } else { x });
        (x * self.gate(x).1) as f32
    }

    #[inline(always)]
    fn derivative(self, x: f32) -> f32 {
        let (steep, gate, opposite) = self.gate(f64::from(x));
        (gate + steep * (gate * opposite)) as f32
    }
}
