//! First-epoch accuracy against depth, for seven ways to begin a residual network.

use evenkeel_net::zoo::ResMlpSpec;
use evenkeel_net::{Activation, LearningRate, Recipe, Schedule, Threads};

use crate::error::LabError;
use crate::fit::{Fit, Fitted, GUESS};
use crate::results::{Curves, Formula, Map, Series, Table, Value, map};
use crate::settings::Length;
use crate::study::{Bench, Findings, Study};

/// The `fixup` experiment.
pub(crate) struct Fixup;

/// Units of the trunk.
const WIDTH: usize = 16;

/// Images of a step.
const BATCH: usize = 64;

/// The same for every recipe and depth, without a schedule: what is asked is which of them need no
/// other rate when they are deeper.
const LEARNING_RATE: f64 = 0.03;

const MOMENTUM: f64 = 0.9;

/// Linear layers of the networks.
const DEPTHS: [usize; 7] = [10, 30, 100, 300, 1_000, 3_000, 10_000];

/// The depth that deeper ones are compared with.
const REFERENCE: usize = 100;

/// How far from its accuracy at [`REFERENCE`] layers Fixup may be in deeper networks.
const TOLERANCE: f64 = 0.05;

/// Below this accuracy a network has learnt nothing: five standard errors of a guesser's share on
/// 10,000 images, √(0.1·0.9/10000) = 0.003, and room for the commonest class's 11.35%.
const LEARNT_NOTHING: f64 = 0.2;

/// What is compared: the recipe's text, its key for colours, and its name for readers.
const RECIPES: [(&str, &str, &str); 7] = [
    ("fixup", "fixup", "Fixup"),
    ("rezero", "rezero", "ReZero"),
    ("skipinit", "skipinit", "SkipInit"),
    ("sqrt-half", "sqrt-half", "√½ sums"),
    ("lsuv", "lsuv", "LSUV"),
    ("kaiming_normal", "kaiming", "Kaiming"),
    ("batch-norm", "batch-norm", "batch norm"),
];

impl Study for Fixup {
    fn id(&self) -> &'static str {
        "fixup"
    }

    fn title(&self) -> &'static str {
        "How deep a residual network learns without normalisation"
    }

    fn question(&self) -> &'static str {
        "With one learning rate for all, up to which depth does each way to begin a residual network learn in an epoch?"
    }

    fn note(&self) -> Option<&'static str> {
        Some(
            "to 10,000 layers when named with --only (some four minutes on two cores); shortened otherwise",
        )
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let length = bench.settings.length(self);
        let (deepest, steps) = match length {
            Length::Quick => (30, 100),
            Length::Shortened => (1_000, 200),
            Length::Whole => (10_000, bench.train.count / BATCH),
        };
        let depths: Vec<usize> = DEPTHS.into_iter().filter(|&d| d <= deepest).collect();
        let mut plans: Vec<(usize, usize)> = (0..RECIPES.len())
            .flat_map(|recipe| depths.iter().map(move |&depth| (recipe, depth)))
            .collect();
        // The deep ones take longest: they go first, so that no thread is left with one at the end.
        plans.sort_by_key(|&(_, depth)| std::cmp::Reverse(depth));
        let mut runs = bench.trials(plans.len(), |turn| {
            let (recipe, depth) = plans[turn];
            run(bench, recipe, depth, steps)
        })?;
        runs.sort_by_key(|run| (run.recipe, run.depth));
        let by_recipe: Vec<&[Run]> = runs.chunks(depths.len()).collect();
        let known = Known::of(by_recipe[0], length);
        Ok(Findings {
            verdict: verdict(&by_recipe, &known, steps),
            agrees: known.first_loss_holds && known.depth_holds.unwrap_or(true),
            measured: map([
                (
                    "runs",
                    Value::from(runs.iter().map(Run::measured).collect::<Vec<_>>()),
                ),
                ("steps", steps.into()),
                ("learning_rate", LEARNING_RATE.into()),
                ("momentum", MOMENTUM.into()),
                ("batch", BATCH.into()),
                ("width", WIDTH.into()),
                ("fixup_first_loss", known.first_loss.into()),
                ("fixup_largest_departure", known.departure.into()),
            ]),
            predicted: map([
                ("fixup_first_loss", Value::from(std::f64::consts::LN_10)),
                (
                    "fixup_largest_departure",
                    format!("at most {TOLERANCE}").into(),
                ),
            ]),
            formulas: formulas(),
            reading: reading(length),
            curves: vec![curves(&by_recipe)],
            tables: vec![table(&by_recipe, &depths)],
            ..Findings::default()
        })
    }
}

/// One network that was trained.
struct Run {
    recipe: usize,
    depth: usize,
    fitted: Fitted,
}

fn run(bench: &Bench<'_>, recipe: usize, depth: usize, steps: usize) -> Result<Run, LabError> {
    let (text, ..) = RECIPES[recipe];
    let spec = ResMlpSpec::new(bench.train.features, WIDTH, depth, 10, Activation::relu());
    let fit = Fit {
        spec: spec.into(),
        recipe: text.parse::<Recipe>()?,
        learning_rate: LearningRate::new(LEARNING_RATE, Schedule::Constant)?,
        momentum: MOMENTUM,
        batch: BATCH,
        steps,
        points: 4,
        seed: 0,
        // The networks run beside one another.
        threads: Threads(1),
    };
    let fitted = fit.run(bench, |_, _| {})?;
    Ok(Run {
        recipe,
        depth,
        fitted,
    })
}

impl Run {
    fn accuracy(&self) -> f64 {
        self.fitted.test_accuracy
    }

    fn measured(&self) -> Map {
        let mut measured = map([
            ("recipe", Value::from(RECIPES[self.recipe].0)),
            ("depth", self.depth.into()),
            ("first_loss", self.fitted.first_loss.into()),
            ("step", self.fitted.steps.clone().into()),
            ("loss", self.fitted.loss.clone().into()),
            ("test_accuracy", self.accuracy().into()),
        ]);
        if let Some(step) = self.fitted.diverged_at {
            measured.insert("diverged_at_step".to_owned(), step.into());
        }
        measured
    }
}

/// What is known of Fixup, and whether it holds.
struct Known {
    first_loss: f64,
    first_loss_holds: bool,
    /// The largest difference in accuracy between a deeper network and the reference.
    departure: f64,
    /// `None` where no deeper network was trained for an epoch.
    depth_holds: Option<bool>,
}

impl Known {
    fn of(fixup: &[Run], length: Length) -> Self {
        // Each example's ln 10 is rounded once, and the sum of a batch's up to 64 times.
        let rounding = 64.0 * f64::EPSILON * std::f64::consts::LN_10;
        let off = |run: &&Run| (run.fitted.first_loss - std::f64::consts::LN_10).abs();
        let furthest = fixup.iter().max_by(|a, b| off(a).total_cmp(&off(b)));
        let first_loss = furthest.map_or(f64::NAN, |run| run.fitted.first_loss);
        let reference = fixup.iter().find(|run| run.depth == REFERENCE);
        let departure = reference.map_or(f64::NAN, |reference| {
            let deeper = fixup.iter().filter(|run| run.depth > REFERENCE);
            let apart = deeper.map(|run| (run.accuracy() - reference.accuracy()).abs());
            apart.fold(0.0, f64::max)
        });
        Self {
            first_loss,
            first_loss_holds: fixup.iter().all(|run| off(&run) <= rounding),
            departure,
            depth_holds: (length != Length::Quick).then_some(departure <= TOLERANCE),
        }
    }
}

/// The deepest network of a recipe that learnt something.
fn deepest(runs: &[Run]) -> Option<&Run> {
    runs.iter()
        .rev()
        .find(|run| run.accuracy() > LEARNT_NOTHING)
}

fn verdict(by_recipe: &[&[Run]], known: &Known, steps: usize) -> String {
    let fixup = by_recipe[0];
    let accuracies: Vec<String> = fixup
        .iter()
        .map(|run| format!("{:.1}% at {}", 100.0 * run.accuracy(), run.depth))
        .collect();
    let others: Vec<String> = by_recipe[1..]
        .iter()
        .map(|runs| {
            let name = RECIPES[runs[0].recipe].2;
            match deepest(runs) {
                Some(run) => format!("{name} to {} ({:.0}%)", run.depth, 100.0 * run.accuracy()),
                None => format!("{name} nowhere"),
            }
        })
        .collect();
    let judged = match known.depth_holds {
        None => "(Too short a run to compare depths.)".to_owned(),
        Some(_) => format!(
            "Its deeper networks are within {:.1} points of the one of {REFERENCE} layers.",
            100.0 * known.departure
        ),
    };
    format!(
        "Test accuracy after {steps} steps. Fixup: {} layers; it begins at a loss of {:.6} (ln 10 = 2.302585). \
         {judged} Others learn: {}.",
        accuracies.join(", "),
        known.first_loss,
        others.join(", ")
    )
}

fn formulas() -> Vec<Formula> {
    vec![
        Formula {
            text: "Fixup: the last layer of each branch and the classifier are 0, the branches' other layers He's × \
                   L^(−1/(2m−2)), L branches of m layers; so every logit is 0, the loss ln 10, and a step of rate η \
                   changes the function by Θ(η) at any depth"
                .to_owned(),
            source: "Zhang, Dauphin & Ma 2019, arXiv 1901.09321, §3".to_owned(),
        },
        Formula {
            text: "Kaiming in x + f(x): the second moment at least doubles a block, 2^L over L blocks".to_owned(),
            source: "Zhang, Dauphin & Ma 2019, §2; 2^128 is the end of f32".to_owned(),
        },
        Formula {
            text: "SkipInit and ReZero: x + α f(x), α = 0".to_owned(),
            source: "De & Smith 2020, arXiv 2002.10444; Bachlechner et al. 2020, arXiv 2003.04887".to_owned(),
        },
    ]
}

fn reading(length: Length) -> Vec<String> {
    let mut reading = vec![
        format!(
            "Each point is one network of width {WIDTH} after one pass over the data; a curve that falls to a tenth \
             has diverged or learnt nothing."
        ),
        format!(
            "One learning rate, {LEARNING_RATE}, for all: a recipe that falls early may go further with a smaller one."
        ),
    ];
    if length != Length::Whole {
        reading.push("Shortened: fewer depths and steps than the command below runs.".to_owned());
    }
    reading
}

fn curves(by_recipe: &[&[Run]]) -> Curves {
    let series = by_recipe.iter().map(|runs| {
        let (_, key, label) = RECIPES[runs[0].recipe];
        Series {
            label: label.to_owned(),
            init: key.to_owned(),
            x: runs.iter().map(|run| (run.depth as f64).into()).collect(),
            y: runs.iter().map(|run| run.accuracy().into()).collect(),
            low: Vec::new(),
            high: Vec::new(),
            predicted: Vec::new(),
        }
    });
    Curves {
        name: "First-epoch accuracy".to_owned(),
        x_label: "layers".to_owned(),
        y_label: "test accuracy".to_owned(),
        series: series.collect(),
        guides: Vec::new(),
    }
}

fn table(by_recipe: &[&[Run]], depths: &[usize]) -> Table {
    let mut columns = vec!["recipe".to_owned()];
    columns.extend(depths.iter().map(usize::to_string));
    let rows = by_recipe.iter().map(|runs| {
        let cells = runs.iter().map(|run| match run.fitted.diverged_at {
            Some(step) => Value::from(format!("✗ {step}")),
            None => Value::from(format!("{:.1}%", 100.0 * run.accuracy())),
        });
        std::iter::once(Value::from(RECIPES[runs[0].recipe].2))
            .chain(cells)
            .collect()
    });
    Table {
        name: format!(
            "Test accuracy by layers; a guesser has {:.0}%; ✗ N: diverged at step N",
            100.0 * GUESS
        ),
        columns,
        rows: rows.collect(),
    }
}
