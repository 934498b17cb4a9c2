//! Operators: one file each, with its forward and its backward.
//!
//! A new operator is a file here, a variant of [`Operator`], a method of the builder, and a row
//! in the gradient test's table. Everything works on one lane: some rows (examples) of a batch.

mod activation;
mod add;
mod batch_norm;
mod bias;
mod channels;
mod convolution;
mod dropout;
mod flatten;
mod linear;
mod multiply;
mod normalize;
mod pool;
mod scale;
mod shift;

pub(crate) use activation::{Elementwise, exp_f64};
pub(crate) use add::Add;
pub(crate) use batch_norm::{BatchNorm, STATISTICS};
pub(crate) use bias::AddBias;
pub(crate) use channels::Channels;
pub(crate) use convolution::{Convolution, Geometry, Request, positions};
pub(crate) use dropout::Dropout;
pub(crate) use flatten::Flatten;
pub(crate) use linear::Linear;
pub(crate) use multiply::Multiply;
pub(crate) use normalize::{Centre, Normalize};
pub(crate) use pool::{AveragePool, GlobalAveragePool, MaxPool, Windows};
pub(crate) use scale::{Scale, ScaleBy};
pub(crate) use shift::Shift;

use crate::matrix::Accumulate;
use crate::sums;

/// What an operator computes.
#[derive(Clone, Debug)]
pub(crate) enum Operator {
    Linear(Linear),
    Activation(Elementwise),
    Shift(Shift),
    Add(Add),
    Multiply(Multiply),
    Bias(AddBias),
    Scale(Scale),
    ScaleBy(ScaleBy),
    Flatten(Flatten),
    Convolution(Convolution),
    MaxPool(MaxPool),
    AveragePool(AveragePool),
    GlobalAveragePool(GlobalAveragePool),
    BatchNorm(BatchNorm),
    Normalize(Normalize),
    Dropout(Dropout),
}

/// Which of the values around an operator must outlive the forward pass for its backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retains {
    Neither,
    Input,
    Output,
    /// Both inputs: the gradient by either needs the other.
    Both,
}

/// Where the sums that are a parameter's gradient are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GradientOf {
    /// There is no parameter.
    Nothing,
    /// Block by block of the parameter over all lanes, from what the lanes retained.
    Blocks,
    /// Within each lane by the operator's backward; the lanes' sums are added in order.
    Partials,
    /// Within each lane, in f64, before the gradient by the input: the input's needs all lanes'.
    Batch,
}

/// Whether layers that tell training from its use do the one or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Moments of the batch; dropout drops.
    Training,
    /// Running moments; dropout passes all on.
    Evaluation,
}

/// Which pass: the output from the input, or the gradient by the input from that by the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

/// A part of a weight as a pass reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaidPart {
    /// A linear layer's first column of its panels, or its first row.
    pub(crate) first: usize,
    /// How many values it has.
    pub(crate) len: usize,
}

/// What surrounds an operator's pass over a lane.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) behaviour: Behaviour,
    /// Examples of the whole batch.
    pub(crate) examples: usize,
    /// The lane's first row in the batch, and how many it has.
    pub(crate) first_row: usize,
    pub(crate) rows: usize,
    pub(crate) step: u64,
    /// A key for each dropout.
    pub(crate) keys: &'a [[u32; 2]],
    /// What layers keep of the whole batch.
    pub(crate) statistics: &'a [f64],
}

/// What an operator reads in the forward pass.
pub(crate) struct Forward<'a> {
    /// The first input; nothing where the operator works in place.
    pub(crate) first: &'a [f32],
    /// The second input of an operator with two, else empty.
    pub(crate) second: &'a [f32],
    /// The operator's parameters, one after another.
    pub(crate) parameters: &'a [f32],
    /// The weight as the layer reads it, where that is not as it is.
    pub(crate) laid: &'a [f32],
    pub(crate) context: &'a Context<'a>,
}

/// What an operator reads in the backward pass.
pub(crate) struct Backward<'a> {
    /// Gradient of the loss by the output; nothing where the operator works in place.
    pub(crate) gradient: &'a [f32],
    /// The value that [`Operator::retains`] asks for, else empty.
    pub(crate) retained: &'a [f32],
    /// The operator's parameters, one after another.
    pub(crate) parameters: &'a [f32],
    /// The weight as the layer reads it, where that is not as it is.
    pub(crate) laid: &'a [f32],
    pub(crate) context: &'a Context<'a>,
}

/// What an operator writes in the backward pass.
pub(crate) struct Writes<'a> {
    /// Gradient of the loss by the input; empty where nothing below is trained.
    pub(crate) out: &'a mut [f32],
    pub(crate) accumulate: Accumulate,
    /// The lane's part of the gradient by the parameters, for [`GradientOf::Partials`].
    pub(crate) partial: &'a mut [f32],
}

impl Operator {
    pub(crate) fn retains(&self) -> Retains {
        match self {
            // A linear layer's input is what its weight gradient is made of.
            Self::Linear(_)
            | Self::Scale(_)
            | Self::Convolution(_)
            | Self::MaxPool(_)
            | Self::BatchNorm(_)
            | Self::Normalize(_) => Retains::Input,
            Self::Activation(elementwise) => elementwise.retains(),
            Self::Multiply(_) => Retains::Both,
            Self::Shift(_)
            | Self::Add(_)
            | Self::Bias(_)
            | Self::ScaleBy(_)
            | Self::Flatten(_)
            | Self::AveragePool(_)
            | Self::GlobalAveragePool(_)
            | Self::Dropout(_) => Retains::Neither,
        }
    }

    pub(crate) fn gradient_of(&self) -> GradientOf {
        match self {
            Self::Linear(linear) => linear.gradient_of(),
            Self::Bias(_) | Self::Scale(_) | Self::Convolution(_) | Self::Normalize(_) => {
                GradientOf::Partials
            }
            Self::BatchNorm(_) => GradientOf::Batch,
            Self::Activation(_)
            | Self::Shift(_)
            | Self::Add(_)
            | Self::Multiply(_)
            | Self::ScaleBy(_)
            | Self::Flatten(_)
            | Self::MaxPool(_)
            | Self::AveragePool(_)
            | Self::GlobalAveragePool(_)
            | Self::Dropout(_) => GradientOf::Nothing,
        }
    }

    /// Whether output may be written over input, and input's gradient over output's.
    pub(crate) fn is_elementwise(&self) -> bool {
        match self {
            Self::Flatten(flatten) => flatten.is_elementwise(),
            Self::Activation(_)
            | Self::Shift(_)
            | Self::Bias(_)
            | Self::Scale(_)
            | Self::ScaleBy(_)
            | Self::Dropout(_) => true,
            Self::Linear(_)
            | Self::Add(_)
            | Self::Multiply(_)
            | Self::Convolution(_)
            | Self::MaxPool(_)
            | Self::AveragePool(_)
            | Self::GlobalAveragePool(_)
            | Self::BatchNorm(_)
            | Self::Normalize(_) => false,
        }
    }

    /// Values that it works in on each lane, and leaves nothing in.
    pub(crate) fn scratch(&self) -> usize {
        match self {
            Self::Convolution(convolution) => convolution.scratch(),
            Self::Normalize(normalize) => normalize.scratch(),
            _ => 0,
        }
    }

    /// Whether lanes that have `room` for a weight of so many values lay it for the forward by themselves.
    pub(crate) fn is_laid_in_lanes(&self, room: usize) -> bool {
        match self {
            Self::Linear(linear) => linear.is_laid_in_lanes(room),
            _ => false,
        }
    }

    /// Values of the weight that lanes lay by themselves.
    pub(crate) fn laid_in_lanes(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.weight_len(),
            _ => 0,
        }
    }

    /// The parts in which tasks write the weight as a pass reads it; none where it reads the weight
    /// itself.
    pub(crate) fn laid_parts(&self, direction: Direction) -> Vec<LaidPart> {
        match self {
            Self::Linear(linear) => linear.laid_parts(direction),
            Self::Convolution(convolution) => convolution.laid_parts(direction),
            _ => Vec::new(),
        }
    }

    /// Writes one of [`Operator::laid_parts`], which begins at `first`, or from there as many as `out`
    /// holds.
    pub(crate) fn lay(&self, weight: &[f32], direction: Direction, first: usize, out: &mut [f32]) {
        match self {
            Self::Linear(linear) => linear.lay(weight, direction, first, out),
            Self::Convolution(convolution) => convolution.lay(weight, direction, out),
            _ => unreachable!("no other layer reads a weight that is laid"),
        }
    }

    pub(crate) fn forward(&self, reads: &Forward<'_>, out: &mut [f32], scratch: &mut [f32]) {
        match self {
            Self::Linear(linear) => linear.forward(reads, out),
            Self::Activation(elementwise) => elementwise.forward(reads.first, out),
            Self::Shift(shift) => shift.forward(reads.first, out),
            Self::Add(add) => add.forward(reads, out),
            Self::Multiply(multiply) => multiply.forward(reads, out),
            Self::Convolution(convolution) => convolution.forward(reads, out, scratch),
            Self::MaxPool(pool) => pool.forward(reads, out),
            Self::AveragePool(pool) => pool.forward(reads, out),
            Self::GlobalAveragePool(pool) => pool.forward(reads, out),
            Self::BatchNorm(norm) => norm.forward(reads, out),
            Self::Normalize(normalize) => normalize.forward(reads, out, scratch),
            Self::Flatten(flatten) => flatten.forward(reads.first, out),
            Self::Bias(_) | Self::Scale(_) | Self::ScaleBy(_) | Self::Dropout(_) => {
                out.copy_from_slice(reads.first);
                self.forward_in_place(reads, out);
            }
        }
    }

    /// [`forward`](Self::forward) of an elementwise operator where `values` holds the input.
    pub(crate) fn forward_in_place(&self, reads: &Forward<'_>, values: &mut [f32]) {
        match self {
            Self::Activation(elementwise) => elementwise.forward_in_place(values),
            Self::Shift(shift) => shift.forward_in_place(values),
            Self::Bias(bias) => bias.forward_in_place(reads, values),
            Self::Scale(scale) => scale.forward_in_place(reads, values),
            Self::ScaleBy(scale_by) => scale_by.apply(values),
            Self::Flatten(_) => {}
            Self::Dropout(dropout) => dropout.apply(reads.context, values),
            _ => unreachable!("only elementwise work is in place"),
        }
    }

    /// Gradient of the loss by one input (for a sum, by either), and by the parameters where the
    /// lane has a part of it.
    pub(crate) fn backward(&self, reads: &Backward<'_>, writes: Writes<'_>, scratch: &mut [f32]) {
        match self {
            Self::Linear(linear) => linear.backward(reads, writes),
            Self::Activation(elementwise) => {
                elementwise.backward(reads, writes.accumulate, writes.out);
            }
            Self::Shift(_) | Self::Add(_) => {
                pass_on(reads.gradient, writes.accumulate, writes.out);
            }
            Self::Flatten(flatten) => flatten.backward(reads, writes),
            Self::Multiply(multiply) => multiply.backward(reads, writes),
            Self::Bias(bias) => bias.backward(reads, writes),
            Self::Scale(scale) => scale.backward(reads, writes),
            Self::Convolution(convolution) => convolution.backward(reads, writes, scratch),
            Self::MaxPool(pool) => pool.backward(reads, writes),
            Self::AveragePool(pool) => pool.backward(reads, writes),
            Self::GlobalAveragePool(pool) => pool.backward(reads, writes),
            Self::BatchNorm(norm) => norm.backward(reads, writes),
            Self::Normalize(normalize) => normalize.backward(reads, writes, scratch),
            Self::Dropout(dropout) => dropout.backward(reads, writes),
            Self::ScaleBy(scale_by) => {
                scale_by.backward(reads.gradient, writes.accumulate, writes.out);
            }
        }
    }

    /// [`backward`](Self::backward) of an elementwise operator where `gradient` holds the
    /// gradient of its output.
    pub(crate) fn backward_in_place(
        &self,
        reads: &Backward<'_>,
        gradient: &mut [f32],
        partial: &mut [f32],
    ) {
        match self {
            Self::Activation(elementwise) => {
                elementwise.backward_in_place(reads.retained, gradient);
            }
            // The gradient of x + c by x is the gradient of its output.
            Self::Shift(_) | Self::Flatten(_) => {}
            Self::Bias(bias) => bias.parameter_gradient(reads.context, gradient, partial),
            Self::Scale(scale) => scale.backward_in_place(reads, gradient, partial),
            Self::ScaleBy(scale_by) => scale_by.apply(gradient),
            Self::Dropout(dropout) => dropout.apply(reads.context, gradient),
            _ => unreachable!("only elementwise work is in place"),
        }
    }
}

/// The backward of an operator whose derivative is 1.
fn pass_on(gradient: &[f32], accumulate: Accumulate, out: &mut [f32]) {
    if out.is_empty() {
        return;
    }
    match accumulate {
        Accumulate::Overwrite => out.copy_from_slice(gradient),
        Accumulate::Add => sums::add(out, gradient),
    }
}
