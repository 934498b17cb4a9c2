//! The lesson's numbers, as `results.json` carries them.
//!
//! Each is an independent number (a closed form, or a Monte Carlo of others), with a tolerance of
//! four standard errors of what a default run measures.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod correlation;
mod depth_scale;
mod gains;
mod jacobian;

use std::sync::OnceLock;

use evenkeel_data::{Choice, Download, Loaded, Request};
use evenkeel_lab::results::{Experiment, Map, Results, Scale};
use evenkeel_lab::{Settings, Silent, run};
use serde_json::Value;

fn load(choice: Choice) -> Option<Loaded> {
    let request = Request {
        choice,
        download: Download::Forbidden,
        ..Request::default()
    };
    evenkeel_data::load(&request, &evenkeel_data::Silent).ok()
}

/// MNIST, where `EVENKEEL_DATA` or the cache has it.
fn mnist() -> Option<&'static Loaded> {
    static DATA: OnceLock<Option<Loaded>> = OnceLock::new();
    let data = DATA.get_or_init(|| load(Choice::Mnist)).as_ref();
    if data.is_none() {
        eprintln!("skipped: EVENKEEL_DATA does not name a folder with MNIST");
    }
    data
}

fn strokes() -> &'static Loaded {
    static DATA: OnceLock<Loaded> = OnceLock::new();
    DATA.get_or_init(|| load(Choice::Strokes).expect("strokes need nothing"))
}

fn results(data: &Loaded, only: &str) -> Results {
    let settings = Settings {
        only: vec![only.to_owned()],
        ..Settings::new(42, 2)
    };
    run(&settings, data, &Silent).expect("the experiment runs")
}

fn experiment(data: &Loaded, id: &str) -> Experiment {
    let experiment = results(data, id).experiments.remove(0);
    assert!(experiment.agrees, "{id}: {}", experiment.verdict);
    experiment
}

/// One experiment in its short form.
fn quick(id: &str) -> Settings {
    Settings {
        only: vec![id.to_owned()],
        scale: Scale::Quick,
        ..Settings::new(42, 2)
    }
}

/// What the one chosen experiment finds on the data that is there.
fn found(settings: &Settings) -> Experiment {
    let data = mnist().unwrap_or_else(|| strokes());
    let results = run(settings, data, &Silent).expect("the experiment runs");
    results.experiments.into_iter().next().expect("one")
}

/// The same, which nothing known contradicts.
fn agreeing(settings: &Settings) -> Experiment {
    let experiment = found(settings);
    assert!(experiment.agrees, "{}", experiment.verdict);
    assert_eq!(experiment.not_judged, None);
    experiment
}

/// One thread finds the bits that two find. JSON has the digits that tell every number from the next.
fn alike_on_one_thread(settings: &Settings, on_two: &Experiment) {
    assert_eq!(settings.threads, 2);
    let on_one = found(&Settings {
        threads: 1,
        ..settings.clone()
    });
    let text = |experiment| serde_json::to_string(experiment).expect("plain values");
    assert_eq!(text(&on_one), text(on_two));
}

/// What JSON carries under `name`.
fn json(values: &Map, name: &str) -> Value {
    let value = values.get(name);
    let value = value.unwrap_or_else(|| panic!("no {name} in {:?}", values.keys()));
    serde_json::to_value(value).expect("a plain value")
}

fn measured(experiment: &Experiment, name: &str) -> Value {
    json(&experiment.measured, name)
}

fn predicted(experiment: &Experiment, name: &str) -> Value {
    json(&experiment.predicted, name)
}

fn close(experiment: &Experiment, name: &str, expected: f64, tolerance: f64) {
    let x = measured(experiment, name).as_f64().unwrap();
    assert!(
        (x - expected).abs() <= tolerance,
        "{name}: {x}, expected {expected} ± {tolerance}"
    );
}

/// Share of seeds at `product` in a map from product to seeds.
fn share(experiment: &Experiment, name: &str, product: &str) -> f64 {
    let map = measured(experiment, name);
    let seeds: u64 = map
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    map.get(product).and_then(Value::as_u64).unwrap_or(0) as f64 / seeds as f64
}

#[test]
fn mnist_has_the_lessons_mean_and_std() {
    let Some(data) = mnist() else { return };
    let results = results(data, "data");
    let data = serde_json::to_value(&results.data).unwrap();
    let at = |path: &str| data.pointer(path).and_then(Value::as_f64).unwrap();
    assert_eq!(data["train"]["count"], 50_000);
    for (path, expected, tolerance) in [
        ("/train/mean", 0.1304, 5e-5),
        ("/train/std", 0.3073, 5e-5),
        ("/normalized/train/mean", 0.0, 1e-6),
        ("/normalized/train/std", 1.0, 1e-6),
        // The lesson prints −0.0058: its own f32 training mean is 3.06e-5 off, and so is this.
        ("/normalized/valid/mean", -0.0058, 5e-5 + 3.0614e-5),
        // The exact number, by NumPy in f64.
        ("/normalized/valid/mean", -0.005_850_6, 1e-7),
        ("/normalized/valid/std", 0.9924, 5e-5),
    ] {
        assert!(
            (at(path) - expected).abs() <= tolerance,
            "{path}: {}",
            at(path)
        );
    }
    assert!(
        results.experiments[0].agrees,
        "{}",
        results.experiments[0].verdict
    );
}

#[test]
fn one_layer_has_the_scale_of_its_weights() {
    let data = mnist().unwrap_or_else(|| strokes());
    let first = experiment(data, "first-layer");
    // 784·E[x²] before scaling; over 30 seeds the data's directions leave a few per cent.
    let naive = measured(&first, "naive_second_moment").as_f64().unwrap();
    let scaled = measured(&first, "scaled_second_moment").as_f64().unwrap();
    assert!((naive / 784.0 - 1.0).abs() < 0.1, "{naive}");
    assert!((scaled - 1.0).abs() < 0.1, "{scaled}");
}

#[test]
fn naive_weights_leave_f32_at_product_27_or_28() {
    let explode = experiment(strokes(), "explode");
    // 599 of 3,000 seeds at 27, the others at 28; 300 seeds here: 4·√(0.16·(1/300 + 1/3000)).
    let at_27 = share(&explode, "first_nonfinite", "27");
    assert!((at_27 - 0.1997).abs() < 0.097, "{at_27}");
    assert_eq!(at_27 + share(&explode, "first_nonfinite", "28"), 1.0);
}

#[test]
fn a_hundredth_of_them_is_zero_at_product_69_or_70() {
    let vanish = experiment(strokes(), "vanish");
    // 69.42 ± 0.70 over 60 seeds of others; 200 seeds here: 4·0.7·√(1/200 + 1/60).
    close(&vanish, "first_all_zero_mean", 69.42, 0.42);
    let near = ["68", "69", "70", "71", "72"].map(|p| share(&vanish, "first_all_zero", p));
    assert!(near.iter().sum::<f64>() > 0.97, "{near:?}");
}

#[test]
fn xavier_holds_a_linear_signal_for_a_hundred_layers() {
    let xavier = experiment(strokes(), "xavier");
    // 200 seeds: 4·0.313/√200, and 4·0.313/√400.
    close(&xavier, "log_rms_mean", -0.097_72, 0.0885);
    close(&xavier, "log_rms_std", 0.312_81, 0.0626);
}

#[test]
fn relu_leaves_half_of_the_second_moment() {
    let relu = experiment(strokes(), "relu");
    // 1,000 seeds of 512 outputs: 4·0.648/√1000 and 4·256·√(7/512)/√1000.
    close(&relu, "mean", 9.027_03, 0.082);
    close(&relu, "second_moment", 256.0, 3.79);
    close(&relu, "linear_second_moment", 512.0, 5.73);
    close(&relu, "xavier_rms_factor_per_layer", 0.5f64.sqrt(), 0.004);
}

#[test]
fn kaiming_holds_a_relu_signal_for_a_hundred_layers() {
    let kaiming = experiment(strokes(), "kaiming");
    // 1,000 seeds: 4·0.0405/√1000 and 4·√(7/512)/√1000.
    close(&kaiming, "mean", 0.564_19, 0.0052);
    close(&kaiming, "second_moment", 1.0, 0.0148);
    // 200 seeds of 100 layers, 512 wide: 100·½·(−0.0048985) and √(100·¼·0.0098368).
    close(&kaiming, "log_rms_mean", -0.244_92, 0.1403);
    close(&kaiming, "log_rms_std", 0.495_90, 0.0992);
}

#[test]
fn the_papers_histograms_shrink_under_the_standard_initialisation_only() {
    let data = mnist().unwrap_or_else(|| strokes());
    let figures = experiment(data, "xavier-figures");
    close(
        &figures,
        "standard_activation_std_last_over_first",
        0.10,
        0.03,
    );
    close(
        &figures,
        "standard_gradient_std_first_over_last",
        0.10,
        0.03,
    );
    for name in [
        "normalized_activation_std_last_over_first",
        "normalized_gradient_std_first_over_last",
    ] {
        let factor = measured(&figures, name).as_f64().unwrap();
        assert!((0.4..1.2).contains(&factor), "{name}: {factor}");
    }
    assert_eq!(
        figures.ridgelines.len(),
        6,
        "three figures, two panels each"
    );
}

/// The pictures of layer × value, by closed forms: a unit of the naive network is tanh of a normal
/// number of variance 256·0.97, and the small one is linear.
#[test]
fn six_initialisations_have_their_six_pictures() {
    let compared = agreeing(&quick("side-by-side"));
    assert_eq!(compared.heatmaps.len(), 6);
    for map in &compared.heatmaps {
        assert_eq!((map.ridges.len(), map.low.0, map.high.0), (50, -1.0, 1.0));
        for ridge in &map.ridges {
            let inside: u64 = ridge.counts.iter().sum();
            let all = inside + ridge.below + ridge.above + ridge.nonfinite;
            assert_eq!(all, 256 * 256, "{} {}", map.name, ridge.label);
        }
    }
    let last = |init: &str| {
        let map = compared.heatmaps.iter().find(|map| map.init == init);
        map.unwrap().ridges[49].counts.clone()
    };
    // P(|tanh(√(256·0.97) z)| > 47/49), z standard normal: |z| > 0.1228, so 0.902. The images share
    // their units' weights, so the 256 units of the layer count: four standard errors are 0.075.
    let naive = last("naive");
    let ends = (naive[0] + naive[48]) as f64 / f64::from(256 * 256);
    assert!((ends - 0.902).abs() < 0.075, "{ends}");
    assert_eq!(last("small")[24], 256 * 256, "all at 0");
    let xavier = last("xavier");
    assert!(xavier[24] > xavier[40] && xavier[0] == 0, "{xavier:?}");
}

#[test]
fn at_thirty_layers_kaiming_learns_and_xavier_stalls() {
    let data = mnist().unwrap_or_else(|| strokes());
    let training = experiment(data, "training");
    let runs = measured(&training, "runs");
    for run in runs.as_array().unwrap() {
        // Without a number where training diverged.
        let accuracy = run["valid_accuracy"].as_f64().unwrap_or(f64::NAN);
        let init = run["init"].as_str().unwrap();
        match (init, run["depth"].as_u64().unwrap()) {
            ("kaiming", _) | ("xavier", 5) => assert!(accuracy > 0.8, "{run}"),
            ("xavier" | "pytorch", 30) | ("small", _) => assert!(accuracy < 0.25, "{run}"),
            ("naive", _) => assert!(run["diverged_at_step"].is_u64(), "{run}"),
            _ => {}
        }
        assert!(
            run["loss"].as_array().is_some_and(|loss| !loss.is_empty()),
            "{run}"
        );
    }
}

#[test]
fn the_experiments_on_depth_agree_in_their_short_form() {
    let data = mnist().unwrap_or_else(|| strokes());
    let ids = [
        "kaiming-depth",
        "lsuv",
        "update-ratio",
        "fixup",
        "ten-thousand",
        "vanilla",
    ];
    let settings = Settings {
        only: ids.map(str::to_owned).to_vec(),
        scale: Scale::Quick,
        ..Settings::new(42, 2)
    };
    let results = run(&settings, data, &Silent).expect("the experiments run");
    for experiment in &results.experiments {
        let id = &experiment.id;
        assert!(experiment.agrees, "{id}: {}", experiment.verdict);
        assert_eq!(experiment.not_judged, None, "{id}");
    }
    // Fixup's classifier is 0: ln 10 to the last rounding of a batch's 64 examples.
    for (id, name) in [
        ("fixup", "fixup_first_loss"),
        ("ten-thousand", "first_loss"),
    ] {
        let experiment = results.experiments.iter().find(|e| e.id == id).unwrap();
        close(experiment, name, std::f64::consts::LN_10, 64.0 * 1e-15);
    }
}
