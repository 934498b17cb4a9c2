//! Ten thousand layers, from Fixup, without normalisation.

use evenkeel_net::zoo::{NetSpec, ResMlpSpec};
use evenkeel_net::{
    Activation, LearningRate, Network, Quantity, Recipe, Recorder, Schedule, Targets, Threads,
};

use crate::error::LabError;
use crate::fit::{Fit, Fitted};
use crate::measure;
use crate::results::{Curves, Direction, Formula, Profile, Series, Table, Value, map};
use crate::settings::Length;
use crate::study::{Bench, Findings, Study};

/// The `ten-thousand` experiment.
pub(crate) struct TenThousand;

/// Linear layers.
const DEPTH: usize = 10_000;

/// Units of the trunk.
const WIDTH: usize = 16;

/// Images of a step.
const BATCH: usize = 64;

/// The peak; a cosine takes it to 0.
const LEARNING_RATE: f64 = 0.03;

const MOMENTUM: f64 = 0.9;

/// What the whole run should reach on the test part.
const GOAL: f64 = 0.96;

/// Below this loss a network has learnt: three quarters of a guesser's.
const LEARNT: f64 = 0.75 * std::f64::consts::LN_10;

/// Blocks whose trunk is drawn, evenly spaced.
const DRAWN: usize = 100;

impl Study for TenThousand {
    fn id(&self) -> &'static str {
        "ten-thousand"
    }

    fn title(&self) -> &'static str {
        "Ten thousand layers"
    }

    fn question(&self) -> &'static str {
        "Does a residual network of 10,000 layers learn the digits without any normalisation?"
    }

    fn note(&self) -> Option<&'static str> {
        Some(
            "three epochs when named with --only (about a minute on two cores); shortened otherwise",
        )
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let length = bench.settings.length(self);
        let (depth, steps) = match length {
            Length::Quick => (1_000, 60),
            Length::Shortened => (DEPTH, 120),
            Length::Whole => (DEPTH, 2_400),
        };
        let fit = fit(bench, depth, steps)?;
        bench.progress.expect(steps as u64);
        let before = fit.network(bench)?;
        let memory = before.plan().arena_bytes() + 4 * before.graph().parameter_count();
        let parameters = before.graph().parameter_count();
        let mut profiles = look(bench, before, "before the first step")?;
        let mut trained = None;
        let fitted = fit.run(bench, |step, network| {
            bench.progress.advance(1);
            if step + 1 == steps {
                trained = Some(values(network));
            }
        })?;
        if let Some(values) = trained {
            let mut after = fit.network(bench)?;
            set(&mut after, &values);
            profiles.extend(look(bench, after, &format!("after {steps} steps"))?);
        }
        let known = Known::of(&fitted, length, bench);
        Ok(Findings {
            verdict: verdict(&fitted, depth, steps, parameters, &known),
            agrees: known.first_loss_holds && known.learns && known.goal_holds.unwrap_or(true),
            measured: map([
                ("first_loss", Value::from(fitted.first_loss)),
                ("step", fitted.steps.clone().into()),
                ("loss", fitted.loss.clone().into()),
                ("valid_accuracy_at_step", fitted.accuracy.clone().into()),
                ("test_accuracy", fitted.test_accuracy.into()),
                ("layers", depth.into()),
                ("width", WIDTH.into()),
                ("batch", BATCH.into()),
                ("steps", steps.into()),
                ("learning_rate", LEARNING_RATE.into()),
                ("momentum", MOMENTUM.into()),
                ("parameters", parameters.into()),
                ("memory_bytes", memory.into()),
            ]),
            predicted: map([
                ("first_loss", Value::from(std::f64::consts::LN_10)),
                ("test_accuracy", expected(&known).into()),
            ]),
            formulas: vec![Formula {
                text: "Zero last layers make each block the identity and the loss ln 10; with the other layers scaled \
                       by L^(−1/2) a step changes the function as much at L = 4,999 blocks as at 5"
                    .to_owned(),
                source: "Zhang, Dauphin & Ma 2019, arXiv 1901.09321".to_owned(),
            }],
            reading: reading(length),
            profiles,
            curves: curves(&fitted, depth),
            tables: vec![table(&fitted)],
            ..Findings::default()
        })
    }
}

fn fit(bench: &Bench<'_>, depth: usize, steps: usize) -> Result<Fit, LabError> {
    let spec = ResMlpSpec::new(bench.train.features, WIDTH, depth, 10, Activation::relu());
    let cosine = Schedule::Cosine {
        steps: steps as u64,
        floor: 0.0,
    };
    Ok(Fit {
        spec: NetSpec::from(spec),
        recipe: Recipe::Fixup,
        learning_rate: LearningRate::new(LEARNING_RATE, cosine)?,
        momentum: MOMENTUM,
        batch: BATCH,
        steps,
        // Each point looks at 2,000 images, which costs as much as some twenty steps.
        points: if steps < 1_000 { 10 } else { 30 },
        seed: 0,
        threads: Threads(bench.settings.threads),
    })
}

/// Every parameter value, in order.
fn values(network: &Network) -> Vec<f32> {
    let parameters = network.parameters();
    parameters.flat_map(|p| p.values.iter().copied()).collect()
}

fn set(network: &mut Network, values: &[f32]) {
    let mut rest = values;
    network.initialize(|_, to| {
        let (these, others) = rest.split_at(to.len());
        to.copy_from_slice(these);
        rest = others;
    });
}

/// The trunk's activations, and their gradients, on the first images.
fn look(bench: &Bench<'_>, mut network: Network, when: &str) -> Result<Vec<Profile>, LabError> {
    let recorder = Recorder::new(&network);
    let pixels = &bench.train.pixels[..BATCH * bench.train.features];
    let labels = Targets::Classes(&bench.train.labels[..BATCH]);
    network.forward(&[pixels], labels, &recorder)?;
    network.backward(&recorder)?;
    let profile = |quantity, direction, what: &str| {
        let records = recorder.records(quantity);
        let sums: Vec<_> = records
            .iter()
            .filter(|record| record.name.ends_with(".sum"))
            .collect();
        let every = sums.len().div_ceil(DRAWN);
        let drawn = sums.iter().enumerate().step_by(every);
        Profile {
            name: format!("{what} {when}"),
            init: "fixup".to_owned(),
            direction,
            layers: drawn
                // The stem and two layers a block lie before this sum.
                .map(|(block, record)| measure::layer(2 * block + 2, &record.moments))
                .collect(),
            predicted: Vec::new(),
        }
    };
    Ok(vec![
        profile(Quantity::Activation, Direction::Forward, "trunk"),
        profile(Quantity::Gradient, Direction::Backward, "gradient"),
    ])
}

/// What is known, and whether it holds.
struct Known {
    first_loss_holds: bool,
    learns: bool,
    /// `None` where the run was shortened, or the digits are not MNIST's.
    goal_holds: Option<bool>,
}

impl Known {
    fn of(fitted: &Fitted, length: Length, bench: &Bench<'_>) -> Self {
        // Each example's ln 10 is rounded once, and the sum of the batch's as often as it is long.
        let rounding = BATCH as f64 * f64::EPSILON * std::f64::consts::LN_10;
        let off = (fitted.first_loss - std::f64::consts::LN_10).abs();
        let whole = length == Length::Whole && bench.summary.name == "mnist";
        Self {
            first_loss_holds: off <= rounding,
            learns: fitted.loss.last().is_some_and(|loss| *loss <= LEARNT),
            goal_holds: whole.then_some(fitted.test_accuracy >= GOAL),
        }
    }
}

fn expected(known: &Known) -> String {
    match known.goal_holds {
        Some(_) => format!("at least {GOAL}"),
        None => format!("better than guessing: loss at most {LEARNT:.3}"),
    }
}

fn verdict(
    fitted: &Fitted,
    depth: usize,
    steps: usize,
    parameters: usize,
    known: &Known,
) -> String {
    let last = fitted.loss.last().copied().unwrap_or(f64::NAN);
    let judged = match known.goal_holds {
        Some(_) => format!("(asked: {:.0}%)", 100.0 * GOAL),
        None => "(a shortened run; judged is that it learns)".to_owned(),
    };
    format!(
        "A residual network of {depth} layers × {WIDTH} ({parameters} parameters) from Fixup begins at a loss of \
         {:.6}, ln 10 = 2.302585. After {steps} steps of {BATCH} images the loss is {last:.3} and {:.1}% of the test \
         images are told right {judged}.",
        fitted.first_loss,
        100.0 * fitted.test_accuracy
    )
}

fn reading(length: Length) -> Vec<String> {
    let mut reading = vec![
        "Before the first step the trunk is the same in every block, to the last bit, and no gradient reaches it: the \
         classifier is 0."
            .to_owned(),
        "Afterwards both change little from block to block: depth costs neither signal nor gradient.".to_owned(),
    ];
    if length != Length::Whole {
        reading.push("Shortened: fewer steps than the command below runs.".to_owned());
    }
    reading
}

fn curves(fitted: &Fitted, depth: usize) -> Vec<Curves> {
    let drawn = |what: &str, y_label: &str, y: &[f64]| Curves {
        name: format!("{what} at {depth} layers"),
        x_label: "step".to_owned(),
        y_label: y_label.to_owned(),
        series: vec![Series {
            label: "Fixup".to_owned(),
            init: "fixup".to_owned(),
            x: fitted.steps.iter().map(|&s| (s as f64).into()).collect(),
            y: y.iter().map(|&y| y.into()).collect(),
            low: Vec::new(),
            high: Vec::new(),
            predicted: Vec::new(),
        }],
        guides: Vec::new(),
    };
    vec![
        drawn("Loss", "training loss", &fitted.loss),
        drawn("Accuracy", "validation accuracy", &fitted.accuracy),
    ]
}

fn table(fitted: &Fitted) -> Table {
    let points = fitted.steps.iter().zip(&fitted.loss).zip(&fitted.accuracy);
    let every = fitted.steps.len().div_ceil(6).max(1);
    let rows: Vec<Vec<Value>> = points
        .map(|((&step, &loss), &accuracy)| vec![step.into(), loss.into(), accuracy.into()])
        .collect();
    let last = rows.len().saturating_sub(1);
    let kept = rows
        .into_iter()
        .enumerate()
        .filter(|(index, _)| (index + 1) % every == 0 || *index == last);
    Table {
        name: "Loss and accuracy on the way".to_owned(),
        columns: ["step", "training loss", "validation accuracy"]
            .map(str::to_owned)
            .to_vec(),
        rows: kept.map(|(_, row)| row).collect(),
    }
}
