//! The naive network made a hundred times smaller: activations that end as exact zeros.

use evenkeel_init::Scheme;
use evenkeel_net::Moments;
use evenkeel_net::chain::Stop;
use evenkeel_theory::Activation;

use super::firsts::{Firsts, expected, known_shares};
use crate::coverage::{Coverage, Coverages};
use crate::error::LabError;
use crate::judge::{STANDARD_ERRORS, Sample};
use crate::measure::{Matrices, Pass, PlainNetwork, profile};
use crate::predict::Growth;
use crate::results::{Band, Direction, Formula, Map, Profile, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `vanish` experiment.
pub(crate) struct Vanish;

/// Standard deviation of the weights.
const STD: f64 = 0.01;

/// First all-zero products of 60 seeds, one 512 × 512 matrix used throughout: an independent Monte
/// Carlo of the lesson's loop.
const KNOWN_512: [(usize, u64); 5] = [(68, 1), (69, 37), (70, 19), (71, 2), (72, 1)];

/// Passes that are drawn; the others are counted.
const DRAWN: usize = 3;

impl Study for Vanish {
    fn id(&self) -> &'static str {
        "vanish"
    }

    fn title(&self) -> &'static str {
        "A hundred times smaller, it vanishes"
    }

    fn question(&self) -> &'static str {
        "Weights from N(0, 0.01²): after how many products is every activation exactly zero?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((100, 512))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(100, 512)?;
        let trials = bench.settings.pick(40, 200);
        let (one, _) = first_all_zero(bench, &network(depth, width, Matrices::One), trials)?;
        let (fresh, passes) =
            first_all_zero(bench, &network(depth, width, Matrices::Fresh), trials)?;
        let growth = Growth::per_layer(&Activation::identity(), STD * STD * width as f64, width)?;
        let bands = growth.bands(Growth::of_standard_normal(width)?, depth);
        let coverages = Coverages(vec![Coverage::of(
            "fresh matrices",
            &bands,
            passes.iter().map(|p| p.layers.iter().map(Moments::rms)),
        )]);
        let estimate = all_zero_at(width);

        let mut predicted = Map::new();
        if let Some(product) = estimate {
            predicted.insert("first_all_zero_estimate".to_owned(), product.into());
        }
        let known = (width == 512 && depth > 72).then(|| known_shares(&KNOWN_512));
        if let Some(known) = &known {
            predicted.insert(
                "first_all_zero".to_owned(),
                expected(known, one.seeds()).into(),
            );
        }
        Ok(Findings {
            verdict: format!(
                "{} {}",
                verdict(&one, &fresh, estimate, width),
                coverages.words()
            ),
            agrees: coverages.agree()
                && near_estimate(&fresh, estimate, depth)
                && match known {
                    Some(_) => mean_is_known(&one),
                    None => near_estimate(&one, estimate, depth),
                },
            measured: coverages.with_measured(map([
                ("first_all_zero", Value::from(one.measured())),
                ("first_all_zero_mean", Sample::of(&one.reached()).mean.into()),
                ("first_all_zero_fresh", fresh.measured().into()),
                ("seeds", trials.into()),
                ("depth", depth.into()),
                ("width", width.into()),
            ])),
            predicted: coverages.with_predicted(predicted),
            formulas: vec![Formula {
                text: "rms(W x) ≈ 0.01·√n · rms(x): 0.226 a product at n = 512; below 2⁻¹⁴⁹ f32 has nothing \
                       but zero"
                    .to_owned(),
                source: "Glorot & Bengio 2010, eq. 5; IEEE 754, binary32 subnormals".to_owned(),
            }],
            reading: vec![
                "The line is straight until the subnormal numbers end; then every value is exactly zero, \
                 and stays so."
                    .to_owned(),
            ],
            profiles: drawn(bench, depth, width, &bands)?,
            ..Findings::default()
        })
    }
}

fn network(depth: usize, width: usize, matrices: Matrices) -> PlainNetwork<'static> {
    PlainNetwork {
        matrices,
        stop: Stop::AllZero,
        ..PlainNetwork::uniform_width(
            match matrices {
                Matrices::One => "vanish/one",
                Matrices::Fresh => "vanish/fresh",
            },
            depth,
            width,
            Scheme::normal(0.0, STD),
            Activation::identity(),
        )
    }
}

fn first_all_zero(
    bench: &Bench<'_>,
    network: &PlainNetwork<'_>,
    trials: usize,
) -> Result<(Firsts, Vec<Pass>), LabError> {
    let passes = bench.trials(trials, |trial| network.forward(bench.seed(), trial))?;
    let firsts: Vec<_> = passes.iter().map(|pass| pass.first_all_zero).collect();
    Ok((Firsts::of(&firsts), passes))
}

/// The first product, from 0, whose values are all zero, by a short estimate.
///
/// Subnormals are whole multiples m of the quantum 2⁻¹⁴⁹. A product with a weight w of standard
/// deviation σ is rounded to zero when |w·m| < ½. Of the n² products of a layer, the largest
/// |w·m| is about σ·s·ln n² when the state's rms is s quanta (the tail of a product of two normals
/// falls like e⁻ᵗ), so the next product is all zero once s < ½/(σ ln n²).
fn all_zero_at(width: usize) -> Option<usize> {
    let n = width as f64;
    let shrink = -(STD * n.sqrt()).ln();
    if shrink <= 0.0 {
        return None;
    }
    let last_quanta = 0.5 / (STD * (n * n).ln().max(1.0));
    let products = (149.0 * 2f64.ln() - last_quanta.ln()) / shrink;
    Some(products.ceil() as usize)
}

/// Whether the mean place is within the greater of two products and 5% of the estimate, whose
/// neglected constants are worth that much; or the depth ends before it.
fn near_estimate(firsts: &Firsts, estimate: Option<usize>, depth: usize) -> bool {
    let reached = firsts.reached();
    let Some(estimate) = estimate.map(|product| product as f64) else {
        return reached.is_empty();
    };
    let slack = (0.05 * estimate).max(2.0);
    if (reached.len() as u64) < firsts.seeds() {
        return estimate + slack >= depth as f64;
    }
    (Sample::of(&reached).mean - estimate).abs() <= slack
}

/// Whether the mean place agrees with the independent Monte Carlo's within four standard errors of
/// both.
fn mean_is_known(one: &Firsts) -> bool {
    let known = KNOWN_512.iter();
    let known: Vec<f64> = known
        .flat_map(|&(product, seeds)| std::iter::repeat_n(product as f64, seeds as usize))
        .collect();
    let (known, measured) = (Sample::of(&known), Sample::of(&one.reached()));
    let standard_error =
        known.std * (1.0 / measured.count as f64 + 1.0 / known.count as f64).sqrt();
    (measured.mean - known.mean).abs() <= STANDARD_ERRORS * standard_error
}

fn verdict(one: &Firsts, fresh: &Firsts, estimate: Option<usize>, width: usize) -> String {
    let reached = one.reached();
    let mean = if reached.is_empty() {
        String::new()
    } else {
        format!(", {:.2} on average", Sample::of(&reached).mean)
    };
    format!(
        "With one {width}-wide matrix of std {STD}, counted from 0, every activation is exactly zero from {}{mean} \
         ({} seeds); with fresh matrices, {}{}.",
        one.words(),
        one.seeds(),
        fresh.words(),
        estimate.map_or_else(String::new, |product| format!(" (estimate: {product})")),
    )
}

fn drawn(
    bench: &Bench<'_>,
    depth: usize,
    width: usize,
    bands: &[Band],
) -> Result<Vec<Profile>, LabError> {
    let network = PlainNetwork {
        stop: Stop::Never,
        ..network(depth, width, Matrices::Fresh)
    };
    let passes = bench.trials(DRAWN, |trial| network.forward(bench.seed(), trial))?;
    let mut profiles: Vec<Profile> = passes
        .iter()
        .enumerate()
        .map(|(trial, pass)| {
            let name = format!("fresh matrices, seed {trial}");
            profile(name, "small", Direction::Forward, &pass.layers)
        })
        .collect();
    profiles[0].predicted = bands.to_vec();
    Ok(profiles)
}
