//! Every named activation under the same tests: a new one is covered by its row.

mod common;

use common::Normals;
use evenkeel_theory::{Activation, Gain, GainError, Moments};

/// A moment's name, its value in theory, and the function of z whose mean it is.
type Row<'a> = (&'a str, f64, &'a dyn Fn(f64) -> f64);

#[test]
fn moments_agree_with_monte_carlo() {
    let samples = 200_000;
    let mut normals = Normals::new(20_240_611);
    let z: Vec<f64> = (0..samples).map(|_| normals.next()).collect();
    for activation in Activation::all() {
        for q in [0.25, 1.0, 4.0] {
            let theory = Moments::at(&activation, q).unwrap();
            let x = |z: f64| q.sqrt() * z;
            let value = |z: f64| activation.value(x(z));
            let slope = |z: f64| activation.derivative(x(z));
            // The slope of E[φ²] by the density's derivative, which holds with jumps too.
            let rows: [Row<'_>; 5] = [
                ("mean", theory.mean.value, &value),
                ("second moment", theory.second_moment.value, &|z| {
                    value(z) * value(z)
                }),
                ("slope mean", theory.derivative_mean.value, &slope),
                (
                    "slope second moment",
                    theory.derivative_second_moment.value,
                    &|z| slope(z) * slope(z),
                ),
                (
                    "d second moment/dq",
                    theory.second_moment_slope.value,
                    &|z| value(z) * value(z) * (z * z - 1.0) / (2.0 * q),
                ),
            ];
            for (name, expected, f) in rows {
                let (mut sum, mut squares) = (0.0, 0.0);
                for &z in &z {
                    let f = f(z);
                    sum += f;
                    squares += f * f;
                }
                let n = samples as f64;
                let mean = sum / n;
                let variance = (squares / n - mean * mean).max(0.0);
                // Five standard errors, σ/√n; and 10⁻⁸ for the rounding of the sum and for events
                // that no sample saw (hardsigmoid's bends are six standard deviations away).
                let tolerance = 5.0 * (variance / n).sqrt() + 1e-8;
                let what = format!("{activation} at q = {q}, {name}: {mean} for {expected}");
                assert!((mean - expected).abs() < tolerance, "{what}");
                if name == "second moment" {
                    // Zeros and a doubled scale would be far outside.
                    assert!(tolerance < 0.1 * expected, "{what}: tolerance {tolerance}");
                }
            }
        }
    }
}

#[test]
fn derivatives_agree_with_finite_differences() {
    for activation in Activation::all() {
        for i in -80..=80 {
            let x = 0.1 * f64::from(i) + 0.037;
            if activation
                .breakpoints()
                .iter()
                .any(|k| (k - x).abs() < 1e-3)
            {
                continue;
            }
            let h = 1e-5;
            let first = (activation.value(x + h) - activation.value(x - h)) / (2.0 * h);
            let second = (activation.derivative(x + h) - activation.derivative(x - h)) / (2.0 * h);
            // h²/6 times a third derivative of order one, and rounding ε·|φ|/h.
            let close = |a: f64, b: f64| (a - b).abs() < 1e-8 * (1.0 + a.abs());
            assert!(
                close(activation.derivative(x), first),
                "{activation}' at {x}"
            );
            assert!(
                close(activation.second_derivative(x), second),
                "{activation}'' at {x}"
            );
        }
    }
}

#[test]
fn break_points_are_where_the_function_breaks() {
    for activation in Activation::all() {
        for &k in activation.breakpoints() {
            let side = |x: f64| {
                [
                    activation.value(x),
                    activation.derivative(x),
                    activation.second_derivative(x),
                ]
            };
            let (below, above) = (side(k - 1e-9), side(k + 1e-9));
            let differs = (0..3).any(|i| (below[i] - above[i]).abs() > 1e-6);
            assert!(differs, "{activation} has no break at {k}");
        }
        // And nowhere else: between neighbours on a fine grid, nothing jumps.
        for i in -800..800 {
            let (a, b) = (0.01 * f64::from(i) + 0.003, 0.01 * f64::from(i) + 0.013);
            if activation.breakpoints().iter().any(|&k| a <= k && k <= b) {
                continue;
            }
            let change = (activation.derivative(b) - activation.derivative(a)).abs();
            assert!(change < 0.05, "{activation} breaks between {a} and {b}");
        }
    }
}

#[test]
fn gains_hold_over_sixteen_decades_of_variance() {
    for activation in Activation::all() {
        for exponent in -8..=8 {
            let q = libm::exp10(f64::from(exponent));
            match Gain::at(&activation, q) {
                Ok(gain) => {
                    assert!(
                        gain.forward > 0.0 && gain.forward.is_finite(),
                        "{activation} {q}"
                    );
                    // The rounding of φ, ε, beside its standard deviation: at small q a φ with
                    // φ(0) ≠ 0 hardly varies, and the centred gain loses digits.
                    let size = gain.centered / gain.forward;
                    let bound = 1e-10 + 1e-14 * size;
                    assert!(gain.error < bound, "{activation} at {q}: {}", gain.error);
                }
                // A dead zone of ±½ is 5000 standard deviations wide at q = 10⁻⁸.
                Err(GainError::ZeroSecondMoment { .. }) => {
                    assert!(activation.to_string().contains("shrink") && q < 1e-3);
                }
                Err(other) => panic!("{activation} at {q}: {other}"),
            }
        }
    }
}

#[test]
fn text_round_trips_and_aliases_are_understood() {
    for (alias, name) in [
        ("linear", "identity"),
        ("atan", "arctan"),
        ("gelu_new", "gelu_tanh"),
        ("relu2", "relu_squared"),
        ("logistic", "sigmoid"),
        ("hard_swish", "hardswish"),
    ] {
        assert_eq!(alias.parse::<Activation>(), name.parse());
    }
    assert_eq!(Activation::all().len(), Activation::names().count());
    for (activation, name) in Activation::all().iter().zip(Activation::names()) {
        assert!(activation.to_string().starts_with(name));
    }
}
