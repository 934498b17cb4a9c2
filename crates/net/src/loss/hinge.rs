//! Multi-class hinge loss.

use super::GradientOut;

/// With the margins `z_j = 1 − x_class + x_j` of the `c` classes: `Σ_{j ≠ class} max(z_j, 0) / c`
/// for each example, summed. By `x_j` the gradient is `1/(c · examples)` where `z_j > 0`, and by
/// `x_class` minus as many of them as there are.
///
/// A NaN makes the loss NaN, never a number: it is a finding.
pub(super) fn run(
    outputs: &[f32],
    classes: usize,
    targets: &[u8],
    mut gradient: GradientOut<'_>,
) -> f64 {
    let mut total = 0.0;
    for (row, (outputs, &class)) in outputs.chunks_exact(classes).zip(targets).enumerate() {
        let class = usize::from(class);
        let own = f64::from(outputs[class]);
        let margin = |x: f32| 1.0 - own + f64::from(x);
        let others = outputs.iter().enumerate().filter(|&(j, _)| j != class);
        let positive = |z: f64| if z <= 0.0 { 0.0 } else { z };
        let sum: f64 = others.map(|(_, &x)| positive(margin(x))).sum();
        total += sum / classes as f64;
        if let GradientOut::Into { gradient, examples } = &mut gradient {
            let share = 1.0 / (classes as f64 * *examples as f64);
            let out = &mut gradient[row * classes..(row + 1) * classes];
            let mut violated = 0u32;
            for (j, (out, &x)) in out.iter_mut().zip(outputs).enumerate() {
                let z = margin(x);
                // A NaN counts: it must not look like a margin that is kept.
                let counts = j != class && (z > 0.0 || z.is_nan());
                violated += u32::from(counts);
                *out = match (counts, z.is_nan()) {
                    (true, true) => f32::NAN,
                    (true, false) => share as f32,
                    (false, _) => 0.0,
                };
            }
            out[class] = if sum.is_nan() {
                f32::NAN
            } else {
                (-share * f64::from(violated)) as f32
            };
        }
    }
    total
}
