//! Operators: one file each, with its forward and its backward.
//!
//! A new operator is a file here, a variant of [`Operator`], a method of the builder, and a row
//! in the gradient test's table. Everything works on one lane: some rows (examples) of a batch.

mod activation;
mod add;
mod linear;
mod shift;

pub(crate) use activation::{Elementwise, exp_f64};
pub(crate) use add::Add;
pub(crate) use linear::Linear;
pub(crate) use shift::Shift;

use crate::graph::Bias;
use crate::matrix::Accumulate;

/// What an operator computes.
#[derive(Clone, Debug)]
pub(crate) enum Operator {
    Linear(Linear),
    Activation(Elementwise),
    Shift(Shift),
    Add(Add),
}

/// Which of the values around an operator must outlive the forward pass for its backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retains {
    Neither,
    Input,
    Output,
}

/// What an operator reads in the forward pass.
pub(crate) struct Forward<'a> {
    pub(crate) first: &'a [f32],
    /// The second input of an operator with two, else empty.
    pub(crate) second: &'a [f32],
    /// The weight of a linear layer, inputs first (transposed), else empty.
    pub(crate) weight: &'a [f32],
    /// The bias, if there is one, else empty.
    pub(crate) bias: &'a [f32],
}

/// What an operator reads in the backward pass.
pub(crate) struct Backward<'a> {
    /// Gradient of the loss by the output.
    pub(crate) gradient: &'a [f32],
    /// The value that [`Operator::retains`] asks for, else empty.
    pub(crate) retained: &'a [f32],
    /// The weight of a linear layer, outputs first, else empty.
    pub(crate) weight: &'a [f32],
}

impl Operator {
    pub(crate) fn retains(&self) -> Retains {
        match self {
            // A linear layer's input is what its weight gradient is made of.
            Self::Linear(_) => Retains::Input,
            Self::Activation(elementwise) => elementwise.retains(),
            Self::Shift(_) | Self::Add(_) => Retains::Neither,
        }
    }

    /// Whether it has a bias.
    pub(crate) fn bias(&self) -> Bias {
        match self {
            Self::Linear(linear) => linear.bias,
            Self::Activation(_) | Self::Shift(_) | Self::Add(_) => Bias::No,
        }
    }

    /// Whether output may be written over input, and input's gradient over output's.
    pub(crate) fn is_elementwise(&self) -> bool {
        matches!(self, Self::Activation(_) | Self::Shift(_))
    }

    pub(crate) fn forward(&self, reads: &Forward<'_>, out: &mut [f32]) {
        match self {
            Self::Linear(linear) => linear.forward(reads, out),
            Self::Activation(elementwise) => elementwise.forward(reads.first, out),
            Self::Shift(shift) => shift.forward(reads.first, out),
            Self::Add(add) => add.forward(reads, out),
        }
    }

    /// [`forward`](Self::forward) of an elementwise operator where `values` holds the input.
    pub(crate) fn forward_in_place(&self, values: &mut [f32]) {
        match self {
            Self::Activation(elementwise) => elementwise.forward_in_place(values),
            Self::Shift(shift) => shift.forward_in_place(values),
            Self::Linear(_) | Self::Add(_) => unreachable!("only elementwise work is in place"),
        }
    }

    /// Gradient of the loss by one input (for an operator with two inputs, by either).
    pub(crate) fn backward(&self, reads: &Backward<'_>, accumulate: Accumulate, out: &mut [f32]) {
        match self {
            Self::Linear(linear) => linear.backward(reads, accumulate, out),
            Self::Activation(elementwise) => elementwise.backward(reads, accumulate, out),
            Self::Shift(_) | Self::Add(_) => pass_on(reads.gradient, accumulate, out),
        }
    }

    /// [`backward`](Self::backward) of an elementwise operator where `gradient` holds the
    /// gradient of its output.
    pub(crate) fn backward_in_place(&self, retained: &[f32], gradient: &mut [f32]) {
        match self {
            Self::Activation(elementwise) => elementwise.backward_in_place(retained, gradient),
            // The gradient of x + c by x is the gradient of its output.
            Self::Shift(_) => {}
            Self::Linear(_) | Self::Add(_) => unreachable!("only elementwise work is in place"),
        }
    }
}

/// The backward of an operator whose derivative is 1.
fn pass_on(gradient: &[f32], accumulate: Accumulate, out: &mut [f32]) {
    match accumulate {
        Accumulate::Overwrite => out.copy_from_slice(gradient),
        Accumulate::Add => {
            for (out, &gradient) in out.iter_mut().zip(gradient) {
                *out += gradient;
            }
        }
    }
}
