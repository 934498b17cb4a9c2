//! Softmax and cross-entropy together, which is what makes them stable.

use super::GradientOut;
use crate::operator::exp_f64;
use crate::simd::{Kernel, vectorized};

/// With `m` the largest logit, `log Σ exp(z_i − m) − (z_class − m)` for each example, summed;
/// the gradient is `(softmax(z) − one_hot(class)) / examples`. Exponentials and sums are in f64.
///
/// A logit that is NaN or +∞ makes the loss NaN, never a number: it is a finding.
pub(super) fn run(
    logits: &[f32],
    classes: usize,
    targets: &[u8],
    mut gradient: GradientOut<'_>,
) -> f64 {
    let mut total = 0.0;
    for (row, (logits, &class)) in logits.chunks_exact(classes).zip(targets).enumerate() {
        let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let sum = vectorized(SumExponentials { logits, largest });
        let class = usize::from(class);
        total += libm::log(sum) - (f64::from(logits[class]) - largest);
        if let GradientOut::Into { gradient, examples } = &mut gradient {
            let out = &mut gradient[row * classes..(row + 1) * classes];
            let examples = *examples as f64;
            vectorized(Probabilities {
                logits,
                largest,
                scale: 1.0 / (sum * examples),
                out,
            });
            // In f64 for the one entry where a difference is taken.
            let probability = exponential(logits[class], largest) / sum;
            out[class] = ((probability - 1.0) / examples) as f32;
        }
    }
    total
}

/// exp(z − largest), where less than 10⁻³⁰⁰ is as good as 0.
#[inline(always)]
fn exponential(z: f32, largest: f64) -> f64 {
    let x = f64::from(z) - largest;
    exp_f64(if x < -700.0 { -700.0 } else { x })
}

struct SumExponentials<'a> {
    logits: &'a [f32],
    largest: f64,
}

impl Kernel for SumExponentials<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        // Sixteen at a time, so that the exponentials vectorise; they are added in order.
        let mut sum = 0.0;
        for part in self.logits.chunks(16) {
            let mut terms = [0.0; 16];
            for (term, &z) in terms.iter_mut().zip(part) {
                *term = exponential(z, self.largest);
            }
            sum += terms.iter().sum::<f64>();
        }
        sum
    }
}

struct Probabilities<'a> {
    logits: &'a [f32],
    largest: f64,
    scale: f64,
    out: &'a mut [f32],
}

impl Kernel for Probabilities<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (out, &z) in self.out.iter_mut().zip(self.logits) {
            *out = (exponential(z, self.largest) * self.scale) as f32;
        }
    }
}
