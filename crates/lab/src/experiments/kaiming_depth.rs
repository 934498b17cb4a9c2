//! How deep a plain ReLU network may be: Xavier's scale and Kaiming's.

use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{Activation, LearningRate, Recipe, Schedule, Threads};

use crate::error::LabError;
use crate::fit::{Fit, Fitted};
use crate::judge::median;
use crate::results::{Curves, Formula, Number, Series, Table, Value, map};
use crate::study::{Bench, Findings, Study};

/// The `kaiming-depth` experiment.
pub(crate) struct KaimingDepth;

/// Weight layers of the networks: one of the course, and the paper's two.
const DEPTHS: [usize; 3] = [5, 14, 30];

/// Units of a hidden layer.
const WIDTH: usize = 128;

/// Images of a step.
const BATCH: usize = 64;

const LEARNING_RATE: f64 = 0.005;

const MOMENTUM: f64 = 0.9;

/// Below this loss a network has learnt: three quarters of a guesser's.
const LEARNT: f64 = 0.75 * std::f64::consts::LN_10;

/// Above this loss it has not begun to.
const STALLED: f64 = 0.98 * std::f64::consts::LN_10;

/// What is compared: the recipe's text, its key for colours, and its name for readers.
const RECIPES: [(&str, &str, &str); 2] = [
    ("xavier_normal", "xavier", "Xavier"),
    ("kaiming_normal", "kaiming", "Kaiming"),
];

impl Study for KaimingDepth {
    fn id(&self) -> &'static str {
        "kaiming-depth"
    }

    fn title(&self) -> &'static str {
        "From which depth Xavier stalls"
    }

    fn question(&self) -> &'static str {
        "At which depth does a plain ReLU network stop learning from Xavier's weights, and does it from Kaiming's?"
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (trials, steps) = bench.settings.pick((1, 250), (3, 500));
        let mut plans = Vec::new();
        for (place, &depth) in DEPTHS.iter().enumerate() {
            for recipe in 0..RECIPES.len() {
                plans.extend((0..trials).map(|seed| (place, depth, recipe, seed)));
            }
        }
        plans.sort_by_key(|&(_, depth, ..)| std::cmp::Reverse(depth));
        let mut runs = bench.trials(plans.len(), |turn| {
            let (place, depth, recipe, seed) = plans[turn];
            let fitted = fit(bench, depth, recipe, seed, steps)?.run(bench, |_, _| {})?;
            Ok(((place, recipe, seed), fitted))
        })?;
        runs.sort_by_key(|&(key, _)| key);
        let fitted: Vec<Fitted> = runs.into_iter().map(|(_, fitted)| fitted).collect();
        let groups: Vec<Group> = fitted
            .chunks(trials)
            .enumerate()
            .map(|(index, runs)| Group {
                depth: DEPTHS[index / RECIPES.len()],
                recipe: index % RECIPES.len(),
                runs,
            })
            .collect();
        Ok(Findings {
            verdict: verdict(&groups, steps),
            agrees: groups.iter().all(Group::holds),
            measured: groups
                .iter()
                .map(|group| (group.name(), Value::from(group.measured())))
                .chain([("steps".to_owned(), steps.into()), ("seeds".to_owned(), trials.into())])
                .collect(),
            predicted: groups
                .iter()
                .map(|group| (group.name(), Value::from(group.expected())))
                .collect(),
            formulas: vec![Formula {
                text: "From Xavier's weights a ReLU layer leaves 2^(−1/2) of a signal and of a gradient: over L − 1 \
                       hidden layers 1/4, 1/91 and 1/23,170 at 5, 14 and 30 layers. From Kaiming's it leaves all"
                    .to_owned(),
                source: "He, Zhang, Ren & Sun 2015, §2.2, Figures 2 and 3".to_owned(),
            }],
            reading: vec![
                "Each panel is one depth. At 5 layers both fall together; at 14 Xavier begins later; at 30 it stays at \
                 ln 10 = 2.303."
                    .to_owned(),
                "The rate, 0.005 with momentum 0.9, is the same for all.".to_owned(),
            ],
            curves: DEPTHS.iter().map(|&depth| curves(depth, &groups)).collect(),
            tables: vec![table(&groups)],
            ..Findings::default()
        })
    }
}

fn fit(
    bench: &Bench<'_>,
    depth: usize,
    recipe: usize,
    seed: usize,
    steps: usize,
) -> Result<Fit, LabError> {
    let spec = MlpSpec::new(bench.train.features, WIDTH, depth, 10, Activation::relu());
    Ok(Fit {
        spec: spec.into(),
        recipe: RECIPES[recipe].0.parse::<Recipe>()?,
        learning_rate: LearningRate::new(LEARNING_RATE, Schedule::Constant)?,
        momentum: MOMENTUM,
        batch: BATCH,
        steps,
        points: 25,
        seed: seed as u64,
        threads: Threads(1),
    })
}

/// The seeds of one recipe at one depth.
struct Group<'a> {
    depth: usize,
    recipe: usize,
    runs: &'a [Fitted],
}

impl Group<'_> {
    fn name(&self) -> String {
        format!("{}_at_{}_layers", RECIPES[self.recipe].1, self.depth)
    }

    /// The middle of the seeds' losses at the last point.
    fn last_loss(&self) -> f64 {
        median(self.runs.iter().filter_map(|run| run.loss.last().copied()))
    }

    fn accuracy(&self) -> f64 {
        median(self.runs.iter().map(|run| run.test_accuracy))
    }

    fn stalls(&self) -> bool {
        (self.recipe, self.depth) == (0, 30)
    }

    fn expected(&self) -> &'static str {
        if self.stalls() { "stalls" } else { "learns" }
    }

    fn holds(&self) -> bool {
        if self.stalls() {
            self.last_loss() >= STALLED
        } else {
            self.last_loss() <= LEARNT
        }
    }

    fn measured(&self) -> crate::results::Map {
        map([
            ("last_loss", Value::from(self.last_loss())),
            ("test_accuracy", self.accuracy().into()),
            (
                "first_loss",
                median(self.runs.iter().map(|run| run.first_loss)).into(),
            ),
        ])
    }
}

fn verdict(groups: &[Group<'_>], steps: usize) -> String {
    let each: Vec<String> = groups
        .chunks(RECIPES.len())
        .map(|at| {
            format!(
                "{} layers: Xavier {:.0}%, Kaiming {:.0}%",
                at[0].depth,
                100.0 * at[0].accuracy(),
                100.0 * at[1].accuracy()
            )
        })
        .collect();
    format!("Test accuracy after {steps} steps. {}.", each.join("; "))
}

fn curves(depth: usize, groups: &[Group<'_>]) -> Curves {
    let here = groups.iter().filter(|group| group.depth == depth);
    Curves {
        name: format!("{depth} layers"),
        x_label: "step".to_owned(),
        y_label: "training loss".to_owned(),
        series: here.map(series).collect(),
        guides: Vec::new(),
    }
}

fn series(group: &Group<'_>) -> Series {
    let points = 0..group.runs[0].steps.len();
    let at = |point: usize| {
        group
            .runs
            .iter()
            .filter_map(move |run| run.loss.get(point).copied())
    };
    let spread = |choose: fn(f64, f64) -> f64| -> Vec<Number> {
        if group.runs.len() < 2 {
            return Vec::new();
        }
        points
            .clone()
            .map(|point| at(point).reduce(choose).unwrap_or(f64::NAN).into())
            .collect()
    };
    let (_, key, label) = RECIPES[group.recipe];
    Series {
        label: label.to_owned(),
        init: key.to_owned(),
        x: group.runs[0]
            .steps
            .iter()
            .map(|&s| (s as f64).into())
            .collect(),
        y: points
            .clone()
            .map(|point| median(at(point)).into())
            .collect(),
        low: spread(f64::min),
        high: spread(f64::max),
        predicted: Vec::new(),
    }
}

fn table(groups: &[Group<'_>]) -> Table {
    let rows = groups.iter().map(|group| {
        // What Xavier leaves of a signal over the hidden layers.
        let left = match group.recipe {
            0 => 0.5f64.powf(0.5 * (group.depth as f64 - 1.0)),
            _ => 1.0,
        };
        vec![
            Value::from(group.depth),
            RECIPES[group.recipe].2.into(),
            left.into(),
            group.last_loss().into(),
            group.accuracy().into(),
        ]
    });
    Table {
        name: "What theory leaves of a signal, and what was learnt, middle seed".to_owned(),
        columns: [
            "layers",
            "weights",
            "signal left",
            "training loss",
            "test accuracy",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows.collect(),
    }
}
