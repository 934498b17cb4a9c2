//! Normalisation within each example: layer, group and RMS.

use super::{Backward, Forward, Writes};
use crate::blocks::{self, BLOCK, Layout};
use crate::matrix::Accumulate;
use crate::simd::{Kernel, vectorized};

/// What is subtracted before the values are divided by their scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Centre {
    /// Their mean.
    Mean,
    /// Nothing: RMS normalisation.
    Nothing,
}

/// `y = w · (x − m) / √(v + ε) + b` with m and v the mean and the variance (dividing by n) over
/// each of an example's groups of values, or m = 0, v the second moment, and no `b`.
///
/// # Shapes
///
/// A row is `groups` groups of values one after another; each of the parameters has one value
/// for every `plane` values of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normalize {
    pub(crate) groups: usize,
    /// Values of a group.
    pub(crate) len: usize,
    /// Values that share a parameter.
    pub(crate) plane: usize,
    pub(crate) centre: Centre,
    pub(crate) epsilon: f64,
    pub(crate) layout: Layout,
}

/// Independent accumulators of a sum.
const LANES: usize = 16;

/// Σ terms over `a` and `b` in f64: lane by lane, then by halves.
#[inline(always)]
fn sums<const N: usize>(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> [f64; N]) -> [f64; N] {
    let mut sums = [[0.0f64; LANES]; N];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for (lane, (&a, &b)) in a.iter().zip(b).enumerate() {
            let terms = term(f64::from(a), f64::from(b));
            for n in 0..N {
                sums[n][lane] += terms[n];
            }
        }
    }
    sums.map(|mut lanes| {
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                lanes[lane] += lanes[lane + half];
            }
            half /= 2;
        }
        lanes[0]
    })
}

impl Normalize {
    fn parameters(&self) -> usize {
        self.groups * self.len / self.plane
    }

    /// m and 1/√(v + ε) of a group.
    #[inline(always)]
    fn moments(&self, x: &[f32]) -> (f64, f64) {
        let [sum, squares] = sums(x, x, |x, _| [x, x * x]);
        let n = self.len as f64;
        let mean = match self.centre {
            Centre::Mean => sum / n,
            Centre::Nothing => 0.0,
        };
        // Exact products in f64: what is lost in the difference is below an f32's own rounding.
        let variance = squares / n - mean * mean;
        let variance = if variance < 0.0 { 0.0 } else { variance };
        (mean, 1.0 / (variance + self.epsilon).sqrt())
    }

    /// Values of scratch: an example is normalised as a row, and of blocks it is made one.
    pub(crate) fn scratch(&self) -> usize {
        match self.layout {
            Layout::Rows => 0,
            // Too much for any memory where it saturates.
            Layout::Blocks => self.block().saturating_mul(3),
        }
    }

    /// Values of a block.
    fn block(&self) -> usize {
        (self.groups * self.len).saturating_mul(BLOCK)
    }

    pub(crate) fn forward(&self, reads: &Forward<'_>, out: &mut [f32], scratch: &mut [f32]) {
        if self.layout == Layout::Rows {
            return self.rows(reads.first, reads.parameters, out);
        }
        let (block, features) = (self.block(), self.groups * self.len);
        let (input, scratch) = scratch.split_at_mut(block);
        let each = reads
            .first
            .chunks_exact(block)
            .zip(out.chunks_exact_mut(block));
        for (index, (from, to)) in each.enumerate() {
            let len = BLOCK.min(reads.context.rows - index * BLOCK) * features;
            let (input, out) = (&mut input[..len], &mut scratch[..len]);
            blocks::to_rows(from, features, input);
            self.rows(input, reads.parameters, out);
            blocks::from_rows(out, features, Accumulate::Overwrite, to);
        }
    }

    fn rows(&self, input: &[f32], parameters: &[f32], out: &mut [f32]) {
        vectorized(Normalized {
            shape: self,
            input,
            parameters,
            out,
        });
    }

    pub(crate) fn backward(&self, reads: &Backward<'_>, writes: Writes<'_>, scratch: &mut [f32]) {
        let Writes {
            out,
            accumulate,
            partial,
        } = writes;
        partial.fill(0.0);
        if self.layout == Layout::Rows {
            return vectorized(Chain {
                shape: self,
                reads,
                writes: Writes {
                    out,
                    accumulate,
                    partial,
                },
            });
        }
        let (block, features) = (self.block(), self.groups * self.len);
        let (input, scratch) = scratch.split_at_mut(block);
        let (gradient, made) = scratch.split_at_mut(block);
        let mut outs = out.chunks_exact_mut(block);
        let each = reads.retained.chunks_exact(block);
        for (index, (x, dy)) in each.zip(reads.gradient.chunks_exact(block)).enumerate() {
            let len = BLOCK.min(reads.context.rows - index * BLOCK) * features;
            let (input, gradient) = (&mut input[..len], &mut gradient[..len]);
            blocks::to_rows(x, features, input);
            blocks::to_rows(dy, features, gradient);
            let out = outs.next();
            let made = &mut made[..if out.is_some() { len } else { 0 }];
            vectorized(Chain {
                shape: self,
                reads: &Backward {
                    gradient,
                    retained: input,
                    ..*reads
                },
                writes: Writes {
                    out: made,
                    accumulate: Accumulate::Overwrite,
                    partial,
                },
            });
            if let Some(out) = out {
                blocks::from_rows(made, features, accumulate, out);
            }
        }
    }
}

struct Normalized<'a> {
    shape: &'a Normalize,
    input: &'a [f32],
    parameters: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Normalized<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let shape = self.shape;
        let (weights, biases) = self.parameters.split_at(shape.parameters());
        let per_group = shape.len / shape.plane;
        let groups = self.input.chunks_exact(shape.len).enumerate();
        for ((index, input), out) in groups.zip(self.out.chunks_exact_mut(shape.len)) {
            let (mean, scale) = shape.moments(input);
            let first = index % shape.groups * per_group;
            let weights = &weights[first..first + per_group];
            let normal = |x: f32| ((f64::from(x) - mean) * scale) as f32;
            if shape.plane == 1 {
                for ((out, &x), &w) in out.iter_mut().zip(input).zip(weights) {
                    *out = normal(x) * w;
                }
                for (out, &b) in out.iter_mut().zip(biases.get(first..).unwrap_or(&[])) {
                    *out += b;
                }
            } else {
                let planes = input.chunks_exact(shape.plane);
                let outs = out.chunks_exact_mut(shape.plane);
                for (at, ((out, input), &w)) in outs.zip(planes).zip(weights).enumerate() {
                    let b = biases.get(first + at).copied().unwrap_or(0.0);
                    for (out, &x) in out.iter_mut().zip(input) {
                        *out = normal(x) * w + b;
                    }
                }
            }
        }
    }
}

struct Chain<'a> {
    shape: &'a Normalize,
    reads: &'a Backward<'a>,
    writes: Writes<'a>,
}

impl Kernel for Chain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let shape = self.shape;
        let Writes {
            out,
            accumulate,
            partial,
        } = self.writes;
        let weights = &self.reads.parameters[..shape.parameters()];
        let (weight_gradient, bias_gradient) = partial.split_at_mut(shape.parameters());
        let per_group = shape.len / shape.plane;
        let inputs = self.reads.retained.chunks_exact(shape.len);
        let gradients = self.reads.gradient.chunks_exact(shape.len);
        let mut outs = out.chunks_exact_mut(shape.len);
        for (index, (x, gradient)) in inputs.zip(gradients).enumerate() {
            let first = index % shape.groups * per_group;
            let range = first..first + per_group;
            let (mean, scale) = shape.moments(x);
            let group = Group {
                plane: shape.plane,
                mean,
                scale,
                x,
                gradient,
                weights: &weights[range.clone()],
            };
            let biases = bias_gradient.get_mut(range.clone()).unwrap_or(&mut []);
            let [sum, product] = group.parameter_gradients(&mut weight_gradient[range], biases);
            if let Some(out) = outs.next() {
                let n = shape.len as f64;
                let mean = match shape.centre {
                    Centre::Mean => sum / n,
                    Centre::Nothing => 0.0,
                };
                group.input_gradient(mean, product / n, accumulate, out);
            }
        }
    }
}

/// One group of one example.
struct Group<'a> {
    plane: usize,
    mean: f64,
    scale: f64,
    x: &'a [f32],
    gradient: &'a [f32],
    weights: &'a [f32],
}

impl Group<'_> {
    /// Adds the gradients by the parameters, and gives Σ g and Σ g x̂ with g = w · dy and x̂ the
    /// normalised value.
    #[inline(always)]
    fn parameter_gradients(&self, weights: &mut [f32], biases: &mut [f32]) -> [f64; 2] {
        let mut totals = [0.0; 2];
        let normal = |x: f64| (x - self.mean) * self.scale;
        if self.plane == 1 {
            let rows = self.x.iter().zip(self.gradient);
            for (out, (&x, &gradient)) in weights.iter_mut().zip(rows) {
                *out += gradient * normal(f64::from(x)) as f32;
            }
            for (out, &gradient) in biases.iter_mut().zip(self.gradient) {
                *out += gradient;
            }
            // Sixteen places at a time, in order.
            let places = self.x.chunks(LANES).zip(self.gradient.chunks(LANES));
            let mut lanes = [[0.0f64; LANES]; 2];
            for ((x, gradient), weights) in places.zip(self.weights.chunks(LANES)) {
                for (lane, &x) in x.iter().enumerate() {
                    let g = f64::from(gradient[lane]) * f64::from(weights[lane]);
                    lanes[0][lane] += g;
                    lanes[1][lane] += g * normal(f64::from(x));
                }
            }
            return lanes.map(|lanes| lanes.iter().sum());
        }
        let planes = self.x.chunks_exact(self.plane);
        let gradients = self.gradient.chunks_exact(self.plane);
        for (at, (x, gradient)) in planes.zip(gradients).enumerate() {
            let [sum, product] = sums(gradient, x, |g, x| [g, g * normal(x)]);
            weights[at] += product as f32;
            if let Some(bias) = biases.get_mut(at) {
                *bias += sum as f32;
            }
            totals[0] += sum * f64::from(self.weights[at]);
            totals[1] += product * f64::from(self.weights[at]);
        }
        totals
    }

    /// `dx = s (g − mean g − x̂ · mean(g x̂))`.
    #[inline(always)]
    fn input_gradient(&self, mean: f64, product: f64, accumulate: Accumulate, out: &mut [f32]) {
        let planes = self.x.chunks_exact(self.plane).zip(self.weights);
        let gradients = self.gradient.chunks_exact(self.plane);
        let outs = out.chunks_exact_mut(self.plane);
        for (((x, &weight), gradient), out) in planes.zip(gradients).zip(outs) {
            let weight = f64::from(weight);
            for ((out, &x), &gradient) in out.iter_mut().zip(x).zip(gradient) {
                let normal = (f64::from(x) - self.mean) * self.scale;
                let inner = f64::from(gradient) * weight - mean - normal * product;
                let made = (self.scale * inner) as f32;
                match accumulate {
                    Accumulate::Overwrite => *out = made,
                    Accumulate::Add => *out += made,
                }
            }
        }
    }
}
