//! What it all is for: which initialisation trains.

use evenkeel_data::{Batches, Remainder};
use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{Mode, Network, NoTap, Sgd, Targets};
use evenkeel_theory::Activation;

use crate::error::LabError;
use crate::judge::median;
use crate::mlp::{self, Init};
use crate::results::{Curves, Formula, Map, Number, Series, Table, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `training` experiment.
pub(crate) struct Training;

/// Linear layers of the two networks.
const DEPTHS: [usize; 2] = [5, 30];

/// Units of a hidden layer.
const WIDTH: usize = 128;

/// Images of a step.
const BATCH: usize = 128;

/// Of plain stochastic gradient descent, the same for every initialisation: a step changes all layers
/// at once, so it is shared among them. 0.1 at 5 layers, 0.017 at 30.
fn learning_rate(depth: usize) -> f64 {
    0.5 / depth as f64
}

/// Points of each curve.
const POINTS: usize = 30;

/// Images of the validation part that the points of a curve are measured on; the last is measured
/// on all of it.
const VALIDATED: usize = 1_000;

/// The initialisations, in the order of the lesson.
const INITS: [Init; 5] = [
    Init::Naive,
    Init::Small,
    Init::PyTorch,
    Init::Xavier,
    Init::Kaiming,
];

/// The loss of a network that gives every digit the same probability.
const LN_10: f64 = std::f64::consts::LN_10;

/// Below this loss a network has learnt: three quarters of a guesser's.
const LEARNT: f64 = 0.75 * LN_10;

/// Above this loss it has not begun to.
const STALLED: f64 = 0.98 * LN_10;

impl Study for Training {
    fn id(&self) -> &'static str {
        "training"
    }

    fn title(&self) -> &'static str {
        "Which initialisation trains"
    }

    fn question(&self) -> &'static str {
        "Shallow and deep, from which initialisation does a plain ReLU network learn the digits?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width, Parameter::Activation]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((DEPTHS[1], WIDTH))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let depths = bench
            .settings
            .depth
            .map_or_else(|| DEPTHS.to_vec(), |depth| vec![depth]);
        let trials = bench.settings.pick(1, 3);
        let mut plans = Vec::new();
        for &depth in &depths {
            let (_, width) = bench.depth_and_width(depth, WIDTH)?;
            let activation = bench
                .settings
                .activation
                .clone()
                .unwrap_or_else(Activation::relu);
            for init in INITS {
                for seed in 0..trials {
                    let spec =
                        MlpSpec::new(bench.train.features, width, depth, 10, activation.clone());
                    plans.push(Plan { spec, init, seed });
                }
            }
        }
        let steps = bench.settings.pick(250, 600);
        // The deep ones take longest: they go first, so that no thread is left with one at the end.
        let mut order: Vec<usize> = (0..plans.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(plans[index].spec.depth));
        let mut runs = bench.trials(plans.len(), |turn| plans[order[turn]].run(bench, steps))?;
        runs.sort_by_key(|run| {
            (
                run.depth,
                INITS.iter().position(|&i| i == run.init),
                run.seed,
            )
        });

        let groups: Vec<&[Run]> = runs.chunks(trials).collect();
        let activation = plans[0].spec.activation.to_string();
        let width = plans[0].spec.width;
        let known = (width == WIDTH && activation == "relu").then(|| known(&groups));
        let known = known.filter(|known| !known.is_empty());
        Ok(Findings {
            verdict: verdict(&groups, steps),
            agrees: known.iter().flatten().all(|answer| answer.holds),
            not_judged: known.is_none().then(|| {
                format!("the known answers are for ReLU networks of 5 and 30 layers of {WIDTH} units")
            }),
            measured: map([
                ("runs", Value::from(runs.iter().map(Run::measured).collect::<Vec<_>>())),
                ("steps", steps.into()),
                ("batch", BATCH.into()),
                ("seeds", trials.into()),
                ("width", width.into()),
                ("activation", activation.into()),
            ]),
            predicted: known.into_iter().flatten().map(Answer::named).collect(),
            formulas: vec![Formula {
                text: "With Xavier under ReLU a signal loses 2^(−1/2) a layer, forward and backward: 2⁻¹⁵ of both is \
                       left at 30 layers, and the gradient with it"
                    .to_owned(),
                source: "He, Zhang, Ren & Sun 2015, §2.2 and Figure 3".to_owned(),
            }],
            reading: vec![
                "Each panel compares the initialisations at one depth, with one learning rate for all.".to_owned(),
                "A flat line at ln 10 = 2.303 is a network that sees no difference between its inputs.".to_owned(),
            ],
            curves: depths.iter().flat_map(|&depth| curves(depth, &groups)).collect(),
            tables: vec![table(&groups)],
            ..Findings::default()
        })
    }
}

/// One run to be made.
struct Plan {
    spec: MlpSpec,
    init: Init,
    seed: usize,
}

/// One run that was made.
struct Run {
    init: Init,
    depth: usize,
    seed: usize,
    /// Steps done at each point.
    steps: Vec<usize>,
    /// Mean loss over the steps up to each point since the one before.
    loss: Vec<f64>,
    /// Validation accuracy at each point, on the first images.
    accuracy: Vec<f64>,
    /// Accuracy on the whole validation part at the end.
    valid_accuracy: f64,
    /// The step, from 1, whose loss was no longer finite, if there was one; training stops there.
    diverged_at: Option<usize>,
}

impl Plan {
    fn run(&self, bench: &Bench<'_>, steps: usize) -> Result<Run, LabError> {
        let prefix = format!(
            "training/{}/{}/{}",
            self.spec.depth,
            self.init.key(),
            self.seed
        );
        let mut network =
            mlp::network(bench, &self.spec, BATCH, Mode::Training, self.init, &prefix)?;
        let mut judge = Judge::new(bench, &self.spec)?;
        let mut sgd = Sgd::new(learning_rate(self.spec.depth))?;
        let order_seed = bench.settings.seed.wrapping_add(self.seed as u64);
        let batches = Batches::new(bench.train.count, BATCH, order_seed, Remainder::Drop)?;
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());

        let mut run = Run {
            init: self.init,
            depth: self.spec.depth,
            seed: self.seed,
            steps: Vec::new(),
            loss: Vec::new(),
            accuracy: Vec::new(),
            valid_accuracy: f64::NAN,
            diverged_at: None,
        };
        let every = steps.div_ceil(POINTS);
        let mut sum = 0.0;
        let mut since = 0;
        for (step, batch) in batches.take(steps).enumerate() {
            bench.train.gather(&batch, &mut pixels, &mut labels);
            let loss = network.forward(&[&pixels], Targets::Classes(&labels), &NoTap)?;
            sum += loss;
            since += 1;
            let diverged = !loss.is_finite();
            if diverged || (step + 1) % every == 0 || step + 1 == steps {
                run.steps.push(step + 1);
                run.loss.push(sum / f64::from(since));
                (sum, since) = (0.0, 0);
            }
            if diverged {
                // A network of NaN gives no answers, and so has no accuracy.
                run.diverged_at = Some(step + 1);
                run.accuracy.push(f64::NAN);
                return Ok(run);
            }
            network.backward(&NoTap)?;
            sgd.step(&mut network);
            if run.accuracy.len() < run.loss.len() {
                run.accuracy.push(judge.accuracy(&network, VALIDATED)?);
            }
        }
        run.valid_accuracy = judge.accuracy(&network, usize::MAX)?;
        Ok(run)
    }
}

/// Measures a network's accuracy on the validation part.
struct Judge<'a> {
    bench: &'a Bench<'a>,
    network: Network,
}

impl<'a> Judge<'a> {
    const BATCH: usize = 500;

    fn new(bench: &'a Bench<'a>, spec: &MlpSpec) -> Result<Self, LabError> {
        let network = mlp::empty(spec, Self::BATCH, Mode::Forward)?;
        Ok(Self { bench, network })
    }

    /// Share of the first images of the validation part, at most `images`, that are told right.
    fn accuracy(&mut self, trained: &Network, images: usize) -> Result<f64, LabError> {
        mlp::copy_parameters(trained, &mut self.network);
        let part = self.bench.valid;
        let images = images.min(part.count);
        let pixels = part.pixels[..images * part.features].chunks(Self::BATCH * part.features);
        let mut correct = 0;
        for (pixels, labels) in pixels.zip(part.labels[..images].chunks(Self::BATCH)) {
            self.network.predict(&[pixels], &NoTap)?;
            correct += self.network.correct(labels);
        }
        Ok(correct as f64 / images as f64)
    }
}

impl Run {
    fn measured(&self) -> Map {
        let mut measured = map([
            ("init", Value::from(self.init.key())),
            ("depth", self.depth.into()),
            ("seed", self.seed.into()),
            ("learning_rate", learning_rate(self.depth).into()),
            ("step", self.steps.clone().into()),
            ("loss", self.loss.clone().into()),
            ("valid_accuracy_at_step", self.accuracy.clone().into()),
            ("valid_accuracy", self.valid_accuracy.into()),
        ]);
        if let Some(step) = self.diverged_at {
            measured.insert("diverged_at_step".to_owned(), step.into());
        }
        measured
    }
}

/// The middle of the runs' final accuracies.
fn accuracy(group: &[Run]) -> f64 {
    median(group.iter().map(|run| run.valid_accuracy))
}

/// The middle of the runs' training losses at their last point.
fn last_loss(group: &[Run]) -> f64 {
    median(group.iter().filter_map(|run| run.loss.last().copied()))
}

/// A known answer, and whether it holds.
struct Answer {
    init: Init,
    depth: usize,
    expected: &'static str,
    holds: bool,
}

impl Answer {
    fn named(self) -> (String, Value) {
        let name = format!("{}_at_{}_layers", self.init.key(), self.depth);
        (name, self.expected.into())
    }
}

/// The lesson's answers: at 30 layers Kaiming learns and Xavier stalls, as PyTorch's default does;
/// ×0.01 learns nowhere, N(0, 1) leaves f32; at 5 layers both Kaiming and Xavier learn.
fn known(groups: &[&[Run]]) -> Vec<Answer> {
    let answer = |group: &&[Run]| {
        let (init, depth) = (group[0].init, group[0].depth);
        let (expected, holds) = match (init, depth) {
            (Init::Kaiming, 5 | 30) | (Init::Xavier, 5) => ("learns", last_loss(group) <= LEARNT),
            (Init::Xavier | Init::PyTorch, 30) | (Init::Small, 5 | 30) => {
                ("stalls", last_loss(group) >= STALLED)
            }
            (Init::Naive, 5 | 30) => (
                "diverges",
                group.iter().all(|run| run.diverged_at.is_some()),
            ),
            _ => return None,
        };
        Some(Answer {
            init,
            depth,
            expected,
            holds,
        })
    };
    groups.iter().filter_map(answer).collect()
}

fn verdict(groups: &[&[Run]], steps: usize) -> String {
    let mut sentences: Vec<String> = Vec::new();
    let mut rest = groups;
    while let Some(first) = rest.first() {
        let depth = first[0].depth;
        let (here, others) = rest.split_at(INITS.len());
        rest = others;
        let each = here.iter().map(|group| {
            let init = group[0].init.label();
            match group.iter().filter_map(|run| run.diverged_at).max() {
                Some(step) => format!("{init} diverges by step {step}"),
                None => format!("{init} {:.0}%", 100.0 * accuracy(group)),
            }
        });
        sentences.push(format!(
            "At {depth} layers: {}.",
            each.collect::<Vec<_>>().join(", ")
        ));
    }
    format!(
        "Validation accuracy after {steps} steps. {}",
        sentences.join(" ")
    )
}

fn curves(depth: usize, groups: &[&[Run]]) -> [Curves; 2] {
    let of_depth = || groups.iter().filter(|group| group[0].depth == depth);
    let drawn = |what: &str, y_label: &str, pick: fn(&Run) -> &[f64]| Curves {
        name: format!("{what} at {depth} layers"),
        x_label: "step".to_owned(),
        y_label: y_label.to_owned(),
        series: of_depth().map(|group| series(group, pick)).collect(),
        guides: Vec::new(),
    };
    [
        drawn("Loss", "training loss", |run| &run.loss),
        drawn("Accuracy", "validation accuracy", |run| &run.accuracy),
    ]
}

fn series(group: &[Run], pick: fn(&Run) -> &[f64]) -> Series {
    let longest = group
        .iter()
        .max_by_key(|run| run.steps.len())
        .unwrap_or(&group[0]);
    let points = 0..longest.steps.len();
    let at = |point: usize| {
        group
            .iter()
            .filter_map(move |run| pick(run).get(point).copied())
    };
    let several = group.len() > 1;
    let spread = |choose: fn(f64, f64) -> f64| -> Vec<Number> {
        if !several {
            return Vec::new();
        }
        points
            .clone()
            .map(|p| at(p).reduce(choose).unwrap_or(f64::NAN).into())
            .collect()
    };
    Series {
        label: group[0].init.label().to_owned(),
        init: group[0].init.key().to_owned(),
        x: longest
            .steps
            .iter()
            .map(|&step| (step as f64).into())
            .collect(),
        y: points.clone().map(|p| median(at(p)).into()).collect(),
        low: spread(f64::min),
        high: spread(f64::max),
        predicted: Vec::new(),
    }
}

fn table(groups: &[&[Run]]) -> Table {
    let rows = groups.iter().map(|group| {
        vec![
            Value::from(group[0].depth),
            group[0].init.label().into(),
            last_loss(group).into(),
            accuracy(group).into(),
        ]
    });
    Table {
        name: "Loss and validation accuracy at the end, middle seed".to_owned(),
        columns: [
            "layers",
            "initialisation",
            "training loss",
            "validation accuracy",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows.collect(),
    }
}
