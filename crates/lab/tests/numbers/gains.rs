//! Every activation at its gain, beside Gaussian integrals of others and the law of a layer's second
//! moment.

use std::f64::consts::SQRT_2;

use evenkeel_lab::Settings;
use evenkeel_lab::results::{Experiment, Map, Value};
use evenkeel_theory::Activation;

use super::{agreeing, alike_on_one_thread, quick};

/// Layers, units of each, and seeds of the short form.
const LAYERS: i32 = 20;
const WIDTH: f64 = 512.0;
const SEEDS: usize = 5;

/// The gain, χ_q at it, and κ = E[φ⁴]/E[φ²]², z ~ N(0, 1): by mpmath at 30 digits.
const KNOWN: [(&str, f64, f64, f64); 14] = [
    ("identity", 1.0, 1.0, 3.0),
    ("relu", SQRT_2, 1.0, 6.0),
    ("leaky_relu(0.01)", 1.41414285699784, 1.0, 5.998800239964),
    ("abs", 1.0, 1.0, 3.0),
    (
        "relu6",
        1.41421356509507,
        0.999999928965689,
        5.99999946179846,
    ),
    (
        "tanh",
        1.59253741972283,
        0.461070830477631,
        1.62729080601487,
    ),
    (
        "sigmoid",
        1.84622854533861,
        0.106341074741006,
        1.52889960113239,
    ),
    ("erf", 1.46716695048914, 0.408566667928564, 1.55983854426064),
    (
        "elu(1)",
        1.24519830070071,
        0.890967971855576,
        3.77602199779509,
    ),
    ("selu", 1.0, 0.782647883196813, 2.50314045061541),
    ("gelu", 1.53353044119554, 1.14406319687258, 7.21561428584087),
    (
        "gelu_tanh",
        1.53358052166615,
        1.14429826615547,
        7.21783430096766,
    ),
    ("silu", 1.67653247033109, 1.17259405409875, 7.2617463818677),
    (
        "hardsigmoid",
        1.89784042472956,
        0.0971194003628584,
        1.37759408566494,
    ),
];

/// The numbers of all activations under `name`.
fn each<'a>(values: &'a Map, name: &str) -> &'a Map {
    match &values[name] {
        Value::Map(map) => map,
        other => panic!("{name}: {other}"),
    }
}

fn number(values: &Map, name: &str, activation: &str) -> f64 {
    let all = each(values, name);
    match all.get(activation) {
        Some(Value::Number(number)) => number.0,
        other => panic!("{name} of {activation}: {other:?} in {:?}", all.keys()),
    }
}

/// The last layer's second moment over the one that the gain is to hold.
fn kept(gains: &Experiment, activation: &str) -> f64 {
    let gain = number(&gains.predicted, "gain_forward", activation);
    number(&gains.measured, "second_moment", activation) * gain * gain
}

#[test]
fn gains_are_those_of_others_and_hold_what_they_are_to_hold() {
    let gains = agreeing(&quick("gains"));
    assert_eq!(gains.measured["seeds"], SEEDS.into());
    for (activation, gain, chi_q, kappa) in KNOWN {
        for (name, known) in [("gain_forward", gain), ("chi_q", chi_q)] {
            let ours = number(&gains.predicted, name, activation);
            assert!((ours / known - 1.0).abs() < 1e-12, "{activation}: {ours}");
        }
        if chi_q > 1.0 {
            continue;
        }
        // A layer multiplies ln E[φ²]'s departure by χ_q and adds one of variance (κ − 1)/n; its mean
        // stays 1, so the median of a lognormal is e^(−v/2). The middle of five normal numbers has
        // 0.536 of their standard deviation.
        let powers = (0..LAYERS).map(|layer| chi_q.powi(2 * layer));
        let variance = (kappa - 1.0) / WIDTH * powers.sum::<f64>();
        let log = kept(&gains, activation).ln();
        let apart = (log + 0.5 * variance).abs();
        assert!(apart < 4.0 * 0.536 * variance.sqrt(), "{activation}: {log}");
    }
    let listed: Vec<String> = Activation::all().iter().map(ToString::to_string).collect();
    verdict_counts_them(&gains, &listed);
    pictures_have_them_from_the_steadiest_on(&gains, &listed);
}

fn verdict_counts_them(gains: &Experiment, listed: &[String]) {
    let lost: Vec<&String> = listed
        .iter()
        .filter(|name| !(0.5..=2.0).contains(&kept(gains, name)))
        .collect();
    let stable = listed
        .iter()
        .filter(|name| number(&gains.predicted, "chi_q", name) <= 1.0 + 1e-9);
    let verdict = &gains.verdict;
    for words in [
        format!(
            "{} of {} activations",
            listed.len() - lost.len(),
            listed.len()
        ),
        format!("{} have a stable fixed point", stable.count()),
    ] {
        assert!(verdict.contains(&words), "no {words:?} in {verdict:?}");
    }
    assert!(
        !lost.is_empty() && lost.len() < listed.len() / 2,
        "{lost:?}"
    );
    for name in lost {
        assert!(verdict.contains(&format!("{name} (χ_q = ")), "{verdict}");
        // What is stable or homogeneous strays less in twenty layers.
        let chi_q = number(&gains.predicted, "chi_q", name);
        assert!(chi_q > 1.0, "{name}: {chi_q}");
    }
}

fn pictures_have_them_from_the_steadiest_on(gains: &Experiment, listed: &[String]) {
    let [grid] = &gains.grids[..] else {
        panic!("{} grids", gains.grids.len());
    };
    assert_eq!((grid.x.values.len(), grid.rows.len()), (20, listed.len()));
    let order: Vec<f64> = grid
        .y
        .names
        .iter()
        .map(|name| number(&gains.predicted, "chi_q", name))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    let [table] = &gains.tables[..] else {
        panic!("{} tables", gains.tables.len());
    };
    assert_eq!(table.rows.len(), listed.len());
    for ((name, ratios), row) in grid.y.names.iter().zip(&grid.rows).zip(&table.rows) {
        assert_eq!(ratios.len(), 20, "{name}");
        // 0 or ∞ where a signal died or left the numbers.
        let (shown, kept) = (ratios[19].0, kept(gains, name));
        assert!(
            shown == kept || (shown / kept - 1.0).abs() < 1e-12,
            "{name}: {shown} {kept}"
        );
        assert_eq!(row[0], Value::from(name.as_str()));
        // Theory gives up where a band is too wide to say anything: never for what is stable.
        if let Value::Text(any) = &row[5] {
            let chi_q = number(&gains.predicted, "chi_q", name);
            assert!(any.starts_with("any, from ") && chi_q > 1.0, "{name} {any}");
        }
    }
    let drawn: Vec<&str> = gains.profiles.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(drawn, ["sigmoid, seed 0", "relu, seed 0", "gelu, seed 0"]);
    for profile in &gains.profiles {
        assert_eq!((profile.layers.len(), profile.predicted.len()), (20, 20));
    }
}

#[test]
fn one_activation_alone_is_drawn_and_no_thread_changes_a_bit() {
    let settings = Settings {
        activation: Some(Activation::parse("erf").expect("an activation")),
        depth: Some(6),
        width: Some(64),
        ..quick("gains")
    };
    let erf = agreeing(&settings);
    assert_eq!(each(&erf.measured, "second_moment").len(), 1);
    assert_eq!(erf.profiles.len(), 1);
    assert_eq!(erf.profiles[0].layers.len(), 6);
    let command =
        "evenkeel lab --only gains --seed 42 --quick --depth 6 --width 64 --activation 'erf'";
    assert_eq!(erf.command, command);
    // E[erf(z)²] = (2/π) asin(2/3) = 0.46456, and a standard error as above.
    let last = number(&erf.measured, "second_moment", "erf");
    let spread = 4.0 * 0.536 * (0.55984 / (1.0 - 0.40857f64.powi(2)) / 64.0).sqrt();
    assert!((last / 0.464_559_054_397_54 - 1.0).abs() < spread, "{last}");
    alike_on_one_thread(&settings, &erf);
}
