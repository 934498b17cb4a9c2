//! Sizes and places of a convolution's runs.

use std::ops::Range;

use crate::graph::PaddingMode;

/// Values of the runs of a few examples together: 256 KiB, which stay in the core's own cache.
const RUN_VALUES: usize = 1 << 16;
/// Examples of a run at most: lanes have 32 rows, or a multiple of 16.
const MOST_EXAMPLES: usize = 32;
/// Positions that a kernel computes side by side: runs are as long as a whole number of them.
pub(super) const TILE: usize = 32;

/// What a convolution is asked to be, and how its runs lie.
#[derive(Clone, Debug)]
pub(crate) struct Geometry {
    /// Channels, height and width.
    pub(crate) input: [usize; 3],
    pub(crate) output: [usize; 3],
    pub(crate) kernel: [usize; 2],
    pub(crate) groups: usize,
    /// How height and width are padded and cut.
    pub(super) axes: [Axis; 2],
    /// Each place in the kernel, row by row.
    pub(super) taps: Box<[Tap]>,
    /// Where each tap meets a channel's runs.
    pub(super) places: Box<[usize]>,
    /// For each phase, where each of its taps meets an output's gradient, going back.
    pub(super) back: Box<[Box<[usize]>]>,
    /// For each phase, which values of an image lie in its run, and where.
    pub(super) stretches: Box<[Box<[Stretch]>]>,
    /// The furthest that a run is moved.
    reach: usize,
    /// Examples whose runs lie one after another.
    pub(super) examples: usize,
}

/// One axis of the image.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) size: usize,
    pub(super) padding: usize,
    pub(super) mode: PaddingMode,
    pub(super) stride: usize,
    /// Which remainders by the stride any tap meets, in order.
    pub(super) phases: Box<[usize]>,
    /// Positions from one row (or image) to the next.
    pub(super) pitch: usize,
}

/// Values of one row of the image that lie together in a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The first position in the run.
    pub(super) position: usize,
    /// The first place in the image, and how far the next is from it.
    pub(super) place: usize,
    pub(super) step: usize,
    pub(super) len: usize,
}

/// A place in the kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    /// Which phase's run it meets.
    pub(super) phase: usize,
    /// How far the run is moved.
    pub(super) shift: usize,
}

/// Sizes of the matrices of a 1 × 1 convolution, within a group.
pub(super) struct Pointwise {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) plane: usize,
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
        let Request {
            input,
            kernel,
            stride,
            padding,
            dilation,
            ..
        } = *request;
        let mut steps = [0; 2];
        for axis in 0..2 {
            // From the first tap to the last, both included.
            let reach = dilation[axis]
                .checked_mul(kernel[axis] - 1)?
                .checked_add(1)?;
            steps[axis] = positions(input[axis + 1], padding[axis], reach, stride[axis])?;
        }
        let axes = [0, 1].map(|axis| {
            let reach = dilation[axis] * (kernel[axis] - 1);
            let mut phases: Vec<usize> = (0..kernel[axis])
                .map(|tap| tap * dilation[axis] % stride[axis])
                .collect();
            phases.sort_unstable();
            phases.dedup();
            // Rows of zeros on either side of an image are one: what pads its end pads the
            // beginning of the next.
            let shared =
                request.mode == PaddingMode::Zero && stride[axis] == 1 && padding[axis] <= reach;
            let pitch = if shared {
                input[axis + 1] + padding[axis]
            } else {
                steps[axis] + reach / stride[axis]
            };
            Axis {
                size: input[axis + 1],
                padding: padding[axis],
                mode: request.mode,
                stride: stride[axis],
                phases: phases.into(),
                pitch,
            }
        });
        // All sizes that are computed later on are no more than a few times this.
        let phases = axes[0].phases.len().checked_mul(axes[1].phases.len())?;
        let runs = input[0].checked_mul(phases)?.checked_add(request.outputs)?;
        let image = axes[0].pitch.checked_mul(axes[1].pitch)?;
        let each = runs.checked_mul(image)?;
        each.checked_mul(64)?.checked_mul(MOST_EXAMPLES)?;
        let taps = taps(&axes, kernel, dilation);
        let mut made = Self {
            input,
            output: [request.outputs, steps[0], steps[1]],
            kernel,
            groups: request.groups,
            axes,
            reach: taps.iter().map(|tap| tap.shift).max().unwrap_or(0),
            taps,
            places: Box::default(),
            back: Box::default(),
            stretches: Box::default(),
            examples: 1,
        };
        made.examples = (RUN_VALUES / each).clamp(1, MOST_EXAMPLES);
        let (run, reach) = (made.run(), made.reach());
        let place = |tap: &Tap| tap.phase * run + tap.shift;
        made.places = made.taps.iter().map(place).collect();
        let phases = 0..made.phases();
        let back = phases.map(|phase| {
            let taps = made.taps.iter().filter(|tap| tap.phase == phase);
            taps.map(|tap| reach - tap.shift).collect()
        });
        made.back = back.collect();
        made.stretches = stretches(&made.axes);
        Some(made)
    }

    /// Whether each output is made of one position of the input, and none is left out.
    pub(super) fn is_pointwise(&self) -> bool {
        let plain = |axis: &Axis| axis.stride == 1 && axis.padding == 0;
        self.kernel == [1, 1] && self.axes.iter().all(plain)
    }

    pub(super) fn pointwise(&self) -> Pointwise {
        Pointwise {
            outputs: self.output[0] / self.groups,
            inputs: self.input[0] / self.groups,
            plane: self.input[1] * self.input[2],
        }
    }

    pub(super) fn input_len(&self) -> usize {
        self.input.iter().product()
    }

    pub(super) fn output_len(&self) -> usize {
        self.output.iter().product()
    }

    /// Values of the weight.
    pub(super) fn weights(&self) -> usize {
        self.output[0] * self.inner()
    }

    /// Terms of one output.
    pub(super) fn inner(&self) -> usize {
        self.input[0] / self.groups * self.taps.len()
    }

    pub(super) fn phases(&self) -> usize {
        self.axes[0].phases.len() * self.axes[1].phases.len()
    }

    /// Runs of padded input: one for each channel and phase.
    pub(super) fn runs(&self) -> usize {
        self.input[0] * self.phases()
    }

    /// Positions from one example to the next.
    pub(super) fn image(&self) -> usize {
        self.axes[0].pitch * self.axes[1].pitch
    }

    /// Positions of a run.
    pub(super) fn run(&self) -> usize {
        (self.examples * self.image()).next_multiple_of(TILE)
    }

    /// Positions up to the last that is a result.
    pub(super) fn used(&self, examples: usize) -> usize {
        let [_, height, width] = self.output;
        (examples - 1) * self.image() + (height - 1) * self.axes[1].pitch + width
    }

    /// The furthest that a run is moved.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// All runs of padded input, and what is read beyond the last.
    pub(super) fn padded_len(&self) -> usize {
        self.runs() * self.run() + self.reach() + TILE
    }

    pub(super) fn result_len(&self) -> usize {
        self.output[0] * self.run()
    }

    /// Positions from one output channel's gradient to the next: zeros as far as a run is moved,
    /// and a run.
    pub(super) fn gradient_run(&self) -> usize {
        self.reach() + self.run()
    }

    pub(super) fn gradient_len(&self) -> usize {
        self.output[0] * self.gradient_run() + TILE
    }
}

fn taps(axes: &[Axis; 2], kernel: [usize; 2], dilation: [usize; 2]) -> Box<[Tap]> {
    let place = |axis: usize, tap: usize| {
        let moved = tap * dilation[axis];
        let Axis { stride, phases, .. } = &axes[axis];
        let phase = phases.binary_search(&(moved % stride)).unwrap_or(0);
        (phase, moved / stride)
    };
    let rows = (0..kernel[0]).map(|tap| place(0, tap));
    let each = rows.flat_map(|(row_phase, row)| {
        (0..kernel[1]).map(move |tap| {
            let (phase, column) = place(1, tap);
            Tap {
                phase: row_phase * axes[1].phases.len() + phase,
                shift: row * axes[1].pitch + column,
            }
        })
    });
    each.collect()
}

impl Axis {
    /// The cells among which any place of the image lies.
    fn cells(&self) -> Range<usize> {
        let (first, beyond) = match self.mode {
            PaddingMode::Zero => (self.padding, self.padding + self.size),
            PaddingMode::Circular => (0, 2 * self.padding + self.size),
        };
        first / self.stride..self.pitch.min(beyond / self.stride + 1)
    }

    /// Which place of the image lies at cell `cell` of a phase, if any.
    fn source(&self, phase: usize, cell: usize) -> Option<usize> {
        let padded = cell * self.stride + phase;
        match self.mode {
            PaddingMode::Zero => padded
                .checked_sub(self.padding)
                .filter(|&place| place < self.size),
            PaddingMode::Circular => (padded < self.size + 2 * self.padding)
                .then(|| (padded + self.size - self.padding) % self.size),
        }
    }
}

/// The stretches of every phase, row by row.
fn stretches([rows, columns]: &[Axis; 2]) -> Box<[Box<[Stretch]>]> {
    let mut phases = Vec::new();
    for &row_phase in &rows.phases {
        for &column_phase in &columns.phases {
            let mut made = Vec::new();
            for cell in rows.cells() {
                if let Some(row) = rows.source(row_phase, cell) {
                    let first = (cell * columns.pitch, row * columns.size);
                    row_stretches(columns, column_phase, first, &mut made);
                }
            }
            phases.push(made.into());
        }
    }
    phases.into()
}

/// Adds the stretches of one row, which begins at `position` of the run and `place` of the image.
fn row_stretches(
    columns: &Axis,
    phase: usize,
    (position, place): (usize, usize),
    made: &mut Vec<Stretch>,
) {
    let first = made.len();
    for cell in columns.cells() {
        let Some(column) = columns.source(phase, cell) else {
            continue;
        };
        let (position, place) = (position + cell, place + column);
        match made[first..].last_mut() {
            Some(last)
                if position == last.position + last.len
                    && place == last.place + last.len * last.step =>
            {
                last.len += 1;
            }
            _ => made.push(Stretch {
                position,
                place,
                step: columns.stride,
                len: 1,
            }),
        }
    }
}
