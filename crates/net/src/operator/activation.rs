//! Activations, value by value.
//!
//! The common ones have f32 kernels that vectorise; every other activation of
//! `evenkeel-theory`, expressions included, goes through its f64 definition. The tests hold each
//! kernel to that definition.

mod curved;
mod elementary;
mod gelu;
mod piecewise;
#[cfg(test)]
mod tests;

use evenkeel_theory::{Activation, Kind};

pub(crate) use elementary::exp_f64;

use super::{Backward, Retains};
use crate::matrix::Accumulate;
use crate::simd::{Kernel, vectorized};

/// An activation function as the engine computes it.
///
/// # Scale
///
/// In f32, for finite input, with u = 2⁻²⁴: values are within 4 u · |exact| of the f64
/// definition, plus one unit of the smallest denormal; derivatives within 6 u · max(|exact|, 1).
#[derive(Clone, Debug)]
pub(crate) enum Elementwise {
    Identity(piecewise::Identity),
    Relu(piecewise::Relu),
    LeakyRelu(piecewise::LeakyRelu),
    LeakyReluAnySlope(piecewise::LeakyReluAnySlope),
    Clamp(piecewise::Clamp),
    Abs(piecewise::Abs),
    ReluSquared(piecewise::ReluSquared),
    Tanh(curved::Tanh),
    Sigmoid(curved::Sigmoid),
    Elu(curved::Elu),
    Silu(curved::Silu),
    Swish(curved::Swish),
    Gelu(gelu::Gelu),
    GeluTanh(gelu::GeluTanh),
    Exact(Box<Activation>),
}

/// One function of one value, and its derivative from what the backward pass retained.
trait Function: Copy {
    /// What [`Function::derivative`] is given.
    const RETAINS: Retains;

    /// φ(x).
    fn value(self, x: f32) -> f32;

    /// φ′(x), from x or from φ(x) as [`Function::RETAINS`] says.
    fn derivative(self, retained: f32) -> f32;
}

/// Runs an expression with the function of an activation that has a kernel, and another with the
/// f64 definition of one that has none.
macro_rules! with_function {
    ($elementwise:expr, $function:ident => $fast:expr, $activation:ident => $exact:expr) => {
        match $elementwise {
            Elementwise::Identity($function) => $fast,
            Elementwise::Relu($function) => $fast,
            Elementwise::LeakyRelu($function) => $fast,
            Elementwise::LeakyReluAnySlope($function) => $fast,
            Elementwise::Clamp($function) => $fast,
            Elementwise::Abs($function) => $fast,
            Elementwise::ReluSquared($function) => $fast,
            Elementwise::Tanh($function) => $fast,
            Elementwise::Sigmoid($function) => $fast,
            Elementwise::Elu($function) => $fast,
            Elementwise::Silu($function) => $fast,
            Elementwise::Swish($function) => $fast,
            Elementwise::Gelu($function) => $fast,
            Elementwise::GeluTanh($function) => $fast,
            Elementwise::Exact($activation) => $exact,
        }
    };
}

impl Elementwise {
    /// The kernel of `activation`, or its f64 definition where there is none.
    pub(crate) fn new(activation: &Activation) -> Self {
        match *activation.kind() {
            Kind::Identity => Self::Identity(piecewise::Identity),
            Kind::Relu => Self::Relu(piecewise::Relu),
            Kind::LeakyRelu { slope } | Kind::Prelu { slope } => leaky_relu(slope as f32),
            Kind::Relu6 => Self::Clamp(piecewise::Clamp {
                low: 0.0,
                high: 6.0,
            }),
            Kind::Hardtanh => Self::Clamp(piecewise::Clamp {
                low: -1.0,
                high: 1.0,
            }),
            Kind::Abs => Self::Abs(piecewise::Abs),
            Kind::ReluSquared => Self::ReluSquared(piecewise::ReluSquared),
            Kind::Tanh => Self::Tanh(curved::Tanh),
            Kind::Sigmoid => Self::Sigmoid(curved::Sigmoid),
            Kind::Elu { alpha } if alpha > 0.0 => Self::Elu(curved::Elu::new(alpha, 1.0)),
            Kind::Selu => Self::Elu(curved::Elu::selu()),
            Kind::Silu => Self::Silu(curved::Silu),
            Kind::Swish { beta } if beta > 0.0 => Self::Swish(curved::Swish { beta }),
            Kind::QuickGelu => Self::Swish(curved::Swish {
                beta: curved::QUICK_GELU_BETA,
            }),
            Kind::Gelu => Self::Gelu(gelu::Gelu),
            Kind::GeluTanh => Self::GeluTanh(gelu::GeluTanh),
            _ => Self::Exact(Box::new(activation.clone())),
        }
    }

    pub(crate) fn retains(&self) -> Retains {
        with_function!(self, f => retained_by(*f), _activation => Retains::Input)
    }

    pub(crate) fn forward(&self, input: &[f32], out: &mut [f32]) {
        with_function!(self,
            function => vectorized(Map { function: *function, input, out }),
            activation => for (out, &x) in out.iter_mut().zip(input) {
                *out = activation.value(f64::from(x)) as f32;
            }
        );
    }

    pub(crate) fn forward_in_place(&self, values: &mut [f32]) {
        with_function!(self,
            function => vectorized(MapInPlace { function: *function, values }),
            activation => for x in values {
                *x = activation.value(f64::from(*x)) as f32;
            }
        );
    }

    pub(crate) fn backward(&self, reads: &Backward<'_>, accumulate: Accumulate, out: &mut [f32]) {
        let &Backward {
            gradient, retained, ..
        } = reads;
        with_function!(self,
            function => vectorized(Chain { function: *function, retained, gradient, accumulate, out }),
            activation => {
                for ((out, &x), &gradient) in out.iter_mut().zip(retained).zip(gradient) {
                    let made = gradient * activation.derivative(f64::from(x)) as f32;
                    match accumulate {
                        Accumulate::Overwrite => *out = made,
                        Accumulate::Add => *out += made,
                    }
                }
            }
        );
    }

    /// Whether it is max(x, 0).
    pub(crate) fn is_relu(&self) -> bool {
        matches!(self, Self::Relu(_))
    }

    pub(crate) fn backward_in_place(&self, retained: &[f32], gradient: &mut [f32]) {
        with_function!(self,
            function => vectorized(ChainInPlace { function: *function, retained, gradient }),
            activation => for (gradient, &x) in gradient.iter_mut().zip(retained) {
                *gradient *= activation.derivative(f64::from(x)) as f32;
            }
        );
    }
}

fn leaky_relu(slope: f32) -> Elementwise {
    // The sign of the output tells the sign of the input only where the slope is positive.
    if slope == 0.0 {
        Elementwise::Relu(piecewise::Relu)
    } else if slope > 0.0 {
        Elementwise::LeakyRelu(piecewise::LeakyRelu { slope })
    } else {
        Elementwise::LeakyReluAnySlope(piecewise::LeakyReluAnySlope { slope })
    }
}

fn retained_by<F: Function>(_function: F) -> Retains {
    F::RETAINS
}

/// `out = φ(input)`.
struct Map<'a, F> {
    function: F,
    input: &'a [f32],
    out: &'a mut [f32],
}

impl<F: Function> Kernel for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (out, &x) in self.out.iter_mut().zip(self.input) {
            *out = self.function.value(x);
        }
    }
}

/// `values = φ(values)`.
struct MapInPlace<'a, F> {
    function: F,
    values: &'a mut [f32],
}

impl<F: Function> Kernel for MapInPlace<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for x in self.values {
            *x = self.function.value(*x);
        }
    }
}

/// `out = gradient · φ′`, or adds it.
struct Chain<'a, F> {
    function: F,
    retained: &'a [f32],
    gradient: &'a [f32],
    accumulate: Accumulate,
    out: &'a mut [f32],
}

impl<F: Function> Kernel for Chain<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let made = self
            .out
            .iter_mut()
            .zip(self.retained.iter().zip(self.gradient));
        match self.accumulate {
            Accumulate::Overwrite => {
                for (out, (&retained, &gradient)) in made {
                    *out = gradient * self.function.derivative(retained);
                }
            }
            Accumulate::Add => {
                for (out, (&retained, &gradient)) in made {
                    *out += gradient * self.function.derivative(retained);
                }
            }
        }
    }
}

/// `gradient = gradient · φ′`.
struct ChainInPlace<'a, F> {
    function: F,
    retained: &'a [f32],
    gradient: &'a mut [f32],
}

impl<F: Function> Kernel for ChainInPlace<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (gradient, &retained) in self.gradient.iter_mut().zip(self.retained) {
            *gradient *= self.function.derivative(retained);
        }
    }
}
