//! Moments and histograms against plain f64 references.

use evenkeel_net::{Histogram, HistogramError, Moments};
use proptest::prelude::*;

/// Two passes in f64, the textbook way.
struct Reference {
    finite: Vec<f64>,
}

impl Reference {
    fn of(values: &[f32]) -> Self {
        let finite = values
            .iter()
            .filter(|v| v.is_finite())
            .map(|&v| f64::from(v));
        Self {
            finite: finite.collect(),
        }
    }

    fn mean(&self) -> f64 {
        self.finite.iter().sum::<f64>() / self.finite.len() as f64
    }

    fn variance(&self) -> f64 {
        let mean = self.mean();
        let deviations = self.finite.iter().map(|x| (x - mean) * (x - mean));
        deviations.sum::<f64>() / self.finite.len() as f64
    }
}

fn close(got: f64, expected: f64, scale: f64) -> bool {
    // n ≤ 10⁵ additions in f64: n·2⁻⁵³ ≈ 1.1e-11 at the very worst.
    (got - expected).abs() <= 2e-11 * scale
}

/// A small generator for test data: splitmix64, uniform on [0, 1).
fn uniforms(mut state: u64, count: usize) -> Vec<f32> {
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 24) as f32
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
fn a_small_spread_about_a_large_mean_is_kept() {
    // Neighbouring f32 about 1: the variance is 10⁻¹⁵ of the squared mean, so subtracting
    // squares (even in f64) would lose it.
    let values: Vec<f32> = (0..100_000u32)
        .map(|i| f32::from_bits(0x3f80_0000 + i % 7))
        .collect();
    let reference = Reference::of(&values);
    let moments = Moments::of(&values);
    assert!(close(
        moments.variance(),
        reference.variance(),
        reference.variance()
    ));
    assert!(close(moments.mean(), reference.mean(), 1.0));
}

#[test]
fn the_second_moment_does_not_overflow_where_f32_would() {
    let moments = Moments::of(&[f32::MAX, -f32::MAX]);
    let max = f64::from(f32::MAX);
    assert_eq!(moments.second_moment(), max * max);
    assert_eq!(moments.std(), max);
    assert!(moments.is_all_finite());
}

#[test]
fn what_is_not_finite_is_counted_and_left_out() {
    let moments = Moments::of(&[f32::NAN, 1.0, f32::NEG_INFINITY, 3.0, -0.0, f32::INFINITY]);
    assert_eq!(
        (
            moments.count(),
            moments.finite_count(),
            moments.nonfinite_count()
        ),
        (6, 3, 3)
    );
    assert_eq!(
        (moments.min(), moments.max(), moments.zero_count()),
        (0.0, 3.0, 1)
    );
    assert!(close(moments.mean(), 4.0 / 3.0, 1.0));
    let none = Moments::of(&[f32::NAN; 40]);
    assert_eq!(none.nonfinite_count(), 40);
    assert!(none.mean().is_nan() && none.std().is_nan() && none.min().is_nan());
    assert!(!none.is_all_zero() && !Moments::new().is_all_zero());
    assert!(Moments::of(&[0.0, -0.0]).is_all_zero());
}

#[test]
fn denormals_are_neither_zero_nor_flushed() {
    let tiny = f32::from_bits(1);
    let moments = Moments::of(&[tiny; 33]);
    assert_eq!(moments.zero_count(), 0);
    assert_eq!(moments.mean(), f64::from(tiny));
}

#[test]
fn a_thousand_million_values_are_summed_right() {
    // A million values, the same a thousand times: their exact mean and second moment are the
    // million's, which two f64 passes have to 1e-10. An f32 sum would stop growing at 2²⁴.
    let values: Vec<f32> = uniforms(11, 1_000_000).iter().map(|u| 0.3 + u).collect();
    let reference = Reference::of(&values);
    let squares = values.iter().map(|&v| f64::from(v) * f64::from(v));
    let second_moment = squares.sum::<f64>() / values.len() as f64;
    let million = Moments::of(&values);
    let mut merged = Moments::new();
    (0..1000).for_each(|_| merged.merge(&million));
    assert_eq!(merged.count(), 1_000_000_000);
    assert!((merged.mean() / reference.mean() - 1.0).abs() < 1e-6);
    assert!((merged.second_moment() / second_moment - 1.0).abs() < 1e-6);
    assert!((merged.variance() / reference.variance() - 1.0).abs() < 1e-6);
    assert_eq!((merged.min(), merged.max()), (million.min(), million.max()));
}

#[test]
fn histogram_edges_and_outside() {
    let mut histogram = Histogram::new(0.0, 1.0, 10).unwrap();
    histogram.update(&[
        0.0,
        0.05,
        0.5,
        0.999_999_94,
        1.0,
        1.000_000_1,
        -1e-30,
        f32::INFINITY,
    ]);
    let mut expected = [0; 10];
    (expected[0], expected[5], expected[9]) = (2, 1, 2);
    assert_eq!(histogram.counts(), expected);
    assert_eq!(
        (histogram.below(), histogram.above(), histogram.nonfinite()),
        (1, 1, 1)
    );
    assert_eq!(histogram.total(), 8);
    assert_eq!(histogram.edge(10), 1.0);
}

#[test]
fn bad_histograms_are_refused() {
    let error = Histogram::new(1.0, 1.0, 3).unwrap_err();
    assert_eq!(
        error,
        HistogramError::Range {
            low: 1.0,
            high: 1.0
        }
    );
    assert!(error.to_string().contains("range 1..1"), "{error}");
    assert_eq!(
        Histogram::new(0.0, 1.0, 0).unwrap_err(),
        HistogramError::Bins { bins: 0 }
    );
    assert!(matches!(
        Histogram::new(0.0, f64::NAN, 3),
        Err(HistogramError::Range { .. })
    ));
    let mut one = Histogram::new(0.0, 1.0, 3).unwrap();
    let other = Histogram::new(0.0, 1.0, 4).unwrap();
    assert!(matches!(
        one.merge(&other),
        Err(HistogramError::Mismatch { bins: 4, .. })
    ));
}

fn any_values() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        8 => -100.0f32..100.0,
        1 => Just(0.0f32),
        1 => prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY)],
    ];
    prop::collection::vec(value, 0..9000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn moments_match_two_passes_and_any_cut_merges(values in any_values(), cut in 0.0f64..1.0) {
        let reference = Reference::of(&values);
        let (front, back) = values.split_at((values.len() as f64 * cut) as usize);
        let mut merged = Moments::of(front);
        merged.merge(&Moments::of(back));
        for moments in [Moments::of(&values), merged] {
            prop_assert_eq!(moments.finite_count() as usize, reference.finite.len());
            prop_assert_eq!(moments.count() as usize, values.len());
            let zeros = values.iter().filter(|&&v| v == 0.0).count();
            prop_assert_eq!(moments.zero_count() as usize, zeros);
            if !reference.finite.is_empty() {
                prop_assert!(close(moments.mean(), reference.mean(), 100.0));
                prop_assert!(close(moments.variance(), reference.variance(), 1e4));
                let min = reference.finite.iter().copied().fold(f64::INFINITY, f64::min);
                prop_assert_eq!(moments.min(), min);
            }
        }
    }

    #[test]
    fn each_value_is_in_exactly_one_count(values in any_values(), bins in 1usize..70) {
        let (low, high) = (-31.0, 47.0);
        let mut expected = vec![0u64; bins + 3];
        for &value in &values {
            let x = f64::from(value);
            let slot = if !x.is_finite() { bins + 2 }
                else if x < low { 0 }
                else if x > high { bins + 1 }
                else { 1 + (((x - low) * (bins as f64 / (high - low))) as usize).min(bins - 1) };
            expected[slot] += 1;
        }
        let mut histogram = Histogram::new(low, high, bins).unwrap();
        let (front, back) = values.split_at(values.len() / 3);
        histogram.update(front);
        let mut other = Histogram::new(low, high, bins).unwrap();
        other.update(back);
        histogram.merge(&other).unwrap();
        prop_assert_eq!(histogram.counts(), &expected[1..=bins]);
        prop_assert_eq!(histogram.below(), expected[0]);
        prop_assert_eq!(histogram.above(), expected[bins + 1]);
        prop_assert_eq!(histogram.nonfinite(), expected[bins + 2]);
    }
}

#[test]
fn uniform_values_have_the_moments_of_the_uniform_law() {
    let count = 1_000_000;
    let values = uniforms(7, count);
    let moments = Moments::of(&values);
    // 5 σ of the mean, σ = √(1/12)/√n; of the variance, σ = √((1/80 − 1/144)/n).
    assert!((moments.mean() - 0.5).abs() < 5.0 * (1.0 / 12.0 / count as f64).sqrt());
    let sigma = ((1.0 / 80.0 - 1.0 / 144.0) / count as f64).sqrt();
    assert!((moments.variance() - 1.0 / 12.0).abs() < 5.0 * sigma);
    let mut histogram = Histogram::new(0.0, 1.0, 64).unwrap();
    histogram.update(&values);
    // Each bin is binomial(n, 1/64): 5 σ with 64 bins fails by chance once in 30,000 seeds.
    let sigma = (count as f64 / 64.0 * (1.0 - 1.0 / 64.0)).sqrt();
    for &bin in histogram.counts() {
        assert!(
            (bin as f64 - count as f64 / 64.0).abs() < 5.0 * sigma,
            "{bin}"
        );
    }
}

#[test]
fn however_many_values_come_at_once_the_counts_are_the_same() {
    // Many at once are counted as bits of words. Lengths about what begins that, ends a chunk, and
    // empties its counts of 14 bits.
    let mut values: Vec<f32> = uniforms(5, 300_000).iter().map(|u| 3.0 * u - 1.0).collect();
    values[7] = f32::NAN;
    values[70_000] = f32::NEG_INFINITY;
    for bins in [1, 2, 63, 64, 69] {
        for len in [
            4_095, 4_096, 4_097, 5_120, 261_119, 261_120, 262_143, 262_144, 300_000,
        ] {
            let values = &values[..len];
            let mut at_once = Histogram::new(-0.5, 1.5, bins).unwrap();
            at_once.update(values);
            let mut by_parts = Histogram::new(-0.5, 1.5, bins).unwrap();
            values.chunks(1000).for_each(|part| by_parts.update(part));
            assert_eq!(at_once, by_parts, "{bins} bins, {len} values");
            assert_eq!(at_once.total(), len as u64);
        }
    }
    // All in one bin.
    let mut zeros = Histogram::new(-1.0, 1.0, 64).unwrap();
    zeros.update(&vec![0.0; 1_000_003]);
    assert_eq!(zeros.counts()[32], 1_000_003);
    assert_eq!(zeros.total(), 1_000_003);
}

#[test]
fn a_value_beside_an_edge_falls_on_its_own_side() {
    for (low, high, bins) in [
        (-4.0, 4.0, 64),
        (-1e-3, 1e-3, 64),
        (0.1, 0.7, 10),
        (-0.3, 2.9, 69),
        (1000.0, 1001.0, 64),
        (-1e-42, 1e-42, 7),
        (-1e300, 1e300, 5),
        (0.0, 1.0, 5000),
    ] {
        let per_unit = bins as f64 / (high - low);
        let expected = |value: f32| {
            let place = ((f64::from(value) - low) * per_unit).floor() as i64;
            match f64::from(value) {
                x if x < low => None,
                x if x > high => None,
                _ => Some(place.clamp(0, bins as i64 - 1) as usize),
            }
        };
        for edge in 0..=bins {
            let at = (low + (high - low) * edge as f64 / bins as f64) as f32;
            for value in [
                at,
                at.next_up(),
                at.next_down(),
                at.next_up().next_up(),
                at.next_down().next_down(),
                -at,
            ] {
                // As many as are looked at together.
                let mut histogram = Histogram::new(low, high, bins).unwrap();
                histogram.update(&[value; 64]);
                let bin = histogram.counts().iter().position(|&count| count == 64);
                let outside = histogram.below() + histogram.above() + histogram.nonfinite();
                assert_eq!(bin, expected(value), "{value:e} in {low}..{high}");
                assert_eq!(outside, if bin.is_some() { 0 } else { 64 });
            }
        }
    }
}

#[test]
fn nan_is_counted_apart_from_infinity() {
    let mut moments = Moments::of(&[1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
    assert_eq!((moments.nonfinite_count(), moments.nan_count()), (3, 1));
    moments.merge(&Moments::of(&[f32::NAN; 5_000]));
    assert_eq!(
        (moments.nonfinite_count(), moments.nan_count()),
        (5_003, 5_001)
    );
    assert_eq!(moments.mean(), 1.0);
}
