//! Convolution in two dimensions.
//!
//! Images lie in blocks of sixteen examples (see [`blocks`](crate::blocks)), so that each place is a
//! vector: which places meet by which taps is found out once, and what lies outside the image is
//! not computed.

mod gather;
mod geometry;
mod places;
mod weight_gradient;

pub(crate) use geometry::{Geometry, Request, positions};

use super::{Backward, Channels, Forward, Writes};
use crate::blocks::{Layout, examples_of_last};
use crate::matrix::Accumulate;
use gather::{Direction, Gathering};
use weight_gradient::WeightGradient;

/// `y[o, i, j] = b[o] + Σ_{c, u, v} w[o, c, u, v] · x̄[c, s·i + d·u, s·j + d·v]`, with x̄ the padded
/// input, c over the channels of o's group, s the stride and d the dilation.
///
/// # Shapes
///
/// x: channels × height × width in blocks, w: outputs × channels/groups × kernel, y as x.
#[derive(Clone, Debug)]
pub(crate) struct Convolution(pub(crate) Box<Geometry>);

impl Convolution {
    /// Values of scratch that the forward and the backward work in: the weight as they read it.
    pub(crate) fn scratch(&self) -> usize {
        self.0.weights()
    }

    pub(crate) fn forward(&self, reads: &Forward<'_>, out: &mut [f32], scratch: &mut [f32]) {
        let geometry = &*self.0;
        let (weight, bias) = reads.parameters.split_at(geometry.weights());
        let gathering = Gathering {
            geometry,
            direction: Direction::Forward,
            weight,
            bias,
            source: reads.first,
            accumulate: Accumulate::Overwrite,
            packed: scratch,
            target: out,
        };
        gathering.run();
    }

    pub(crate) fn backward(&self, reads: &Backward<'_>, writes: Writes<'_>, scratch: &mut [f32]) {
        let geometry = &*self.0;
        let rows = reads.context.rows;
        let (weight, _) = reads.parameters.split_at(geometry.weights());
        let (weight_gradient, bias_gradient) = writes.partial.split_at_mut(geometry.weights());
        if !bias_gradient.is_empty() {
            let channels = Channels {
                count: geometry.output[0],
                plane: geometry.output_plane(),
                layout: Layout::Blocks,
            };
            let first = |_, gradient, _| [gradient];
            let gradient = reads.gradient;
            channels.sums(rows, gradient, gradient, first, |channel, [sum]| {
                bias_gradient[channel] = sum as f32;
            });
        }
        weight_gradient.fill(0.0);
        let sums = WeightGradient {
            geometry,
            last: examples_of_last(rows),
            input: reads.retained,
            gradient: reads.gradient,
            sums: weight_gradient,
        };
        sums.run();
        if writes.out.is_empty() {
            return;
        }
        let gathering = Gathering {
            geometry,
            direction: Direction::Backward,
            weight,
            bias: &[],
            source: reads.gradient,
            accumulate: writes.accumulate,
            packed: scratch,
            target: writes.out,
        };
        gathering.run();
    }
}
