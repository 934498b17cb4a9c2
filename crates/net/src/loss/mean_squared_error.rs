//! Mean squared error.

use super::GradientOut;

/// With `d = output − target` over the `f` values of an example: `Σ d² / f`, summed over the
/// examples; the gradient is `2 d / (f · examples)`.
pub(super) fn run(
    output: &[f32],
    features: usize,
    targets: &[f32],
    gradient: GradientOut<'_>,
) -> f64 {
    let apart = |(&y, &t): (&f32, &f32)| f64::from(y) - f64::from(t);
    if let GradientOut::Into { gradient, examples } = gradient {
        let scale = 2.0 / (features as f64 * examples as f64);
        for (out, pair) in gradient.iter_mut().zip(output.iter().zip(targets)) {
            *out = (scale * apart(pair)) as f32;
        }
    }
    let squares = output
        .iter()
        .zip(targets)
        .map(|pair| apart(pair) * apart(pair));
    squares.sum::<f64>() / features as f64
}
