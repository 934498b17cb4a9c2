//! Layer-sequential unit variance: statistics of each layer before and after.

use evenkeel_init::Seed;
use evenkeel_net::zoo::{MlpSpec, NetSpec};
use evenkeel_net::{Activation, Mode, Moments, Network, Quantity, Recipe, Recorder, Threads};

use crate::error::LabError;
use crate::results::{Curves, Formula, Series, Table, Value, map};
use crate::study::{Bench, Findings, Study};

/// The `lsuv` experiment.
pub(crate) struct Lsuv;

/// Linear layers.
const DEPTH: usize = 20;

/// Units of a hidden layer.
const WIDTH: usize = 128;

/// Images that set the weights, and as many others that test them.
const IMAGES: usize = 512;

/// The largest |mean| and |standard deviation − 1| that the course's loop leaves, with room for
/// another order of summation.
const COURSE_TOLERANCE: f64 = 1.1e-3;

/// The paper's loop stops within 0.1, and needs one round: a layer is linear in its weight, so that
/// what is left is rounding, of 128 sums of 2⁻²⁴ each at most.
const PAPER_TOLERANCE: f64 = 1e-4;

impl Study for Lsuv {
    fn id(&self) -> &'static str {
        "lsuv"
    }

    fn title(&self) -> &'static str {
        "Unit variance by looking at the data"
    }

    fn question(&self) -> &'static str {
        "What does LSUV, which sets each layer by a batch of images, do to the layers' statistics?"
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let images = IMAGES.min(bench.train.count / 2);
        let values = images * bench.train.features;
        let (set_by, others) = (
            &bench.train.pixels[..values],
            &bench.train.pixels[values..2 * values],
        );
        let cases: [(&str, &str, &str, &[f32], After); 5] = [
            (
                "orthonormal",
                "orthogonal",
                "before: orthonormal",
                set_by,
                After::Layer,
            ),
            ("lsuv", "xavier", "after: LSUV", set_by, After::Layer),
            (
                "lsuv on other images",
                "other",
                "after, on other images",
                others,
                After::Layer,
            ),
            ("he", "kaiming", "before: He", set_by, After::Activation),
            (
                "lsuv-course",
                "fixup",
                "after: the course's form",
                set_by,
                After::Activation,
            ),
        ];
        let seen = bench.trials(cases.len(), |index| {
            let (what, _, _, pixels, after) = cases[index];
            let recipe: Recipe = match what {
                "orthonormal" => "orthogonal(gain=1)".parse()?,
                "he" => "kaiming_normal".parse()?,
                "lsuv-course" => Recipe::LsuvCourse,
                _ => Recipe::Lsuv,
            };
            statistics(bench, &recipe, set_by, pixels, after)
        })?;
        let off = |index: usize, pick: fn(&Moments) -> f64| {
            seen[index]
                .iter()
                .map(|m| pick(m).abs())
                .fold(0.0, f64::max)
        };
        let paper = off(1, |m| m.std() - 1.0);
        let elsewhere = off(2, |m| m.std() - 1.0);
        let course = off(4, |m| m.std() - 1.0).max(off(4, Moments::mean));
        let before = seen[0].last().map_or(f64::NAN, Moments::std);
        let he_mean = off(3, Moments::mean);
        Ok(Findings {
            verdict: format!(
                "Over {DEPTH} ReLU layers × {WIDTH} orthonormal weights leave {before:.4} of unit standard deviation; \
                 LSUV leaves each pre-activation within {paper:.0e} of 1 on the {images} images that set it, within \
                 {elsewhere:.2} on others. In the course's form mean 0 and standard deviation 1 hold after each \
                 activation within {course:.0e}; He's weights have means up to {he_mean:.2} there.",
            ),
            agrees: paper <= PAPER_TOLERANCE && course <= COURSE_TOLERANCE,
            measured: map([
                ("lsuv_largest_departure", Value::from(paper)),
                ("lsuv_largest_departure_on_other_images", elsewhere.into()),
                ("course_largest_departure", course.into()),
                ("orthonormal_last_std", before.into()),
                ("images", images.into()),
                ("layers", DEPTH.into()),
                ("width", WIDTH.into()),
            ]),
            predicted: map([
                ("lsuv_largest_departure", format!("at most {PAPER_TOLERANCE:.0e}")),
                ("course_largest_departure", format!("at most {COURSE_TOLERANCE:.1e}")),
                ("orthonormal_last_std", format!("{:.4}", halved(&seen[0], DEPTH - 1))),
            ]),
            formulas: vec![
                Formula {
                    text: "W ← W/√Var(output), layer after layer, from orthonormal W".to_owned(),
                    source: "Mishkin & Matas 2016, arXiv 1511.06422, algorithm 1".to_owned(),
                },
                Formula {
                    text: "Orthonormal weights of gain 1 under ReLU leave half of the second moment a layer: \
                           std × 2^(−1/2)"
                        .to_owned(),
                    source: "He, Zhang, Ren & Sun 2015, §2.2".to_owned(),
                },
            ],
            reading: vec![
                "Before the activation: a linear layer's output. LSUV's line is 1 on the images that set it, near 1 on others."
                    .to_owned(),
                "The course's form looks after the activation, and a learned shift takes the mean away.".to_owned(),
            ],
            curves: curves(&cases.map(|(_, key, label, _, after)| (key, label, after)), &seen),
            tables: vec![table(&cases.map(|(_, _, label, ..)| label), &seen)],
            ..Findings::default()
        })
    }
}

/// Where a layer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// What the linear layer makes.
    Layer,
    /// After the activation, and the shift where there is one.
    Activation,
}

/// Moments of each layer on `pixels`, of a network set by `set_by`.
fn statistics(
    bench: &Bench<'_>,
    recipe: &Recipe,
    set_by: &[f32],
    pixels: &[f32],
    after: After,
) -> Result<Vec<Moments>, LabError> {
    let spec: NetSpec =
        MlpSpec::new(bench.train.features, WIDTH, DEPTH, 10, Activation::relu()).into();
    let examples = pixels.len() / bench.train.features;
    let mut network = Network::new(recipe.build(&spec)?, examples, Mode::Forward, Threads(1))?;
    recipe.initialize(&mut network, &spec, Seed(bench.settings.seed), Some(set_by))?;
    let recorder = Recorder::new(&network);
    network.predict(&[pixels], &recorder)?;
    let records = recorder.records(Quantity::Activation);
    let shifted = records.iter().any(|record| record.name.ends_with(".shift"));
    let wanted = |name: &str| match after {
        After::Layer => name.starts_with("fc"),
        After::Activation if shifted => name.ends_with(".shift"),
        After::Activation => name.starts_with("act"),
    };
    Ok(records
        .iter()
        .filter(|record| wanted(&record.name))
        .map(|record| record.moments)
        .collect())
}

/// The standard deviation after `layers` more layers that each leave 2^(−1/2) of it.
fn halved(seen: &[Moments], layers: usize) -> f64 {
    seen.first().map_or(f64::NAN, Moments::std) * 0.5f64.powf(0.5 * layers as f64)
}

fn curves(cases: &[(&str, &str, After)], seen: &[Vec<Moments>]) -> Vec<Curves> {
    let drawn = |name: &str, y_label: &str, after: After, pick: fn(&Moments) -> f64| Curves {
        name: name.to_owned(),
        x_label: "layer".to_owned(),
        y_label: y_label.to_owned(),
        series: cases
            .iter()
            .zip(seen)
            .filter(|((_, _, looked), _)| *looked == after)
            .map(|((key, label, _), layers)| Series {
                label: (*label).to_owned(),
                init: (*key).to_owned(),
                x: (0..layers.len())
                    .map(|layer| (layer as f64).into())
                    .collect(),
                y: layers.iter().map(|m| pick(m).into()).collect(),
                low: Vec::new(),
                high: Vec::new(),
                predicted: if *key == "orthogonal" {
                    (0..layers.len())
                        .map(|layer| halved(layers, layer).into())
                        .collect()
                } else {
                    Vec::new()
                },
            })
            .collect(),
        guides: Vec::new(),
    };
    vec![
        drawn(
            "Before the activation",
            "standard deviation",
            After::Layer,
            Moments::std,
        ),
        drawn(
            "After the activation",
            "standard deviation",
            After::Activation,
            Moments::std,
        ),
        drawn(
            "Mean after the activation",
            "mean",
            After::Activation,
            Moments::mean,
        ),
    ]
}

fn table(labels: &[&str], seen: &[Vec<Moments>]) -> Table {
    let rows = labels.iter().zip(seen).map(|(label, layers)| {
        let at = |layer: usize| layers.get(layer).map_or(f64::NAN, Moments::std);
        vec![
            Value::from(*label),
            at(0).into(),
            at(DEPTH / 2).into(),
            layers.last().map_or(f64::NAN, Moments::std).into(),
            layers.last().map_or(f64::NAN, Moments::mean).into(),
        ]
    });
    Table {
        name: "Standard deviation by layer".to_owned(),
        columns: [
            "weights",
            "first layer",
            "middle",
            "last",
            "mean of the last",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows.collect(),
    }
}
