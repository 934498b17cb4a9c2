//! Activations made of straight pieces (and one parabola). All are exact in f32 up to one
//! rounding, and pass NaN on: comparisons are written so that NaN takes the branch that keeps it.

use super::Function;
use crate::operator::Retains;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity;

impl Function for Identity {
    const RETAINS: Retains = Retains::Output;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn derivative(self, _y: f32) -> f32 {
        1.0
    }
}

/// max(x, 0), with derivative 0 at 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relu;

impl Function for Relu {
    const RETAINS: Retains = Retains::Output;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        if y <= 0.0 { 0.0 } else { 1.0 }
    }
}

/// x or `slope`·x, with a positive slope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeakyRelu {
    pub(crate) slope: f32,
}

impl Function for LeakyRelu {
    const RETAINS: Retains = Retains::Output;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x <= 0.0 { self.slope * x } else { x }
    }

    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        if y <= 0.0 { self.slope } else { 1.0 }
    }
}

/// x or `slope`·x, with a slope of either sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeakyReluAnySlope {
    pub(crate) slope: f32,
}

impl Function for LeakyReluAnySlope {
    const RETAINS: Retains = Retains::Input;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x <= 0.0 { self.slope * x } else { x }
    }

    #[inline(always)]
    fn derivative(self, x: f32) -> f32 {
        if x <= 0.0 { self.slope } else { 1.0 }
    }
}

/// min(max(x, low), high), with derivative 0 at both ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clamp {
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl Function for Clamp {
    const RETAINS: Retains = Retains::Output;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        let x = if x <= self.low { self.low } else { x };
        if x >= self.high { self.high } else { x }
    }

    #[inline(always)]
    fn derivative(self, y: f32) -> f32 {
        // `|`, not `||`: without a branch it vectorises.
        if (y <= self.low) | (y >= self.high) {
            0.0
        } else {
            1.0
        }
    }
}

/// |x|, with derivative 0 at 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abs;

impl Function for Abs {
    const RETAINS: Retains = Retains::Input;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        x.abs()
    }

    #[inline(always)]
    fn derivative(self, x: f32) -> f32 {
        let side = if x < 0.0 { -1.0 } else { 1.0 };
        if x == 0.0 { 0.0 } else { side }
    }
}

/// max(x, 0)².
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReluSquared;

impl Function for ReluSquared {
    const RETAINS: Retains = Retains::Input;

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { x * x }
    }

    #[inline(always)]
    fn derivative(self, x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { 2.0 * x }
    }
}
