//! Every number of `reference/gains.json` (mpmath, 30 digits).

use evenkeel_theory::gaussian::expectation;
use evenkeel_theory::{Activation, FourthMoments, Gain, Moments};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/gains.json")).unwrap()
}

/// The reference's keys carry the parameter after the name.
fn activation(key: &str) -> Activation {
    let text = match key.rsplit_once('_') {
        Some((name, parameter)) if parameter.parse::<f64>().is_ok() => {
            format!("{name}({parameter})")
        }
        _ => key.to_owned(),
    };
    text.parse().unwrap()
}

#[test]
fn every_number_of_the_reference_to_ten_digits() {
    let reference = reference();
    let values = reference["values"].as_object().unwrap();
    assert!(values.len() >= 16);
    for (key, row) in values {
        let activation = activation(key);
        let gain = Gain::of(&activation).unwrap();
        let moments = Moments::at(&activation, 1.0).unwrap();
        let fourth = FourthMoments::at(&activation, 1.0).unwrap();
        let bend = |x: f64| {
            let second = activation.second_derivative(x);
            second * second
        };
        let curvature = expectation(bend, 1.0, activation.breakpoints())
            .unwrap()
            .value;
        let second = moments.second_moment.value;
        let slope = moments.derivative_second_moment.value;
        let ours = [
            ("E_phi", moments.mean.value),
            ("E_phi2", second),
            ("Var_phi", moments.variance.value),
            ("E_phi4", fourth.value.value),
            ("E_dphi", moments.derivative_mean.value),
            ("E_dphi2", slope),
            ("E_dphi4", fourth.derivative.value),
            ("gain_forward", gain.forward),
            ("gain_forward_centered", gain.centered),
            ("gain_backward", gain.backward.unwrap()),
            ("chi1_at_gain_forward", gain.chi_1),
            ("chi_q_at_gain_forward", gain.chi_q),
            ("kappa_phi2", fourth.value.value / (second * second)),
            ("mu2_over_mu1sq", fourth.derivative.value / (slope * slope)),
            ("E_ddphi2", curvature),
        ];
        for (name, ours) in ours {
            let Some(theirs) = row[name].as_f64() else {
                continue;
            };
            // Expectations of odd functions are zero; there the reference holds its own rounding.
            let tolerance = 1e-10 * theirs.abs() + 1e-15;
            assert!(
                (ours - theirs).abs() <= tolerance,
                "{key} {name}: {ours} for {theirs}"
            );
        }
        let known = row.as_object().unwrap().len();
        assert_eq!(
            known,
            ours.iter().filter(|(name, _)| row[*name].is_f64()).count(),
            "{key}"
        );
    }
}

#[test]
fn every_named_activation_has_a_gain_and_a_verdict() {
    let started = std::time::Instant::now();
    for activation in Activation::all() {
        let gain = Gain::of(&activation).unwrap();
        assert!(
            gain.forward > 0.0 && gain.forward.is_finite(),
            "{activation}"
        );
        assert!(gain.error < 1e-12, "{activation}: {}", gain.error);
        assert!(
            gain.verdict()
                .to_string()
                .starts_with(&format!("{activation}: gain "))
        );
    }
    assert!(
        started.elapsed().as_secs_f64() < 1.0,
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_gain_keeps_the_variance_it_is_made_for() {
    for activation in Activation::all() {
        for q in [0.3, 1.0, 4.0] {
            let gain = Gain::at(&activation, q).unwrap();
            let moments = Moments::at(&activation, q).unwrap();
            let kept = gain.forward * gain.forward * moments.second_moment.value;
            assert!((kept / q - 1.0).abs() < 1e-14, "{activation} at {q}");
        }
    }
}
