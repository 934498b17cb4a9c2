//! Measured depth profiles against their 95% bands: over a thousand networks, the share of layers
//! inside is 93% to 97%.
//!
//! The layers of one network move together, so its share of layers inside is a number of large
//! spread: for a random walk, as ln rms is, the indicator "outside" has the Hermite coefficients
//! a_{2k} = 2φ(z)He_{2k−1}(z)/√(2k)!, z = 1.96, two layers l < m the correlation √(l/m), and the
//! share the variance Σ a_{2k}²/(k + 1) = 0.016 to leading order in depth; were the layers in or out
//! as one it would be 0.05·0.95 = 0.0475. Over 1,000 networks that is a standard error of 0.40%, at
//! the very most 0.69%: the 2% between 95% and either end are five of them (three at the most).
//!
//! A band must also fail when it is wrong: for one of half its width the share would be 67%.

use std::collections::BTreeMap;

use evenkeel_data::Loaded;
use evenkeel_data::strokes::{Sizes, generate_sized};
use evenkeel_lab::results::{Experiment, Scale};
use evenkeel_lab::{Settings, Silent, run};
use serde_json::Value;

/// Networks of each profile.
const NETWORKS: u64 = 1_000;

const DEPTH: usize = 40;
const WIDTH: usize = 128;

/// Layers and layers outside of each profile, over all runs.
#[derive(Default)]
struct Counts {
    networks: u64,
    layers: u64,
    outside: u64,
}

/// Runs an experiment with seed after seed until its rarest profile has enough networks.
fn count(id: &str, scale: Scale, runs: u64) -> BTreeMap<String, Counts> {
    let sizes = Sizes {
        train: 64,
        valid: 32,
        test: 32,
    };
    let loaded = Loaded {
        dataset: generate_sized(1, sizes).unwrap(),
        source: "drawn".to_owned(),
        fallback: None,
    };
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for seed in 0..runs {
        let settings = Settings {
            scale,
            depth: Some(DEPTH),
            width: Some(WIDTH),
            only: vec![id.to_owned()],
            ..Settings::new(1_000 + seed, 2)
        };
        let results = run(&settings, &loaded, &Silent).unwrap();
        add(&results.experiments[0], &mut counts);
    }
    counts
}

fn add(experiment: &Experiment, counts: &mut BTreeMap<String, Counts>) {
    let measured = serde_json::to_value(&experiment.measured).unwrap();
    let profiles = measured["layers_outside_band"].as_array().unwrap();
    for profile in profiles {
        let number = |name: &str| profile[name].as_u64().unwrap();
        let Value::String(name) = &profile["profile"] else {
            panic!("a profile has a name: {profile}");
        };
        let counts = counts.entry(name.clone()).or_default();
        counts.networks += number("seeds");
        counts.layers += number("layers");
        counts.outside += number("outside");
    }
}

fn check(counts: &BTreeMap<String, Counts>, profile: &str) {
    let c = counts
        .get(profile)
        .unwrap_or_else(|| panic!("no {profile} in {:?}", counts.keys()));
    assert!(c.networks >= NETWORKS, "{profile}: {}", c.networks);
    assert!(c.layers >= c.networks * (DEPTH as u64 - 1), "{profile}");
    let inside = 1.0 - c.outside as f64 / c.layers as f64;
    println_share(profile, c, inside);
    assert!((0.93..=0.97).contains(&inside), "{profile}: {inside}");
}

#[expect(
    clippy::print_stderr,
    reason = "the shares are worth a look with --nocapture"
)]
fn println_share(profile: &str, c: &Counts, inside: f64) {
    eprintln!(
        "{profile}: {:.2}% of {} layers of {} networks",
        100.0 * inside,
        c.layers,
        c.networks
    );
}

#[test]
fn linear_and_tanh_networks_at_xaviers_scale_stay_in_their_bands() {
    // 40 seeds of each narrowing network and of tanh a run.
    let counts = count("xavier", Scale::Full, NETWORKS.div_ceil(40));
    for profile in [
        "linear, normal",
        "linear, uniform",
        "narrowing, fan_in, activations",
        "narrowing, fan_in, gradients",
        "narrowing, fan_out, activations",
        "narrowing, fan_out, gradients",
        "tanh, activations",
        "tanh, gradients",
    ] {
        check(&counts, profile);
    }
}

#[test]
fn relu_networks_at_kaimings_scale_stay_in_their_bands() {
    let counts = count("kaiming", Scale::Full, NETWORKS.div_ceil(40));
    for profile in [
        "Kaiming, ReLU",
        "narrowing, fan_in, activations",
        "narrowing, fan_in, gradients",
        "narrowing, fan_out, activations",
        "narrowing, fan_out, gradients",
    ] {
        check(&counts, profile);
    }
}
