//! Numbers that an activation can be evaluated on: plain reals, and reals that carry their first
//! two derivatives (forward-mode automatic differentiation), so that each formula is written once.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A real number, with or without derivatives.
pub(crate) trait Scalar:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// A constant.
    fn constant(value: f64) -> Self;

    /// The value without its derivatives.
    fn real(self) -> f64;

    /// f(self), where `slopes(x, f(x))` gives (f′(x), f″(x)); it is called only when needed.
    fn apply(self, f: impl FnOnce(f64) -> f64, slopes: impl FnOnce(f64, f64) -> (f64, f64))
    -> Self;

    /// Multiplication by a constant.
    fn scale(self, factor: f64) -> Self {
        self * Self::constant(factor)
    }

    /// Addition of a constant.
    fn shift(self, offset: f64) -> Self {
        self + Self::constant(offset)
    }
}

impl Scalar for f64 {
    fn constant(value: f64) -> Self {
        value
    }

    fn real(self) -> f64 {
        self
    }

    fn apply(
        self,
        f: impl FnOnce(f64) -> f64,
        _slopes: impl FnOnce(f64, f64) -> (f64, f64),
    ) -> Self {
        f(self)
    }
}

/// A value with its first and second derivative in `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Jet {
    /// The value.
    pub(crate) value: f64,
    /// The first derivative.
    pub(crate) first: f64,
    /// The second derivative.
    pub(crate) second: f64,
}

impl Jet {
    /// The variable itself, whose derivative is one.
    pub(crate) fn variable(x: f64) -> Self {
        Self {
            value: x,
            first: 1.0,
            second: 0.0,
        }
    }
}

impl Scalar for Jet {
    fn constant(value: f64) -> Self {
        Self {
            value,
            first: 0.0,
            second: 0.0,
        }
    }

    fn real(self) -> f64 {
        self.value
    }

    fn apply(
        self,
        f: impl FnOnce(f64) -> f64,
        slopes: impl FnOnce(f64, f64) -> (f64, f64),
    ) -> Self {
        let value = f(self.value);
        let (first, second) = slopes(self.value, value);
        // A constant stays one even where the outer slope is infinite (0·∞ is not a slope).
        if self.first == 0.0 && self.second == 0.0 {
            return Self::constant(value);
        }
        Self {
            value,
            first: first * self.first,
            second: second * self.first * self.first + first * self.second,
        }
    }
}

impl Add for Jet {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            first: self.first + other.first,
            second: self.second + other.second,
        }
    }
}

impl Sub for Jet {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + (-other)
    }
}

impl Neg for Jet {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            first: -self.first,
            second: -self.second,
        }
    }
}

impl Mul for Jet {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            first: self.first * other.value + self.value * other.first,
            second: self.second * other.value
                + 2.0 * self.first * other.first
                + self.value * other.second,
        }
    }
}

impl Div for Jet {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        // From (q·d)' = n' and (q·d)'' = n'', solved for the derivatives of q = n/d.
        let value = self.value / other.value;
        let first = (self.first - value * other.first) / other.value;
        let second = (self.second - 2.0 * first * other.first - value * other.second) / other.value;
        Self {
            value,
            first,
            second,
        }
    }
}
