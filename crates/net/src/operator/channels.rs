//! Sums over channels, which gradients of biases and scales and the moments of normalisation are.

use crate::blocks::{BLOCK, Layout, vectors};
use crate::graph::Shape;
use crate::simd::{Kernel, vectorized};

/// An example's values as `count` channels of `plane` values each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    pub(crate) count: usize,
    pub(crate) plane: usize,
    pub(crate) layout: Layout,
}

/// Independent accumulators of a sum. Which value goes to which depends on its place alone, and
/// they are added by halves: the same bits at every vector width.
const LANES: usize = BLOCK;

impl Channels {
    /// `count` channels of an example of this shape.
    pub(crate) fn of(count: usize, shape: &Shape) -> Self {
        Self {
            count,
            plane: shape.len() / count,
            layout: Layout::of(shape),
        }
    }

    /// Values of one channel that lie together: of a row, or of a block.
    pub(crate) fn together(self) -> usize {
        self.plane * self.layout.width()
    }

    /// For each channel, the sums in f64 over `rows` examples and the channel's plane of `N` terms
    /// of the values of `a` and `b`, given to `out` with the channel's index.
    pub(crate) fn sums<const N: usize>(
        self,
        rows: usize,
        a: &[f32],
        b: &[f32],
        term: impl Fn(usize, f64, f64) -> [f64; N],
        out: impl FnMut(usize, [f64; N]),
    ) {
        vectorized(Sums {
            channels: self,
            rows,
            a,
            b,
            term,
            out,
        });
    }

    /// `work` on each channel's plane of each row, or on more values of one channel at once.
    pub(crate) fn for_each(
        self,
        values: &mut [f32],
        parameter: &[f32],
        work: impl Fn(f32, f32) -> f32,
    ) {
        vectorized(Each {
            channels: self,
            values,
            parameter,
            work,
        });
    }
}

struct Sums<'a, T, O> {
    channels: Channels,
    rows: usize,
    a: &'a [f32],
    b: &'a [f32],
    term: T,
    out: O,
}

impl<const N: usize, T, O> Kernel for Sums<'_, T, O>
where
    T: Fn(usize, f64, f64) -> [f64; N],
    O: FnMut(usize, [f64; N]),
{
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        if self.channels.together() == 1 {
            self.columns();
        } else {
            self.planes();
        }
    }
}

impl<const N: usize, T, O> Sums<'_, T, O>
where
    T: Fn(usize, f64, f64) -> [f64; N],
    O: FnMut(usize, [f64; N]),
{
    #[inline(always)]
    fn planes(&mut self) {
        let Channels { count, layout, .. } = self.channels;
        let plane = self.channels.together();
        let features = count * plane;
        // All examples of whole blocks, and those of the last: it may have fewer.
        let (whole, last) = match layout {
            Layout::Rows => (self.rows, 0),
            Layout::Blocks => (self.rows / BLOCK, self.rows % BLOCK),
        };
        for channel in 0..count {
            let mut sums = [[0.0f64; LANES]; N];
            let range = channel * plane..(channel + 1) * plane;
            let rows = self.a.chunks_exact(features);
            let mut rows = rows.zip(self.b.chunks_exact(features));
            for (a, b) in rows.by_ref().take(whole) {
                let range = range.clone();
                let (a, b) = (&a[range.clone()], &b[range]);
                let (whole, whole_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
                let (rest, rest_b) = (whole.remainder(), whole_b.remainder());
                for (a, b) in whole.zip(whole_b) {
                    self.add(channel, a, b, &mut sums);
                }
                self.add(channel, rest, rest_b, &mut sums);
            }
            if let (Some((a, b)), 1..) = (rows.next(), last) {
                let (a, b) = (vectors(&a[range.clone()]), vectors(&b[range]));
                for (a, b) in a.iter().zip(b) {
                    self.add(channel, &a[..last], &b[..last], &mut sums);
                }
            }
            (self.out)(channel, sums.map(by_halves));
        }
    }

    /// Adds the terms of a few values of a channel, each in a lane of its own.
    #[inline(always)]
    fn add(&self, channel: usize, a: &[f32], b: &[f32], sums: &mut [[f64; LANES]; N]) {
        for (lane, (&a, &b)) in a.iter().zip(b).enumerate() {
            let terms = (self.term)(channel, f64::from(a), f64::from(b));
            for n in 0..N {
                sums[n][lane] += terms[n];
            }
        }
    }

    /// Channels of one value: side by side, rows in order.
    #[inline(always)]
    fn columns(&mut self) {
        let count = self.channels.count;
        for first in (0..count).step_by(LANES) {
            let width = LANES.min(count - first);
            let mut sums = [[0.0f64; N]; LANES];
            let rows = self.a.chunks_exact(count).zip(self.b.chunks_exact(count));
            for (a, b) in rows {
                let (a, b) = (&a[first..first + width], &b[first..first + width]);
                for (lane, (&a, &b)) in a.iter().zip(b).enumerate() {
                    let terms = (self.term)(first + lane, f64::from(a), f64::from(b));
                    for n in 0..N {
                        sums[lane][n] += terms[n];
                    }
                }
            }
            for (lane, &sums) in sums.iter().take(width).enumerate() {
                (self.out)(first + lane, sums);
            }
        }
    }
}

#[inline(always)]
fn by_halves(mut lanes: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

struct Each<'a, W> {
    channels: Channels,
    values: &'a mut [f32],
    parameter: &'a [f32],
    work: W,
}

impl<W: Fn(f32, f32) -> f32> Kernel for Each<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (count, plane) = (self.channels.count, self.channels.together());
        if count == 1 {
            let parameter = self.parameter[0];
            for x in self.values {
                *x = (self.work)(*x, parameter);
            }
        } else if plane == 1 {
            for row in self.values.chunks_exact_mut(count) {
                for (x, &parameter) in row.iter_mut().zip(self.parameter) {
                    *x = (self.work)(*x, parameter);
                }
            }
        } else {
            let planes = self.values.chunks_exact_mut(plane);
            for (plane, &parameter) in planes.zip(self.parameter.iter().cycle()) {
                for x in plane {
                    *x = (self.work)(*x, parameter);
                }
            }
        }
    }
}
