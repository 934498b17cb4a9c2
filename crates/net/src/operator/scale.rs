//! Multiplication by a learned scale, and by a constant.

use super::{Backward, Channels, Context, Forward, Writes, pass_on};
use crate::matrix::Accumulate;

/// `y = s · x`, one `s` for each channel. By x the gradient is `s · dy`; by `s`, the sum of
/// `x · dy` over the channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale(pub(crate) Channels);

impl Scale {
    pub(crate) fn forward_in_place(self, reads: &Forward<'_>, values: &mut [f32]) {
        self.0.for_each(values, reads.parameters, |x, s| s * x);
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        self.parameter_gradient(
            reads.context,
            reads.gradient,
            reads.retained,
            writes.partial,
        );
        if writes.out.is_empty() {
            return;
        }
        match writes.accumulate {
            Accumulate::Overwrite => {
                writes.out.copy_from_slice(reads.gradient);
                self.0.for_each(writes.out, reads.parameters, |g, s| s * g);
            }
            Accumulate::Add => add_scaled(self.0, reads, writes.out),
        }
    }

    pub(crate) fn backward_in_place(
        self,
        reads: &Backward<'_>,
        gradient: &mut [f32],
        partial: &mut [f32],
    ) {
        self.parameter_gradient(reads.context, gradient, reads.retained, partial);
        self.0.for_each(gradient, reads.parameters, |g, s| s * g);
    }

    fn parameter_gradient(
        self,
        context: &Context<'_>,
        gradient: &[f32],
        input: &[f32],
        partial: &mut [f32],
    ) {
        let product = |_, gradient, x| [gradient * x];
        self.0
            .sums(context.rows, gradient, input, product, |channel, [sum]| {
                partial[channel] = sum as f32;
            });
    }
}

/// `out += s · gradient`.
fn add_scaled(channels: Channels, reads: &Backward<'_>, out: &mut [f32]) {
    let planes = out.chunks_exact_mut(channels.together());
    let gradients = reads.gradient.chunks_exact(channels.together());
    let scales = reads.parameters.iter().cycle();
    for ((out, gradient), &scale) in planes.zip(gradients).zip(scales) {
        for (out, &gradient) in out.iter_mut().zip(gradient) {
            *out += scale * gradient;
        }
    }
}

/// `y = c · x` with a constant `c`, which is also its derivative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScaleBy {
    pub(crate) constant: f32,
}

impl ScaleBy {
    pub(crate) fn apply(self, values: &mut [f32]) {
        for x in values {
            *x *= self.constant;
        }
    }

    pub(crate) fn backward(self, gradient: &[f32], accumulate: Accumulate, out: &mut [f32]) {
        match accumulate {
            Accumulate::Overwrite => {
                pass_on(gradient, accumulate, out);
                self.apply(out);
            }
            Accumulate::Add => {
                for (out, &gradient) in out.iter_mut().zip(gradient) {
                    *out += self.constant * gradient;
                }
            }
        }
    }
}
