//! The values have the distribution that was asked for: against statrs's distribution functions
//! and closed forms, with bounds that follow from the sample size.
//!
//! The samples are fixed, so a test passes always or never; bounds at 5σ and at a
//! Kolmogorov–Smirnov probability of 10⁻⁶ leave about one chance in 10⁴ that a right generator
//! fails any of them. `cargo test --release -p evenkeel-init --test statistics -- --ignored` runs
//! them on 2·10⁸ values, and the tails on 10¹⁰.

mod common;

use common::{Sample, normal_cdf, truncated_cdf};
use evenkeel_init::{Bounds, Convention, Distribution, Element, Seed, bf16};

const SIZE: usize = 4_000_000;

fn two_sigma(convention: Convention) -> Distribution {
    let bounds = Bounds::Sigmas {
        low: -2.0,
        high: 2.0,
    };
    Distribution::truncated_normal(0.0, 1.0, bounds, convention).unwrap()
}

fn sample<T: Element>(distribution: &Distribution, name: &str, size: usize) -> Sample {
    let mut values = vec![T::default(); size];
    distribution
        .fill(&Seed(2024).stream(name), 0, &mut values)
        .unwrap();
    Sample::new(values.iter().map(|x| x.to_f64()).collect())
}

/// E[x²ᵏ] of the standard normal: (2k − 1)!!.
const NORMAL_EVEN_MOMENTS: [f64; 5] = [1.0, 1.0, 3.0, 15.0, 105.0];

#[test]
fn normal_follows_its_distribution() {
    let normal = Distribution::normal(0.0, 1.0).unwrap();
    for sample in [
        sample::<f32>(&normal, "n", SIZE),
        sample::<f64>(&normal, "n", SIZE),
    ] {
        sample.assert_ks(normal_cdf);
        sample.assert_even_moments(NORMAL_EVEN_MOMENTS);
        sample.assert_uncorrelated_neighbours();
    }
}

#[test]
fn normal_has_the_mean_and_std_asked_for() {
    let normal = Distribution::normal(0.7, 0.02).unwrap();
    let sample = sample::<f32>(&normal, "n", SIZE);
    sample.assert_ks(|x| normal_cdf((x - 0.7) / 0.02));
}

#[test]
fn uniform_follows_its_distribution() {
    let uniform = Distribution::uniform(-1.0, 1.0).unwrap();
    // E[x²ᵏ] = 1/(2k + 1).
    let moments = [1.0, 1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0];
    for sample in [
        sample::<f32>(&uniform, "u", SIZE),
        sample::<f64>(&uniform, "u", SIZE),
    ] {
        sample.assert_ks(|x| 0.5 * (x + 1.0));
        sample.assert_even_moments(moments);
        sample.assert_uncorrelated_neighbours();
    }
}

#[test]
fn truncated_normal_follows_its_distribution() {
    // In units of the parent: E[x²ᵏ] from the recurrence m₂ₖ = (2k−1)m₂ₖ₋₂ − 2·2²ᵏ⁻¹φ(2)/Z.
    let (density, mass) = (0.053_990_966_513_188_06, 0.954_499_736_103_641_6);
    let mut moments = [1.0; 5];
    for k in 1..5 {
        let k2 = 2.0 * k as f64;
        moments[k] = (k2 - 1.0) * moments[k - 1] - 2.0 * libm::exp2(k2 - 1.0) * density / mass;
    }
    let torch = two_sigma(Convention::Parent);
    for sample in [
        sample::<f32>(&torch, "t", SIZE),
        sample::<f64>(&torch, "t", SIZE),
    ] {
        sample.assert_ks(|x| truncated_cdf(x, -2.0, 2.0));
        sample.assert_even_moments(moments);
        sample.assert_uncorrelated_neighbours();
    }
    // Keras and JAX: the same shape, wider, so that the std asked for comes out.
    let width = 1.0 / moments[1].sqrt();
    let keras = sample::<f32>(&two_sigma(Convention::Resulting), "t", SIZE);
    keras.assert_ks(|x| truncated_cdf(x / width, -2.0, 2.0));
    let m4 = moments[2] / (moments[1] * moments[1]);
    // The mean of x² has the standard error √((m₄ − 1)/n).
    let bound = 5.0 * ((m4 - 1.0) / SIZE as f64).sqrt();
    assert!((keras.moment(2) - 1.0).abs() < bound);
}

#[test]
fn skewed_and_far_intervals_follow_their_distributions() {
    for (low, high) in [
        (0.5, f64::INFINITY),
        (-1.0, 3.0),
        (2.9, 4.2),
        (-6.0, -5.0),
        (0.0, 1e-3),
    ] {
        let bounds = Bounds::Sigmas { low, high };
        let slice = Distribution::truncated_normal(0.0, 1.0, bounds, Convention::Parent).unwrap();
        let sample = sample::<f32>(&slice, "s", 400_000);
        sample.assert_ks(|x| truncated_cdf(x, low, high));
        let error = (sample.moment(1) - slice.mean()).abs();
        assert!(
            error < 5.0 * slice.std() / (400_000_f64).sqrt(),
            "mean on [{low}, {high}]"
        );
    }
}

/// |z| beyond 4, 4.5, 5 and so on occurs as often as it should: Poisson counts, within 5σ.
fn assert_tails(size: u64) {
    let normal = Distribution::normal(0.0, 1.0).unwrap();
    let mut counts = [0_u64; 6];
    let mut values = vec![0.0_f32; 1 << 20];
    for start in (0..size).step_by(values.len()) {
        normal
            .fill(&Seed(5).stream("tails"), start, &mut values)
            .unwrap();
        for z in values.iter().filter(|z| z.abs() > 3.5) {
            for (i, count) in counts.iter_mut().enumerate() {
                *count += u64::from(z.abs() > 3.5 + 0.5 * i as f32);
            }
        }
    }
    let size = size.next_multiple_of(values.len() as u64);
    for (i, count) in counts.into_iter().enumerate() {
        let threshold = 3.5 + 0.5 * i as f64;
        let expected = 2.0 * normal_cdf(-threshold) * size as f64;
        // A count too rare for 5σ to mean anything is left to the larger run.
        if expected > 10.0 {
            let bound = 5.0 * expected.sqrt();
            let error = (count as f64 - expected).abs();
            assert!(
                error < bound,
                "|z| > {threshold}: {count} of {size}, expected {expected:.1}"
            );
        }
    }
}

#[test]
fn tails_occur_as_often_as_they_should() {
    assert_tails(60_000_000);
}

#[test]
#[ignore = "2·10⁸ and 10¹⁰ values, 5 GB of memory: minutes in a release build"]
fn many_values_follow_the_distribution() {
    assert_tails(10_000_000_000);
    let normal = Distribution::normal(0.0, 1.0).unwrap();
    let sample = sample::<f32>(&normal, "n", 200_000_000);
    sample.assert_even_moments(NORMAL_EVEN_MOMENTS);
    sample.assert_uncorrelated_neighbours();
    sample.assert_ks(normal_cdf);
}

#[test]
fn tails_are_resolved_beyond_a_32_bit_word() {
    // Of n normals beyond 3.5, a grid of 2⁻³² would leave 10⁶ places; f32 itself has as many from
    // 3.5 to 4 alone. With k values on m equally likely places, k²/2m pairs coincide.
    let bounds = Bounds::Sigmas {
        low: 4.5,
        high: 5.0,
    };
    let slice = Distribution::truncated_normal(0.0, 1.0, bounds, Convention::Parent).unwrap();
    let mut values = sample::<f32>(&slice, "fine", 2_000).into_sorted();
    let all = values.len();
    values.dedup();
    // f32 has 2²⁰ values there, unevenly used: fewer than 20 coincidences.
    assert!(
        all - values.len() < 20,
        "{} of {all} values coincide",
        all - values.len()
    );
}

#[test]
fn streams_do_not_correlate() {
    let normal = Distribution::normal(0.0, 1.0).unwrap();
    let mut streams = Vec::new();
    for seed in [0, 1] {
        for name in ["layer.0.weight", "layer.1.weight", "layer.0.bias"] {
            let mut values = vec![0.0_f32; 1_000_000];
            normal
                .fill(&Seed(seed).stream(name), 0, &mut values)
                .unwrap();
            streams.push(values);
        }
    }
    for (i, a) in streams.iter().enumerate() {
        for b in &streams[..i] {
            let sum: f64 = a
                .iter()
                .zip(b)
                .map(|(x, y)| f64::from(*x) * f64::from(*y))
                .sum();
            // Products of independent standard normals have variance 1.
            assert!(
                sum.abs() < 5.0 * (a.len() as f64).sqrt(),
                "correlation {}",
                sum / 1e6
            );
        }
    }
}

#[test]
fn low_precision_piles_nothing_on_the_bounds() {
    // std 0.02 at ±2σ: no bf16 lies exactly on the bound, 0.0454738.
    let bounds = Bounds::Sigmas {
        low: -2.0,
        high: 2.0,
    };
    let keras = Distribution::truncated_normal(0.0, 0.02, bounds, Convention::Resulting).unwrap();
    let Distribution::TruncatedNormal(truncated) = keras else {
        unreachable!()
    };
    let values = sample::<bf16>(&keras, "bf16", 1_000_000).into_sorted();
    let (first, last) = (values[0], values[values.len() - 1]);
    assert!(first >= truncated.low() && last <= truncated.high());
    // The outermost value stands for its own cell and what rounding would have carried past the
    // bound: one and a half cells at most, of a width of 2⁻¹² there; 5σ of a Poisson count more.
    let density = 0.053_990_966_513_188_06 / 0.954_499_736_103_641_6 / truncated.parent_std();
    let most = 1.5 * density * libm::exp2(-12.0) * values.len() as f64;
    for end in [first, last] {
        let count = values.iter().filter(|x| **x == end).count() as f64;
        assert!(
            count < most + 5.0 * most.sqrt(),
            "{count} values at {end}, expected {most:.0}"
        );
    }
}
