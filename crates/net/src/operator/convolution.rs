//! Convolution in two dimensions.
//!
//! A few examples at a time are copied, padded, into flat runs: one for each channel, with the
//! examples one after another. For each place (tap) in the kernel, the values that meet it are
//! then the run itself, moved by a constant, so that a convolution is one matrix product whose
//! second factor is never written down. With a stride s the padded image falls into s × s phases,
//! each a run of its own, within which every tap moves by a constant again. Positions between
//! images are computed along with the others and left out when the result is copied back.

mod geometry;
mod kernels;
mod runs;

pub(crate) use geometry::{Geometry, Request, positions};

use super::{Backward, Channels, Forward, Writes};
use crate::matrix::{Accumulate, Factor, product};

/// `y[o, i, j] = b[o] + Σ_{c, u, v} w[o, c, u, v] · x̄[c, s·i + d·u, s·j + d·v]`, with x̄ the padded
/// input, c over the channels of o's group, s the stride and d the dilation.
///
/// # Shapes
///
/// x: rows × channels × height × width, w: outputs × channels/groups × kernel, y as x.
#[derive(Clone, Debug)]
pub(crate) struct Convolution(pub(crate) Box<Geometry>);

impl Convolution {
    /// Values of scratch that the forward and the backward work in.
    pub(crate) fn scratch(&self) -> usize {
        let geometry = &self.0;
        if geometry.is_pointwise() {
            return 0;
        }
        let forward = geometry.padded_len() + geometry.result_len();
        let backward = 2 * geometry.padded_len() + geometry.gradient_len();
        geometry.weights() + forward.max(backward)
    }

    pub(crate) fn forward(&self, reads: &Forward<'_>, out: &mut [f32], scratch: &mut [f32]) {
        let geometry = &*self.0;
        let (weight, bias) = reads.parameters.split_at(geometry.weights());
        if geometry.is_pointwise() {
            pointwise_forward(geometry, reads.first, weight, bias, out);
            return;
        }
        let (packed, scratch) = scratch.split_at_mut(geometry.weights());
        let (padded, scratch) = scratch.split_at_mut(geometry.padded_len());
        let result = &mut scratch[..geometry.result_len()];
        kernels::pack_forward(geometry, weight, packed);
        let inputs = reads.first.chunks(geometry.examples * geometry.input_len());
        let outs = out.chunks_mut(geometry.examples * geometry.output_len());
        for (input, out) in inputs.zip(outs) {
            runs::pad(geometry, input, padded);
            let examples = input.len() / geometry.input_len();
            kernels::forward(geometry, examples, packed, bias, padded, result);
            runs::take_result(geometry, result, out);
        }
    }

    pub(crate) fn backward(&self, reads: &Backward<'_>, writes: Writes<'_>, scratch: &mut [f32]) {
        let geometry = &*self.0;
        let (weight, _) = reads.parameters.split_at(geometry.weights());
        let Writes {
            out,
            accumulate,
            partial,
        } = writes;
        let (weight_gradient, bias_gradient) = partial.split_at_mut(geometry.weights());
        if !bias_gradient.is_empty() {
            let channels = Channels {
                count: geometry.output[0],
                plane: geometry.output[1] * geometry.output[2],
            };
            let first = |_, gradient, _| [gradient];
            channels.sums(reads.gradient, reads.gradient, first, |channel, [sum]| {
                bias_gradient[channel] = sum as f32;
            });
        }
        weight_gradient.fill(0.0);
        if geometry.is_pointwise() {
            pointwise_backward(geometry, reads, weight_gradient, accumulate, out);
            return;
        }
        let wanted = !out.is_empty();
        let (packed, scratch) = scratch.split_at_mut(geometry.weights());
        let (padded, scratch) = scratch.split_at_mut(geometry.padded_len());
        let (result, scratch) = scratch.split_at_mut(geometry.padded_len());
        let placed = &mut scratch[..geometry.gradient_len()];
        if wanted {
            kernels::pack_backward(geometry, weight, packed);
        }
        let (input_len, output_len) = (geometry.input_len(), geometry.output_len());
        let inputs = reads.retained.chunks(geometry.examples * input_len);
        let gradients = reads.gradient.chunks(geometry.examples * output_len);
        for (index, (input, gradient)) in inputs.zip(gradients).enumerate() {
            let examples = input.len() / input_len;
            runs::pad(geometry, input, padded);
            runs::place_gradient(geometry, gradient, placed);
            kernels::weight_gradient(geometry, examples, padded, placed, weight_gradient);
            if wanted {
                kernels::input_gradient(geometry, examples, packed, placed, result);
                let first = index * geometry.examples * input_len;
                let out = &mut out[first..first + input.len()];
                runs::unpad(geometry, result, accumulate, out);
            }
        }
    }
}

/// A kernel of 1 × 1 that skips nothing: each example's image is a matrix as it lies.
fn pointwise_forward(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    out: &mut [f32],
) {
    let sizes = geometry.pointwise();
    let weights = weight.chunks_exact(sizes.outputs * sizes.inputs).cycle();
    let inputs = input.chunks_exact(sizes.inputs * sizes.plane);
    let outs = out.chunks_exact_mut(sizes.outputs * sizes.plane);
    for (index, ((input, out), weight)) in inputs.zip(outs).zip(weights).enumerate() {
        let mut accumulate = Accumulate::Overwrite;
        if !bias.is_empty() {
            let first = index % geometry.groups * sizes.outputs;
            let planes = out.chunks_exact_mut(sizes.plane);
            for (plane, &bias) in planes.zip(&bias[first..]) {
                plane.fill(bias);
            }
            accumulate = Accumulate::Add;
        }
        let weight = Factor::new(weight, sizes.outputs, sizes.inputs);
        let input = Factor::new(input, sizes.inputs, sizes.plane);
        product(out, accumulate, weight, input);
    }
}

fn pointwise_backward(
    geometry: &Geometry,
    reads: &Backward<'_>,
    weight_gradient: &mut [f32],
    accumulate: Accumulate,
    out: &mut [f32],
) {
    let sizes = geometry.pointwise();
    let weights = sizes.outputs * sizes.inputs;
    let inputs = reads.retained.chunks_exact(sizes.inputs * sizes.plane);
    let gradients = reads.gradient.chunks_exact(sizes.outputs * sizes.plane);
    let mut outs = out.chunks_exact_mut(sizes.inputs * sizes.plane);
    for (index, (input, gradient)) in inputs.zip(gradients).enumerate() {
        let first = index % geometry.groups * weights;
        let gradient = Factor::new(gradient, sizes.outputs, sizes.plane);
        let input = Factor::new(input, sizes.inputs, sizes.plane).transposed();
        let sums = &mut weight_gradient[first..first + weights];
        product(sums, Accumulate::Add, gradient, input);
        if let Some(out) = outs.next() {
            let weight = &reads.parameters[first..first + weights];
            let weight = Factor::new(weight, sizes.outputs, sizes.inputs).transposed();
            product(out, accumulate, weight, gradient);
        }
    }
}
