//! Sizes of a convolution, and which places meet in it.

use super::places::{Axis, Gather, gather, met};
use super::weight_gradient::Columns;
use super::winograd::Tiles;
use crate::graph::PaddingMode;
use crate::operator::Direction;

/// Places of a padded image at most: those of the nine planes that a tile of the weight's gradient
/// may span, and as far again, are counted in 32 bits.
const MOST_PLACES: usize = 1 << 26;

/// What a convolution is asked to be, and which places of its images meet.
#[derive(Clone, Debug)]
pub(crate) struct Geometry {
    /// Channels, height and width.
    pub(crate) input: [usize; 3],
    pub(crate) output: [usize; 3],
    pub(crate) groups: usize,
    /// Places (taps) in the kernel.
    pub(super) taps: usize,
    /// For each place of the output, what of the input it is made of.
    pub(super) forward: Gather,
    /// For each place of the input, which places of the output it has an effect on.
    pub(super) backward: Gather,
    /// For each class of the forward's places, what the weight's gradient sums side by side.
    pub(super) columns: Columns,
    /// The windows to go by where those take less work: the output's and the input's to gather them, and
    /// the output's to sum the weight's gradient.
    pub(super) forward_tiles: Option<Tiles>,
    pub(super) backward_tiles: Option<Tiles>,
    pub(super) gradient_tiles: Option<Tiles>,
}

/// What a convolution is asked to be, checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) input: [usize; 3],
    pub(crate) outputs: usize,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) mode: PaddingMode,
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
}

/// Steps of the window along an axis; `None` where it does not fit once.
pub(crate) fn positions(size: usize, padding: usize, reach: usize, stride: usize) -> Option<usize> {
    let padded = size.checked_add(padding.checked_mul(2)?)?;
    Some((padded.checked_sub(reach)?) / stride + 1)
}

impl Geometry {
    /// `None` where the window does not fit in the padded input, or a size overflows.
    pub(crate) fn new(request: &Request) -> Option<Self> {
        let Request { input, kernel, .. } = *request;
        let mut steps = [0; 2];
        for axis in 0..2 {
            // From the first tap to the last, both included.
            let reach = request.dilation[axis]
                .checked_mul(kernel[axis] - 1)?
                .checked_add(1)?;
            let (padding, stride) = (request.padding[axis], request.stride[axis]);
            steps[axis] = positions(input[axis + 1], padding, reach, stride)?;
        }
        let output = [request.outputs, steps[0], steps[1]];
        let padded = [0, 1].map(|axis| input[axis + 1] + 2 * request.padding[axis]);
        let plane = padded[0].checked_mul(padded[1])?;
        if plane > MOST_PLACES {
            return None;
        }
        let channels = input[0].checked_add(request.outputs)?;
        plane.checked_mul(channels)?.checked_mul(64)?;
        let axes = [0, 1].map(|axis| Axis {
            size: input[axis + 1],
            steps: steps[axis],
            taps: kernel[axis],
            stride: request.stride[axis],
            padding: request.padding[axis],
            dilation: request.dilation[axis],
            mode: request.mode,
        });
        let [rows, columns] = &axes;
        let taps = kernel[0] * kernel[1];
        let forward = gather(&rows.forward(), &columns.forward());
        let backward = gather(&rows.backward(), &columns.backward());
        let (inputs, outputs) = (input[0] / request.groups, output[0] / request.groups);
        let (tiles, products) = (Tiles::forward(rows, columns), met(&forward));
        Some(Self {
            input,
            output,
            groups: request.groups,
            taps,
            forward_tiles: tiles
                .clone()
                .filter(|tiles| tiles.gather_pays(inputs, outputs, products)),
            backward_tiles: Tiles::backward(rows, columns)
                .filter(|tiles| tiles.gather_pays(outputs, inputs, met(&backward))),
            gradient_tiles: tiles.filter(|tiles| tiles.sums_pay(inputs, outputs, products)),
            backward,
            columns: Columns::new(&forward, taps, input[1] * input[2]),
            forward,
        })
    }

    /// The windows to gather by, if it is by windows.
    pub(super) fn tiles(&self, direction: Direction) -> Option<&Tiles> {
        match direction {
            Direction::Forward => self.forward_tiles.as_ref(),
            Direction::Backward => self.backward_tiles.as_ref(),
        }
    }

    /// Values of one example's input and output.
    pub(super) fn input_len(&self) -> usize {
        self.input.iter().product()
    }

    pub(super) fn output_len(&self) -> usize {
        self.output.iter().product()
    }

    /// Channels of one group's input and output.
    pub(super) fn inputs(&self) -> usize {
        self.input[0] / self.groups
    }

    pub(super) fn outputs(&self) -> usize {
        self.output[0] / self.groups
    }

    /// Places of a channel of the input and of the output.
    pub(super) fn input_plane(&self) -> usize {
        self.input[1] * self.input[2]
    }

    pub(super) fn output_plane(&self) -> usize {
        self.output[1] * self.output[2]
    }

    /// Terms of one output.
    pub(super) fn inner(&self) -> usize {
        self.inputs() * self.taps
    }

    /// Values of the weight.
    pub(super) fn weights(&self) -> usize {
        self.output[0] * self.inner()
    }
}
