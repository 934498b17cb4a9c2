//! The Jacobian's singular values, beside laws of random matrices and products multiplied in NumPy.

use evenkeel_lab::Settings;
use evenkeel_lab::results::{Distribution, Experiment};
use evenkeel_theory::Activation;
use serde_json::Value;

use super::{agreeing, alike_on_one_thread, found, measured, predicted, quick};

/// Seeds of the short form.
const SEEDS: f64 = 8.0;

fn settings(depth: usize, width: usize, activation: Option<&str>) -> Settings {
    Settings {
        depth: Some(depth),
        width: Some(width),
        activation: activation.map(|text| Activation::parse(text).expect("an activation")),
        ..quick("jacobian")
    }
}

/// The number of one case.
fn of(each: &Value, case: &str) -> f64 {
    let number = each[case].as_f64();
    number.unwrap_or_else(|| panic!("no {case} in {each}"))
}

fn close(what: &str, x: f64, expected: f64, tolerance: f64) {
    let apart = (x - expected).abs();
    assert!(
        apart <= tolerance,
        "{what}: {x}, not {expected} ± {tolerance}"
    );
}

/// Mean and standard deviation of one network's numbers over networks multiplied in NumPy.
struct Networks {
    case: &'static str,
    count: f64,
    mean_square: (f64, f64),
    relative_variance: (f64, f64),
}

impl Networks {
    fn check(&self, experiment: &Experiment) {
        for (name, (mean, std)) in [
            ("mean_square", self.mean_square),
            ("relative_variance", self.relative_variance),
        ] {
            let ours = of(&measured(experiment, name), self.case);
            let tolerance = 4.0 * std * (1.0 / SEEDS + 1.0 / self.count).sqrt();
            close(&format!("{name} of {}", self.case), ours, mean, tolerance);
        }
    }
}

/// The mean of one layer's singular values, 100 units with n · Var W = 1: 2,000 matrices by NumPy.
const SQUARE: (f64, f64) = (0.848_55, 0.004_28);

#[test]
fn eight_layers_spread_by_the_laws_of_products() {
    let found = agreeing(&settings(8, 100, None));
    // E[tr(JJᵀ)²]/n of Gaussian products satisfies a′ = (1 + 1/n)a + t, t′ = t + 2a/n², t = E[(tr JJᵀ/n)²]:
    // the mean square's standard deviation is √(t − 1) = 0.0859 after eight layers.
    let (mut a, mut t) = (1.0, 1.0);
    for _ in 0..8 {
        (a, t) = (1.01 * a + t, t + 2e-4 * a);
    }
    let spread: f64 = t - 1.0;
    let mean_square = of(&measured(&found, "mean_square"), "linear, Gaussian");
    close(
        "mean square",
        mean_square,
        1.0,
        4.0 * (spread / SEEDS).sqrt(),
    );
    for networks in [
        Networks {
            case: "linear, Gaussian",
            count: 2_000.0,
            mean_square: (1.0, spread.sqrt()),
            relative_variance: (8.274, 0.828),
        },
        Networks {
            case: "tanh, Gaussian",
            count: 1_000.0,
            mean_square: (0.988, 0.0877),
            relative_variance: (8.164, 0.826),
        },
        Networks {
            case: "tanh, orthogonal",
            count: 1_000.0,
            mean_square: (1.000_057, 0.001_404),
            relative_variance: (0.008_337, 0.000_567),
        },
    ] {
        networks.check(&found);
    }
    close(
        "isometry",
        of(&measured(&found, "mean_square"), "linear, orthogonal"),
        1.0,
        1e-12,
    );
    close(
        "isometry",
        of(&measured(&found, "relative_variance"), "linear, orthogonal"),
        0.0,
        1e-20,
    );

    // L(μ₂/μ₁² − 1 − s₁): μ₂/μ₁² = 1.0009818633 for tanh at its edge with σ_b² = 2·10⁻⁶, by NumPy.
    for (case, law) in [
        ("linear, Gaussian", 8.0),
        ("linear, orthogonal", 0.0),
        ("tanh, Gaussian", 8.0 * 1.000_981_863_3),
        ("tanh, orthogonal", 8.0 * 0.000_981_863_3),
    ] {
        close(
            case,
            of(&predicted(&found, "relative_variance"), case),
            law,
            1e-8,
        );
        close(case, of(&predicted(&found, "mean_square"), case), 1.0, 1e-9);
    }
    square_layers_have_the_quarter_circles_mean(&found);
    pictures_show_the_spectra(&found);
}

fn square_layers_have_the_quarter_circles_mean(found: &Experiment) {
    // 8/3π, and over √3 for the standard initialisation, whose n · Var W is 1/3.
    for (name, law, scale) in [
        ("mean_singular_value_normalized", 0.848_826_363_156_775, 1.0),
        (
            "mean_singular_value_standard",
            0.490_070_129_263_815,
            3f64.sqrt(),
        ),
    ] {
        let told = predicted(found, name).as_f64().unwrap();
        close(name, told, law, 1e-12);
        let ours = scale * measured(found, name).as_f64().unwrap();
        let tolerance = 4.0 * SQUARE.1 * (1.0 / SEEDS + 1.0 / 2_000.0f64).sqrt();
        close(name, ours, SQUARE.0, tolerance);
    }
}

fn pictures_show_the_spectra(found: &Experiment) {
    let names = found.distributions.iter().map(|d| d.name.as_str());
    let known = [
        "linear, Gaussian, 8 layers",
        "linear, orthogonal, 8 layers",
        "tanh, Gaussian, 8 layers",
        "tanh, orthogonal, 8 layers",
    ];
    assert_eq!(names.collect::<Vec<_>>(), known);
    for spectrum in &found.distributions {
        let all = spectrum.counts.iter().sum::<u64>() + spectrum.below + spectrum.above;
        assert_eq!(all, 8 * 100, "{}", spectrum.name);
    }
    let [gaussian, orthogonal, bent, isometric] = &found.distributions[..] else {
        panic!("four");
    };
    // Singular values repel one another: a bin's count strays by little more than one a matrix.
    assert!(gaussian.predicted.len() == gaussian.counts.len());
    for (&count, predicted) in gaussian.counts.iter().zip(&gaussian.predicted) {
        close("share", count as f64 / 800.0, predicted.0, 0.015);
    }
    assert!(bent.predicted.is_empty() && isometric.predicted.is_empty());
    let holds_one = bin_of(orthogonal, 1.0);
    assert_eq!(orthogonal.counts[holds_one], 800);
    assert_eq!(orthogonal.predicted[holds_one].0, 1.0);
    // √(0.0083) either side of 1 and the bins are a seventh of a power of ten wide: most are there.
    assert!(isometric.counts[bin_of(isometric, 1.0)] > 700);

    let names: Vec<&str> = found.curves.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        ["linear", "tanh", "linear, 8 layers", "tanh, 8 layers"]
    );
    let [largest, _, _, rigid @ ..] = &found.curves[0].series[..] else {
        panic!("six series");
    };
    // √((L + 1)^(L+1)/L^L); the largest of 100 is 4.27 ± 0.40 by NumPy, of infinitely many 4.81.
    for (depth, predicted) in largest.x.iter().zip(&largest.predicted) {
        let l = depth.0;
        let law = ((l + 1.0).powf(l + 1.0) / l.powf(l)).sqrt();
        close("largest", predicted.0, law, 1e-4 * law);
    }
    assert_eq!((largest.x.len(), largest.x[7].0), (8, 8.0));
    let last = largest.y[7].0;
    assert!((3.5..5.5).contains(&last), "{last}");
    assert_eq!(rigid.len(), 3);
    for series in rigid {
        for value in series.low.iter().chain(&series.high) {
            close(&series.label, value.0, 1.0, 1e-12);
        }
    }
    let sizes: Vec<_> = found.tables.iter().map(|t| t.rows.len()).collect();
    assert_eq!(sizes, [4, 2]);
}

fn bin_of(spectrum: &Distribution, value: f64) -> usize {
    let bins = 0..spectrum.counts.len();
    let mut holding = bins.filter(|&b| (spectrum.edge(b)..spectrum.edge(b + 1)).contains(&value));
    holding.next().expect("within the axis")
}

#[test]
fn one_layer_is_the_quarter_circle_and_no_thread_changes_a_bit() {
    let settings = settings(1, 64, None);
    let found = agreeing(&settings);
    Networks {
        case: "linear, Gaussian",
        count: 2_000.0,
        mean_square: (1.0, 0.0221),
        relative_variance: (1.0151, 0.0316),
    }
    .check(&found);
    let gaussian = &found.distributions[0];
    // The share of singular values below s is (s√(4 − s²)/2 + 2 arcsin(s/2))/π.
    let below = |s: f64| match s {
        s if s >= 2.0 => 1.0,
        s => (0.5 * s * (4.0 - s * s).sqrt() + 2.0 * (0.5 * s).asin()) / std::f64::consts::PI,
    };
    for (bin, share) in gaussian.predicted.iter().enumerate() {
        let law = below(gaussian.edge(bin + 1)) - below(gaussian.edge(bin));
        close("share", share.0, law, 2e-5);
    }
    alike_on_one_thread(&settings, &found);
}

#[test]
fn relu_has_no_isometry_with_any_weights() {
    let found = agreeing(&settings(4, 64, Some("relu")));
    // Half of the derivatives are 0: μ₂/μ₁² = 2.
    for (networks, law) in [
        (
            Networks {
                case: "relu, orthogonal",
                count: 2_000.0,
                mean_square: (1.007, 0.264),
                relative_variance: (4.205, 0.598),
            },
            4.0,
        ),
        (
            Networks {
                case: "relu, Gaussian",
                count: 2_000.0,
                mean_square: (0.995, 0.272),
                relative_variance: (8.434, 1.254),
            },
            8.0,
        ),
    ] {
        networks.check(&found);
        let told = of(&predicted(&found, "relative_variance"), networks.case);
        close(networks.case, told, law, 1e-9);
    }
}

#[test]
fn too_few_units_for_the_spread_are_not_judged() {
    let found = found(&settings(20, 32, None));
    let why = "linear, Gaussian: a relative variance of 20 after 20 layers needs more than twice as many units, and \
               there are 32";
    assert_eq!(found.not_judged.as_deref(), Some(why));
    assert!(found.agrees);
}
