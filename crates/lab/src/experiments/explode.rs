//! The naive network: standard normal weights, and activations that leave f32 within 30 layers.

use evenkeel_init::Scheme;
use evenkeel_net::Moments;
use evenkeel_net::chain::Stop;
use evenkeel_theory::Activation;

use super::firsts::{Firsts, expected, key, known_shares};
use crate::coverage::{Coverage, Coverages};
use crate::error::LabError;
use crate::judge::{largest_exceeds, normal_expectation, share_agrees};
use crate::measure::{Matrices, Pass, PlainNetwork, profile};
use crate::predict::Growth;
use crate::results::{Band, Direction, Formula, Profile, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `explode` experiment.
pub(crate) struct Explode;

/// First non-finite products of 3,000 seeds, one 512 × 512 matrix used throughout: an independent
/// Monte Carlo of the lesson's loop.
const KNOWN_512: [(usize, u64); 2] = [(27, 599), (28, 2_401)];
const KNOWN_TRIALS: f64 = 3_000.0;

/// Passes that are drawn; the others are counted.
const DRAWN: usize = 3;

impl Study for Explode {
    fn id(&self) -> &'static str {
        "explode"
    }

    fn title(&self) -> &'static str {
        "A naive network explodes"
    }

    fn question(&self) -> &'static str {
        "Weights from N(0, 1), layer after layer: after how many products is the signal no longer finite?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((100, 512))
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let (depth, width) = bench.depth_and_width(100, 512)?;
        let trials = bench.settings.pick(60, 300);
        let (one, _) = first_nonfinite(bench, &network(depth, width, Matrices::One), trials)?;
        let (fresh, passes) =
            first_nonfinite(bench, &network(depth, width, Matrices::Fresh), trials)?;

        let growth = Growth::per_layer(&Activation::identity(), width as f64, width)?;
        let start = Growth::of_standard_normal(width)?;
        let bands = growth.bands(start, depth);
        let coverages = Coverages(vec![Coverage::of(
            "fresh matrices",
            &bands,
            passes.iter().map(|p| p.layers.iter().map(Moments::rms)),
        )]);
        let theory = overflow_law(start, growth, depth, width);
        let known = (width == 512 && depth > 28).then(|| known_shares(&KNOWN_512));
        let agrees_fresh = agrees(&fresh, &theory, f64::INFINITY);
        let agrees_one = match &known {
            Some(known) => agrees(&one, known, KNOWN_TRIALS),
            // How soon the powers of one matrix grow is known at the lesson's width only.
            None => true,
        };

        let mut predicted = map([("first_nonfinite_fresh", expected(&theory, fresh.seeds()))]);
        if let Some(known) = &known {
            predicted.insert(
                "first_nonfinite".to_owned(),
                expected(known, one.seeds()).into(),
            );
        }
        Ok(Findings {
            verdict: format!("{} {}", verdict(&one, &fresh, width, &theory), coverages.words()),
            agrees: agrees_one && agrees_fresh && coverages.agree(),
            measured: coverages.with_measured(map([
                ("first_nonfinite", Value::from(one.measured())),
                ("first_nonfinite_fresh", fresh.measured().into()),
                ("seeds", trials.into()),
                ("depth", depth.into()),
                ("width", width.into()),
            ])),
            predicted: coverages.with_predicted(predicted),
            formulas: vec![
                Formula {
                    text: "rms(W x) ≈ √n · rms(x) for W with independent N(0, 1) entries and n columns; \
                           after l products n^(l/2)"
                        .to_owned(),
                    source: "Glorot & Bengio 2010, eq. 5, with Var W = 1".to_owned(),
                },
                Formula {
                    text: "f32 ends at (2 − 2⁻²³)·2¹²⁷ ≈ 3.4·10³⁸, so product ⌈ln(3.4·10³⁸)/(½ ln n)⌉ or the \
                           one before it overflows"
                        .to_owned(),
                    source: "IEEE 754, binary32".to_owned(),
                },
            ],
            reading: vec![
                "The line is straight on the logarithmic axis: every product multiplies the signal by √n."
                    .to_owned(),
                "Past the largest f32 there is infinity, and where infinities of both signs meet in a sum, NaN: within the same product or the next.".to_owned(),
            ],
            profiles: drawn(bench, depth, width, &bands)?,
            ..Findings::default()
        })
    }
}

fn network(depth: usize, width: usize, matrices: Matrices) -> PlainNetwork<'static> {
    PlainNetwork {
        matrices,
        stop: Stop::NonFinite,
        ..PlainNetwork::uniform_width(
            match matrices {
                Matrices::One => "explode/one",
                Matrices::Fresh => "explode/fresh",
            },
            depth,
            width,
            Scheme::normal(0.0, 1.0),
            Activation::identity(),
        )
    }
}

fn first_nonfinite(
    bench: &Bench<'_>,
    network: &PlainNetwork<'_>,
    trials: usize,
) -> Result<(Firsts, Vec<Pass>), LabError> {
    let passes = bench.trials(trials, |trial| network.forward(bench.seed(), trial))?;
    let firsts: Vec<_> = passes.iter().map(|pass| pass.first_nonfinite).collect();
    Ok((Firsts::of(&firsts), passes))
}

/// Probability of each first non-finite product with fresh matrices; `None` for never.
///
/// Given the vector before it, product k has independent N(0, n·ms) entries, ms being the vector's
/// mean square; it overflows when the largest of them does. ln rms is normal: a sum of independent
/// layers (`growth`), started by a standard normal vector.
fn overflow_law(
    start: Growth,
    growth: Growth,
    depth: usize,
    width: usize,
) -> Vec<(Option<usize>, f64)> {
    let largest = f64::from(f32::MAX).ln();
    let gain = 0.5 * (width as f64).ln();
    let overflows_by = |product: usize| {
        let before = start.then(growth.times(product));
        normal_expectation(before.mean, before.variance, |log_rms| {
            largest_exceeds((largest - gain - log_rms).exp(), width)
        })
    };
    let mut law = Vec::new();
    let mut already = 0.0;
    for product in 0..depth {
        let by_now = overflows_by(product);
        law.push((Some(product), by_now - already));
        already = by_now;
    }
    law.push((None, 1.0 - already));
    law.retain(|&(_, share)| share > 1e-4);
    law
}

/// Whether every product's count agrees with its known share, and nothing happened elsewhere.
fn agrees(firsts: &Firsts, known: &[(Option<usize>, f64)], known_trials: f64) -> bool {
    let share_of = |product| {
        let share = known.iter().find(|&&(p, _)| p == product);
        share.map_or(0.0, |&(_, share)| share)
    };
    let products = known.iter().map(|&(product, _)| product);
    products.chain(firsts.products()).all(|product| {
        let expected = share_of(product);
        share_agrees(firsts.at(product), firsts.seeds(), expected, known_trials)
    })
}

fn verdict(one: &Firsts, fresh: &Firsts, width: usize, theory: &[(Option<usize>, f64)]) -> String {
    let likely = theory.iter().filter(|(_, share)| *share > 0.005);
    let places: Vec<String> = likely
        .map(|&(product, share)| format!("{} {:.0}%", key(product), 100.0 * share))
        .collect();
    format!(
        "Counted from 0, the first product of one {width}-wide N(0, 1) matrix that is not finite is {} ({} seeds). \
         With fresh matrices it is {} (theory: {}).",
        one.words(),
        one.seeds(),
        fresh.words(),
        places.join(", "),
    )
}

fn drawn(
    bench: &Bench<'_>,
    depth: usize,
    width: usize,
    bands: &[Band],
) -> Result<Vec<Profile>, LabError> {
    let mut profiles = Vec::new();
    for (matrices, name) in [
        (Matrices::Fresh, "fresh matrices"),
        (Matrices::One, "one matrix"),
    ] {
        let network = PlainNetwork {
            stop: Stop::Never,
            ..network(depth, width, matrices)
        };
        let passes = bench.trials(DRAWN, |trial| network.forward(bench.seed(), trial))?;
        for (trial, pass) in passes.iter().enumerate() {
            let name = format!("{name}, seed {trial}");
            profiles.push(profile(name, "naive", Direction::Forward, &pass.layers));
        }
    }
    profiles[0].predicted = bands.to_vec();
    Ok(profiles)
}
