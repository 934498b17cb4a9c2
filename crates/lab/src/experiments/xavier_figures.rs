//! Figures 6 to 8 of Glorot & Bengio 2010, on the data at hand.

use evenkeel_net::zoo::MlpSpec;
use evenkeel_net::{Mode, Quantity, Record, Recorder, Targets};
use evenkeel_theory::Activation;

use super::one_image::{OneImage, Variances};
use crate::coverage::Coverages;
use crate::error::LabError;
use crate::judge::Sample;
use crate::mlp::{self, Init};
use crate::predict::mean_field;
use crate::results::{Formula, Map, Ridge, Ridgeline, Table, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `xavier-figures` experiment.
pub(crate) struct XavierFigures;

/// Hidden layers and units, as in the paper.
const DEPTH: usize = 5;
const WIDTH: usize = 1_000;

/// Images that are sent through.
const IMAGES: usize = 300;

/// Bins of each histogram.
const BINS: usize = 61;

/// The two initialisations that the paper compares.
const COMPARED: [Init; 2] = [Init::Standard, Init::Xavier];

impl Study for XavierFigures {
    fn id(&self) -> &'static str {
        "xavier-figures"
    }

    fn title(&self) -> &'static str {
        "The Xavier paper's histograms"
    }

    fn question(&self) -> &'static str {
        "Layer by layer, how are activations, gradients and weight gradients spread: standard against normalised?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width, Parameter::Activation]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((DEPTH, WIDTH))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(DEPTH, WIDTH)?;
        let activation = bench
            .settings
            .activation
            .clone()
            .unwrap_or_else(Activation::tanh);
        let trials = bench.settings.pick(2, 6);
        let spec = MlpSpec::new(
            bench.train.features,
            width,
            depth + 1,
            10,
            activation.clone(),
        );
        let outcomes = bench.trials(COMPARED.len() * trials, |index| {
            let (init, seed) = (COMPARED[index / trials], index % trials);
            Spread::measure(bench, &spec, init, seed)
        })?;
        let (standard, normalized) = outcomes.split_at(trials);
        let standard = Shrinking::over(standard);
        let normalized = Shrinking::over(normalized);

        let one_image = COMPARED
            .into_iter()
            .map(|init| OneImage::measure(bench, &spec, init, &variances(&spec, init)))
            .collect::<Result<Vec<_>, _>>()?;
        let coverages = Coverages(one_image.iter().flat_map(OneImage::coverages).collect());

        let mut measured = map([
            ("depth", Value::from(depth)),
            ("width", width.into()),
            ("activation", activation.to_string().into()),
            ("seeds", trials.into()),
        ]);
        measured.extend(standard.measured("standard"));
        measured.extend(normalized.measured("normalized"));
        measured.extend(coverages.measured());
        let expected = COMPARED.map(|init| Expected::of(bench, &spec, init));
        let [expected_standard, expected_normalized] = expected;
        let (expected_standard, expected_normalized) = (expected_standard?, expected_normalized?);
        let agrees = expected_standard.holds_for(&standard)
            && expected_normalized.holds_for(&normalized)
            && coverages.agree();
        let mut predicted = expected_standard.predicted("standard");
        predicted.extend(expected_normalized.predicted("normalized"));
        predicted.extend(coverages.predicted());

        let ridgelines = QUANTITIES
            .iter()
            .flat_map(|drawing| {
                let [a, b] = [&outcomes[0], &outcomes[trials]];
                let reach = drawing.reach(a).max(drawing.reach(b));
                [(Init::Standard, a), (Init::Xavier, b)]
                    .map(|(init, spread)| drawing.ridgeline(bench, &spec, init, spread, reach))
            })
            .collect::<Result<_, LabError>>()?;

        Ok(Findings {
            verdict: format!(
                "Through {depth} hidden layers of {width} {activation} units, the standard initialisation's activations \
                 shrink to ×{:.3} in std (theory {:.3}) and its gradients, on their way back, to ×{:.3} ({:.3}); \
                 normalised they keep ×{:.2} ({:.2}) and ×{:.2} ({:.2}). {}",
                standard.activations.mean,
                expected_standard.activations,
                standard.gradients.mean,
                expected_standard.gradients,
                normalized.activations.mean,
                expected_normalized.activations,
                normalized.gradients.mean,
                expected_normalized.gradients,
                coverages.words(),
            ),
            agrees,
            measured,
            predicted,
            formulas: vec![
                Formula {
                    text: "standard: W ~ U(±1/√n), n·Var W = 1/3; normalised: W ~ U(±√6/√(n_in + n_out)), n·Var W = 1"
                        .to_owned(),
                    source: "Glorot & Bengio 2010, eq. 1 and 16".to_owned(),
                },
                Formula {
                    text: "Var ∂L/∂W of layer l ∝ Var(activations below) · Var(gradients above): one shrinks as the other \
                           grows"
                        .to_owned(),
                    source: "Glorot & Bengio 2010, eq. 6–9 and §4.2.1".to_owned(),
                },
            ],
            reading: vec![
                "Figure 6: the standard activations pile up at 0 layer after layer; the normalised ones stay wide."
                    .to_owned(),
                "Figure 7: the standard gradients shrink on their way back, from the last layer to the first; the \
                 normalised ones lose far less."
                    .to_owned(),
                "Figure 8: the weight gradients are of one size in all layers under both, at initialisation.".to_owned(),
            ],
            ridgelines,
            profiles: one_image.iter().flat_map(OneImage::profiles).collect(),
            tables: vec![table(&standard, &normalized)],
            ..Findings::default()
        })
    }
}

/// What is drawn of each network.
struct Drawing {
    quantity: Quantity,
    name: &'static str,
    x_label: &'static str,
}

const QUANTITIES: [Drawing; 3] = [
    Drawing {
        quantity: Quantity::Activation,
        name: "Activations (Fig. 6)",
        x_label: "activation",
    },
    Drawing {
        quantity: Quantity::Gradient,
        name: "Back-propagated gradients (Fig. 7)",
        x_label: "gradient of the loss by the activation",
    },
    Drawing {
        quantity: Quantity::WeightGradient,
        name: "Weight gradients (Fig. 8)",
        x_label: "gradient of the loss by the weight",
    },
];

impl Drawing {
    /// Half the width of the axis: the activation's own range, or four standard deviations.
    fn reach(&self, spread: &Spread) -> f64 {
        let records = spread.of(self.quantity);
        match self.quantity {
            Quantity::Activation => records
                .iter()
                .map(|r| r.moments.max().abs().max(r.moments.min().abs()))
                .fold(0.0, f64::max)
                .max(f64::MIN_POSITIVE),
            _ => {
                4.0 * records
                    .iter()
                    .map(|r| r.moments.std())
                    .fold(f64::MIN_POSITIVE, f64::max)
            }
        }
    }

    /// Sends the same images through the same network once more, with the axis now known.
    fn ridgeline(
        &self,
        bench: &Bench<'_>,
        spec: &MlpSpec,
        init: Init,
        spread: &Spread,
        reach: f64,
    ) -> Result<Ridgeline, LabError> {
        let record = |recorder: Recorder| {
            Ok::<_, LabError>(recorder.with_histograms(self.quantity, -reach, reach, BINS)?)
        };
        let records = pass(bench, spec, init, spread.seed, record)?
            .of(self.quantity)
            .to_vec();
        let ridges = records.iter().enumerate().filter_map(|(index, record)| {
            let histogram = record.histogram.as_ref()?;
            Some(Ridge::of(
                format!("layer {index}"),
                record.moments.std(),
                histogram,
            ))
        });
        Ok(Ridgeline {
            name: format!("{}, {}", self.name, init.label()),
            init: init.key().to_owned(),
            x_label: self.x_label.to_owned(),
            low: (-reach).into(),
            high: reach.into(),
            ridges: ridges.collect(),
        })
    }
}

/// Statistics of the hidden layers of one network after one pass forward and backward.
struct Spread {
    seed: usize,
    activations: Vec<Record>,
    gradients: Vec<Record>,
    weight_gradients: Vec<Record>,
}

impl Spread {
    fn measure(
        bench: &Bench<'_>,
        spec: &MlpSpec,
        init: Init,
        seed: usize,
    ) -> Result<Self, LabError> {
        pass(bench, spec, init, seed, Ok)
    }

    fn of(&self, quantity: Quantity) -> &[Record] {
        match quantity {
            Quantity::Activation => &self.activations,
            Quantity::Gradient => &self.gradients,
            Quantity::WeightGradient => &self.weight_gradients,
        }
    }
}

fn pass(
    bench: &Bench<'_>,
    spec: &MlpSpec,
    init: Init,
    seed: usize,
    prepare: impl FnOnce(Recorder) -> Result<Recorder, LabError>,
) -> Result<Spread, LabError> {
    let part = bench.train;
    let images = IMAGES.min(part.count);
    let prefix = format!("xavier-figures/{}/{seed}", init.key());
    let mut network = mlp::network(bench, spec, images, Mode::Training, init, &prefix)?;
    let recorder = prepare(Recorder::new(&network))?;
    let pixels = &part.pixels[..images * part.features];
    network.forward(
        &[pixels],
        Targets::Classes(&part.labels[..images]),
        &recorder,
    )?;
    network.backward(&recorder)?;
    let hidden = |quantity, prefix: &str, suffix: &str| {
        let mut records = recorder.records(quantity);
        records.retain(|r| r.name.starts_with(prefix) && r.name.ends_with(suffix));
        records
    };
    let mut weight_gradients = hidden(Quantity::WeightGradient, "fc", ".weight");
    // The last layer is the classifier: it has 10 units, and the paper leaves it out.
    weight_gradients.truncate(spec.depth - 1);
    Ok(Spread {
        seed,
        activations: hidden(Quantity::Activation, "act", ""),
        gradients: hidden(Quantity::Gradient, "act", ""),
        weight_gradients,
    })
}

/// By what factor a standard deviation changes from the first hidden layer to the last, over seeds.
struct Shrinking {
    activations: Sample,
    /// First layer's over last layer's: the way a gradient goes.
    gradients: Sample,
    /// Second layer's over last's: the first layer's fan_in is the images', not the network's.
    weight_gradients: Sample,
}

impl Shrinking {
    fn over(spreads: &[Spread]) -> Self {
        let over = |ratio: &dyn Fn(&Spread) -> f64| {
            Sample::of(&spreads.iter().map(ratio).collect::<Vec<_>>())
        };
        Self {
            activations: over(&|s| last_over_first(&s.activations)),
            gradients: over(&|s| 1.0 / last_over_first(&s.gradients)),
            weight_gradients: over(&|s| {
                let inner = s.weight_gradients.get(1..).unwrap_or(&[]);
                1.0 / last_over_first(inner)
            }),
        }
    }

    fn measured(&self, name: &str) -> Map {
        [
            ("activation_std_last_over_first", self.activations),
            ("gradient_std_first_over_last", self.gradients),
            (
                "weight_gradient_std_second_over_last",
                self.weight_gradients,
            ),
        ]
        .map(|(what, sample)| (format!("{name}_{what}"), sample.mean.into()))
        .into()
    }
}

fn last_over_first(records: &[Record]) -> f64 {
    match (records.first(), records.last()) {
        (Some(first), Some(last)) => last.moments.std() / first.moments.std(),
        _ => f64::NAN,
    }
}

/// Both draw uniform weights: within ±1/√fan_in, and within ±√6/√(fan_in + fan_out).
fn variances(spec: &MlpSpec, init: Init) -> Variances {
    let variance = |fan_in: usize, fan_out: usize| match init {
        Init::Standard => 1.0 / (3.0 * fan_in as f64),
        _ => 2.0 / (fan_in + fan_out) as f64,
    };
    Variances {
        first: variance(spec.inputs, spec.width),
        inner_sigma_w2: variance(spec.width, spec.width) * spec.width as f64,
        last: variance(spec.width, spec.outputs),
    }
}

/// What the variance map says of the same factors.
struct Expected {
    activations: f64,
    gradients: f64,
}

/// A network of 1,000 units strays a few per cent from infinite width, and images of unequal norm
/// from the one variance that the map starts with.
const TOLERANCE: f64 = 0.15;

impl Expected {
    fn of(bench: &Bench<'_>, spec: &MlpSpec, init: Init) -> Result<Self, LabError> {
        let normalized = &bench.summary.normalized.train;
        let mean_square = normalized.mean.0.powi(2) + normalized.std.0.powi(2);
        let variances = variances(spec, init);
        let inner = variances.inner_sigma_w2;
        let q1 = variances.first * spec.inputs as f64 * mean_square;
        let layers = mean_field(&spec.activation, inner, q1, spec.depth - 1)?;
        let (first, last) = (&layers[0], &layers[layers.len() - 1]);
        let backward: f64 = layers[1..]
            .iter()
            .map(|l| inner * l.derivative_second_moment)
            .product();
        Ok(Self {
            activations: (last.variance / first.variance).sqrt(),
            gradients: backward.sqrt(),
        })
    }

    fn holds_for(&self, measured: &Shrinking) -> bool {
        let close = |x: f64, expected: f64| (x / expected).ln().abs() <= TOLERANCE;
        close(measured.activations.mean, self.activations)
            && close(measured.gradients.mean, self.gradients)
    }

    fn predicted(&self, name: &str) -> Map {
        [
            ("activation_std_last_over_first", self.activations),
            ("gradient_std_first_over_last", self.gradients),
        ]
        .map(|(what, factor)| (format!("{name}_{what}"), factor.into()))
        .into()
    }
}

fn table(standard: &Shrinking, normalized: &Shrinking) -> Table {
    let row = |init: Init, s: &Shrinking| {
        vec![
            Value::from(init.label()),
            s.activations.mean.into(),
            s.gradients.mean.into(),
            s.weight_gradients.mean.into(),
        ]
    };
    Table {
        name: "Factor in std: activations first → last layer, gradients last → first, weight gradients last → second"
            .to_owned(),
        columns: ["initialisation", "activations", "gradients", "weight gradients"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![row(Init::Standard, standard), row(Init::Xavier, normalized)],
    }
}
