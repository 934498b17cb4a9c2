//! Linear layers.

use std::ops::Range;

use super::{Backward, Direction, Forward, GradientOf, LaidPart, Writes};
use crate::graph::Bias;
use crate::matrix::{
    Accumulate, Factor, Panels, Start, groups, is_direct, is_for_panels, lay, lay_transposed,
    product, product_in_panels, transpose,
};
use crate::sums::add_rows;

/// Inputs or outputs up to which a layer is narrow.
const NARROW: usize = 64;
/// Values of a weight up to which its gradient is summed in the lanes of a narrow layer: 1 MiB, which
/// every lane holds.
const SUMMED_IN_LANES: usize = 1 << 18;
/// Inputs and outputs up to which lanes lay the weight by themselves in any network.
const SMALL: usize = 32;
/// Columns of panels, or rows, that one task writes at least.
const LAID_TOGETHER: usize = 128;

/// `Y = X Wᵀ + b`, with X, Y of one example a row.
///
/// # Shapes
///
/// X: rows × inputs, W: outputs × inputs, b: outputs, Y: rows × outputs.
///
/// The forward reads `Wᵀ`, inputs first: with both factors read along their rows a product takes
/// half the time on few rows. The transpose is made once a step for all lanes, or by the lanes when
/// they come to it, once for those that take turns: in a network that the caches do not hold this costs
/// less than to be written to memory and read again.
///
/// Where panels pay, what is made once a step lies in panels, unless it is for the general product, and
/// so does a copy of W itself for the backward.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) bias: Bias,
}

impl Linear {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        let rows = out.len() / self.outputs;
        let x = Factor::new(reads.first, rows, self.inputs);
        let bias = &reads.parameters[self.weight_len()..];
        let start = match self.bias {
            Bias::No => Start::Zero,
            Bias::Yes => Start::Row(bias),
        };
        if self.forward_reads_panels() {
            let laid = Panels::new(reads.laid, self.inputs, self.outputs);
            product_in_panels(out, start, x, laid);
        } else {
            let laid = Factor::new(reads.laid, self.inputs, self.outputs);
            product(out, start, x, laid);
        }
    }

    pub(crate) fn weight_len(self) -> usize {
        self.inputs * self.outputs
    }

    fn is_small(self) -> bool {
        self.inputs.max(self.outputs) <= SMALL
    }

    fn forward_reads_panels(self) -> bool {
        !self.is_small() && is_for_panels(self.inputs, self.outputs)
    }

    fn backward_reads_panels(self) -> bool {
        !self.is_small() && is_for_panels(self.outputs, self.inputs)
    }

    /// Whether lanes that have `room` for a weight of so many values lay it for the forward by themselves. (Where
    /// panels pay, the backward too reads a weight that is laid, which is done once for all lanes.)
    pub(crate) fn is_laid_in_lanes(self, room: usize) -> bool {
        let is_turned = is_direct(self.inputs, self.outputs) && !self.forward_reads_panels();
        self.is_small() || self.weight_len() <= room && is_turned
    }

    /// The parts in which tasks write the weight as a pass reads it, each the values from `first`
    /// on, as many as there are; none where it reads the weight itself.
    pub(crate) fn laid_parts(self, direction: Direction) -> Vec<LaidPart> {
        let columns = |columns: usize, rows: usize| -> Vec<LaidPart> {
            let part = |group: Range<usize>| LaidPart {
                first: group.start,
                len: group.len() * rows,
            };
            groups(columns, LAID_TOGETHER).map(part).collect()
        };
        match direction {
            Direction::Forward if self.forward_reads_panels() => columns(self.outputs, self.inputs),
            Direction::Forward => (0..self.inputs)
                .step_by(LAID_TOGETHER)
                .map(|first| LaidPart {
                    first,
                    len: LAID_TOGETHER.min(self.inputs - first) * self.outputs,
                })
                .collect(),
            Direction::Backward if self.backward_reads_panels() => {
                columns(self.inputs, self.outputs)
            }
            Direction::Backward => Vec::new(),
        }
    }

    /// Writes one of [`Linear::laid_parts`], which begins at `first`, or from there as many as `out` holds.
    pub(crate) fn lay(self, weight: &[f32], direction: Direction, first: usize, out: &mut [f32]) {
        match direction {
            Direction::Forward if self.forward_reads_panels() => {
                lay_transposed(weight, self.inputs, first, out);
            }
            Direction::Forward => transpose(weight, self.inputs, first, out),
            Direction::Backward => lay(weight, self.inputs, first, out),
        }
    }

    /// Where the gradient by the parameters is summed: in the lanes of a narrow layer, since then what it is
    /// made of is still in that core's cache.
    pub(crate) fn gradient_of(self) -> GradientOf {
        let is_narrow = self.inputs.min(self.outputs) <= NARROW;
        if is_narrow && self.weight_len() <= SUMMED_IN_LANES {
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
        let weight = self.weight_len();
        if !out.is_empty() {
            let rows = out.len() / self.inputs;
            let gradient = Factor::new(reads.gradient, rows, self.outputs);
            if self.backward_reads_panels() {
                let laid = Panels::new(reads.laid, self.outputs, self.inputs);
                product_in_panels(out, accumulate.into(), gradient, laid);
            } else {
                let weight = &reads.parameters[..weight];
                let weight = Factor::new(weight, self.outputs, self.inputs);
                product(out, accumulate.into(), gradient, weight);
            }
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
            accumulate.into(),
            gradient,
            Factor::new(input, rows, self.inputs),
        );
    }

    /// Adds `db = Σ_rows dY` over one lane, rows in order.
    pub(crate) fn add_bias_gradient(self, gradient: &[f32], out: &mut [f32]) {
        add_rows(out, gradient);
    }
}
