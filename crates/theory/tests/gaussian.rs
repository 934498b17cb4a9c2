//! Gaussian expectations against closed forms, over sixteen decades of variance.

use std::f64::consts::{FRAC_2_PI, PI};

use evenkeel_theory::gaussian::{
    Covariance, ExpectationError, expectation, expectation_of_product,
};
use evenkeel_theory::special::{erf, normal_cdf, normal_pdf};
use evenkeel_theory::{Activation, Moments};

/// 10⁻⁸ … 10⁸, the range that is promised.
fn variances() -> impl Iterator<Item = f64> {
    (-16..=16).map(|half_decades| libm::pow(10.0, 0.5 * f64::from(half_decades)))
}

fn relu_kernel(c: f64) -> f64 {
    ((1.0 - c * c).sqrt() + c * (PI - libm::acos(c))) / (2.0 * PI)
}

#[test]
fn second_moments_match_their_closed_forms_to_twelve_digits() {
    type ClosedForm = fn(f64) -> f64;
    let rows: [(&str, ClosedForm); 6] = [
        ("erf", |q| FRAC_2_PI * libm::asin(2.0 * q / (1.0 + 2.0 * q))),
        ("gelu", |q| {
            let correction = q / ((1.0 + q) * (1.0 + 2.0 * q).sqrt()) / PI;
            q * (0.25 + libm::asin(q / (1.0 + q)) / (2.0 * PI) + correction)
        }),
        ("gaussian", |q| 1.0 / (1.0 + 4.0 * q).sqrt()),
        ("relu_squared", |q| 1.5 * q * q),
        ("relu", |q| 0.5 * q),
        ("hardtanh", |q| {
            // E[x²; |x| < 1] + P(|x| > 1), with t = 1/√q; for small t the first term is a series.
            let t = 1.0 / q.sqrt();
            let inside = if t < 0.1 {
                let w = t * t;
                2.0 * normal_pdf(0.0)
                    * t
                    * w
                    * (1.0 / 3.0 - w / 10.0 + w * w / 56.0 - w * w * w / 432.0
                        + w * w * w * w / 4224.0)
            } else {
                erf(t / 2.0_f64.sqrt()) - 2.0 * t * normal_pdf(t)
            };
            q * inside + 2.0 * normal_cdf(-t)
        }),
    ];
    for (name, closed_form) in rows {
        let activation: Activation = name.parse().unwrap();
        for q in variances() {
            let square = |x: f64| activation.value(x) * activation.value(x);
            let ours = expectation(square, q, activation.breakpoints()).unwrap();
            let truth = closed_form(q);
            let off = (ours.value - truth).abs();
            assert!(
                off <= 1e-12 * truth,
                "{name} at q = {q}: {} for {truth}",
                ours.value
            );
            assert!(
                ours.error <= 1e-12 * ours.value,
                "{name} at {q}: error {}",
                ours.error
            );
        }
    }
}

#[test]
fn waves_are_resolved_over_thirty_thousand_periods() {
    for q in [1e-8, 1.0, 30.0, 1e4, 1e8] {
        let sine = expectation(|x| libm::sin(x) * libm::sin(x), q, &[]).unwrap();
        let truth = -0.5 * libm::expm1(-2.0 * q);
        assert!(
            (sine.value / truth - 1.0).abs() < 1e-12,
            "{q}: {} for {truth}",
            sine.value
        );
    }
}

#[test]
fn closed_forms_agree_with_integration() {
    for name in ["relu", "leaky_relu(0.3)", "abs", "identity", "sin", "cos"] {
        let activation: Activation = name.parse().unwrap();
        for q in [1e-6, 0.2, 1.0, 50.0] {
            let closed = Moments::at(&activation, q).unwrap();
            let breaks = activation.breakpoints();
            let integral = |f: &dyn Fn(f64) -> f64| expectation(f, q, breaks).unwrap().value;
            let value = |x: f64| activation.value(x);
            let slope = |x: f64| activation.derivative(x);
            let pairs = [
                (closed.mean.value, integral(&value)),
                (
                    closed.second_moment.value,
                    integral(&|x| value(x) * value(x)),
                ),
                (closed.variance.value, {
                    let mean = closed.mean.value;
                    integral(&|x| (value(x) - mean) * (value(x) - mean))
                }),
                (closed.derivative_mean.value, integral(&slope)),
                (
                    closed.derivative_second_moment.value,
                    integral(&|x| slope(x) * slope(x)),
                ),
                (
                    closed.second_moment_slope.value,
                    integral(&|x| x * value(x) * slope(x)) / q,
                ),
            ];
            for (i, (ours, theirs)) in pairs.into_iter().enumerate() {
                let size = 1e-12 * (ours.abs() + 1e-3);
                assert!(
                    (ours - theirs).abs() < size,
                    "{name} {i} at {q}: {ours} {theirs}"
                );
            }
        }
    }
}

#[test]
fn the_slope_of_the_second_moment_counts_jumps() {
    // By a central difference of the second moment itself; its error is about h²·1e1.
    for name in ["hardshrink(0.7)", "relu_squared", "selu", "gelu", "cos"] {
        let activation: Activation = name.parse().unwrap();
        for q in [0.4, 1.0, 9.0] {
            let h = 1e-4 * q;
            let at = |q: f64| Moments::at(&activation, q).unwrap();
            let difference =
                (at(q + h).second_moment.value - at(q - h).second_moment.value) / (2.0 * h);
            let slope = at(q).second_moment_slope.value;
            assert!(
                (slope - difference).abs() < 1e-6,
                "{name} {q}: {slope} {difference}"
            );
        }
    }
}

#[test]
fn products_match_their_closed_forms() {
    let erf_activation = Activation::erf();
    for (q1, q2) in [(1.0, 1.0), (1.3, 0.6), (1e-4, 1e-4), (400.0, 400.0)] {
        let one: f64 = 1.0;
        for c in [
            -one,
            -0.999_999,
            -0.4,
            0.0,
            0.3,
            0.9,
            1.0 - 1e-6,
            1.0 - 1e-10,
            1.0,
        ] {
            let pair = Covariance::new(q1, q2, c).unwrap();
            let q12 = c * libm::sqrt(q1 * q2);
            let relu = |x: f64| x.max(0.0);
            let step = |x: f64| if x > 0.0 { 1.0 } else { 0.0 };
            let smooth = |x: f64| erf_activation.value(x);
            let slope = |x: f64| erf_activation.derivative(x);
            let determinant = (1.0 + 2.0 * q1) * (1.0 + 2.0 * q2);
            let of = |f: &dyn Fn(f64) -> f64, breaks: &[f64]| {
                expectation_of_product(f, f, &pair, breaks, breaks).unwrap()
            };
            let rows = [
                (
                    "relu",
                    of(&relu, &[0.0]),
                    libm::sqrt(q1 * q2) * relu_kernel(c),
                ),
                ("step", of(&step, &[0.0]), (PI - libm::acos(c)) / (2.0 * PI)),
                (
                    "erf",
                    of(&smooth, &[]),
                    FRAC_2_PI * libm::asin(2.0 * q12 / determinant.sqrt()),
                ),
                (
                    "erf'",
                    of(&slope, &[]),
                    4.0 / PI / (determinant - 4.0 * q12 * q12).sqrt(),
                ),
            ];
            for (name, ours, truth) in rows {
                // Relative to the size of the product, √(E f² E g²), which cancellation leaves.
                let size = match name {
                    "relu" => 0.5 * libm::sqrt(q1 * q2),
                    "step" => 0.5,
                    "erf'" => truth,
                    _ => FRAC_2_PI * libm::asin(2.0 * q1.max(q2) / (1.0 + 2.0 * q1.max(q2))),
                };
                let off = (ours.value - truth).abs();
                assert!(
                    off < 1e-12 * size,
                    "{name} {q1} {q2} {c}: {} {truth}",
                    ours.value
                );
            }
        }
    }
}

#[test]
fn what_cannot_be_had_is_refused() {
    let fast = expectation(|x| libm::exp(x * x), 1.0, &[]).unwrap_err();
    assert!(matches!(fast, ExpectationError::NotIntegrable { variance, .. } if variance == 1.0));
    assert!(fast.to_string().contains("grows too fast"), "{fast}");
    // e^{x²} is integrable below q = 1/2, and then it is right: 1/√(1 − 2q).
    let slow = expectation(|x| libm::exp(x * x), 0.1, &[]).unwrap();
    assert!((slow.value - 1.0 / 0.8_f64.sqrt()).abs() < 1e-12);
    // Close to the border the integral exists but has not settled where the range ends.
    assert!(expectation(|x| libm::exp(x * x), 0.499, &[]).is_err());

    let undefined = expectation(libm::log, 1.0, &[]).unwrap_err();
    assert!(matches!(undefined, ExpectationError::Undefined { at } if at < 0.0));
    let pole = expectation(|x| 1.0 / (x - 0.3), 1.0, &[0.3]).unwrap_err();
    assert!(
        matches!(pole, ExpectationError::NotIntegrable { at, .. } if at == 0.3),
        "{pole}"
    );
    let noise = expectation(|x| libm::tanh(x) - x, 1e-12, &[]);
    assert!(
        matches!(noise, Err(ExpectationError::Accuracy { .. })),
        "{noise:?}"
    );
    let negative = expectation(|x| x, -0.1, &[]).unwrap_err();
    assert_eq!(
        negative.to_string(),
        "the variance must be finite and not below 0, got -0.1"
    );
    assert!(Covariance::new(1.0, 1.0, 1.5).is_err());
}

#[test]
fn a_kink_that_is_not_announced_costs_time_not_accuracy() {
    let kinked = |x: f64| (x - 0.123_456_789).max(0.0);
    let told = expectation(kinked, 2.0, &[0.123_456_789]).unwrap();
    let untold = expectation(kinked, 2.0, &[]).unwrap();
    assert!((told.value - untold.value).abs() < 1e-12 * told.value);
}
