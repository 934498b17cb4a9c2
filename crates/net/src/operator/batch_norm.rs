//! Batch normalisation.
//!
//! Its moments are those of the whole batch, so lanes stop twice: forward once each has summed its
//! examples, backward once each has summed the gradients. The lanes' sums are added in order.

use std::ops::Range;

use super::{Backward, Behaviour, Channels, Context, Forward, Writes};
use crate::matrix::Accumulate;
use crate::simd::{Kernel, vectorized};

/// `y = w · x̂ + b`, x̂ = (x − m) / √(v + ε), with m and v the mean and the variance (dividing by
/// n) of each channel over the batch and its plane; or, in evaluation, their running estimates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchNorm {
    pub(crate) channels: Channels,
    pub(crate) epsilon: f64,
    pub(crate) momentum: f64,
    /// First of its numbers in the network's statistics: for each channel m, then for each
    /// 1/√(v + ε), then for each Σ dy, then for each Σ dy · x̂.
    pub(crate) start: usize,
    /// Index of its running mean; its running variance follows.
    pub(crate) buffer: usize,
}

/// How many numbers of statistics each channel has.
pub(crate) const STATISTICS: usize = 4;

/// What one channel is normalised by, and what its gradients came to.
struct Channel {
    mean: f64,
    scale: f64,
    gradients: f64,
    products: f64,
}

impl BatchNorm {
    /// Sums over a lane that either pass leaves.
    pub(crate) fn sums(&self) -> usize {
        2 * self.channels.count
    }

    /// Where Σ dy and Σ dy · x̂ of every channel lie in the statistics.
    pub(crate) fn gradients(&self) -> [Range<usize>; 2] {
        let count = self.channels.count;
        [2, 3].map(|which| self.start + which * count..self.start + (which + 1) * count)
    }

    /// Σ x and Σ x² of each channel of a lane.
    pub(crate) fn collect_forward(&self, rows: usize, input: &[f32], sums: &mut [f64]) {
        let terms = |_, x, _| [x, x * x];
        let channels = self.channels;
        channels.sums(rows, input, input, terms, |channel, two| {
            sums[2 * channel..2 * channel + 2].copy_from_slice(&two);
        });
    }

    /// Σ dy and Σ dy · x of each channel of a lane.
    pub(crate) fn collect_backward(
        &self,
        rows: usize,
        gradient: &[f32],
        input: &[f32],
        sums: &mut [f64],
    ) {
        let terms = |_, gradient, x| [gradient, gradient * x];
        let channels = self.channels;
        channels.sums(rows, gradient, input, terms, |channel, two| {
            sums[2 * channel..2 * channel + 2].copy_from_slice(&two);
        });
    }

    /// Makes m and 1/√(v + ε) of the lanes' sums over `examples`, and takes both into the
    /// running estimates: the variance as an unbiased one, dividing by n − 1.
    pub(crate) fn reduce_forward<'a>(
        &self,
        lanes: impl Iterator<Item = &'a [f64]> + Clone,
        examples: usize,
        statistics: &mut [f64],
        running: &mut [f32],
    ) {
        let n = (examples * self.channels.plane) as f64;
        let count = self.channels.count;
        let (means, variances) = running.split_at_mut(count);
        for channel in 0..count {
            let [sum, squares] = add_lanes(lanes.clone(), channel);
            let mean = sum / n;
            // Exact products in f64: the difference loses less than an f32's own rounding.
            let variance = squares / n - mean * mean;
            let variance = if variance < 0.0 { 0.0 } else { variance };
            statistics[self.start + channel] = mean;
            statistics[self.start + count + channel] = 1.0 / (variance + self.epsilon).sqrt();
            self.follow(&mut means[channel], mean);
            self.follow(&mut variances[channel], variance * n / (n - 1.0));
        }
    }

    fn follow(&self, running: &mut f32, now: f64) {
        let before = f64::from(*running);
        *running = ((1.0 - self.momentum) * before + self.momentum * now) as f32;
    }

    /// Makes m and 1/√(v + ε) of the running estimates.
    pub(crate) fn recall(&self, statistics: &mut [f64], running: &[f32]) {
        let count = self.channels.count;
        let (means, variances) = running.split_at(count);
        for channel in 0..count {
            statistics[self.start + channel] = f64::from(means[channel]);
            let variance = f64::from(variances[channel]);
            statistics[self.start + count + channel] = 1.0 / (variance + self.epsilon).sqrt();
        }
    }

    /// Makes Σ dy and Σ dy · x̂ of the lanes' sums.
    pub(crate) fn reduce_backward<'a>(
        &self,
        lanes: impl Iterator<Item = &'a [f64]> + Clone,
        statistics: &mut [f64],
    ) {
        let count = self.channels.count;
        for channel in 0..count {
            let [sum, product] = add_lanes(lanes.clone(), channel);
            let Channel { mean, scale, .. } = self.channel(statistics, channel);
            statistics[self.start + 2 * count + channel] = sum;
            statistics[self.start + 3 * count + channel] = scale * (product - mean * sum);
        }
    }

    fn channel(&self, statistics: &[f64], channel: usize) -> Channel {
        let number = |which: usize| statistics[self.start + which * self.channels.count + channel];
        Channel {
            mean: number(0),
            scale: number(1),
            gradients: number(2),
            products: number(3),
        }
    }

    pub(crate) fn forward(&self, reads: &Forward<'_>, out: &mut [f32]) {
        vectorized(Normalized {
            norm: self,
            reads,
            out,
        });
    }

    /// `dx = w s (dy − a − x̂ c)`, with s = 1/√(v + ε), a and c the means of dy and of dy · x̂, or
    /// both 0 where m and v do not depend on x.
    pub(crate) fn backward(&self, reads: &Backward<'_>, writes: Writes<'_>) {
        vectorized(Chain {
            norm: self,
            reads,
            writes,
        });
    }

    /// One over the values that a mean over the batch is taken of, or 0 in evaluation.
    fn share(&self, context: &Context<'_>) -> f64 {
        match context.behaviour {
            Behaviour::Training => 1.0 / (context.examples * self.channels.plane) as f64,
            Behaviour::Evaluation => 0.0,
        }
    }
}

/// The two sums of one channel, over the lanes in order.
fn add_lanes<'a>(lanes: impl Iterator<Item = &'a [f64]>, channel: usize) -> [f64; 2] {
    lanes.fold([0.0; 2], |[a, b], lane| {
        [a + lane[2 * channel], b + lane[2 * channel + 1]]
    })
}

struct Normalized<'a> {
    norm: &'a BatchNorm,
    reads: &'a Forward<'a>,
    out: &'a mut [f32],
}

impl Kernel for Normalized<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (count, plane) = (self.norm.channels.count, self.norm.channels.together());
        let (weights, biases) = self.reads.parameters.split_at(count);
        let planes = self.reads.first.chunks_exact(plane);
        for (index, (input, out)) in planes.zip(self.out.chunks_exact_mut(plane)).enumerate() {
            let channel = index % count;
            let Channel { mean, scale, .. } =
                self.norm.channel(self.reads.context.statistics, channel);
            let (weight, bias) = (weights[channel], biases[channel]);
            for (out, &x) in out.iter_mut().zip(input) {
                *out = ((f64::from(x) - mean) * scale) as f32 * weight + bias;
            }
        }
    }
}

struct Chain<'a> {
    norm: &'a BatchNorm,
    reads: &'a Backward<'a>,
    writes: Writes<'a>,
}

impl Kernel for Chain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (count, plane) = (self.norm.channels.count, self.norm.channels.together());
        let share = self.norm.share(self.reads.context);
        let inputs = self.reads.retained.chunks_exact(plane);
        let gradients = self.reads.gradient.chunks_exact(plane);
        let outs = self.writes.out.chunks_exact_mut(plane);
        for (index, ((x, gradient), out)) in inputs.zip(gradients).zip(outs).enumerate() {
            let channel = index % count;
            let Channel {
                mean,
                scale,
                gradients,
                products,
            } = self.norm.channel(self.reads.context.statistics, channel);
            let outer = f64::from(self.reads.parameters[channel]) * scale;
            let (centre, slope) = (gradients * share, products * share * scale);
            for ((out, &x), &gradient) in out.iter_mut().zip(x).zip(gradient) {
                let inner = f64::from(gradient) - centre - (f64::from(x) - mean) * slope;
                let made = (outer * inner) as f32;
                match self.writes.accumulate {
                    Accumulate::Overwrite => *out = made,
                    Accumulate::Add => *out += made,
                }
            }
        }
    }
}
