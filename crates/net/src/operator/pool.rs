//! Pooling: the largest or the mean value of each window, or the mean of each whole plane.
//!
//! Of images in blocks: each place is one value of each of sixteen examples.

use super::{Backward, Forward, Writes};
use crate::blocks::{BLOCK, Vector, vectors, vectors_mut};
use crate::matrix::Accumulate;
use crate::simd::{Kernel, vectorized};

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

    /// From places to windows.
    fn forward(&self) -> Sizes {
        Sizes {
            from: self.plane(),
            to: self.windows(),
        }
    }

    /// From windows to places.
    fn backward(&self) -> Sizes {
        Sizes {
            from: self.windows(),
            to: self.plane(),
        }
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
        vectorized(Planes {
            windows: self.0,
            sizes: self.0.forward(),
            input: reads.first,
            out,
            work: |plane: &[Vector], windows: Windows, out: &mut [Vector]| {
                windows.for_each(|index, rows, columns| {
                    out[index] = windows.largest(plane, rows, columns).0;
                });
            },
        });
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        if writes.accumulate == Accumulate::Overwrite {
            writes.out.fill(0.0);
        }
        vectorized(MaxChain {
            windows: self.0,
            reads,
            out: writes.out,
        });
    }
}

struct MaxChain<'a> {
    windows: Windows,
    reads: &'a Backward<'a>,
    out: &'a mut [f32],
}

impl Kernel for MaxChain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let windows = self.windows;
        let gradients = vectors(self.reads.gradient).chunks_exact(windows.windows());
        let planes = vectors(self.reads.retained).chunks_exact(windows.plane());
        let outs = vectors_mut(self.out).chunks_exact_mut(windows.plane());
        for ((plane, gradient), out) in planes.zip(gradients).zip(outs) {
            windows.for_each(|index, rows, columns| {
                let (_, places) = windows.largest(plane, rows, columns);
                for example in 0..BLOCK {
                    out[places[example] as usize][example] += gradient[index][example];
                }
            });
        }
    }
}

impl Windows {
    /// For each example of a block the largest value of a window, and its place.
    #[inline(always)]
    fn largest(
        &self,
        plane: &[Vector],
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
    ) -> (Vector, [u32; BLOCK]) {
        let width = self.input[1];
        let first = rows.start * width + columns.start;
        let (mut best, mut places) = (plane[first], [first as u32; BLOCK]);
        for row in rows {
            let (first, beyond) = (row * width + columns.start, row * width + columns.end);
            for (place, values) in (first..).zip(&plane[first..beyond]) {
                for example in 0..BLOCK {
                    let (value, largest) = (values[example], best[example]);
                    let larger = value > largest || (value.is_nan() && !largest.is_nan());
                    best[example] = if larger { value } else { largest };
                    let place = place as u32;
                    places[example] = if larger { place } else { places[example] };
                }
            }
        }
        (best, places)
    }
}

/// Makes each plane of an image from its plane of another.
struct Planes<'a, W> {
    windows: Windows,
    sizes: Sizes,
    input: &'a [f32],
    out: &'a mut [f32],
    work: W,
}

/// Vectors of a plane that is read, and of one that is written.
#[derive(Clone, Copy)]
struct Sizes {
    from: usize,
    to: usize,
}

impl<W: Fn(&[Vector], Windows, &mut [Vector])> Kernel for Planes<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let planes = vectors(self.input).chunks_exact(self.sizes.from);
        let outs = vectors_mut(self.out).chunks_exact_mut(self.sizes.to);
        for (plane, out) in planes.zip(outs) {
            (self.work)(plane, self.windows, out);
        }
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
        let share = self.share();
        vectorized(Planes {
            windows: self.0,
            sizes: self.0.forward(),
            input: reads.first,
            out,
            work: |plane: &[Vector], windows: Windows, out: &mut [Vector]| {
                let width = windows.input[1];
                windows.for_each(|index, rows, columns| {
                    let mut sums = [0.0; BLOCK];
                    for row in rows {
                        for x in &plane[row * width + columns.start..row * width + columns.end] {
                            for (sum, &x) in sums.iter_mut().zip(x) {
                                *sum += x;
                            }
                        }
                    }
                    out[index] = sums.map(|sum| sum * share);
                });
            },
        });
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        if writes.accumulate == Accumulate::Overwrite {
            writes.out.fill(0.0);
        }
        let share = self.share();
        vectorized(Planes {
            windows: self.0,
            sizes: self.0.backward(),
            input: reads.gradient,
            out: writes.out,
            work: |gradient: &[Vector], windows: Windows, out: &mut [Vector]| {
                let width = windows.input[1];
                windows.for_each(|index, rows, columns| {
                    let gradient = gradient[index].map(|gradient| gradient * share);
                    for row in rows {
                        for out in &mut out[row * width + columns.start..row * width + columns.end]
                        {
                            for (out, gradient) in out.iter_mut().zip(&gradient) {
                                *out += gradient;
                            }
                        }
                    }
                });
            },
        });
    }
}

/// `y = Σ x / n` over each channel's plane of n values. Of blocks it makes rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GlobalAveragePool {
    pub(crate) count: usize,
    pub(crate) plane: usize,
}

impl GlobalAveragePool {
    pub(crate) fn forward(self, reads: &Forward<'_>, out: &mut [f32]) {
        vectorized(Means {
            pool: self,
            input: reads.first,
            out,
        });
    }

    pub(crate) fn backward(self, reads: &Backward<'_>, writes: Writes<'_>) {
        vectorized(MeansChain {
            pool: self,
            gradient: reads.gradient,
            writes,
        });
    }
}

struct Means<'a> {
    pool: GlobalAveragePool,
    input: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Means<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let GlobalAveragePool { count, plane } = self.pool;
        let blocks = vectors(self.input).chunks_exact(count * plane);
        for (block, out) in blocks.zip(self.out.chunks_mut(BLOCK * count)) {
            for (channel, values) in block.chunks_exact(plane).enumerate() {
                let mut sums = [0.0f64; BLOCK];
                for values in values {
                    for (sum, &x) in sums.iter_mut().zip(values) {
                        *sum += f64::from(x);
                    }
                }
                for (row, sum) in out.chunks_exact_mut(count).zip(sums) {
                    row[channel] = (sum / plane as f64) as f32;
                }
            }
        }
    }
}

struct MeansChain<'a> {
    pool: GlobalAveragePool,
    gradient: &'a [f32],
    writes: Writes<'a>,
}

impl Kernel for MeansChain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let GlobalAveragePool { count, plane } = self.pool;
        let share = 1.0 / plane as f32;
        let blocks = vectors_mut(self.writes.out).chunks_exact_mut(count * plane);
        for (block, gradient) in blocks.zip(self.gradient.chunks(BLOCK * count)) {
            for (channel, values) in block.chunks_exact_mut(plane).enumerate() {
                let mut each = [0.0; BLOCK];
                for (each, row) in each.iter_mut().zip(gradient.chunks_exact(count)) {
                    *each = row[channel] * share;
                }
                for values in values {
                    match self.writes.accumulate {
                        Accumulate::Overwrite => *values = each,
                        Accumulate::Add => {
                            for (out, each) in values.iter_mut().zip(&each) {
                                *out += each;
                            }
                        }
                    }
                }
            }
        }
    }
}
