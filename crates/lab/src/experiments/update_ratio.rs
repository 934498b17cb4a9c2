//! The ratio of updates to weights, layer by layer, over the first steps.

use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{
    Activation, LearningRate, Network, NoTap, Parameter, Recipe, Role, RunError, Schedule, Threads,
};

use crate::error::LabError;
use crate::fit::Fit;
use crate::judge::median;
use crate::results::{Curves, Formula, Guide, Series, Table, Value, map};
use crate::study::{Bench, Findings, Study};

/// The `update-ratio` experiment.
pub(crate) struct UpdateRatio;

/// Linear layers.
const DEPTH: usize = 20;

/// Units of a hidden layer.
const WIDTH: usize = 128;

/// Images of a step.
const BATCH: usize = 128;

/// Plain gradient descent's.
const LEARNING_RATE: f64 = 0.02;

/// Steps that are followed.
const STEPS: usize = 50;

/// The ratio that is often aimed at.
const RULE_OF_THUMB: f64 = 1e-3;

/// How far a layer's measured quotient may be from the predicted one. The law is exact for one
/// gradient at the logits. What is left is rounding: 20 layers of 2⁻²⁴ each, and the odd unit among
/// 128·128·20 whose pre-activation is so near 0 that it rounds to the other side.
const TOLERANCE: f64 = 0.01;

/// What is compared: the recipe's text, its key for colours, its name for readers. The first two
/// draw the same normal numbers and differ by their scales alone.
const RECIPES: [(&str, &str, &str); 3] = [
    ("kaiming_normal", "kaiming", "Kaiming"),
    ("xavier_normal", "xavier", "Xavier"),
    ("pytorch_default_weight", "pytorch", "PyTorch's default"),
];

impl Study for UpdateRatio {
    fn id(&self) -> &'static str {
        "update-ratio"
    }

    fn title(&self) -> &'static str {
        "How large a step is beside its weight"
    }

    fn question(&self) -> &'static str {
        "How large is the update of each layer beside its weights over the first 50 steps, and what do scales change?"
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let runs = bench.trials(RECIPES.len(), |recipe| follow(bench, recipe))?;
        let measured = quotients(&runs[1].at_one_gradient, &runs[0].at_one_gradient);
        let predicted = predicted_quotients(&runs[1].weights, &runs[0].weights);
        let apart = measured
            .iter()
            .zip(&predicted)
            .map(|(measured, predicted)| (measured / predicted - 1.0).abs())
            .fold(0.0, f64::max);
        let (quotient, predicted) = (median(measured.into_iter()), median(predicted.into_iter()));
        let spread = |run: &Run| {
            let hidden = &run.ratios[0][1..DEPTH - 1];
            hidden.iter().copied().fold(0.0, f64::max)
                / hidden.iter().copied().fold(f64::MAX, f64::min)
        };
        let at = |run: &Run, step: usize| median(run.ratios[step].iter().copied());
        Ok(Findings {
            verdict: format!(
                "At the first step the update is {:.1e} of the weight in Kaiming's middle layer ({:.1e} after {STEPS}), \
                 and within a factor {:.1} of itself over all hidden layers. For one gradient at the logits Xavier's is \
                 {quotient:.4e} of that; its scales predict {predicted:.4e}, and every layer within {apart:.0e} of its own.",
                at(&runs[0], 0),
                at(&runs[0], STEPS - 1),
                spread(&runs[0]),
            ),
            agrees: apart <= TOLERANCE,
            measured: map([
                ("xavier_over_kaiming", Value::from(quotient)),
                ("largest_departure", apart.into()),
                ("kaiming_first", runs[0].ratios[0].clone().into()),
                ("xavier_first", runs[1].ratios[0].clone().into()),
                ("pytorch_first", runs[2].ratios[0].clone().into()),
                ("kaiming_last", runs[0].ratios[STEPS - 1].clone().into()),
                ("layers", DEPTH.into()),
                ("width", WIDTH.into()),
                ("batch", BATCH.into()),
                ("learning_rate", LEARNING_RATE.into()),
            ]),
            predicted: map([
                ("xavier_over_kaiming", Value::from(predicted)),
                ("largest_departure", format!("at most {TOLERANCE}").into()),
            ]),
            formulas: vec![
                Formula {
                    text: "ratio of layer l: η·rms(∂loss/∂W_l)/rms(W_l)".to_owned(),
                    source: "plain gradient descent; some 10⁻³ is often aimed at".to_owned(),
                },
                Formula {
                    text: "A ReLU network is positively homogeneous in each layer, so that the gradient of W_l is \
                           multiplied by Π_{k≠l} s_k when each W_k is by s_k and the gradient at the logits stays, and the \
                           ratio of layer l by Π_k s_k/s_l²"
                        .to_owned(),
                    source: "Euler's theorem; He et al. 2015, §2.2 for the scales".to_owned(),
                },
            ],
            reading: vec![
                "A flat line is what an initialisation is for: each layer learns as fast as any other.".to_owned(),
                "Xavier's line under ReLU is as flat, and too low by the whole depth's factor: the network is stuck as \
                 one, not in its first layers."
                    .to_owned(),
            ],
            curves: vec![curves(&runs, 0), curves(&runs, STEPS - 1)],
            tables: vec![table(&runs)],
            ..Findings::default()
        })
    }
}

/// One initialisation over the first steps.
struct Run {
    recipe: usize,
    /// Update over weight, by step and layer.
    ratios: Vec<Vec<f64>>,
    /// The weights' rms before the first step, by layer.
    weights: Vec<f64>,
    /// Gradient over weight then, by layer, from a gradient at the logits that is the same for all.
    at_one_gradient: Vec<f64>,
}

fn follow(bench: &Bench<'_>, recipe: usize) -> Result<Run, LabError> {
    let spec = MlpSpec::new(bench.train.features, WIDTH, DEPTH, 10, Activation::relu());
    let fit = Fit {
        spec: spec.into(),
        recipe: RECIPES[recipe].0.parse::<Recipe>()?,
        learning_rate: LearningRate::new(LEARNING_RATE, Schedule::Constant)?,
        momentum: 0.0,
        batch: BATCH,
        steps: STEPS,
        points: 1,
        seed: 0,
        threads: Threads(1),
    };
    let mut network = fit.network(bench)?;
    let at_one_gradient = at_one_gradient(bench, &mut network)?;
    let weights = weights(&network).map(|w| rms(w.values)).collect();
    let mut ratios = Vec::with_capacity(STEPS);
    let mut outcome = Ok(());
    fit.run(bench, |_, network| match ratios_of(network) {
        Ok(layers) => ratios.push(layers),
        Err(error) => outcome = Err(error),
    })?;
    outcome?;
    Ok(Run {
        recipe,
        ratios,
        weights,
        at_one_gradient,
    })
}

/// Gradient over weight, layer by layer, where the gradient at the logits is that of a guesser:
/// 0.1 − target, over the batch.
fn at_one_gradient(bench: &Bench<'_>, network: &mut Network) -> Result<Vec<f64>, LabError> {
    let images = BATCH.min(bench.train.count);
    let pixels = &bench.train.pixels[..images * bench.train.features];
    let mut at_logits = vec![0.1 / images as f32; images * 10];
    for (row, &label) in at_logits.chunks_exact_mut(10).zip(&bench.train.labels) {
        row[usize::from(label)] -= 1.0 / images as f32;
    }
    network.predict(&[pixels], &NoTap)?;
    network.backward_from(&at_logits, &NoTap)?;
    Ok(ratios_of(network)?)
}

fn weights(network: &Network) -> impl Iterator<Item = Parameter<'_>> {
    network
        .parameters()
        .filter(|parameter| matches!(parameter.spec.role(), Role::Weight { .. }))
}

/// Each layer's, after a step: the weights are those that the step has made, which differ from the
/// ones before by the ratio itself.
fn ratios_of(network: &Network) -> Result<Vec<f64>, RunError> {
    weights(network)
        .map(|weight| {
            let gradient = rms(network.gradient(weight.spec.name())?);
            Ok(LEARNING_RATE * gradient / rms(weight.values))
        })
        .collect()
}

fn rms(values: &[f32]) -> f64 {
    let squares: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
    (squares / values.len() as f64).sqrt()
}

/// One run's values over the other's, layer by layer.
fn quotients(of: &[f64], over: &[f64]) -> Vec<f64> {
    of.iter().zip(over).map(|(a, b)| a / b).collect()
}

/// `Π_k s_k / s_l²` for each layer l, s being the quotients of the two runs' weights.
fn predicted_quotients(of: &[f64], over: &[f64]) -> Vec<f64> {
    let scales = quotients(of, over);
    let product: f64 = scales.iter().product();
    scales.iter().map(|s| product / (s * s)).collect()
}

fn curves(runs: &[Run], step: usize) -> Curves {
    Curves {
        name: format!("Step {}", step + 1),
        x_label: "layer".to_owned(),
        y_label: "update : weight".to_owned(),
        series: runs
            .iter()
            .map(|run| {
                let (_, key, label) = RECIPES[run.recipe];
                Series {
                    label: label.to_owned(),
                    init: key.to_owned(),
                    x: (0..DEPTH).map(|layer| (layer as f64).into()).collect(),
                    y: run.ratios[step].iter().map(|&ratio| ratio.into()).collect(),
                    low: Vec::new(),
                    high: Vec::new(),
                    predicted: Vec::new(),
                }
            })
            .collect(),
        guides: vec![Guide {
            label: "10⁻³, often aimed at".to_owned(),
            y: RULE_OF_THUMB.into(),
        }],
    }
}

fn table(runs: &[Run]) -> Table {
    let rows = runs.iter().map(|run| {
        let middle = |step: usize| median(run.ratios[step].iter().copied());
        vec![
            Value::from(RECIPES[run.recipe].2),
            middle(0).into(),
            middle(9).into(),
            middle(STEPS - 1).into(),
            (middle(0) / RULE_OF_THUMB).into(),
        ]
    });
    Table {
        name: "Update : weight, the middle of the layers".to_owned(),
        columns: ["weights", "step 1", "step 10", "step 50", "step 1, in 10⁻³"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}
