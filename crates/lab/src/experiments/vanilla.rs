//! Ten thousand plain layers: no residual sum, no normalisation.

use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{Activation, LearningRate, Recipe, Schedule, Threads, near_critical_point};
use evenkeel_theory::MeanField;

use crate::error::LabError;
use crate::fit::{Fit, Fitted};
use crate::results::{Curves, Formula, Series, Table, Value, map};
use crate::settings::Length;
use crate::study::{Bench, Findings, Study};

/// The `vanilla` experiment.
pub(crate) struct Vanilla;

/// Units of a hidden layer.
const WIDTH: usize = 16;

/// Images of a step.
const BATCH: usize = 64;

const MOMENTUM: f64 = 0.9;

/// A step changes all layers at once, and each as much as any other: what it does to the function
/// grows with their number, and the rate is shared among them.
const LEARNING_RATE_TIMES_DEPTH: f64 = 0.01;

/// What the whole run should reach on the test part.
const GOAL: f64 = 0.9;

/// Above this accuracy a network has learnt something; a guesser has 0.1.
const LEARNT_SOMETHING: f64 = 0.2;

/// What is compared: the recipe, its key for colours, and its name for readers.
const RECIPES: [(Recipe, &str, &str); 2] = [
    (Recipe::NearCritical, "orthogonal", "orthogonal"),
    (Recipe::GaussianCritical, "other", "Gaussian"),
];

impl Study for Vanilla {
    fn id(&self) -> &'static str {
        "vanilla"
    }

    fn title(&self) -> &'static str {
        "Ten thousand layers without a shortcut"
    }

    fn question(&self) -> &'static str {
        "Do 10,000 plain tanh layers learn from orthogonal weights next to the edge of chaos, and from Gaussian ones?"
    }

    fn note(&self) -> Option<&'static str> {
        Some(
            "10,000 layers when named with --only (some three minutes on two cores); shortened otherwise",
        )
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let length = bench.settings.length(self);
        let (depth, steps) = match length {
            Length::Quick => (300, 100),
            Length::Shortened => (1_000, 400),
            Length::Whole => (10_000, 6_000),
        };
        // What does not learn need not be watched as long.
        let each = [steps, steps / 5];
        bench.progress.expect(each.iter().sum::<usize>() as u64);
        let mut runs = Vec::new();
        for ((recipe, ..), steps) in RECIPES.into_iter().zip(each) {
            let fit = fit(bench, recipe, depth, steps, length)?;
            runs.push(fit.run(bench, |_, _| bench.progress.advance(1))?);
        }
        let [orthogonal, gaussian] = &runs[..] else {
            unreachable!("two recipes, two runs");
        };
        let goal = goal(length, bench);
        let holds = orthogonal.test_accuracy >= goal && gaussian.test_accuracy < LEARNT_SOMETHING;
        let point = near_critical_point(&Activation::tanh(), depth)?;
        let theory = MeanField::new(&Activation::tanh(), point.sigma_w2, point.sigma_b2)?;
        Ok(Findings {
            verdict: format!(
                "{depth} plain tanh layers × {WIDTH}, no sums, no norms, {steps} steps of {BATCH} images. From \
                 orthogonal weights: {:.1}% of the test images (asked: {:.0}%). From Gaussian weights of the same \
                 variance, after a fifth of the steps: {:.1}%, a guesser's tenth.",
                100.0 * orthogonal.test_accuracy,
                100.0 * goal,
                100.0 * gaussian.test_accuracy
            ),
            agrees: holds,
            measured: map([
                (
                    "orthogonal_test_accuracy",
                    Value::from(orthogonal.test_accuracy),
                ),
                ("gaussian_test_accuracy", gaussian.test_accuracy.into()),
                ("orthogonal_loss", orthogonal.loss.clone().into()),
                ("gaussian_loss", gaussian.loss.clone().into()),
                ("step", orthogonal.steps.clone().into()),
                ("layers", depth.into()),
                ("width", WIDTH.into()),
                ("steps", steps.into()),
                ("batch", BATCH.into()),
                (
                    "learning_rate",
                    (LEARNING_RATE_TIMES_DEPTH / depth as f64).into(),
                ),
                ("sigma_w2", point.sigma_w2.into()),
                ("sigma_b2", point.sigma_b2.into()),
                ("q_star", point.q_star.into()),
                ("chi_1", theory.chi_1(point.q_star)?.into()),
            ]),
            predicted: map([
                (
                    "orthogonal_test_accuracy",
                    Value::from(format!("at least {goal}")),
                ),
                (
                    "gaussian_test_accuracy",
                    format!("below {LEARNT_SOMETHING}").into(),
                ),
            ]),
            formulas: formulas(),
            reading: reading(length, depth),
            curves: curves(&runs, depth),
            tables: vec![table(&runs)],
            ..Findings::default()
        })
    }
}

fn fit(
    bench: &Bench<'_>,
    recipe: Recipe,
    depth: usize,
    steps: usize,
    length: Length,
) -> Result<Fit, LabError> {
    let spec = MlpSpec::new(bench.train.features, WIDTH, depth, 10, Activation::tanh());
    let rate = LEARNING_RATE_TIMES_DEPTH / depth as f64;
    // A run long enough for its noise to be what is left of it ends in small steps.
    let schedule = match length {
        Length::Whole => Schedule::Cosine {
            steps: steps as u64,
            floor: 0.0,
        },
        Length::Shortened | Length::Quick => Schedule::Constant,
    };
    Ok(Fit {
        spec: spec.into(),
        recipe,
        learning_rate: LearningRate::new(rate, schedule)?,
        momentum: MOMENTUM,
        batch: BATCH,
        steps,
        points: 30,
        seed: 0,
        threads: Threads(bench.settings.threads),
    })
}

/// What the orthogonal network should reach: the goal after the whole run on MNIST, more than
/// guessing in a shortened one.
fn goal(length: Length, bench: &Bench<'_>) -> f64 {
    if length == Length::Whole && bench.summary.name == "mnist" {
        GOAL
    } else {
        LEARNT_SOMETHING
    }
}

fn formulas() -> Vec<Formula> {
    vec![
        Formula {
            text: "On the critical line χ₁ = σ_w² E[φ′²] = 1: gradients keep their mean square. Their spread over \
                   directions decides at depth L: the squared singular values of an orthogonal tanh network vary by \
                   8 L q*², and q* = 1/(4√L) keeps that at ½"
                .to_owned(),
            source: "Pennington, Schoenholz & Ganguli 2017, arXiv 1711.04735; Xiao et al. 2018, arXiv 1806.05393"
                .to_owned(),
        },
        Formula {
            text: "The rms of a signal through L Gaussian layers of n units falls like e^(−L/2n): e^(−312) at \
                   10,000 layers of 16, which f32 does not hold"
                .to_owned(),
            source: "E ln χ²_n/n = −1/n + O(1/n²)".to_owned(),
        },
    ]
}

fn reading(length: Length, depth: usize) -> Vec<String> {
    let mut reading = vec![
        "The orthogonal network learns at once; the Gaussian one stays at ln 10 = 2.303: its output does not depend \
         on its input."
            .to_owned(),
        format!("The learning rate is 0.01/layers: {:.0e} here, along a cosine to 0 where the run is whole.", LEARNING_RATE_TIMES_DEPTH / depth as f64),
    ];
    if length != Length::Whole {
        reading.push("Shortened: fewer layers and steps than the command below runs.".to_owned());
    }
    reading
}

fn curves(runs: &[Fitted], depth: usize) -> Vec<Curves> {
    let drawn = |what: &str, y_label: &str, pick: fn(&Fitted) -> &[f64]| Curves {
        name: format!("{what} at {depth} layers"),
        x_label: "step".to_owned(),
        y_label: y_label.to_owned(),
        series: RECIPES
            .iter()
            .zip(runs)
            .map(|((_, key, label), run)| Series {
                label: (*label).to_owned(),
                init: (*key).to_owned(),
                x: run.steps.iter().map(|&s| (s as f64).into()).collect(),
                y: pick(run).iter().map(|&y| y.into()).collect(),
                low: Vec::new(),
                high: Vec::new(),
                predicted: Vec::new(),
            })
            .collect(),
        guides: Vec::new(),
    };
    vec![
        drawn("Loss", "training loss", |run| &run.loss),
        drawn("Accuracy", "validation accuracy", |run| &run.accuracy),
    ]
}

fn table(runs: &[Fitted]) -> Table {
    let rows = RECIPES.iter().zip(runs).map(|((_, _, label), run)| {
        vec![
            Value::from(*label),
            run.first_loss.into(),
            run.loss.last().copied().unwrap_or(f64::NAN).into(),
            run.test_accuracy.into(),
        ]
    });
    Table {
        name: "Loss and accuracy".to_owned(),
        columns: ["weights", "first loss", "last loss", "test accuracy"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}
