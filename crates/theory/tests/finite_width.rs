//! Finite width against the exact numbers of the reference and against simulated networks.

mod common;

use common::Normals;
use evenkeel_theory::{
    Activation, Direction, Exactness, FiniteWidth, FiniteWidthError, Gain, MeanField, Site,
    dead_layer_probability, dead_network_probability, layer_log_moment, log_gradient_rms_band,
    log_rms_band, ratio_second_moment,
};
use serde_json::Value;

#[test]
fn the_exact_laws_of_linear_and_relu_layers() {
    let reference: Value = serde_json::from_str(include_str!("reference/mean_field.json")).unwrap();
    let by_width = reference["finite_width"]["by_width"].as_object().unwrap();
    assert!(by_width.len() >= 4);
    for (width, laws) in by_width {
        let width: usize = width.parse().unwrap();
        for (name, key, given) in [
            ("identity", "linear_gaussian", ""),
            ("relu", "relu_he_gaussian", " | alive"),
        ] {
            let activation: Activation = name.parse().unwrap();
            let law = &laws[key];
            for direction in [Direction::Forward, Direction::Backward] {
                let ours = layer_log_moment(&activation, width, 1.0, direction).unwrap();
                let mean = law[format!("E[log r{given}]")].as_f64().unwrap();
                let variance = law[format!("Var[log r{given}]")].as_f64().unwrap();
                assert!((ours.mean / mean - 1.0).abs() < 1e-12, "{name} {width}");
                assert!(
                    (ours.variance / variance - 1.0).abs() < 1e-11,
                    "{name} {width}"
                );
                assert_eq!(ours.exactness, Exactness::Exact);
            }
            let square = law["E[r^2]"].as_f64().unwrap();
            let ours = ratio_second_moment(&activation, width, 1.0).unwrap();
            assert!((ours - square).abs() < 1e-14);
        }
        let dead = laws["relu_he_gaussian"]["P(layer all dead)"]
            .as_f64()
            .unwrap();
        let ours = dead_layer_probability(&Activation::relu(), width, 1.0);
        // The reference gives six digits.
        assert!((ours / dead - 1.0).abs() < 1e-5, "{ours} {dead}");
    }
}

#[test]
fn the_transform_agrees_with_the_exact_laws() {
    // The same functions, written so that they are not recognised as homogeneous.
    for width in [1, 3, 16, 256] {
        // At q = 10⁻⁴ the upper bend of relu6 is 600 standard deviations away.
        let relu = Activation::relu();
        let exact = layer_log_moment(&relu, width, 1e-4, Direction::Forward).unwrap();
        for direction in [Direction::Forward, Direction::Backward] {
            let ours = layer_log_moment(&"relu6".parse().unwrap(), width, 1e-4, direction).unwrap();
            assert!(
                (ours.mean - exact.mean).abs() < 1e-9,
                "{width} {ours:?} {exact:?}"
            );
            assert!(
                (ours.variance - exact.variance).abs() < 1e-8,
                "{width} {ours:?} {exact:?}"
            );
        }
    }
    // A leaky ReLU runs from ReLU to the identity.
    for (slope, name) in [(1e-9, "relu"), (1.0 - 1e-9, "identity")] {
        let leaky = Activation::leaky_relu(slope).unwrap();
        let ours = layer_log_moment(&leaky, 64, 1.0, Direction::Forward).unwrap();
        let limit = layer_log_moment(&name.parse().unwrap(), 64, 1.0, Direction::Forward).unwrap();
        assert!(
            (ours.variance - limit.variance).abs() < 1e-7,
            "{ours:?} {limit:?}"
        );
        assert!((ours.mean - limit.mean).abs() < 1e-7);
    }
}

/// Log mean squares, relative to the prediction, of simulated networks: forward after the
/// activation, and backward at the preactivations; `[trial][layer]`.
fn simulate(
    activation: &Activation,
    width: usize,
    depth: usize,
    trials: usize,
) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let gain = Gain::of(activation).unwrap();
    let std = gain.forward / (width as f64).sqrt();
    let mut normals = Normals::new(0x5eed);
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    for _ in 0..trials {
        // An input of mean square 1/gain², so that the first preactivations have variance one.
        let mut x = vec![1.0 / gain.forward; width];
        let mut weights: Vec<Vec<f64>> = Vec::new();
        let mut slopes: Vec<Vec<f64>> = Vec::new();
        let mut logs = Vec::new();
        for _ in 0..depth {
            let w: Vec<f64> = (0..width * width).map(|_| std * normals.next()).collect();
            let h: Vec<f64> = w
                .chunks(width)
                .map(|row| row.iter().zip(&x).map(|(a, b)| a * b).sum())
                .collect();
            x = h.iter().map(|&h| activation.value(h)).collect();
            slopes.push(h.iter().map(|&h| activation.derivative(h)).collect());
            weights.push(w);
            logs.push(libm::log(mean_square(&x) / gain.second_moment));
        }
        forward.push(logs);
        // The gradient behind a linear layer: independent normals.
        let mut g: Vec<f64> = (0..width).map(|_| normals.next()).collect();
        let mut logs = vec![0.0; depth];
        let slope = gain.chi_1 * gain.second_moment;
        let mut predicted = 1.0;
        for layer in (0..depth).rev() {
            let at_h: Vec<f64> = g.iter().zip(&slopes[layer]).map(|(g, s)| g * s).collect();
            predicted *= slope;
            logs[layer] = libm::log(mean_square(&at_h) / predicted);
            g = vec![0.0; width];
            for (row, up) in weights[layer].chunks(width).zip(&at_h) {
                g.iter_mut().zip(row).for_each(|(g, w)| *g += w * up);
            }
            predicted *= gain.forward * gain.forward;
        }
        backward.push(logs);
    }
    (forward, backward)
}

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64
}

#[test]
fn simulated_networks_have_the_predicted_mean_and_variance() {
    let (width, depth, trials) = (64, 12, 1500);
    for name in [
        "identity",
        "relu",
        "leaky_relu(0.2)",
        "tanh",
        "gelu",
        "selu",
    ] {
        let activation: Activation = name.parse().unwrap();
        let gain = Gain::of(&activation).unwrap();
        let net = MeanField::new(&activation, 1.0 / gain.second_moment, 0.0).unwrap();
        let theory = FiniteWidth::new(&net, 1.0, &vec![width; depth]).unwrap();
        let (forward, backward) = simulate(&activation, width, depth, trials);
        let laws = [
            ("forward", theory.forward(Site::PostActivation), forward),
            ("backward", theory.backward(Site::PreActivation), backward),
        ];
        for (way, laws, measured) in laws {
            for layer in 0..depth {
                let law = laws[layer];
                let exact = law.exactness == Exactness::Exact;
                assert_eq!(exact, !matches!(name, "tanh" | "gelu" | "selu"));
                let values: Vec<f64> = measured.iter().map(|logs| logs[layer]).collect();
                let n = trials as f64;
                let mean = values.iter().sum::<f64>() / n;
                let variance =
                    values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
                let what = format!("{name} {way} layer {layer}");
                // Five standard errors of a mean, σ/√n. An estimated law is right to order
                // 1/width, so its mean may be off by the next order: a tenth of itself.
                let slack = if exact { 0.0 } else { 0.1 * law.mean.abs() };
                let tolerance = 5.0 * (law.variance / n).sqrt() + slack;
                assert!(
                    (mean - law.mean).abs() < tolerance,
                    "{what}: {mean} {law:?}"
                );
                // Five standard errors of a variance, σ²√(2/n), a normal's; the logarithms'
                // excess kurtosis, below one here, adds at most √1.5.
                let slack = if exact { 0.0 } else { 0.1 };
                let tolerance = 5.0 * (3.0 / n).sqrt() + slack;
                let ratio = variance / law.variance;
                assert!(
                    (ratio - 1.0).abs() < tolerance,
                    "{what}: {variance} {law:?}"
                );
            }
        }
    }
}

#[test]
fn the_95_percent_band_holds_93_to_97_percent() {
    let (width, depth, trials) = (32, 20, 1000);
    for name in ["relu", "tanh", "gelu", "silu", "cos"] {
        let activation: Activation = name.parse().unwrap();
        let widths = vec![width; depth];
        let (forward, backward) = simulate(&activation, width, depth, trials);
        let ways = [
            (log_rms_band(&activation, &widths, 0.95).unwrap(), forward),
            (
                log_gradient_rms_band(&activation, &widths, 0.95).unwrap(),
                backward,
            ),
        ];
        for (bands, measured) in ways {
            let inside = measured
                .iter()
                .flat_map(|logs| logs.iter().zip(&bands))
                .filter(|(log, band)| band.lower < 0.5 * *log && 0.5 * *log < band.upper)
                .count();
            let share = inside as f64 / (trials * depth) as f64;
            // Layers of one network move together, so at worst the share has the error of 1000
            // independent trials, √(0.05·0.95/1000) = 0.7%; 2% is three of them.
            assert!((0.93..=0.97).contains(&share), "{name}: {share}");
        }
    }
}

#[test]
fn bands_of_preactivations_and_of_a_fixed_input() {
    // The first layer of a fixed input has only its own noise: χ²_n/n before the activation.
    let net = MeanField::new(&Activation::relu(), 2.0, 0.0).unwrap();
    let theory = FiniteWidth::new(&net, 1.0, &[256, 64, 256]).unwrap();
    let linear = layer_log_moment(&Activation::identity(), 256, 1.0, Direction::Forward).unwrap();
    let before = theory.forward(Site::PreActivation);
    assert_eq!(before[0], linear);
    let relu =
        |width| layer_log_moment(&Activation::relu(), width, 1.0, Direction::Forward).unwrap();
    let expected = relu(256).variance + relu(64).variance + linear.variance;
    assert!((before[2].variance - expected).abs() < 1e-15);
    // The gradient after the last activation has passed one linear layer.
    assert_eq!(
        theory.backward(Site::PostActivation)[2].variance,
        linear.variance
    );
    let bands = theory.forward_bands(Site::PostActivation, 0.5).unwrap();
    let [low, middle, high] = bands[1].factors();
    assert!(low < middle && middle < high && middle < 1.0);
}

#[test]
fn dead_layers_and_bad_input() {
    let relu = Activation::relu();
    let network = dead_network_probability(&relu, &[64; 1000], 1.0);
    assert!(
        (network / (1000.0 * libm::exp2(-64.0)) - 1.0).abs() < 1e-12,
        "{network}"
    );
    // Soft shrinkage is dead within ±½: erf(½/√2)^n at unit variance.
    let soft = dead_layer_probability(&"softshrink".parse().unwrap(), 3, 1.0);
    let inside = libm::erf(0.5 * std::f64::consts::FRAC_1_SQRT_2);
    assert!((soft - inside * inside * inside).abs() < 1e-15);
    assert_eq!(
        log_rms_band(&relu, &[8, 0], 0.95).unwrap_err(),
        FiniteWidthError::Width { layer: 1 }
    );
    let confidence = log_rms_band(&relu, &[8], 1.0).unwrap_err();
    assert!(
        confidence.to_string().contains("strictly between 0 and 1"),
        "{confidence}"
    );
    assert!(layer_log_moment(&relu, 0, 1.0, Direction::Forward).is_err());
}

#[test]
fn deep_networks_take_seconds() {
    // Ten thousand layers that hold their variance, and a hundred that drift away from it.
    for (name, depth) in [("tanh", 10_000), ("relu", 10_000), ("gelu", 100)] {
        let started = std::time::Instant::now();
        let widths = vec![256; depth];
        let activation: Activation = name.parse().unwrap();
        let forward = log_rms_band(&activation, &widths, 0.95).unwrap();
        let backward = log_gradient_rms_band(&activation, &widths, 0.95).unwrap();
        assert_eq!((forward.len(), backward.len()), (depth, depth));
        assert!(
            forward
                .iter()
                .chain(&backward)
                .all(|b| b.lower < b.mean && b.mean < b.upper)
        );
        assert!(
            started.elapsed().as_secs() < 20,
            "{name}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn vanishing_and_biased_networks_have_bands() {
    // Half a decade of variance is lost at every layer; the band stays that of its fluctuations.
    let fading = MeanField::new(&Activation::tanh(), 0.3, 0.0).unwrap();
    let theory = FiniteWidth::new(&fading, 0.3, &[128; 60]).unwrap();
    let law = theory.forward(Site::PostActivation)[59];
    // Close to zero tanh is linear: 2/n a layer.
    assert!(
        (law.variance / (60.0 * 2.0 / 128.0) - 1.0).abs() < 0.05,
        "{law:?}"
    );
    // A strong bias forgets: fluctuations stay near those of one layer.
    let biased = MeanField::new(&Activation::relu(), 0.5, 1.0).unwrap();
    let theory = FiniteWidth::new(&biased, 2.0 / 1.5, &[100, 50, 100, 50]).unwrap();
    let laws = theory.forward(Site::PostActivation);
    assert!(laws.iter().all(|law| law.exactness == Exactness::Estimated));
    assert!(laws[2].variance < 1.3 * laws[0].variance, "{laws:?}");
    let silent = MeanField::new(&Activation::tanh(), 0.0, 0.0).unwrap();
    let error = FiniteWidth::new(&silent, 1.0, &[8, 8]).unwrap_err();
    assert_eq!(error, FiniteWidthError::Silent { layer: 1 });
}

#[test]
fn every_activation_has_bands_at_its_gain() {
    // Unstable ones run to where their moments leave f64: nothing of a shrinkage's signal is left,
    // and relu_squared's doubles its distance from the prediction at every layer.
    for activation in Activation::all() {
        let gain = Gain::of(&activation).unwrap();
        let net = MeanField::new(&activation, 1.0 / gain.second_moment, 0.0).unwrap();
        let theory = FiniteWidth::new(&net, 1.0, &[512; 20]).unwrap();
        let bands = theory.forward_bands(Site::PostActivation, 0.95).unwrap();
        let widths: Vec<f64> = bands.iter().map(|b| b.upper - b.lower).collect();
        assert!(
            widths.iter().all(|w| w.is_finite() && *w > 0.0),
            "{activation}"
        );
        if gain.chi_q > 1.01 {
            assert!(widths[19] > 2.0 * widths[0], "{activation}: {widths:?}");
        }
        if gain.chi_q.abs() < 0.9 {
            // The sum of a geometric series of squares at most, and some room for its tails.
            let most = 1.2 / (1.0 - gain.chi_q * gain.chi_q).sqrt();
            assert!(widths[19] < most * widths[0], "{activation}: {widths:?}");
        }
    }
}
