//! Softmax and cross-entropy together, which is what makes them stable.

use super::GradientOut;
use crate::operator::exp_f64;
use crate::simd::{Kernel, vectorized};

/// Examples that are gone through side by side, so that their exponentials vectorise.
const ROWS: usize = 16;
/// Exponentials of an example that are added, in order, before they are added to those before.
const TOGETHER: usize = 16;

/// With `m` the largest logit, `log Σ exp(z_i − m) − (z_class − m)` for each example, summed;
/// the gradient is `(softmax(z) − one_hot(class)) / examples`. Exponentials and sums are in f64.
///
/// A logit that is NaN or +∞ makes the loss NaN, never a number: it is a finding.
pub(super) fn run(
    logits: &[f32],
    classes: usize,
    targets: &[u8],
    gradient: GradientOut<'_>,
) -> f64 {
    vectorized(Run {
        logits,
        classes,
        targets,
        gradient,
    })
}

struct Run<'a> {
    logits: &'a [f32],
    classes: usize,
    targets: &'a [u8],
    gradient: GradientOut<'a>,
}

impl Kernel for Run<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Self {
            logits,
            classes,
            targets,
            mut gradient,
        } = self;
        let mut total = 0.0;
        for (block, targets) in targets.chunks(ROWS).enumerate() {
            let first = block * ROWS * classes;
            // Where there are fewer, the last is there again, and not looked at.
            let mut rows = [&logits[..0]; ROWS];
            for (lane, row) in rows.iter_mut().enumerate() {
                let lane = lane.min(targets.len() - 1);
                *row = &logits[first + lane * classes..][..classes];
            }
            let largest = largest(rows, classes);
            let sum = sum_of_exponentials(rows, classes, largest);
            for (lane, &class) in targets.iter().enumerate() {
                let logit = f64::from(rows[lane][usize::from(class)]);
                total += libm::log(sum[lane]) - (logit - largest[lane]);
            }
            if let GradientOut::Into { gradient, examples } = &mut gradient {
                let out = &mut gradient[first..][..targets.len() * classes];
                let examples = *examples as f64;
                probabilities(rows, classes, (largest, sum), examples, out);
                let out = out.chunks_exact_mut(classes);
                for (lane, (out, &class)) in out.zip(targets).enumerate() {
                    // In f64 for the one entry where a difference is taken.
                    let class = usize::from(class);
                    let probability = exponential(rows[lane][class], largest[lane]) / sum[lane];
                    out[class] = ((probability - 1.0) / examples) as f32;
                }
            }
        }
        total
    }
}

/// What the examples have at one class.
#[inline(always)]
fn column(rows: [&[f32]; ROWS], class: usize) -> [f32; ROWS] {
    let mut column = [0.0; ROWS];
    for (value, row) in column.iter_mut().zip(rows) {
        *value = row[class];
    }
    column
}

#[inline(always)]
fn largest(rows: [&[f32]; ROWS], classes: usize) -> [f64; ROWS] {
    let mut largest = [f32::NEG_INFINITY; ROWS];
    for class in 0..classes {
        let logits = column(rows, class);
        for (largest, &z) in largest.iter_mut().zip(&logits) {
            *largest = if z > *largest { z } else { *largest };
        }
    }
    let mut wide = [0.0; ROWS];
    for (wide, largest) in wide.iter_mut().zip(largest) {
        *wide = f64::from(largest);
    }
    wide
}

#[inline(always)]
fn sum_of_exponentials(rows: [&[f32]; ROWS], classes: usize, largest: [f64; ROWS]) -> [f64; ROWS] {
    let mut sum = [0.0; ROWS];
    for first in (0..classes).step_by(TOGETHER) {
        let mut part = [0.0; ROWS];
        for class in first..classes.min(first + TOGETHER) {
            let logits = column(rows, class);
            for lane in 0..ROWS {
                part[lane] += exponential(logits[lane], largest[lane]);
            }
        }
        for (sum, part) in sum.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sum
}

/// Writes `softmax(z) / examples`.
#[inline(always)]
fn probabilities(
    rows: [&[f32]; ROWS],
    classes: usize,
    (largest, sum): ([f64; ROWS], [f64; ROWS]),
    examples: f64,
    out: &mut [f32],
) {
    let mut scale = [0.0; ROWS];
    for (scale, sum) in scale.iter_mut().zip(sum) {
        *scale = 1.0 / (sum * examples);
    }
    for class in 0..classes {
        let logits = column(rows, class);
        let mut shares = [0.0; ROWS];
        for lane in 0..ROWS {
            shares[lane] = (exponential(logits[lane], largest[lane]) * scale[lane]) as f32;
        }
        for (out, share) in out.chunks_exact_mut(classes).zip(shares) {
            out[class] = share;
        }
    }
}

/// exp(z − largest), where less than 10⁻³⁰⁰ is as good as 0.
#[inline(always)]
fn exponential(z: f32, largest: f64) -> f64 {
    let x = f64::from(z) - largest;
    exp_f64(if x < -700.0 { -700.0 } else { x })
}

#[cfg(test)]
mod tests {
    use super::{GradientOut, run};
    use crate::testing::narrow;

    /// Loss and gradient, each example by itself where `apart`.
    fn made(logits: &[f32], classes: usize, targets: &[u8], apart: bool) -> (f64, Vec<u32>) {
        let mut gradient = vec![f32::NAN; logits.len()];
        let each = if apart { 1 } else { targets.len() };
        let mut total = 0.0;
        for (index, targets) in targets.chunks(each).enumerate() {
            let span = index * each * classes..(index * each + targets.len()) * classes;
            let out = GradientOut::Into {
                gradient: &mut gradient[span.clone()],
                examples: 100,
            };
            total += run(&logits[span], classes, targets, out);
        }
        (total, gradient.into_iter().map(f32::to_bits).collect())
    }

    #[test]
    fn examples_side_by_side_are_as_each_alone() {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        for (classes, examples) in [(1, 3), (2, 16), (10, 33), (16, 5), (17, 40), (50, 31)] {
            let mut logits: Vec<f32> = (0..classes * examples)
                .map(|_| next() as f32 / 1e6 - 8.0)
                .collect();
            logits[0] = -0.0;
            logits[classes * (examples - 1)] = -2000.0;
            let targets: Vec<u8> = (0..examples)
                .map(|_| (next() as usize % classes) as u8)
                .collect();
            let together = made(&logits, classes, &targets, false);
            assert_eq!(together, made(&logits, classes, &targets, true));
            assert_eq!(together, narrow(|| made(&logits, classes, &targets, false)));
        }
    }

    #[test]
    fn what_is_not_a_number_makes_the_loss_none() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut logits = [0.5f32; 30];
            logits[17] = bad;
            assert!(run(&logits, 10, &[3, 4, 5], GradientOut::None).is_nan());
        }
        // Minus infinity is a probability of 0.
        let loss = run(&[0.0, f32::NEG_INFINITY], 2, &[0], GradientOut::None);
        assert_eq!(loss, 0.0);
    }
}
