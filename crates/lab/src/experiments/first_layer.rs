//! One layer of 784 → 50 on the data, unscaled and scaled.

use evenkeel_init::Scheme;
use evenkeel_net::{Histogram, Moments};

use crate::error::LabError;
use crate::judge::Sample;
use crate::measure::first_layer;
use crate::results::{Formula, Ridge, Ridgeline, Table, Value, map};
use crate::study::{Bench, Findings, Study};

/// The `first-layer` experiment.
pub(crate) struct FirstLayer;

/// Units of the layer, as in the lesson.
const UNITS: usize = 50;

impl Study for FirstLayer {
    fn id(&self) -> &'static str {
        "first-layer"
    }

    fn title(&self) -> &'static str {
        "One layer, unscaled and scaled"
    }

    fn question(&self) -> &'static str {
        "What do N(0, 1) weights do to normalised images in one layer of 784 → 50, and what do scaled ones?"
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let trials = bench.settings.pick(8, 30);
        let inputs = bench.valid.features as f64;
        let naive = measure(
            bench,
            "first-layer/naive",
            &Scheme::normal(0.0, 1.0),
            trials,
        )?;
        let scaled_scheme = Scheme::lecun_normal();
        let scaled = measure(bench, "first-layer/scaled", &scaled_scheme, trials)?;

        let data = Directions::of(bench);
        let expected_naive = Expected::of(&data, 1.0);
        let expected_scaled = Expected::of(&data, 1.0 / inputs);
        let agrees = expected_naive.holds_for(&naive) && expected_scaled.holds_for(&scaled);
        Ok(Findings {
            verdict: format!(
                "N(0, 1) weights give outputs of rms {:.2} (expected √(784·E[x²]) = {:.2}); divided by √784 they \
                 give mean {:.3} and rms {:.3} (expected 0 and {:.3}), over {trials} seeds.",
                rms(&naive),
                expected_naive.second_moment.sqrt(),
                scaled.mean.mean,
                rms(&scaled),
                expected_scaled.second_moment.sqrt(),
            ),
            agrees,
            measured: map([
                ("naive_mean", Value::from(naive.mean.mean)),
                ("naive_second_moment", naive.second_moment.mean.into()),
                ("naive_std", naive.std.mean.into()),
                ("scaled_mean", scaled.mean.mean.into()),
                ("scaled_second_moment", scaled.second_moment.mean.into()),
                ("scaled_std", scaled.std.mean.into()),
                ("scaled_mean_over_seeds_std", scaled.mean.std.into()),
                ("seeds", trials.into()),
            ]),
            predicted: map([
                ("naive_mean", 0.0),
                ("naive_second_moment", expected_naive.second_moment),
                ("scaled_mean", 0.0),
                ("scaled_second_moment", expected_scaled.second_moment),
                ("scaled_mean_over_seeds_std", expected_scaled.mean_std),
            ]),
            formulas: vec![Formula {
                text: "E[(w·x)²] = Var w · Σⱼ E[xⱼ²] = 784 · Var w · E[x²], whatever the correlations of the \
                       pixels; they only widen the spread over seeds: Var = 2 (Var w)² tr(C²)/50 with C = E[x xᵀ]"
                    .to_owned(),
                source: "Glorot & Bengio 2010, eq. 5; variance of a Gaussian quadratic form".to_owned(),
            }],
            reading: vec![
                "Dividing by √784 brings the outputs to the scale of the inputs, for every seed.".to_owned(),
            ],
            ridgelines: vec![drawn(bench, &scaled_scheme)?],
            tables: vec![table(&naive, &scaled, &expected_naive, &expected_scaled)],
            ..Findings::default()
        })
    }
}

/// The normalised pixels and the first seed's outputs, on one axis.
fn drawn(bench: &Bench<'_>, scaled: &Scheme) -> Result<Ridgeline, LabError> {
    /// Four standard deviations of the unscaled outputs.
    const REACH: f64 = 112.0;
    const BINS: usize = 113;
    let unscaled = Scheme::normal(0.0, 1.0);
    let naive = first_layer(bench, "first-layer/naive", &unscaled, 0, UNITS)?;
    let scaled = first_layer(bench, "first-layer/scaled", scaled, 0, UNITS)?;
    let ridges = [
        ("pixels", bench.valid.pixels.as_slice()),
        ("N(0, 1/784)", scaled.chain.state()),
        ("N(0, 1)", naive.chain.state()),
    ];
    let ridges = ridges.map(|(label, values)| {
        let mut histogram = Histogram::new(-REACH, REACH, BINS)?;
        histogram.update(values);
        let std = Moments::of(values).std();
        Ok::<_, LabError>(Ridge::of(label.to_owned(), std, &histogram))
    });
    Ok(Ridgeline {
        name: "Pixels and outputs".to_owned(),
        init: "naive".to_owned(),
        x_label: "pixel or output".to_owned(),
        low: (-REACH).into(),
        high: REACH.into(),
        ridges: ridges.into_iter().collect::<Result<_, _>>()?,
    })
}

/// Over seeds: mean, std and second moment of the layer's outputs on the validation part.
struct Outputs {
    mean: Sample,
    std: Sample,
    second_moment: Sample,
}

fn rms(outputs: &Outputs) -> f64 {
    outputs.second_moment.mean.sqrt()
}

fn measure(
    bench: &Bench<'_>,
    stream: &str,
    scheme: &Scheme,
    trials: usize,
) -> Result<Outputs, LabError> {
    let moments = bench.trials(trials, |trial| {
        Ok(first_layer(bench, stream, scheme, trial, UNITS)?.moments)
    })?;
    let sample =
        |pick: fn(&Moments) -> f64| Sample::of(&moments.iter().map(pick).collect::<Vec<_>>());
    Ok(Outputs {
        mean: sample(|m| m.mean()),
        std: sample(|m| m.std()),
        second_moment: sample(|m| m.second_moment()),
    })
}

/// What of the validation images decides the spread over seeds.
struct Directions {
    /// Σⱼ E[xⱼ²] = tr C.
    trace: f64,
    /// tr(C²) with C = E[x xᵀ].
    trace_of_square: f64,
    /// |E x|².
    mean_square: f64,
}

impl Directions {
    /// From all pairs of the first images: for independent x and x′, E[x·x′] = |E x|² and
    /// E[(x·x′)²] = tr(C²).
    fn of(bench: &Bench<'_>) -> Self {
        const IMAGES: usize = 1_500;
        let features = bench.valid.features;
        let images: Vec<&[f32]> = bench
            .valid
            .pixels
            .chunks_exact(features)
            .take(IMAGES)
            .collect();
        let (mut dots, mut squares, mut pairs) = (0.0, 0.0, 0.0);
        for (index, x) in images.iter().enumerate() {
            for y in &images[..index] {
                let dot = f64::from(x.iter().zip(*y).map(|(a, b)| a * b).sum::<f32>());
                dots += dot;
                squares += dot * dot;
                pairs += 1.0;
            }
        }
        let normalized = &bench.summary.normalized.valid;
        let mean_of_squares = normalized.mean.0.powi(2) + normalized.std.0.powi(2);
        Self {
            trace: features as f64 * mean_of_squares,
            trace_of_square: squares / pairs,
            mean_square: dots / pairs,
        }
    }
}

/// What one seed's outputs should be, and how far one seed may stray.
struct Expected {
    second_moment: f64,
    second_moment_std: f64,
    mean_std: f64,
}

impl Expected {
    fn of(data: &Directions, weight_variance: f64) -> Self {
        let units = UNITS as f64;
        Self {
            second_moment: weight_variance * data.trace,
            second_moment_std: weight_variance * (2.0 * data.trace_of_square / units).sqrt(),
            mean_std: (weight_variance * data.mean_square.max(0.0) / units).sqrt(),
        }
    }

    fn holds_for(&self, outputs: &Outputs) -> bool {
        outputs.mean.mean_agrees(0.0, self.mean_std)
            && outputs
                .second_moment
                .mean_agrees(self.second_moment, self.second_moment_std)
    }
}

fn table(
    naive: &Outputs,
    scaled: &Outputs,
    expected_naive: &Expected,
    expected_scaled: &Expected,
) -> Table {
    let row = |name: &str, outputs: &Outputs, expected: &Expected| {
        vec![
            Value::from(name),
            outputs.mean.mean.into(),
            outputs.std.mean.into(),
            rms(outputs).into(),
            expected.second_moment.sqrt().into(),
        ]
    };
    Table {
        name: "Outputs of 784 → 50 on the validation images".to_owned(),
        columns: ["weights", "mean", "std", "rms", "rms expected"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row("N(0, 1)", naive, expected_naive),
            row("N(0, 1/784)", scaled, expected_scaled),
        ],
    }
}
