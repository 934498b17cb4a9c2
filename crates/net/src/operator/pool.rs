//! Pooling: the largest or the mean value of each window, or the mean of each whole plane.

use super::{Backward, Channels, Forward, Writes};
use crate::matrix::Accumulate;

/// Which windows there are of each plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    /// Height and width.
    pub(crate) input: [usize; 2],
    pub(crate) output: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
}

impl Windows {
    /// The rows or columns of the input in window `index` along an axis: those of its padding
    /// are not among them.
    fn along(&self, axis: usize, index: usize) -> std::ops::Range<usize> {
        let first = index * self.stride[axis];
        let place = |padded: usize| padded.saturating_sub(self.padding[axis]);
        place(first)..place(first + self.kernel[axis]).min(self.input[axis])
    }

    fn plane(&self) -> usize {
        self.input[0] * self.input[1]
    }

    fn windows(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Calls `work` with the rows and columns of each window, in order.
    #[inline(always)]
    fn for_each(
        &self,
        mut work: impl FnMut(usize, std::ops::Range<usize>, std::ops::Range<usize>),
    ) {
        let mut index = 0;
        for row in 0..self.output[0] {
            let rows = self.along(0, row);
            for column in 0..self.output[1] {
                work(index, rows.clone(), self.along(1, column));
                index += 1;
            }
        }
    }
}

/// `y = max x` over each window. The gradient goes to the first of the largest; a NaN is the
/// largest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaxPool(pub(crate) Windows);

impl MaxPool {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        let planes = reads.first.chunks_exact(self.0.plane());
        for (plane, out) in planes.zip(out.chunks_exact_mut(self.0.windows())) {
            self.0.for_each(|index, rows, columns| {
                out[index] = plane[self.largest(plane, rows, columns)];
            });
        }
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        if writes.accumulate == Accumulate::Overwrite {
            writes.out.fill(0.0);
        }
        let gradients = reads.gradient.chunks_exact(self.0.windows());
        let planes = reads.retained.chunks_exact(self.0.plane());
        let outs = writes.out.chunks_exact_mut(self.0.plane());
        for ((plane, gradient), out) in planes.zip(gradients).zip(outs) {
            self.0.for_each(|index, rows, columns| {
                out[self.largest(plane, rows, columns)] += gradient[index];
            });
        }
    }

    #[inline(always)]
    fn largest(
        self,
        plane: &[f32],
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
    ) -> usize {
        let width = self.0.input[1];
        let mut best = rows.start * width + columns.start;
        for row in rows {
            for place in row * width + columns.start..row * width + columns.end {
                let (value, largest) = (plane[place], plane[best]);
                if value > largest || (value.is_nan() && !largest.is_nan()) {
                    best = place;
                }
            }
        }
        best
    }
}

/// `y = Σ x / (kernel's places)` over each window, with zeros in its padding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AveragePool(pub(crate) Windows);

impl AveragePool {
    fn share(self) -> f32 {
        1.0 / (self.0.kernel[0] * self.0.kernel[1]) as f32
    }

    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        let (width, share) = (self.0.input[1], self.share());
        let planes = reads.first.chunks_exact(self.0.plane());
        for (plane, out) in planes.zip(out.chunks_exact_mut(self.0.windows())) {
            self.0.for_each(|index, rows, columns| {
                let mut sum = 0.0;
                for row in rows {
                    for &x in &plane[row * width + columns.start..row * width + columns.end] {
                        sum += x;
                    }
                }
                out[index] = sum * share;
            });
        }
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        if writes.accumulate == Accumulate::Overwrite {
            writes.out.fill(0.0);
        }
        let (width, share) = (self.0.input[1], self.share());
        let gradients = reads.gradient.chunks_exact(self.0.windows());
        let outs = writes.out.chunks_exact_mut(self.0.plane());
        for (gradient, out) in gradients.zip(outs) {
            self.0.for_each(|index, rows, columns| {
                let gradient = gradient[index] * share;
                for row in rows {
                    for out in &mut out[row * width + columns.start..row * width + columns.end] {
                        *out += gradient;
                    }
                }
            });
        }
    }
}

/// `y = Σ x / n` over each channel's plane of n values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GlobalAveragePool(pub(crate) Channels);

impl GlobalAveragePool {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        let Channels { count, plane } = self.0;
        let inputs = reads.first.chunks_exact(self.0.features());
        for (input, out) in inputs.zip(out.chunks_exact_mut(count)) {
            let first = |_, x, _| [x];
            self.0.sums(input, input, first, |channel, [sum]| {
                out[channel] = (sum / plane as f64) as f32;
            });
        }
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        let share = 1.0 / self.0.plane as f32;
        let planes = writes.out.chunks_exact_mut(self.0.plane);
        for (plane, &gradient) in planes.zip(reads.gradient) {
            match writes.accumulate {
                Accumulate::Overwrite => plane.fill(gradient * share),
                Accumulate::Add => plane.iter_mut().for_each(|out| *out += gradient * share),
            }
        }
    }
}
