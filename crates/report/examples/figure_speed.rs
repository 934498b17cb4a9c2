//! Bytes and milliseconds of the largest figures: `figure_speed [REPEATS]`, a line each.
//!
//! A depth profile of 10,000 layers and three seeds with its band, a heat map of 1,000 layers of 64
//! bins, and a ridgeline of 100 layers of 61 bins. Each is drawn whole: both sizes, the file that
//! stands alone and its table of numbers.
#![allow(clippy::print_stdout)] // What a command prints is its result.

use std::collections::BTreeMap;
use std::time::Instant;

use evenkeel_lab::results::{
    Band, DataSummary, Direction, Experiment, Layer, NormalizedSummary, Number, PartSummary,
    Profile, Results, Ridge, Ridgeline, SCHEMA, Scale, Timing,
};
use evenkeel_report::{Theme, figures};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let repeats: usize = std::env::args().nth(1).map_or(Ok(15), |n| n.parse())?;
    let mut profile = experiment("profile");
    profile.profiles = (0..3).map(deep_profile).collect();
    let mut heatmap = experiment("heatmap");
    heatmap.heatmaps = vec![histograms(1_000, 64)];
    let mut ridgeline = experiment("ridgeline");
    ridgeline.ridgelines = vec![histograms(100, 61)];
    for experiment in [profile, heatmap, ridgeline] {
        let results = results(experiment);
        let mut milliseconds = Vec::with_capacity(repeats);
        let mut drawn = Vec::new();
        for _ in 0..repeats.max(1) {
            let start = Instant::now();
            drawn = figures(&results);
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        milliseconds.sort_by(f64::total_cmp);
        let figure = &drawn[0];
        let start = Instant::now();
        let png = figure.png(Theme::Light, 2.0)?.len();
        println!(
            "{:<10} {:>7} bytes of SVG, drawn in {:>6.1} ms (median of {repeats}, worst {:.1}); PNG at 2: {png} bytes in {:.0} ms",
            results.experiments[0].id,
            figure.svg.len(),
            milliseconds[milliseconds.len() / 2],
            milliseconds[milliseconds.len() - 1],
            start.elapsed().as_secs_f64() * 1e3,
        );
    }
    Ok(())
}

/// Numbers in [0, 1) that look random: the fractions of multiples of the golden ratio.
fn noise(i: usize) -> f64 {
    (i as f64 * 0.618_033_988_749_894_9).fract()
}

fn deep_profile(seed: usize) -> Profile {
    const LAYERS: usize = 10_000;
    let layers = (0..LAYERS).map(|layer| {
        let rms = (0.6 * (noise(layer * 7 + seed * 13) - 0.5)).exp();
        Layer {
            layer,
            count: 512,
            mean: Number(0.01 * noise(layer)),
            std: Number(rms),
            second_moment: Number(rms * rms),
            min: Number(-4.0),
            max: Number(4.0),
            zero_fraction: Number(0.0),
            nonfinite: 0,
            nan: 0,
        }
    });
    let bands = (0..LAYERS).map(|layer| Band {
        layer,
        low: Number(0.7 - 2e-5 * layer as f64),
        middle: Number(1.0),
        high: Number(1.4 + 2e-5 * layer as f64),
    });
    Profile {
        name: format!("deep, seed {seed}"),
        init: "fixup".into(),
        direction: Direction::Forward,
        layers: layers.collect(),
        predicted: if seed == 0 { bands.collect() } else { vec![] },
    }
}

fn histograms(layers: usize, bins: usize) -> Ridgeline {
    let ridges = (0..layers).map(|layer| {
        let width = 0.2 + 0.6 * noise(layer);
        let counts = (0..bins).map(|bin| {
            let x = 2.0 * (bin as f64 + 0.5) / bins as f64 - 1.0;
            let bump = (-0.5 * (x / width) * (x / width)).exp();
            (2_000.0 * bump * (0.8 + 0.4 * noise(layer * bins + bin))) as u64
        });
        Ridge {
            label: format!("layer {layer}"),
            std: Number(width),
            counts: counts.collect(),
            below: 0,
            above: 0,
            nonfinite: 0,
        }
    });
    Ridgeline {
        name: "activations".into(),
        init: "xavier".into(),
        x_label: "activation".into(),
        low: Number(-1.0),
        high: Number(1.0),
        ridges: ridges.collect(),
    }
}

fn experiment(id: &str) -> Experiment {
    Experiment {
        id: id.into(),
        title: id.into(),
        question: String::new(),
        verdict: String::new(),
        agrees: true,
        not_judged: None,
        measured: BTreeMap::new(),
        predicted: BTreeMap::new(),
        formulas: vec![],
        reading: vec![],
        command: String::new(),
        profiles: vec![],
        ridgelines: vec![],
        heatmaps: vec![],
        distributions: vec![],
        phases: vec![],
        curves: vec![],
        grids: vec![],
        images: vec![],
        tables: vec![],
    }
}

fn results(experiment: Experiment) -> Results {
    let part = PartSummary {
        count: 0,
        mean: Number(0.0),
        std: Number(1.0),
    };
    Results {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        seed: 0,
        scale: Scale::Quick,
        data: DataSummary {
            name: "none".into(),
            source: "none".into(),
            fallback: None,
            train: part,
            valid: part,
            test: part,
            normalized: NormalizedSummary {
                train: part,
                valid: part,
                test: part,
            },
        },
        experiments: vec![experiment],
        timing: Timing::default(),
    }
}
