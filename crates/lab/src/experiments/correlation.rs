//! Two inputs, and what depth makes of the angle between them.

use evenkeel_init::{Fan, Geometry, Scheme, Shape};
use evenkeel_net::Orientation;
use evenkeel_net::chain::Chain;
use evenkeel_theory::{Activation, Analysis, Gain, MeanField, MeanFieldError, critical_point};

use crate::error::LabError;
use crate::judge::{Sample, median};
use crate::results::{Curves, Formula, Series, Table, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `correlation` experiment.
pub(crate) struct Correlation;

const DEPTH: usize = 50;
const WIDTH: usize = 512;

/// Variance of the biases, where the activation allows one: Schoenholz and others' own.
const SIGMA_B2: f64 = 0.05;

/// How far from the critical σ_w² the ordered and the chaotic network stand.
const ORDERED: f64 = 0.7;
const CHAOTIC: f64 = 1.5;

/// Correlations of the first layer's pre-activations.
const STARTS: [f64; 2] = [0.9, 0.1];

/// Standard errors of a mean over at least ten seeds, whose spread is estimated from them: with nine
/// degrees of freedom chance exceeds 6 once in 5,000 judgements.
const STANDARD_ERRORS: f64 = 6.0;

impl Study for Correlation {
    fn id(&self) -> &'static str {
        "correlation"
    }

    fn title(&self) -> &'static str {
        "What depth makes of the angle between two inputs"
    }

    fn question(&self) -> &'static str {
        "Do two inputs become alike with depth, part, or keep their angle: ordered, chaotic, or at the edge?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width, Parameter::Activation]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((DEPTH, WIDTH))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(DEPTH, WIDTH)?;
        let (cases, mut reading) = cases(bench.settings.activation.as_ref())?;
        let trials = bench.settings.pick(10, 20);
        let followed = cases
            .into_iter()
            .map(|case| Followed::measure(bench, case, (depth, width), trials))
            .collect::<Result<Vec<_>, _>>()?;

        reading.extend([
            "Ordered: both curves end at 1, every input looks like every other. Chaotic: both end at c* < 1, however \
             alike the inputs were."
                .to_owned(),
            "At the edge, and for ReLU at He's gain, the correlation goes to 1 slowly, like 1/l and 1/l²: that is how \
             far a deep network can tell its inputs apart."
                .to_owned(),
        ]);
        Ok(Findings {
            verdict: verdict(&followed, depth),
            agrees: followed.iter().all(Followed::agrees),
            measured: map([
                (
                    "last_correlation",
                    Value::from(per_case(&followed, |f| {
                        STARTS.iter().enumerate().map(|(i, _)| f.last(i).mean).collect()
                    })),
                ),
                ("starts", STARTS.to_vec().into()),
                ("seeds", trials.into()),
                ("depth", depth.into()),
                ("width", width.into()),
            ]),
            predicted: map([(
                "last_correlation",
                per_case(&followed, |f| {
                    f.theory.iter().map(|c| c[depth - 1]).collect()
                }),
            )]),
            formulas: vec![
                Formula {
                    text: "c′ = (σ_w² E[φ(u₁)φ(u₂)] + σ_b²)/q, u₁, u₂ ~ N(0, q) with correlation c: the correlation map"
                        .to_owned(),
                    source: "Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016, eq. 5".to_owned(),
                },
                Formula {
                    text: "χ₁ = σ_w² E[φ′²] is its slope at c = 1: below 1 inputs become alike, above 1 they part"
                        .to_owned(),
                    source: "Poole et al. 2016, eq. 6; Schoenholz et al. 2017".to_owned(),
                },
                Formula {
                    text: "at χ₁ = 1: 1 − c falls like 1/l for a smooth φ, for ReLU like 9π²/(2 l²)".to_owned(),
                    source: "Hayou, Doucet & Rousseau 2019, propositions 1 and 2".to_owned(),
                },
            ],
            reading,
            curves: followed.iter().map(Followed::curves).collect(),
            tables: vec![table(&followed, depth)],
            ..Findings::default()
        })
    }
}

/// A network to follow two inputs through.
struct Case {
    name: String,
    mean_field: MeanField,
    analysis: Analysis,
    /// Variance of its pre-activations.
    q: f64,
}

/// The cases for an activation, tanh and ReLU unless one is asked for; and what there is to say
/// about those that do not exist.
fn cases(activation: Option<&Activation>) -> Result<(Vec<Case>, Vec<String>), LabError> {
    let mut notes = Vec::new();
    let tanh = Activation::tanh();
    let mut cases = around_the_edge(activation.unwrap_or(&tanh), &mut notes)?;
    if activation.is_none() {
        cases.push(Case::new(
            "ReLU at He's gain",
            &Activation::relu(),
            2.0,
            0.0,
        )?);
    }
    Ok((cases, notes))
}

/// Ordered, critical and chaotic at the usual bias; at its gain alone where there is no such edge.
fn around_the_edge(
    activation: &Activation,
    notes: &mut Vec<String>,
) -> Result<Vec<Case>, LabError> {
    let edge = match critical_point(activation, SIGMA_B2) {
        Ok(edge) => edge.sigma_w2,
        Err(MeanFieldError::NoCriticalPoint { .. } | MeanFieldError::Flat { .. }) => {
            notes.push(format!(
                "{activation} has no edge of chaos at σ_b² = {SIGMA_B2}: it is followed at its gain, without biases."
            ));
            let sigma_w2 = Gain::of(activation)?.forward.powi(2);
            let name = format!("{activation} at its gain");
            return Ok(vec![Case::new(&name, activation, sigma_w2, 0.0)?]);
        }
        Err(other) => return Err(other.into()),
    };
    let mut cases = Vec::new();
    for (phase, factor) in [
        ("ordered", ORDERED),
        ("critical", 1.0),
        ("chaotic", CHAOTIC),
    ] {
        let name = format!("{activation}, {phase}");
        match Case::new(&name, activation, factor * edge, SIGMA_B2) {
            Ok(case) => cases.push(case),
            Err(LabError::MeanField(error @ MeanFieldError::Diverges { .. })) => {
                notes.push(format!("There is no {phase} case: {error}."));
            }
            Err(other) => return Err(other),
        }
    }
    Ok(cases)
}

impl Case {
    fn new(
        name: &str,
        activation: &Activation,
        sigma_w2: f64,
        sigma_b2: f64,
    ) -> Result<Self, LabError> {
        let mean_field = MeanField::new(activation, sigma_w2, sigma_b2)?;
        let analysis = mean_field.analyze()?;
        // A signal that dies out has no angle; it is followed from the variance that it is given.
        let q = if analysis.q_star > 0.0 {
            analysis.q_star
        } else {
            1.0
        };
        Ok(Self {
            name: name.to_owned(),
            mean_field,
            analysis,
            q,
        })
    }

    /// Columns x, y₁, y₂ whose first pre-activations have variance q and, with x, the correlations
    /// of [`STARTS`].
    fn inputs(&self, directions: [&[f32]; 3]) -> Vec<f32> {
        let (sigma_w2, sigma_b2) = (self.mean_field.sigma_w2(), self.mean_field.sigma_b2());
        let mean_square = (self.q - sigma_b2) / sigma_w2;
        let [x, first, second] = orthonormal(directions);
        let mut columns: Vec<f32> = Vec::with_capacity(3 * x.len());
        let scale = (mean_square * x.len() as f64).sqrt();
        let column = |c: f64, other: &[f64]| -> Vec<f32> {
            let mixed = x.iter().zip(other);
            let mixed = mixed.map(|(x, y)| c * x + (1.0 - c * c).max(0.0).sqrt() * y);
            mixed.map(|v| (scale * v) as f32).collect()
        };
        columns.extend(column(1.0, &first));
        for (start, other) in STARTS.into_iter().zip([first, second]) {
            let c = (self.q * start - sigma_b2) / (self.q - sigma_b2);
            columns.extend(column(c, &other));
        }
        columns
    }
}

/// Three orthonormal vectors from three independent ones, by Gram and Schmidt.
fn orthonormal(vectors: [&[f32]; 3]) -> [Vec<f64>; 3] {
    let mut done: Vec<Vec<f64>> = Vec::new();
    vectors.map(|vector| {
        let mut v: Vec<f64> = vector.iter().map(|&x| f64::from(x)).collect();
        for unit in &done {
            let along = dot(&v, unit);
            v.iter_mut().zip(unit).for_each(|(v, u)| *v -= along * u);
        }
        let length = dot(&v, &v).sqrt();
        v.iter_mut().for_each(|v| *v /= length);
        done.push(v.clone());
        v
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A case followed over seeds.
struct Followed {
    case: Case,
    width: usize,
    /// The map's correlations from each start, layer by layer.
    theory: [Vec<f64>; 2],
    /// Measured ones: of each seed, from each start, layer by layer.
    seeds: Vec<[Vec<f64>; 2]>,
}

impl Followed {
    fn measure(
        bench: &Bench<'_>,
        case: Case,
        (depth, width): (usize, usize),
        trials: usize,
    ) -> Result<Self, LabError> {
        let map = case.mean_field.correlation_map(case.q)?;
        let [from_high, from_low] = STARTS.map(|start| map.profile(start, depth - 1));
        let seeds = bench.trials(trials, |trial| pass(bench, &case, (depth, width), trial))?;
        Ok(Self {
            theory: [from_high?, from_low?],
            case,
            width,
            seeds,
        })
    }

    fn at(&self, start: usize, layer: usize) -> impl Iterator<Item = f64> {
        self.seeds.iter().map(move |seed| seed[start][layer])
    }

    fn last(&self, start: usize) -> Sample {
        let last = self.theory[start].len() - 1;
        Sample::of(&self.at(start, last).collect::<Vec<_>>())
    }

    /// Whether at every layer the mean over seeds is where the map says, within its standard errors
    /// and what finite width adds: layer after layer the mean of 1 − c is off by order 1/n of itself,
    /// by l/n after l layers, for the map is not straight; and by order 1/n from the first.
    fn agrees(&self) -> bool {
        let n = self.width as f64;
        (0..STARTS.len()).all(|start| {
            let layers = self.theory[start].iter().enumerate();
            layers.skip(1).all(|(layer, &expected)| {
                let sample = Sample::of(&self.at(start, layer).collect::<Vec<_>>());
                let standard_error = sample.std / (sample.count as f64).sqrt();
                let finite_width = (1.0 - expected) * (layer as f64 + 1.0) / n + 1.0 / n;
                (sample.mean - expected).abs() <= STANDARD_ERRORS * standard_error + finite_width
            })
        })
    }

    fn curves(&self) -> Curves {
        let layers = self.theory[0].len();
        let series = STARTS.iter().enumerate().map(|(start, c)| {
            let over = |fold: fn(f64, f64) -> f64| {
                let layers = (0..layers).map(|l| self.at(start, l).reduce(fold));
                layers.map(|x| x.unwrap_or(f64::NAN).into()).collect()
            };
            Series {
                label: format!("from {c}"),
                init: ["xavier", "pytorch"][start].to_owned(),
                x: (0..layers).map(|l| (l as f64).into()).collect(),
                y: (0..layers)
                    .map(|l| median(self.at(start, l)).into())
                    .collect(),
                low: over(f64::min),
                high: over(f64::max),
                predicted: self.theory[start].iter().map(|&c| c.into()).collect(),
            }
        });
        Curves {
            name: format!(
                "{} (σ_w² = {:.2})",
                self.case.name, self.case.analysis.sigma_w2
            ),
            x_label: "layer".to_owned(),
            y_label: "correlation of two inputs".to_owned(),
            series: series.collect(),
            guides: Vec::new(),
        }
    }
}

/// Correlations of the pre-activations of one seed, from each start, layer by layer.
fn pass(
    bench: &Bench<'_>,
    case: &Case,
    (depth, width): (usize, usize),
    trial: usize,
) -> Result<[Vec<f64>; 2], LabError> {
    let seed = bench.seed();
    let activation = case.mean_field.activation();
    let prefix = format!("correlation/{}/{trial}", case.name);
    let normal = Scheme::normal(0.0, 1.0);
    let vector = Geometry::linear(width, 1)?;
    let directions = ["x", "y1", "y2"]
        .map(|name| normal.tensor::<f32>(&vector, seed, &format!("{prefix}/{name}")));
    let [x, y1, y2] = directions;
    let mut chain = Chain::columns(width, 3, case.inputs([&x?, &y1?, &y2?]))?;

    let square = Geometry::linear(width, width)?;
    let weight = Scheme::variance_scaling(case.mean_field.sigma_w2(), Fan::In, Shape::Normal);
    let bias = Scheme::normal(0.0, case.mean_field.sigma_b2().sqrt());
    let mut correlations = [Vec::with_capacity(depth), Vec::with_capacity(depth)];
    for layer in 0..depth {
        let w = weight.tensor::<f32>(&square, seed, &format!("{prefix}/{layer}.weight"))?;
        chain.multiply(&w, Orientation::Plain)?;
        let b = bias.tensor::<f32>(&vector, seed, &format!("{prefix}/{layer}.bias"))?;
        chain.apply(|state| {
            let columns = state.chunks_exact_mut(width);
            columns.for_each(|h| h.iter_mut().zip(&b).for_each(|(h, b)| *h += b));
        });
        let (x, others) = chain.state().split_at(width);
        for (list, y) in correlations.iter_mut().zip(others.chunks_exact(width)) {
            list.push(correlation(x, y));
        }
        chain.apply(|state| {
            for x in state {
                *x = activation.value(f64::from(*x)) as f32;
            }
        });
    }
    Ok(correlations)
}

/// The cosine of the angle between two vectors.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b));
        products.sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn per_case(followed: &[Followed], pick: impl Fn(&Followed) -> Vec<f64>) -> crate::results::Map {
    let cases = followed.iter();
    cases
        .map(|f| (f.case.name.clone(), Value::from(pick(f))))
        .collect()
}

fn verdict(followed: &[Followed], depth: usize) -> String {
    let each = followed.iter().map(|f| {
        format!(
            "{}: {:.3} and {:.3} (map {:.3} and {:.3})",
            f.case.name,
            f.last(0).mean,
            f.last(1).mean,
            f.theory[0][depth - 1],
            f.theory[1][depth - 1],
        )
    });
    format!(
        "Two inputs that begin with correlation {} and {} have, after {depth} layers: {}.",
        STARTS[0],
        STARTS[1],
        each.collect::<Vec<_>>().join("; "),
    )
}

fn table(followed: &[Followed], depth: usize) -> Table {
    let rows = followed.iter().map(|f| {
        let analysis = &f.case.analysis;
        vec![
            Value::from(f.case.name.as_str()),
            analysis.chi_1.into(),
            analysis.xi_c.into(),
            f.last(0).mean.into(),
            f.theory[0][depth - 1].into(),
            f.last(1).mean.into(),
            f.theory[1][depth - 1].into(),
        ]
    });
    let (from_high, from_low) = (format!("from {}", STARTS[0]), format!("from {}", STARTS[1]));
    Table {
        name: format!("Correlation of two inputs after {depth} layers"),
        columns: ["network", "χ₁", "ξ_c", &from_high, "map", &from_low, "map"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_begin_with_their_correlations() {
        let case = Case::new("t", &Activation::tanh(), 1.7, SIGMA_B2).unwrap();
        let directions: [Vec<f32>; 3] =
            std::array::from_fn(|k| (0..64).map(|i| ((i * (2 * k + 3)) as f32).sin()).collect());
        let columns = case.inputs([&directions[0], &directions[1], &directions[2]]);
        let (sigma_w2, sigma_b2) = (1.7, SIGMA_B2);
        let column = |k: usize| &columns[k * 64..(k + 1) * 64];
        let mean_product = |a: &[f32], b: &[f32]| {
            a.iter()
                .zip(b)
                .map(|(&a, &b)| f64::from(a) * f64::from(b))
                .sum::<f64>()
                / 64.0
        };
        for k in 0..3 {
            let q = sigma_w2 * mean_product(column(k), column(k)) + sigma_b2;
            assert!((q - case.q).abs() < 1e-6, "{q}");
        }
        for (k, start) in STARTS.into_iter().enumerate() {
            let c = (sigma_w2 * mean_product(column(0), column(k + 1)) + sigma_b2) / case.q;
            assert!((c - start).abs() < 1e-6, "{c}");
        }
    }
}
