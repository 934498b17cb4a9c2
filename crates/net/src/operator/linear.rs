//! Linear layers.

use std::ops::Range;

use super::{Backward, Forward};
use crate::graph::Bias;
use crate::matrix::{Accumulate, Factor, product};

/// `Y = X Wᵀ + b`, with X, Y of one example a row.
///
/// # Shapes
///
/// X: rows × inputs, W: outputs × inputs, b: outputs, Y: rows × outputs.
///
/// The forward reads `Wᵀ`, inputs first: with both factors read along their rows a product takes
/// half the time on few rows. The transpose is made once a step for all lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) bias: Bias,
}

impl Linear {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        let rows = out.len() / self.outputs;
        let accumulate = match self.bias {
            Bias::No => Accumulate::Overwrite,
            Bias::Yes => {
                for row in out.chunks_exact_mut(self.outputs) {
                    row.copy_from_slice(reads.bias);
                }
                Accumulate::Add
            }
        };
        let x = Factor::new(reads.first, rows, self.inputs);
        let w = Factor::new(reads.weight, self.inputs, self.outputs);
        product(out, accumulate, x, w);
    }

    /// `dX = dY W`.
    pub(crate) fn backward(self, reads: &Backward<'_>, accumulate: Accumulate, out: &mut [f32]) {
        let rows = out.len() / self.inputs;
        let gradient = Factor::new(reads.gradient, rows, self.outputs);
        let weight = Factor::new(reads.weight, self.outputs, self.inputs);
        product(out, accumulate, gradient, weight);
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
        for row in gradient.chunks_exact(self.outputs) {
            for (out, &gradient) in out.iter_mut().zip(row) {
                *out += gradient;
            }
        }
    }
}
