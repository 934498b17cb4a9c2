//! Two inputs through the layers, beside kernels in closed form and networks multiplied in NumPy.

use std::f64::consts::PI;

use evenkeel_lab::Settings;
use evenkeel_lab::results::{Experiment, Value};
use evenkeel_theory::Activation;

use super::{agreeing, alike_on_one_thread, measured, predicted, quick};

const SIGMA_B2: f64 = 0.05;

/// Seeds of the short form.
const SEEDS: f64 = 10.0;

/// Networks that were multiplied in NumPy.
const OTHERS: f64 = 40.0;

/// Layers that two inputs are followed through: the map is taken ten times.
const DEPTH: usize = 11;

fn settings(activation: Option<&str>) -> Settings {
    Settings {
        depth: Some(DEPTH),
        activation: activation.map(|text| Activation::parse(text).expect("an activation")),
        ..quick("correlation")
    }
}

/// Measured and predicted after the last layer, from 0.9 and from 0.1.
fn last(found: &Experiment, case: &str) -> [(f64, f64); 2] {
    let [ours, theirs] = [measured, predicted].map(|of| of(found, "last_correlation"));
    let number = |values: &serde_json::Value| {
        let number = values.as_f64();
        number.unwrap_or_else(|| panic!("no {case} in {ours} and {theirs}"))
    };
    [0, 1].map(|start| (number(&ours[case][start]), number(&theirs[case][start])))
}

/// ReLU at He's gain: the arc-cosine kernel (Cho & Saul 2009).
fn relu(c: f64) -> f64 {
    ((1.0 - c * c).sqrt() + c * (PI - c.acos())) / PI
}

/// erf networks with biases of [`SIGMA_B2`]: E[erf u₁ erf u₂] = (2/π) asin(2qc/(1 + 2q)) (Williams 1997).
#[derive(Clone, Copy)]
struct Erf {
    sigma_w2: f64,
    q: f64,
}

impl Erf {
    fn kernel(q12: f64, q: f64) -> f64 {
        2.0 / PI * (2.0 * q12 / (1.0 + 2.0 * q)).asin()
    }

    /// At its edge σ_w² = (π/4)√(1 + 4q), where q is the fixed point: by bisection.
    fn edge() -> Self {
        let (mut low, mut high): (f64, f64) = (1e-6, 5.0);
        for _ in 0..100 {
            let q = 0.5 * (low + high);
            let sigma_w2 = PI / 4.0 * (1.0 + 4.0 * q).sqrt();
            if q - sigma_w2 * Self::kernel(q, q) > SIGMA_B2 {
                high = q;
            } else {
                low = q;
            }
        }
        let sigma_w2 = PI / 4.0 * (1.0 + 4.0 * low).sqrt();
        Self { sigma_w2, q: low }
    }

    /// With weights of another size, at the fixed point that the variance comes to.
    fn sized(self, factor: f64) -> Self {
        let sigma_w2 = factor * self.sigma_w2;
        let mut q = self.q;
        for _ in 0..1000 {
            q = sigma_w2 * Self::kernel(q, q) + SIGMA_B2;
        }
        Self { sigma_w2, q }
    }

    fn map(self, c: f64) -> f64 {
        (self.sigma_w2 * Self::kernel(self.q * c, self.q) + SIGMA_B2) / self.q
    }
}

/// A case from both starts: the map's correlations to nine digits, and the measured means beside mean
/// and standard deviation of one network's, over [`OTHERS`].
fn check(found: &Experiment, case: &str, map: impl Fn(f64) -> f64, networks: [(f64, f64); 2]) {
    let starts = [0.9, 0.1].into_iter().zip(networks);
    for ((start, (mean, std)), (ours, predicted)) in starts.zip(last(found, case)) {
        let known = (1..DEPTH).fold(start, |c, _| map(c));
        let told = format!("{case} from {start}");
        assert!(
            (predicted - known).abs() < 1e-9,
            "{told}: {predicted}, not {known}"
        );
        let tolerance = 4.0 * std * (1.0 / SEEDS + 1.0 / OTHERS).sqrt();
        assert!(
            (ours - mean).abs() < tolerance,
            "{told}: {ours}, not {mean} ± {tolerance}"
        );
    }
}

#[test]
fn erf_networks_follow_their_kernel_in_every_phase() {
    let found = agreeing(&settings(Some("erf")));
    let edge = Erf::edge();
    for (phase, factor, networks) in [
        ("ordered", 0.7, [(0.981, 0.005), (0.861, 0.034)]),
        ("critical", 1.0, [(0.918, 0.018), (0.583, 0.079)]),
        ("chaotic", 1.5, [(0.723, 0.065), (0.309, 0.092)]),
    ] {
        let network = edge.sized(factor);
        let case = format!("erf, {phase}");
        check(&found, &case, |c| network.map(c), networks);
    }
    assert_eq!(found.curves.len(), 3);
    let names: Vec<_> = found.curves.iter().map(|c| c.name.as_str()).collect();
    // 0.7, 1 and 1.5 times (π/4)√(1 + 4q), q = 0.517177: 1.375839.
    let known = [
        "erf, ordered (σ_w² = 0.96)",
        "erf, critical (σ_w² = 1.38)",
        "erf, chaotic (σ_w² = 2.06)",
    ];
    assert_eq!(names, known);
}

#[test]
fn tanh_parts_inputs_or_makes_them_alike_and_relu_makes_them_alike_slowly() {
    let found = agreeing(&settings(None));
    check(
        &found,
        "ReLU at He's gain",
        relu,
        [(0.959, 0.0152), (0.8915, 0.0292)],
    );
    // From 0.9 by others, in f64.
    let [(_, tenth), _] = last(&found, "ReLU at He's gain");
    assert!((tenth - 0.955_923_821_475_683).abs() < 1e-12, "{tenth}");

    let [table] = &found.tables[..] else {
        panic!("{} tables", found.tables.len());
    };
    let names: Vec<String> = table.rows.iter().map(|row| row[0].to_string()).collect();
    let known = [
        "tanh, ordered",
        "tanh, critical",
        "tanh, chaotic",
        "ReLU at He's gain",
    ];
    assert_eq!(names, known);
    let chi_1 = |row: usize| match table.rows[row][1] {
        Value::Number(chi_1) => chi_1.0,
        ref other => panic!("{other}"),
    };
    assert!(
        chi_1(0) < 0.95 && chi_1(2) > 1.05,
        "{} {}",
        chi_1(0),
        chi_1(2)
    );
    assert!((chi_1(1) - 1.0).abs() < 1e-9 && (chi_1(3) - 1.0).abs() < 1e-12);
    // Edge of chaos at σ_b² = 0.05: σ_w² = 1.760955 (mpmath), and 0.7 and 1.5 times that.
    let [ordered, critical, chaotic] = ["1.23", "1.76", "2.64"];
    for (curves, told) in found
        .curves
        .iter()
        .zip([ordered, critical, chaotic, "2.00"])
    {
        assert!(
            curves.name.ends_with(&format!("(σ_w² = {told})")),
            "{}",
            curves.name
        );
        assert_eq!(curves.series.len(), 2);
        for (series, start) in curves.series.iter().zip([0.9, 0.1]) {
            assert_eq!((series.y.len(), series.predicted.len()), (DEPTH, DEPTH));
            assert_eq!(series.predicted[0].0, start);
        }
    }
    let [(alike, _), _] = last(&found, "tanh, ordered");
    let [(apart, _), _] = last(&found, "tanh, chaotic");
    assert!(apart < 0.9 && 0.9 < alike, "{apart} {alike}");
}

#[test]
fn an_activation_without_an_edge_is_followed_at_its_gain() {
    let settings = Settings {
        width: Some(64),
        ..settings(Some("abs"))
    };
    let found = agreeing(&settings);
    // E|u₁||u₂| = 2 E[relu(u₁)relu(u₂)] + 2 E[relu(u₁)relu(−u₂)], at gain 1.
    let abs = |c: f64| relu(c) + relu(-c);
    for ((_, predicted), start) in last(&found, "abs at its gain").into_iter().zip([0.9, 0.1]) {
        let known = (1..DEPTH).fold(start, |c, _| abs(c));
        assert!((predicted - known).abs() < 1e-9, "{predicted}, not {known}");
    }
    assert_eq!(found.curves.len(), 1);
    let note =
        "abs has no edge of chaos at σ_b² = 0.05: it is followed at its gain, without biases.";
    assert_eq!(found.reading[0], note);
    alike_on_one_thread(&settings, &found);
}
