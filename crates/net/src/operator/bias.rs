//! Addition of a learned bias.

use super::{Backward, Channels, Context, Forward, Writes, pass_on};

/// `y = x + b`, one `b` for each channel. By x the gradient is that of the output; by `b`, its
/// sum over the channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddBias(pub(crate) Channels);

impl AddBias {
    pub(crate) fn forward_in_place(self, reads: &Forward<'_>, values: &mut [f32]) {
        self.0.for_each(values, reads.parameters, |x, b| x + b);
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        self.parameter_gradient(reads.context, reads.gradient, writes.partial);
        pass_on(reads.gradient, writes.accumulate, writes.out);
    }

    pub(crate) fn parameter_gradient(
        self,
        context: &Context<'_>,
        gradient: &[f32],
        partial: &mut [f32],
    ) {
        let first = |_, gradient, _| [gradient];
        self.0
            .sums(context.rows, gradient, gradient, first, |channel, [sum]| {
                partial[channel] = sum as f32;
            });
    }
}
