//! A run as results.

use std::collections::BTreeMap;

use evenkeel_data::Loaded;

use super::history::{History, colour};
use super::{Breakdown, Length, NetKind, TrainSpec};
use crate::results::{
    Curves, Experiment, Map, Number, Results, SCHEMA, Scale, Series, Table, Timing, Value, map,
};
use crate::run::{Prepared, machine, with_true_minus};

/// The experiment's name in results.
const ID: &str = "train";

/// How a run ended that has results.
pub(super) enum Ending {
    /// At its last step.
    Finished {
        /// Share of the test images that were told right.
        test_accuracy: f64,
    },
    /// At a value that was not finite.
    Broke(Breakdown),
}

pub(super) fn write_up(
    spec: &TrainSpec,
    loaded: &Loaded,
    data: &Prepared,
    history: History,
    ending: &Ending,
    (threads, seconds): (usize, f64),
) -> Results {
    let experiment = experiment(spec, loaded, history, ending);
    Results {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: spec.seed,
        scale: Scale::Full,
        data: data.summary(loaded),
        experiments: vec![experiment],
        timing: Timing {
            total_seconds: seconds,
            experiment_seconds: BTreeMap::from([(ID.to_owned(), seconds)]),
            threads,
            machine: machine(),
        },
    }
}

fn experiment(spec: &TrainSpec, loaded: &Loaded, history: History, ending: &Ending) -> Experiment {
    let finished = matches!(ending, Ending::Finished { .. });
    Experiment {
        id: ID.to_owned(),
        title: format!("Training {}", description(spec)),
        question: "Does this network learn the digits, and what became of its signal?".to_owned(),
        verdict: with_true_minus(&verdict(&history, ending)),
        agrees: finished,
        not_judged: finished.then(|| {
            "a training run of your own has no known answer to be held against".to_owned()
        }),
        measured: measured(spec, &history, ending),
        predicted: Map::new(),
        formulas: Vec::new(),
        reading: vec![
            "Depth runs along the horizontal axis: a signal that keeps its size is level."
                .to_owned(),
            "The first step is measured before any update, the last before its own.".to_owned(),
        ],
        command: command(spec, loaded),
        curves: curves(spec, &history),
        heatmaps: Vec::new(),
        distributions: Vec::new(),
        phases: Vec::new(),
        tables: vec![table(&history, ending)],
        profiles: history.profiles,
        ridgelines: Vec::new(),
        grids: Vec::new(),
        images: Vec::new(),
    }
}

fn description(spec: &TrainSpec) -> String {
    let net = match spec.net {
        NetKind::Mlp => "a perceptron",
        NetKind::ResMlp => "a residual perceptron",
        NetKind::Cnn => "a convolutional network",
        NetKind::ResCnn => "a residual convolutional network",
    };
    let mup = match spec.mup_base_width {
        Some(base) => format!(", by μP from width {base}"),
        None => String::new(),
    };
    format!(
        "{net} of {} layers × {}, {}, from {}{mup}",
        spec.depth, spec.width, spec.activation, spec.recipe
    )
}

fn verdict(history: &History, ending: &Ending) -> String {
    match ending {
        Ending::Broke(breakdown) => breakdown.to_string(),
        Ending::Finished { test_accuracy } => {
            let steps = history.steps.last().copied().unwrap_or(0);
            format!(
                "Test accuracy {:.2}% after {steps} steps. The training loss fell from {:.4} to {:.4}.",
                100.0 * test_accuracy,
                history.first_loss(),
                history.mean_loss(),
            )
        }
    }
}

fn measured(spec: &TrainSpec, history: &History, ending: &Ending) -> Map {
    let mut measured = map([
        ("net", Value::from(spec.net.to_string())),
        ("depth", spec.depth.into()),
        ("width", spec.width.into()),
        ("activation", spec.activation.to_string().into()),
        ("init", spec.recipe.to_string().into()),
        ("learning_rate", spec.learning_rate.into()),
        ("batch", spec.batch.into()),
        ("first_loss", history.first_loss().into()),
        ("step", history.steps.clone().into()),
        ("loss", numbers(&history.loss)),
        ("train_accuracy", numbers(&history.accuracy)),
        ("valid_step", history.valid_steps.clone().into()),
        ("valid_accuracy", numbers(&history.valid_accuracy)),
    ]);
    if let Some(base) = spec.mup_base_width {
        measured.insert("mup_base_width".to_owned(), base.into());
    }
    match spec.length {
        Length::Epochs(epochs) => measured.insert("epochs".to_owned(), epochs.into()),
        Length::Steps(steps) => measured.insert("steps".to_owned(), steps.into()),
    };
    match ending {
        Ending::Finished { test_accuracy } => {
            measured.insert("test_accuracy".to_owned(), (*test_accuracy).into());
        }
        Ending::Broke(breakdown) => {
            measured.insert("broke".to_owned(), breakdown.measured().into());
        }
    }
    measured
}

fn numbers(list: &[Number]) -> Value {
    list.iter().map(|x| x.0).collect::<Vec<_>>().into()
}

fn command(spec: &TrainSpec, loaded: &Loaded) -> String {
    format!("{} --data {}", spec.command(), loaded.dataset.name)
}

fn curves(spec: &TrainSpec, history: &History) -> Vec<Curves> {
    let init = colour(&spec.recipe.to_string());
    let series = |label: &str, x: &[u64], y: &[Number]| Series {
        label: label.to_owned(),
        init: init.clone(),
        x: x.iter().map(|&step| (step as f64).into()).collect(),
        y: y.to_vec(),
        low: Vec::new(),
        high: Vec::new(),
        predicted: Vec::new(),
    };
    let curve = |name: &str, y_label: &str, series| Curves {
        name: name.to_owned(),
        x_label: "step".to_owned(),
        y_label: y_label.to_owned(),
        series,
        guides: Vec::new(),
    };
    let mut accuracies = vec![series("training", &history.steps, &history.accuracy)];
    if !history.valid_steps.is_empty() {
        let valid = (&history.valid_steps, &history.valid_accuracy);
        accuracies.push(series("validation", valid.0, valid.1));
    }
    if history.steps.is_empty() {
        return Vec::new();
    }
    let losses = vec![series("training", &history.steps, &history.loss)];
    vec![
        curve("Loss", "training loss", losses),
        curve("Accuracy", "accuracy", accuracies),
    ]
}

fn table(history: &History, ending: &Ending) -> Table {
    let last = |list: &[Number]| list.last().map_or(f64::NAN, |x| x.0);
    let row = |name: &str, value: f64| vec![Value::from(name), value.into()];
    let mut rows = vec![row("loss of the first step", history.first_loss())];
    if !history.loss.is_empty() {
        rows.push(row("training loss at the end", last(&history.loss)));
        let accuracy = last(&history.accuracy);
        rows.push(row("training accuracy at the end", accuracy));
    }
    if !history.valid_accuracy.is_empty() {
        let valid = last(&history.valid_accuracy);
        rows.push(row("validation accuracy of the last epoch", valid));
    }
    if let Ending::Finished { test_accuracy } = ending {
        rows.push(row("test accuracy", *test_accuracy));
    }
    Table {
        name: "The run in numbers".to_owned(),
        columns: vec!["what".to_owned(), "value".to_owned()],
        rows,
    }
}
