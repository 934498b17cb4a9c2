//! Linear layers.

use std::ops::Range;

use super::{Backward, Forward, GradientOf, Writes};
use crate::graph::Bias;
use crate::matrix::{Accumulate, Factor, product, product_plus_row, transpose};
use crate::sums::add_rows;

/// Inputs and outputs up to which a layer is narrow.
const NARROW: usize = 64;
/// Inputs and outputs up to which lanes turn the weight by themselves (at 64 that takes a tenth longer
/// than a transpose that both read).
const TURNED: usize = 32;

/// `Y = X Wᵀ + b`, with X, Y of one example a row.
///
/// # Shapes
///
/// X: rows × inputs, W: outputs × inputs, b: outputs, Y: rows × outputs.
///
/// The forward reads `Wᵀ`, inputs first: with both factors read along their rows a product takes
/// half the time on few rows. The transpose is made once a step for all lanes, or, of a small
/// weight, by each lane when it comes to it: there it costs less than to be written to memory and
/// read again, which ten thousand layers would have to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) bias: Bias,
}

impl Linear {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32], scratch: &mut [f32]) {
        let rows = out.len() / self.outputs;
        let x = Factor::new(reads.first, rows, self.inputs);
        let weight = if self.is_turned_in_lanes() {
            transpose(self.weight(reads.parameters), self.inputs, 0, scratch);
            scratch
        } else {
            self.weight(reads.transposed)
        };
        let w = Factor::new(weight, self.inputs, self.outputs);
        match self.bias {
            Bias::No => product(out, Accumulate::Overwrite, x, w),
            Bias::Yes => {
                product_plus_row(out, &reads.parameters[self.inputs * self.outputs..], x, w)
            }
        }
    }

    pub(crate) fn is_turned_in_lanes(self) -> bool {
        self.inputs.max(self.outputs) <= TURNED
    }

    /// Room for the transpose of a weight that lanes turn by themselves.
    pub(crate) fn scratch(self) -> usize {
        if self.is_turned_in_lanes() {
            self.inputs * self.outputs
        } else {
            0
        }
    }

    fn weight(self, parameters: &[f32]) -> &[f32] {
        &parameters[..self.inputs * self.outputs]
    }

    /// Where the gradient by the parameters is summed: in the lanes where the weight is small, since
    /// then what it is made of is still warm and the sum is less to keep than that.
    pub(crate) fn gradient_of(self) -> GradientOf {
        if self.inputs.max(self.outputs) <= NARROW {
            GradientOf::Partials
        } else {
            GradientOf::Blocks
        }
    }

    /// `dX = dY W`, and the lane's `dW = dYᵀ X` and `db` where it sums them.
    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        let Writes {
            out,
            accumulate,
            partial,
        } = writes;
        let weight = self.inputs * self.outputs;
        if !out.is_empty() {
            let rows = out.len() / self.inputs;
            let gradient = Factor::new(reads.gradient, rows, self.outputs);
            let weight = Factor::new(self.weight(reads.parameters), self.outputs, self.inputs);
            product(out, accumulate, gradient, weight);
        }
        if !partial.is_empty() {
            let (weight, bias) = partial.split_at_mut(weight);
            let overwrite = Accumulate::Overwrite;
            self.weight_gradient(
                reads.gradient,
                reads.retained,
                0..self.outputs,
                overwrite,
                weight,
            );
            bias.fill(0.0);
            self.add_bias_gradient(reads.gradient, bias);
        }
    }

    /// Rows `outputs` of `dW = dYᵀ X` over one lane.
    pub(crate) fn weight_gradient(
        self,
        gradient: &[f32],
        input: &[f32],
        outputs: Range<usize>,
        accumulate: Accumulate,
        out: &mut [f32],
    ) {
        let rows = input.len() / self.inputs;
        let gradient = Factor::new(gradient, rows, self.outputs)
            .columns(outputs)
            .transposed();
        product(
            out,
            accumulate,
            gradient,
            Factor::new(input, rows, self.inputs),
        );
    }

    /// Adds `db = Σ_rows dY` over one lane, rows in order.
    pub(crate) fn add_bias_gradient(self, gradient: &[f32], out: &mut [f32]) {
        add_rows(out, gradient);
    }
}
