//! Convolution in two dimensions.
//!
//! Images lie in blocks of sixteen examples (see [`blocks`](crate::blocks)), so that each place is a
//! vector: which places meet by which taps is found out once, and what lies outside the image is
//! not computed.

mod gather;
mod geometry;
mod halves;
mod places;
mod weight_gradient;
mod winograd;

pub(crate) use geometry::{Geometry, Request, positions};

use super::{Backward, Channels, Direction, Forward, LaidPart, Writes};
use crate::blocks::{Layout, examples_of_last};
use crate::matrix::Accumulate;
use gather::{Gathering, Sizes};
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
    /// Values of scratch that the forward and the backward work in.
    pub(crate) fn scratch(&self) -> usize {
        let gathered = [Direction::Forward, Direction::Backward]
            .map(|direction| Gathering::scratch(&self.0, direction));
        let summed = WeightGradient::scratch(&self.0);
        gathered.into_iter().fold(summed, usize::max)
    }

    /// The parts in which tasks write the weight as a pass reads it; none where it reads the weight
    /// itself.
    pub(crate) fn laid_parts(&self, direction: Direction) -> Vec<LaidPart> {
        let part = |_| LaidPart {
            first: 0,
            len: winograd::laid(Sizes::of(&self.0, direction), self.0.groups),
        };
        self.0.tiles(direction).map(part).into_iter().collect()
    }

    /// Writes the one of [`Convolution::laid_parts`].
    pub(crate) fn lay(&self, weight: &[f32], direction: Direction, out: &mut [f32]) {
        winograd::lay(Sizes::of(&self.0, direction), direction, weight, out);
    }

    pub(crate) fn forward(&self, reads: &Forward<'_>, out: &mut [f32], scratch: &mut [f32]) {
        let geometry = &*self.0;
        let (weight, bias) = reads.parameters.split_at(geometry.weights());
        let gathering = Gathering {
            geometry,
            direction: Direction::Forward,
            weight,
            laid: reads.laid,
            bias,
            source: reads.first,
            accumulate: Accumulate::Overwrite,
            scratch,
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
        let sums = WeightGradient {
            geometry,
            last: examples_of_last(rows),
            input: reads.retained,
            gradient: reads.gradient,
            scratch,
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
            laid: reads.laid,
            bias: &[],
            source: reads.gradient,
            accumulate: writes.accumulate,
            scratch,
            target: writes.out,
        };
        gathering.run();
    }
}
