//! Kernels against the f64 definitions of `evenkeel-theory`.

use evenkeel_theory::Activation;

use super::Elementwise;
use crate::matrix::Accumulate;
use crate::operator::{Backward, Behaviour, Context, Retains};

/// 2⁻²⁴: half a unit in the last place of 1.
const U: f64 = 1.0 / (1 << 24) as f64;

fn activations() -> Vec<Activation> {
    let parameters = [
        "leaky_relu(-0.3)",
        "leaky_relu(1.5)",
        "leaky_relu(0)",
        "elu(0.5)",
        "elu(0)",
    ];
    let more = [
        "swish(2)",
        "swish(-1)",
        "swish(0.1)",
        "relu(x) - 0.5",
        "x*sigmoid(3*x)",
    ];
    let mut all = Activation::all();
    all.extend(
        parameters
            .iter()
            .chain(&more)
            .map(|text| Activation::parse(text).unwrap()),
    );
    all
}

/// About 60,000 finite values of all sizes and both signs, and 40,000 evenly on −25..25.
fn points() -> Vec<f32> {
    let all_sizes = (0..u32::MAX)
        .step_by(71_993)
        .map(f32::from_bits)
        .filter(|x| x.is_finite());
    let moderate = (-20_000..20_000).map(|i| i as f32 * (25.0 / 20_000.0) + 1e-5);
    all_sizes.chain(moderate).chain([0.0, -0.0]).collect()
}

const CONTEXT: Context<'_> = Context {
    behaviour: Behaviour::Training,
    examples: 1,
    first_row: 0,
    rows: 0,
    step: 0,
    keys: &[],
    statistics: &[],
};

fn derivatives(activation: &Elementwise, x: &[f32], y: &[f32]) -> Vec<f32> {
    let retained = match activation.retains() {
        Retains::Output => y,
        Retains::Input | Retains::Neither | Retains::Both => x,
    };
    let gradient = vec![1.0; x.len()];
    let reads = Backward {
        gradient: &gradient,
        retained,
        parameters: &[],
        laid: &[],
        context: &CONTEXT,
    };
    let mut made = vec![f32::NAN; x.len()];
    activation.backward(&reads, Accumulate::Overwrite, &mut made);
    let mut added = vec![0.0; x.len()];
    activation.backward(&reads, Accumulate::Add, &mut added);
    assert_eq!(made, added);
    let mut in_place = gradient.clone();
    activation.backward_in_place(retained, &mut in_place);
    assert_eq!(made, in_place);
    made
}

#[test]
fn values_and_derivatives_are_within_the_stated_error() {
    let x = points();
    for activation in activations() {
        let kernel = Elementwise::new(&activation);
        let mut y = vec![f32::NAN; x.len()];
        kernel.forward(&x, &mut y);
        let mut in_place = x.clone();
        kernel.forward_in_place(&mut in_place);
        assert_eq!(y, in_place, "{activation}");
        let slopes = derivatives(&kernel, &x, &y);
        for ((&x, &y), &slope) in x.iter().zip(&y).zip(&slopes) {
            let wide = f64::from(x);
            let exact = activation.value(wide);
            if exact.abs() < f64::from(f32::MAX) {
                let error = (f64::from(y) - exact).abs();
                // The last term: a sigmoid far in its tail is a denormal, and x times it as
                // coarse as x times the smallest one.
                let bound = 4.0 * U * exact.abs() + 128.0 * f64::from(f32::from_bits(1));
                assert!(error <= bound, "{activation}({x:e}) = {y:e}, not {exact:e}");
            }
            let exact = activation.derivative(wide);
            if exact.abs() < f64::from(f32::MAX) {
                let error = (f64::from(slope) - exact).abs();
                let bound = 6.0 * U * exact.abs().max(1.0);
                assert!(
                    error <= bound,
                    "{activation}'({x:e}) = {slope:e}, not {exact:e}"
                );
            }
        }
    }
}

#[test]
fn zero_stays_where_the_function_is_odd_or_rectifies() {
    for name in ["tanh", "relu", "leaky_relu", "gelu", "silu", "elu", "selu"] {
        let kernel = Elementwise::new(&Activation::parse(name).unwrap());
        let mut zeros = [0.0; 33];
        kernel.forward_in_place(&mut zeros);
        assert!(zeros.iter().all(|&y| y == 0.0), "{name}");
    }
}

#[test]
fn nan_goes_through_and_infinity_where_the_limit_is() {
    for activation in activations() {
        let kernel = Elementwise::new(&activation);
        // 40 of each, so that both the vectorised body and the rest of the loop see them.
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut y = [x; 40];
            kernel.forward_in_place(&mut y);
            // The definition at a huge finite value stands for the limit, where ∞ itself is not
            // in a definition's domain.
            let exact = match activation.value(f64::from(x)) {
                value if value.is_nan() && !x.is_nan() => continue,
                value => value as f32,
            };
            for y in y {
                let same = y == exact || (y.is_nan() && exact.is_nan());
                assert!(same, "{activation}({x}) = {y}, not {exact}");
            }
        }
    }
}

#[test]
fn vector_bodies_and_remainders_give_the_same_bits() {
    let x: Vec<f32> = (0..40).map(|i| (i as f32 - 20.0) * 0.37).collect();
    for activation in activations() {
        let kernel = Elementwise::new(&activation);
        let mut together = vec![0.0; x.len()];
        kernel.forward(&x, &mut together);
        for (&x, &y) in x.iter().zip(&together) {
            let mut alone = [0.0];
            kernel.forward(&[x], &mut alone);
            assert_eq!(alone[0].to_bits(), y.to_bits(), "{activation}({x})");
        }
    }
}
