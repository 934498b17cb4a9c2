//! Does every activation's gain hold its signal?

use evenkeel_init::{Fan, Scheme, Shape};
use evenkeel_net::Moments;
use evenkeel_theory::{Activation, Gain};

use crate::coverage::{Coverage, Coverages, EXPECTED};
use crate::error::LabError;
use crate::finite::Finite;
use crate::judge::{STANDARD_ERRORS, median};
use crate::measure::{Input, PlainNetwork, profile};
use crate::results::{
    Band, Direction, Formula, Grid, GridAxis, Map, Profile, Shading, Table, Value, map,
};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `gains` experiment.
pub(crate) struct Gains;

const DEPTH: usize = 20;
const WIDTH: usize = 512;

/// The activations that are drawn against depth when none is asked for: their fixed points are stable,
/// neither, and unstable.
const DRAWN: [&str; 3] = ["sigmoid", "relu", "gelu"];

/// Standard errors that one of some forty activations may stray: by chance once in 40,000 runs.
const ONE_OF_MANY: f64 = 5.0;

/// A band that reaches this factor from its middle says only that the signal may be anywhere; theory
/// follows it little further (a factor e¹⁰ of the rms), and such layers are not judged.
const ANYWHERE: f64 = 1e3;

/// The grid's colours are full at a quarter and at four times the prediction.
const FULL_COLOUR: f64 = 4.0;

impl Study for Gains {
    fn id(&self) -> &'static str {
        "gains"
    }

    fn title(&self) -> &'static str {
        "Every activation at its gain"
    }

    fn question(&self) -> &'static str {
        "Does the gain that theory gives each activation hold its second moment over twenty layers?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width, Parameter::Activation]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((DEPTH, WIDTH))
    }

    fn note(&self) -> Option<&'static str> {
        Some("all registered activations unless --activation names one")
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(DEPTH, WIDTH)?;
        let activations = match &bench.settings.activation {
            Some(one) => vec![one.clone()],
            None => Activation::all(),
        };
        let trials = bench.settings.pick(5, 20);
        let mut rows = measure(bench, &activations, (depth, width), trials)?;
        rows.sort_by(|a, b| a.gain.chi_q.total_cmp(&b.gain.chi_q));

        let coverages = Coverages(rows.iter().map(|row| row.coverage.clone()).collect());
        // All seeds of all activations are independent; the layers of each at most move as one.
        let passes = (rows.len() * trials) as f64;
        let tolerance = STANDARD_ERRORS * (EXPECTED * (1.0 - EXPECTED) / passes).sqrt();
        let agrees = (coverages.share() - EXPECTED).abs() <= tolerance
            && rows.iter().all(|row| row.coverage.within(ONE_OF_MANY));
        let second_moments = |pick: &dyn Fn(&Row) -> f64| -> Map {
            let each = rows
                .iter()
                .map(|r| (r.gain.activation.clone(), pick(r).into()));
            each.collect()
        };
        Ok(Findings {
            verdict: format!("{} {}", verdict(&rows, depth), coverages.words()),
            agrees,
            measured: coverages.with_measured(map([
                ("second_moment", Value::from(second_moments(&|r| r.last()))),
                ("seeds", trials.into()),
                ("depth", depth.into()),
                ("width", width.into()),
            ])),
            predicted: coverages.with_predicted(map([
                ("second_moment", second_moments(&|r| r.expected_last())),
                ("gain_forward", second_moments(&|r| r.gain.forward)),
                ("chi_q", second_moments(&|r| r.gain.chi_q)),
            ])),
            formulas: vec![
                Formula {
                    text: "gain = 1/√E[φ(z)²], z ~ N(0, 1): with Var W = gain²/fan_in the pre-activations keep the \
                           variance 1"
                        .to_owned(),
                    source: "He, Zhang, Ren & Sun 2015, eq. 10, for any φ; Poole et al. 2016, eq. 3".to_owned(),
                },
                Formula {
                    text: "χ_q = gain²·dE[φ(√q z)²]/dq at q = 1: a departure of the variance is multiplied by it at \
                           every layer"
                        .to_owned(),
                    source: "Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017, eq. 5".to_owned(),
                },
            ],
            reading: vec![
                "Cells without colour keep the predicted second moment; the activations stand in the order of χ_q, from the \
                 steadiest to the least steady."
                    .to_owned(),
                "Where χ_q > 1 chance departures of a finite width grow, and the colours fill: the gain \
                 is right, and holds nothing for long."
                    .to_owned(),
            ],
            profiles: drawn(&rows),
            grids: vec![grid(&rows, depth)],
            tables: vec![table(&rows, depth)],
            ..Findings::default()
        })
    }
}

/// One activation's networks.
struct Row {
    gain: Gain,
    /// Moments of each seed, layer by layer.
    seeds: Vec<Vec<Moments>>,
    /// Median second moment over the seeds, layer by layer.
    medians: Vec<f64>,
    bands: Vec<Band>,
    coverage: Coverage,
}

impl Row {
    /// The median second moment after the last layer.
    fn last(&self) -> f64 {
        self.medians[self.medians.len() - 1]
    }

    /// The one to expect of a network of this width.
    fn expected_last(&self) -> f64 {
        self.bands[self.bands.len() - 1].middle.0.powi(2)
    }
}

fn measure(
    bench: &Bench<'_>,
    activations: &[Activation],
    (depth, width): (usize, usize),
    trials: usize,
) -> Result<Vec<Row>, LabError> {
    let streams: Vec<String> = activations.iter().map(|a| format!("gains/{a}")).collect();
    let networks = activations
        .iter()
        .zip(&streams)
        .map(|(activation, stream)| {
            let gain = Gain::of(activation)?;
            let scheme = Scheme::variance_scaling(gain.forward.powi(2), Fan::In, Shape::Normal);
            let network = PlainNetwork {
                // Pre-activations of variance 1 from the first layer on.
                input: Input::Rms(1.0 / gain.forward),
                ..PlainNetwork::uniform_width(stream, depth, width, scheme, activation.clone())
            };
            Ok((gain, network))
        })
        .collect::<Result<Vec<_>, LabError>>()?;
    let theory = bench.trials(networks.len(), |index| {
        let (gain, network) = &networks[index];
        let sigma_w2 = gain.forward.powi(2);
        let widths = &network.widths[1..];
        Finite::new(&network.activation, (sigma_w2, 0.0), 1.0, widths)?.forward()
    })?;
    let mut passes = bench.trials(networks.len() * trials, |index| {
        let (_, network) = &networks[index / trials];
        Ok(network.forward(bench.seed(), index % trials)?.layers)
    })?;
    let mut rows = Vec::with_capacity(networks.len());
    for ((gain, _), bands) in networks.into_iter().zip(theory).rev() {
        let seeds = passes.split_off(passes.len() - trials);
        rows.push(Row::new(gain, seeds, bands));
    }
    rows.reverse();
    Ok(rows)
}

impl Row {
    fn new(gain: Gain, seeds: Vec<Vec<Moments>>, bands: Vec<Band>) -> Self {
        let medians = (0..bands.len()).map(|layer| {
            // Moments are those of the finite values; a layer with others is past all of them.
            median(seeds.iter().map(|layers| match layers[layer] {
                m if m.is_all_finite() => m.second_moment(),
                _ => f64::INFINITY,
            }))
        });
        let rms = seeds.iter().map(|layers| layers.iter().map(Moments::rms));
        Self {
            coverage: Coverage::of(gain.activation.as_str(), judged(&gain, &bands), rms),
            medians: medians.collect(),
            gain,
            seeds,
            bands,
        }
    }
}

/// The bands up to the first that says nothing.
fn judged<'a>(gain: &Gain, bands: &'a [Band]) -> &'a [Band] {
    let middle = 1.0 / gain.forward;
    let telling = |b: &&Band| b.low.0 * ANYWHERE > middle && b.high.0 < ANYWHERE * middle;
    &bands[..bands.iter().take_while(telling).count()]
}

fn verdict(rows: &[Row], depth: usize) -> String {
    // Twice or half of the prediction: past what a stable network of this width does by chance.
    let held = |row: &&Row| (0.5..=2.0).contains(&(row.last() * row.gain.forward.powi(2)));
    let count = rows.iter().filter(held).count();
    let lost: Vec<String> = rows
        .iter()
        .filter(|row| !held(row))
        .map(|row| format!("{} (χ_q = {:.2})", row.gain.activation, row.gain.chi_q))
        .collect();
    let stable = rows
        .iter()
        .filter(|row| row.gain.chi_q <= 1.0 + 1e-9)
        .count();
    let lost = if lost.is_empty() {
        "none is off by more".to_owned()
    } else {
        format!("off by more: {}", lost.join(", "))
    };
    format!(
        "At their gains {count} of {} activations keep the second moment within a factor of 2 over {depth} layers; \
         {lost}. {stable} have a stable fixed point (χ_q ≤ 1).",
        rows.len(),
    )
}

fn drawn(rows: &[Row]) -> Vec<Profile> {
    let wanted = |row: &&Row| rows.len() == 1 || DRAWN.contains(&row.gain.activation.as_str());
    let profiles = rows.iter().filter(wanted).map(|row| {
        let name = format!("{}, seed 0", row.gain.activation);
        Profile {
            predicted: row.bands.clone(),
            ..profile(
                name,
                &row.gain.activation,
                Direction::Forward,
                &row.seeds[0],
            )
        }
    });
    profiles.collect()
}

fn grid(rows: &[Row], depth: usize) -> Grid {
    let numbers = |count: usize| (0..count).map(|i| (i as f64).into()).collect();
    Grid {
        name: "Second moment over the one that the gain is to hold, median over seeds".to_owned(),
        x: GridAxis {
            label: "layer".to_owned(),
            values: numbers(depth),
            names: Vec::new(),
        },
        y: GridAxis {
            label: "activation".to_owned(),
            values: numbers(rows.len()),
            names: rows.iter().map(|row| row.gain.activation.clone()).collect(),
        },
        value_label: "measured/predicted second moment".to_owned(),
        shading: Shading::Ratio,
        low: (1.0 / FULL_COLOUR).into(),
        high: FULL_COLOUR.into(),
        rows: rows
            .iter()
            .map(|row| {
                let ratios = row.medians.iter().map(|m| m * row.gain.forward.powi(2));
                ratios.map(Into::into).collect()
            })
            .collect(),
        lines: Vec::new(),
    }
}

fn table(rows: &[Row], depth: usize) -> Table {
    let rows = rows.iter().map(|row| {
        vec![
            Value::from(row.gain.activation.as_str()),
            row.gain.forward.into(),
            row.gain.chi_q.into(),
            row.gain.second_moment.into(),
            row.last().into(),
            match judged(&row.gain, &row.bands).len() {
                layers if layers == row.bands.len() => row.expected_last().into(),
                layers => format!("any, from {layers}").into(),
            },
            format!("{:.0}%", 100.0 * row.coverage.share()).into(),
        ]
    });
    Table {
        name: format!(
            "Second moment at the gain, median over seeds, after {depth} layers; theory for this width"
        ),
        columns: [
            "activation",
            "gain",
            "χ_q",
            "E[φ²]",
            "last layer",
            "theory",
            "outside",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows.collect(),
    }
}
