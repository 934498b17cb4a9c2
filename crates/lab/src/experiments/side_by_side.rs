//! The same network, the same images, the same seed: initialisations side by side.

use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{Mode, Moments, Quantity, Record, Recorder};
use evenkeel_theory::Activation;

use crate::coverage::{Coverage, Coverages};
use crate::error::LabError;
use crate::finite::Finite;
use crate::measure::profile;
use crate::mlp::{self, Init};
use crate::results::{
    Band, Direction, Formula, Map, Number, Profile, Ridge, Ridgeline, Table, Value, map, show,
};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `side-by-side` experiment.
pub(crate) struct SideBySide;

/// Hidden layers and their units.
const DEPTH: usize = 50;
const WIDTH: usize = 256;

/// Images whose values are counted.
const IMAGES: usize = 256;

/// Bins of each histogram; odd, so that 0 is the middle of one.
const BINS: usize = 49;

/// For an activation without bounds the axis ends at this many times the usual first layer's rms.
const REACH: f64 = 4.0;

const COMPARED: [Init; 6] = [
    Init::Naive,
    Init::Small,
    Init::PyTorch,
    Init::Xavier,
    Init::Kaiming,
    Init::Orthogonal,
];

impl Study for SideBySide {
    fn id(&self) -> &'static str {
        "side-by-side"
    }

    fn title(&self) -> &'static str {
        "Six initialisations, one seed"
    }

    fn question(&self) -> &'static str {
        "The same images through the same deep network: what becomes of each layer's values under six initialisations?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width, Parameter::Activation]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((DEPTH, WIDTH))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(DEPTH, WIDTH)?;
        let given = bench.settings.activation.clone();
        let activation = given.unwrap_or_else(Activation::tanh);
        let inputs = bench.train.features;
        let spec = MlpSpec::new(inputs, width, depth + 1, 10, activation.clone());
        let trials = bench.settings.pick(6, 30);

        let contenders = COMPARED
            .into_iter()
            .map(|init| Contender::measure(bench, &spec, init, trials))
            .collect::<Result<Vec<_>, _>>()?;
        let coverages = Coverages(contenders.iter().filter_map(Contender::coverage).collect());
        let last = |pick: fn(&Contender) -> f64| -> Map {
            let each = contenders.iter();
            each.map(|c| (c.init.key().to_owned(), pick(c).into()))
                .collect()
        };
        let heatmaps = heatmaps(bench, &spec)?;
        // Forty decades down, it would leave the others no room on the axis; it has a panel of its own.
        let drawn = contenders.iter().filter(|c| c.init != Init::Small);
        Ok(Findings {
            verdict: verdict(&contenders, &activation, depth, &coverages),
            agrees: coverages.agree(),
            measured: coverages.with_measured(map([
                ("rms_of_last_layer", Value::from(last(Contender::last_rms))),
                ("depth", depth.into()),
                ("width", width.into()),
                ("activation", activation.to_string().into()),
                ("seeds", trials.into()),
            ])),
            predicted: coverages.with_predicted(map([(
                "rms_of_last_layer",
                Value::from(last(Contender::expected_rms)),
            )])),
            formulas: vec![Formula {
                text: "q ← σ_w² E[φ(√q z)²] + σ_b²: the variance that the next layer's units have over random weights, \
                       with σ_w² = fan_in·Var W"
                    .to_owned(),
                source: "Poole et al. 2016, eq. 3".to_owned(),
            }],
            reading: reading(&activation),
            profiles: drawn.map(Contender::profile).collect(),
            heatmaps,
            tables: vec![table(&contenders)],
            ..Findings::default()
        })
    }
}

fn reading(activation: &Activation) -> Vec<String> {
    let mut sentences = vec![
        "Each panel is one network, each column one of its layers, the fuller the colour the more of its values lie \
         there. Weights are of one seed in all panels, and so are the images."
            .to_owned(),
    ];
    if *activation == Activation::tanh() {
        sentences.extend([
            "Naive: two lines at −1 and 1. Every unit is saturated, and no gradient comes through. × 0.01: one line at \
             0 from the first layers on."
                .to_owned(),
            "PyTorch's default shrinks until its biases are all that is left; Xavier and orthogonal shrink slowly, since \
             tanh bends; Kaiming's gain, made for ReLU, holds the values wide."
                .to_owned(),
        ]);
    }
    sentences
}

/// One initialisation over seeds, each with a training image of its own.
struct Contender {
    init: Init,
    /// What theory says: nothing where the weights are not independent, or where it has no answer.
    bands: Vec<Band>,
    /// The rms of the last layer that one network is near; NaN where theory has no answer.
    expected: f64,
    /// Moments of the hidden layers for each seed, first layer first.
    moments: Vec<Vec<Moments>>,
}

/// Variance of the weights, and of the biases, of a layer.
fn variances(init: Init, fan_in: usize, fan_out: usize) -> (f64, f64) {
    let (inputs, outputs) = (fan_in as f64, fan_out as f64);
    match init {
        Init::Naive => (1.0, 0.0),
        Init::Small => (1e-4, 0.0),
        Init::Standard => (1.0 / (3.0 * inputs), 0.0),
        Init::PyTorch => (1.0 / (3.0 * inputs), 1.0 / (3.0 * inputs)),
        Init::Xavier => (2.0 / (inputs + outputs), 0.0),
        Init::Kaiming => (2.0 / inputs, 0.0),
        // Rows or columns, whichever are fewer, are orthonormal.
        Init::Orthogonal => (1.0 / inputs.max(outputs), 0.0),
    }
}

impl Contender {
    fn measure(
        bench: &Bench<'_>,
        spec: &MlpSpec,
        init: Init,
        trials: usize,
    ) -> Result<Self, LabError> {
        let moments = bench.trials(trials, |seed| {
            let records = pass(bench, spec, init, seed, &unit_image(bench, seed), Ok)?;
            Ok(moments(&records))
        })?;
        // Where units are very steep an integral may miss its last digits: the verdict says so.
        let theory = theory(spec, init).ok();
        let expected = theory.as_ref().and_then(|theory| {
            let laws = theory.log_rms();
            Some(laws.last()?.0.exp())
        });
        let bands = match (init, &theory) {
            // The same mean, and smaller fluctuations than independent weights have.
            (Init::Orthogonal, _) | (_, None) => Vec::new(),
            (_, Some(theory)) => theory.forward()?,
        };
        Ok(Self {
            init,
            bands,
            expected: expected.unwrap_or(f64::NAN),
            moments,
        })
    }

    fn coverage(&self) -> Option<Coverage> {
        let seeds = self.moments.iter().map(|m| m.iter().map(Moments::rms));
        let label = self.init.label();
        (!self.bands.is_empty()).then(|| Coverage::of(label, &self.bands, seeds))
    }

    fn last_rms(&self) -> f64 {
        self.moments[0].last().map_or(f64::NAN, Moments::rms)
    }

    fn expected_rms(&self) -> f64 {
        self.expected
    }

    /// The first seed, with its bands.
    fn profile(&self) -> Profile {
        let name = self.init.label().to_owned();
        Profile {
            predicted: self.bands.clone(),
            ..profile(name, self.init.key(), Direction::Forward, &self.moments[0])
        }
    }
}

/// What theory says of an image of root mean square 1.
fn theory(spec: &MlpSpec, init: Init) -> Result<Finite, LabError> {
    let features = spec.inputs;
    let (first, first_bias) = variances(init, features, spec.width);
    let (inner, bias) = variances(init, spec.width, spec.width);
    Finite::new(
        &spec.activation,
        (inner * spec.width as f64, bias),
        first * features as f64 + first_bias,
        &vec![spec.width; spec.depth - 1],
    )
}

/// A training image, scaled to the root mean square 1: theory is for an input of known size.
fn unit_image(bench: &Bench<'_>, seed: usize) -> Vec<f32> {
    let (features, image) = (bench.train.features, seed % bench.train.count);
    let pixels = &bench.train.pixels[image * features..(image + 1) * features];
    let square: f64 = pixels.iter().map(|&x| f64::from(x).powi(2)).sum();
    let rms = (square / features as f64).sqrt();
    let scaled = pixels.iter().map(|&x| (f64::from(x) / rms) as f32);
    scaled.collect()
}

/// Sends images through the network of a seed; returns what was seen of its hidden layers.
fn pass(
    bench: &Bench<'_>,
    spec: &MlpSpec,
    init: Init,
    seed: usize,
    pixels: &[f32],
    prepare: impl FnOnce(Recorder) -> Result<Recorder, LabError>,
) -> Result<Vec<Record>, LabError> {
    let images = pixels.len() / spec.inputs;
    let prefix = format!("side-by-side/{}/{seed}", init.key());
    let mut network = mlp::network(bench, spec, images, Mode::Training, init, &prefix)?;
    let recorder = prepare(Recorder::new(&network))?;
    network.predict(&[pixels], &recorder)?;
    let mut records = recorder.records(Quantity::Activation);
    records.retain(|r| r.name.starts_with("act"));
    Ok(records)
}

fn moments(records: &[Record]) -> Vec<Moments> {
    records.iter().map(|r| r.moments).collect()
}

/// The first seed's values over many images, on one axis for all.
fn heatmaps(bench: &Bench<'_>, spec: &MlpSpec) -> Result<Vec<Ridgeline>, LabError> {
    let images = IMAGES.min(bench.train.count);
    let pixels = &bench.train.pixels[..images * spec.inputs];
    let firsts = bench.trials(COMPARED.len(), |i| {
        moments_of_first(bench, spec, COMPARED[i], pixels)
    })?;
    let reach = reach(&firsts);
    bench.trials(COMPARED.len(), |i| {
        let init = COMPARED[i];
        let histograms = |recorder: Recorder| {
            Ok(recorder.with_histograms(Quantity::Activation, -reach, reach, BINS)?)
        };
        let records = pass(bench, spec, init, 0, pixels, histograms)?;
        let ridges = records.iter().enumerate().filter_map(|(layer, record)| {
            let histogram = record.histogram.as_ref()?;
            let label = format!("layer {layer}");
            Some(Ridge::of(label, record.moments.std(), histogram))
        });
        Ok(Ridgeline {
            name: init.label().to_owned(),
            init: init.key().to_owned(),
            x_label: "activation".to_owned(),
            low: Number(-reach),
            high: Number(reach),
            ridges: ridges.collect(),
        })
    })
}

/// Of the first layer alone: the rest is not needed to choose an axis.
fn moments_of_first(
    bench: &Bench<'_>,
    spec: &MlpSpec,
    init: Init,
    pixels: &[f32],
) -> Result<Moments, LabError> {
    let shallow = MlpSpec::new(spec.inputs, spec.width, 2, 10, spec.activation.clone());
    Ok(pass(bench, &shallow, init, 0, pixels, Ok)?[0].moments)
}

/// Half the axis' width: [`REACH`] times the middle one of the first layers' rms, and no more than the
/// largest value of any, where an activation has bounds.
fn reach(firsts: &[Moments]) -> f64 {
    let mut rms: Vec<f64> = firsts.iter().map(Moments::rms).collect();
    rms.sort_by(f64::total_cmp);
    let most = firsts
        .iter()
        .map(|m| m.max().abs().max(m.min().abs()))
        .fold(0.0, f64::max);
    let reach = (REACH * rms[rms.len() / 2]).min(most);
    if reach.is_finite() && reach > 0.0 {
        reach
    } else {
        1.0
    }
}

fn verdict(
    contenders: &[Contender],
    activation: &Activation,
    depth: usize,
    coverages: &Coverages,
) -> String {
    let each: Vec<String> = contenders
        .iter()
        .map(|c| {
            format!(
                "{} {} ({})",
                c.init.label(),
                show(c.last_rms()),
                show(c.expected)
            )
        })
        .collect();
    let unknown: Vec<&str> = contenders
        .iter()
        .filter(|c| c.expected.is_nan())
        .map(|c| c.init.label())
        .collect();
    let unknown = match unknown.is_empty() {
        true => String::new(),
        false => format!(
            " Not judged: {}, whose units are too steep for theory's integrals.",
            unknown.join(", ")
        ),
    };
    format!(
        "After {depth} {activation} layers one image's activations have this rms (in brackets, theory's): {}. {}{unknown}",
        each.join("; "),
        coverages.words()
    )
}

fn table(contenders: &[Contender]) -> Table {
    let rows = contenders.iter().map(|c| {
        let first = c.moments[0].first().map_or(f64::NAN, Moments::rms);
        vec![
            Value::from(c.init.label()),
            first.into(),
            c.last_rms().into(),
            c.expected.into(),
        ]
    });
    Table {
        name: "Root mean square of the activations of one image".to_owned(),
        columns: ["initialisation", "first layer", "last layer", "theory"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The axis of an unbounded activation is the usual network's, not the exploding one's.
    #[test]
    fn an_axis_is_the_middle_ones() {
        let firsts = [1e-3_f32, 1.0, 30.0].map(|x| Moments::of(&[x, -x]));
        assert_eq!(reach(&firsts), 4.0);
        assert_eq!(reach(&firsts[..1]), f64::from(1e-3_f32));
        assert_eq!(reach(&[Moments::of(&[0.0])]), 1.0);
    }
}
