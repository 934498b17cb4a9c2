//! The singular values of the input–output Jacobian: which directions survive the depth.

mod case;
mod glorot;
mod product_law;

use self::case::Case;
use self::glorot::SquareLayer;
use crate::error::LabError;
use crate::judge::{Sample, median};
use crate::results::{Curves, Distribution, Formula, Number, Series, Spacing, Table, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `jacobian` experiment.
pub(crate) struct Jacobian;

const DEPTH: usize = 32;
const WIDTH: usize = 200;

/// Depths at which singular values are taken, evenly spaced to the last.
const DEPTHS_TAKEN: usize = 12;

/// The depth whose whole spectrum is drawn.
const SPECTRUM_DEPTH: usize = 8;

/// The share of singular values, from the largest, that a spectrum shows: the last are many powers of
/// ten smaller.
const SPECTRUM_SHARE: f64 = 0.9;

/// Bins of a spectrum's histogram, and the range of its logarithmic axis, of which 1 is no edge. The
/// law of 8 Gaussian layers leaves a share of about (10⁻⁶)^(2/9), one in twenty, below it.
const SPECTRUM_BINS: usize = 43;
const SPECTRUM_RANGE: (f64, f64) = (1e-6, 10.0);

/// Standard errors of a mean over at least eight seeds, whose spread is estimated from them: with
/// seven degrees of freedom chance exceeds 6 once in 1,800 judgements, with a full run's fifteen once
/// in 40,000.
const STANDARD_ERRORS: f64 = 6.0;

/// The singular values that are followed: their share from the largest, and their name.
const FOLLOWED: [(f64, &str); 3] = [(0.0, "largest"), (0.5, "median"), (0.75, "low ¼")];

impl Study for Jacobian {
    fn id(&self) -> &'static str {
        "jacobian"
    }

    fn title(&self) -> &'static str {
        "Which directions survive: the Jacobian's singular values"
    }

    fn question(&self) -> &'static str {
        "At the edge of chaos the gradient keeps its size on average; does it in every direction?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width, Parameter::Activation]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((DEPTH, WIDTH))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(DEPTH, bench.settings.pick(100, WIDTH))?;
        let trials = bench.settings.pick(8, 16);
        let depths = depths_taken(depth);
        let cases = Case::all(bench.settings.activation.as_ref())?;
        let passes = bench.trials(cases.len() * trials, |index| {
            cases[index / trials].pass(bench, index % trials, width, &depths)
        })?;
        let spectra: Vec<Spectra> = cases
            .into_iter()
            .zip(passes.chunks(trials))
            .map(|(case, seeds)| Spectra {
                case,
                width,
                depths: depths.clone(),
                seeds: seeds.to_vec(),
            })
            .collect();
        let layers = SquareLayer::both(bench, width, trials)?;

        let mut agrees = layers.iter().all(SquareLayer::agrees);
        for s in &spectra {
            agrees &= s.agrees()?;
        }
        Ok(Findings {
            verdict: verdict(&spectra, &layers, depth)?,
            agrees,
            not_judged: beyond(&spectra, depth)?,
            measured: map([
                ("relative_variance", Value::from(per_case(&spectra, |s| Ok(s.relative_variance().mean))?)),
                ("mean_square", per_case(&spectra, |s| Ok(s.mean_square().mean))?.into()),
                ("mean_singular_value_normalized", layers[0].measured.mean.into()),
                ("mean_singular_value_standard", layers[1].measured.mean.into()),
                ("seeds", trials.into()),
                ("depth", depth.into()),
                ("width", width.into()),
            ]),
            predicted: map([
                ("relative_variance", Value::from(per_case(&spectra, |s| Ok(s.law(depth)?.relative_variance))?)),
                ("mean_square", per_case(&spectra, |s| Ok(s.law(depth)?.mean_square))?.into()),
                ("mean_singular_value_normalized", layers[0].expected.into()),
                ("mean_singular_value_standard", layers[1].expected.into()),
            ]),
            formulas: vec![
                Formula {
                    text: "the squared singular values of ∂h_L/∂h_0 have mean χ₁^L and, at χ₁ = 1, variance L·(μ₂/μ₁² − 1 − \
                           s₁), μ_k = E[φ′^2k], s₁ = −1 for Gaussian weights and 0 for orthogonal ones"
                        .to_owned(),
                    source: "Pennington, Schoenholz & Ganguli 2017, Resurrecting the sigmoid, eq. 17 and 22".to_owned(),
                },
                Formula {
                    text: "a product of L Gaussian matrices: largest singular value → √((L+1)^(L+1)/L^L), the others by \
                           the Fuss–Catalan law"
                        .to_owned(),
                    source: "Penson & Życzkowski 2011; Haagerup & Möller 2013".to_owned(),
                },
                Formula {
                    text: "one square layer with n·Var W = 1 has mean singular value 8/3π = 0.849; with 1/3, 8/(3π√3) = \
                           0.490"
                        .to_owned(),
                    source: "Quarter-circle law, Marchenko & Pastur 1967; Glorot & Bengio 2010, §4.2.1, measured 0.8 \
                             against 0.5"
                        .to_owned(),
                },
            ],
            reading: vec![
                "Histograms, with the law's dots where there is one: Gaussian weights spread the singular values over \
                 decades within a few layers; orthogonal ones keep them all at 1, or near it."
                    .to_owned(),
                "Gaussian: the largest singular value grows and the median falls by a constant factor a layer: a few \
                 directions carry the whole gradient, though its mean square stays 1. (Low ¼: a quarter of them lie below.)"
                    .to_owned(),
                "Orthogonal and linear: every singular value is 1 at every depth. With tanh close to its linear part they \
                 stay close to 1: that is dynamical isometry."
                    .to_owned(),
            ],
            distributions: spectra.iter().map(|s| s.distribution(depth)).collect(),
            curves: curves(&spectra, depth),
            tables: vec![table(&spectra, depth)?, glorot::table(&layers)],
            ..Findings::default()
        })
    }
}

fn depths_taken(depth: usize) -> Vec<usize> {
    let mut depths: Vec<usize> = (1..=DEPTHS_TAKEN)
        .map(|i| (depth * i).div_ceil(DEPTHS_TAKEN))
        .chain([1, SPECTRUM_DEPTH.min(depth)])
        .collect();
    depths.sort_unstable();
    depths.dedup();
    depths
}

/// Why the theory of infinite width does not speak of these networks, if it does not: n values have a
/// relative variance of n − 1 at the most.
fn beyond(spectra: &[Spectra], depth: usize) -> Result<Option<String>, LabError> {
    for s in spectra {
        let relative_variance = s.case.law(depth)?.relative_variance;
        if 2.0 * relative_variance > s.width as f64 {
            return Ok(Some(format!(
                "{}: a relative variance of {relative_variance:.0} after {depth} layers needs more than twice as \
                 many units, and there are {}",
                s.case.name(),
                s.width
            )));
        }
    }
    Ok(None)
}

/// The singular values of a case over seeds: of each seed, at each depth, from the largest.
struct Spectra {
    case: Case,
    width: usize,
    depths: Vec<usize>,
    seeds: Vec<Vec<Vec<f64>>>,
}

impl Spectra {
    fn law(&self, depth: usize) -> Result<evenkeel_theory::JacobianMoments, LabError> {
        self.case.law(depth)
    }

    fn sample(&self, of: impl Fn(&[f64]) -> f64) -> Sample {
        let last = self.seeds.iter().filter_map(|s| Some(of(s.last()?)));
        Sample::of(&last.collect::<Vec<_>>())
    }

    /// Mean of the squares at the last depth.
    fn mean_square(&self) -> Sample {
        self.sample(mean_square)
    }

    /// Variance of the squares over their squared mean, at the last depth.
    fn relative_variance(&self) -> Sample {
        self.sample(|values| {
            let mean = mean_square(values);
            let squares = values.iter().map(|s| (s * s / mean - 1.0).powi(2));
            squares.sum::<f64>() / values.len() as f64
        })
    }

    /// Whether mean and variance of the squares are what theory says for infinite width, within the
    /// seeds' standard errors and what finite width adds.
    ///
    /// A further layer multiplies the fourth moment by 1 + 1/n besides adding to it, so after L layers
    /// it is off by a share of order L/n, or of the relative variance over n where that is more: a few
    /// of n values then make up the whole. A mean square is off by its own fluctuation alone, which
    /// for an activation moves with the layers' variance, by order L/n.
    fn agrees(&self) -> Result<bool, LabError> {
        let depth = self.depths[self.depths.len() - 1];
        let law = self.law(depth)?;
        let share = depth as f64 / self.width as f64;
        let of_variance = share.max(law.relative_variance / self.width as f64);
        let close = |sample: Sample, expected: f64, share: f64| {
            let standard_error = sample.std / (sample.count as f64).sqrt();
            (sample.mean - expected).abs()
                <= STANDARD_ERRORS * standard_error + share * expected + ROUNDING * depth as f64
        };
        Ok(close(self.mean_square(), law.mean_square, share)
            && close(self.relative_variance(), law.relative_variance, of_variance))
    }

    /// How many singular values of all seeds there are of each size, at the depth that is drawn whole.
    fn distribution(&self, depth: usize) -> Distribution {
        let at = SPECTRUM_DEPTH.min(depth);
        let index = self.depths.iter().position(|&d| d == at).unwrap_or(0);
        let mut spectrum = Distribution {
            name: format!("{}, {at} layers", self.case.name()),
            init: self.case.weights.word().to_owned(),
            x_label: "singular value".to_owned(),
            spacing: Spacing::Logarithmic,
            low: SPECTRUM_RANGE.0.into(),
            high: SPECTRUM_RANGE.1.into(),
            counts: vec![0; SPECTRUM_BINS],
            below: 0,
            above: 0,
            predicted: Vec::new(),
        };
        spectrum.count(
            self.seeds
                .iter()
                .flat_map(|seed| seed[index].iter().copied()),
        );
        spectrum.predicted = self.case.shares(at, &spectrum);
        spectrum
    }

    /// At each depth, over seeds, the singular value at a share from the largest. What lies below
    /// f64's resolution of the largest is no measurement.
    fn quantile(&self, share: f64, depth_index: usize) -> impl Iterator<Item = f64> {
        self.seeds.iter().map(move |seed| {
            let values = &seed[depth_index];
            let at = ((share * values.len() as f64) as usize).min(values.len() - 1);
            let resolved = values[0] * values.len() as f64 * f64::EPSILON;
            if values[at] >= resolved {
                values[at]
            } else {
                f64::NAN
            }
        })
    }
}

/// What rounding leaves of an exact 1 in a layer, amply: an orthogonal matrix in f64 is one to some
/// 10⁻¹⁵.
const ROUNDING: f64 = 1e-12;

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|s| s * s).sum::<f64>() / values.len() as f64
}

fn per_case(
    spectra: &[Spectra],
    pick: impl Fn(&Spectra) -> Result<f64, LabError>,
) -> Result<crate::results::Map, LabError> {
    let cases = spectra.iter();
    cases
        .map(|s| Ok((s.case.name(), pick(s)?.into())))
        .collect()
}

fn verdict(
    spectra: &[Spectra],
    layers: &[SquareLayer; 2],
    depth: usize,
) -> Result<String, LabError> {
    let each = spectra.iter().map(|s| {
        Ok(format!(
            "{} {} (theory {})",
            s.case.name(),
            short(s.relative_variance().mean),
            short(s.law(depth)?.relative_variance)
        ))
    });
    let each = each.collect::<Result<Vec<_>, LabError>>()?;
    Ok(format!(
        "After {depth} layers the squared singular values of the Jacobian vary by this much of their mean, squared: {}. \
         One square layer's mean singular value is {:.3} normalised (8/3π = {:.3}) and {:.3} standard (8/(3π√3) = {:.3}).",
        each.join("; "),
        layers[0].measured.mean,
        layers[0].expected,
        layers[1].measured.mean,
        layers[1].expected,
    ))
}

/// A variance for a sentence: what is rounding alone is 0.
fn short(variance: f64) -> String {
    if variance < ROUNDING {
        "0".to_owned()
    } else {
        format!("{variance:.2}")
    }
}

fn curves(spectra: &[Spectra], depth: usize) -> Vec<Curves> {
    let mut curves = Vec::new();
    // Gaussian and orthogonal weights of one activation share a panel.
    for pair in spectra.chunks(2) {
        curves.push(Curves {
            name: pair[0].case.activation_name(),
            x_label: "layers".to_owned(),
            y_label: "singular value".to_owned(),
            series: pair.iter().flat_map(against_depth).collect(),
            guides: Vec::new(),
        });
    }
    for pair in spectra.chunks(2) {
        let at = SPECTRUM_DEPTH.min(depth);
        curves.push(Curves {
            name: format!("{}, {at} layers", pair[0].case.activation_name()),
            x_label: "share of singular values".to_owned(),
            y_label: "singular value".to_owned(),
            series: pair.iter().map(|s| spectrum(s, at)).collect(),
            guides: Vec::new(),
        });
    }
    curves
}

fn against_depth(s: &Spectra) -> Vec<Series> {
    let followed = FOLLOWED.iter().map(|&(share, name)| {
        let over = |fold: fn(f64, f64) -> f64| {
            let depths = (0..s.depths.len()).map(|d| s.quantile(share, d).reduce(fold));
            depths.map(|x| x.unwrap_or(f64::NAN).into()).collect()
        };
        let predicted = s.depths.iter().filter_map(|&d| s.case.quantile(d, share));
        Series {
            label: format!("{}, {name}", s.case.weights.word()),
            init: s.case.weights.word().to_owned(),
            x: s.depths.iter().map(|&d| (d as f64).into()).collect(),
            y: (0..s.depths.len())
                .map(|d| median(s.quantile(share, d)).into())
                .collect(),
            low: over(f64::min),
            high: over(f64::max),
            predicted: predicted.map(Number).collect(),
        }
    });
    followed.collect()
}

fn spectrum(s: &Spectra, depth: usize) -> Series {
    let index = s.depths.iter().position(|&d| d == depth).unwrap_or(0);
    let shown = ((s.width as f64 * SPECTRUM_SHARE) as usize).max(1);
    // The i-th of n values stands for the share (i + ½)/n.
    let share = |i: usize| (i as f64 + 0.5) / s.width as f64;
    let at = |i: usize| s.seeds.iter().map(move |seed| seed[index][i]);
    let predicted = (0..shown).filter_map(|i| s.case.quantile(depth, share(i)));
    Series {
        label: s.case.weights.word().to_owned(),
        init: s.case.weights.word().to_owned(),
        x: (0..shown).map(|i| share(i).into()).collect(),
        y: (0..shown).map(|i| median(at(i)).into()).collect(),
        low: (0..shown)
            .filter_map(|i| at(i).reduce(f64::min))
            .map(Number)
            .collect(),
        high: (0..shown)
            .filter_map(|i| at(i).reduce(f64::max))
            .map(Number)
            .collect(),
        predicted: predicted.map(Number).collect(),
    }
}

fn table(spectra: &[Spectra], depth: usize) -> Result<Table, LabError> {
    let rows = spectra.iter().map(|s| {
        let law = s.law(depth)?;
        Ok(vec![
            Value::from(s.case.name()),
            s.mean_square().mean.into(),
            law.mean_square.into(),
            s.relative_variance().mean.into(),
            law.relative_variance.into(),
            s.sample(|values| values[0]).mean.into(),
        ])
    });
    Ok(Table {
        name: format!("Squared singular values after {depth} layers; theory for infinite width"),
        columns: [
            "network",
            "mean",
            "theory",
            "relative variance",
            "theory",
            "largest singular value",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows.collect::<Result<_, LabError>>()?,
    })
}
