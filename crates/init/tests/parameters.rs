//! Bad parameters end in one typed error that says the remedy; good ones report their moments.

use evenkeel_init::{
    Bounds, Convention, Distribution, DistributionError, Dtype, Element, Seed, Threads, bf16, f16,
};

const INFINITE: f64 = f64::INFINITY;

fn sigmas(low: f64, high: f64) -> Bounds {
    Bounds::Sigmas { low, high }
}

fn absolute(low: f64, high: f64) -> Bounds {
    Bounds::Absolute { low, high }
}

fn truncated(
    std: f64,
    bounds: Bounds,
    convention: Convention,
) -> Result<Distribution, DistributionError> {
    Distribution::truncated_normal(0.0, std, bounds, convention)
}

/// Built, or refused: with what words.
#[test]
fn bad_parameters_are_refused() {
    use Convention::{Parent, Resulting};
    let rows: Vec<(Result<Distribution, DistributionError>, &str)> = vec![
        (
            Distribution::constant(f64::NAN),
            "constant: value is NaN, expected a finite number",
        ),
        (Distribution::normal(f64::NAN, 1.0), "normal: mean is NaN"),
        (Distribution::normal(0.0, INFINITE), "normal: std is inf"),
        (Distribution::normal(0.0, f64::NAN), "normal: std is NaN"),
        (
            Distribution::normal(0.0, -0.02),
            "normal: std is -0.02, expected 0 or more",
        ),
        (
            Distribution::uniform(1.0, 1.0),
            "uniform: the interval from 1 to 1 is empty",
        ),
        (Distribution::uniform(1.0, -1.0), "expected low < high"),
        (
            Distribution::uniform(f64::NEG_INFINITY, 0.0),
            "uniform: low is -inf",
        ),
        (
            truncated(0.0, sigmas(-2.0, 2.0), Parent),
            "std is 0, expected more than 0",
        ),
        (truncated(-1.0, sigmas(-2.0, 2.0), Resulting), "std is -1"),
        (
            truncated(1.0, sigmas(2.0, -2.0), Parent),
            "the interval from 2 to -2 is empty",
        ),
        (
            truncated(1.0, sigmas(f64::NAN, 2.0), Parent),
            "the interval from NaN to 2 is empty",
        ),
        (
            truncated(1.0, sigmas(10.0, 11.0), Parent),
            "lies beyond 9σ on one side of the mean",
        ),
        (
            truncated(0.02, absolute(-0.4, -0.3), Parent),
            "from -20σ to -15σ lies beyond 9σ",
        ),
        (
            truncated(0.6, absolute(-1.0, 1.0), Resulting),
            "std 0.6 cannot come out between -1 and 1",
        ),
        (
            truncated(f64::MIN_POSITIVE, absolute(1e300, INFINITE), Parent),
            "beyond 9σ",
        ),
    ];
    for (built, words) in rows {
        let message = built.expect_err(words).to_string();
        assert!(message.contains(words), "{message:?} should say {words:?}");
    }
}

#[test]
fn the_kind_of_error_is_told_apart() {
    let bounds = sigmas(12.0, INFINITE);
    assert!(matches!(
        truncated(1.0, bounds, Convention::Parent),
        Err(DistributionError::BeyondTail { low: 12.0, .. })
    ));
    assert!(matches!(
        truncated(0.9, absolute(-1.0, 1.0), Convention::Resulting),
        Err(DistributionError::UnattainableStd { std: 0.9, .. })
    ));
}

fn refused<T: Element>(distribution: Distribution) {
    let mut out = [T::from_f64(7.0); 3];
    let error = distribution
        .fill(&Seed(0).stream("w"), 0, &mut out)
        .unwrap_err();
    assert!(
        matches!(error, DistributionError::NotRepresentable { dtype, .. } if dtype == T::DTYPE),
        "{error}"
    );
    assert!(error.to_string().contains(T::DTYPE.name()), "{error}");
    assert!(
        out.iter().all(|x| x.to_f64() == 7.0),
        "a refused fill must leave the tensor alone"
    );
}

#[test]
fn formats_that_cannot_hold_the_values_are_refused() {
    refused::<f16>(Distribution::normal(0.0, 1e4).unwrap());
    refused::<f16>(Distribution::normal(0.0, 1e-9).unwrap());
    refused::<f32>(Distribution::normal(0.0, 1e-50).unwrap());
    refused::<f32>(Distribution::uniform(-1e-50, 1e-50).unwrap());
    refused::<bf16>(truncated(1e-50, sigmas(-2.0, 2.0), Convention::Parent).unwrap());
    refused::<f16>(Distribution::constant(1e5).unwrap());
    refused::<f16>(Distribution::uniform(-1e5, 1e5).unwrap());
    refused::<f32>(Distribution::normal(0.0, 1e38).unwrap());
    refused::<bf16>(Distribution::constant(-1e39).unwrap());
    // bf16 has no value from 1.001 to 1.002.
    refused::<bf16>(Distribution::uniform(1.001, 1.002).unwrap());
    refused::<f16>(truncated(3e4, sigmas(-2.5, 2.5), Convention::Parent).unwrap());
    refused::<bf16>(
        Distribution::truncated_normal(1.0015, 1.0, absolute(1.001, 1.002), Convention::Parent)
            .unwrap(),
    );
}

#[test]
fn a_range_past_the_last_index_is_refused() {
    let normal = Distribution::normal(0.0, 1.0).unwrap();
    let stream = Seed(0).stream("w");
    let mut out = [0.0_f32; 3];
    assert!(normal.fill(&stream, u64::MAX - 2, &mut out).is_ok());
    let error = normal.fill(&stream, u64::MAX - 1, &mut out).unwrap_err();
    assert_eq!(
        error,
        DistributionError::PastTheEnd {
            start: u64::MAX - 1,
            len: 3
        }
    );
    let error = normal
        .fill_parallel(&stream, u64::MAX, &mut out, Threads::ONE)
        .unwrap_err();
    assert!(
        error.to_string().contains("runs past the last index"),
        "{error}"
    );
}

#[test]
fn high_never_comes_out_of_a_uniform() {
    let stream = Seed(3).stream("u");
    fn check<T: Element>(stream: &evenkeel_init::Stream, low: f64, high: f64) {
        let mut out = vec![T::default(); 300_000];
        Distribution::uniform(low, high)
            .unwrap()
            .fill(stream, 0, &mut out)
            .unwrap();
        assert!(
            out.iter().all(|x| (low..high).contains(&x.to_f64())),
            "{} {low}",
            T::DTYPE
        );
    }
    for (low, high) in [(0.0, 1.0), (-0.1, 0.1), (1.0, 1.03), (-3.0, -1e-3)] {
        check::<f64>(&stream, low, high);
        check::<f32>(&stream, low, high);
        check::<bf16>(&stream, low, high);
        check::<f16>(&stream, low, high);
    }
}

/// By mpmath's quadrature in 40 digits: (low, high, mean, std) of the standard normal between bounds.
const TRUNCATED: [(f64, f64, f64, f64); 5] = [
    (-2.0, 2.0, 0.0, 0.879_625_661_034_239_8),
    (-1.0, 3.0, 0.282_786_110_727_154, 0.784_946_963_404_426),
    (
        0.5,
        INFINITE,
        1.141_077_770_368_064_5,
        0.518_150_950_164_022_1,
    ),
    (3.0, 4.0, 3.260_454_285_590_021, 0.221_986_021_581_074_17),
    (
        1.0,
        1.001,
        1.000_499_916_625_004_1,
        0.000_288_675_122_559_432_58,
    ),
];

#[test]
fn truncated_moments_agree_with_an_independent_source() {
    for (low, high, mean, std) in TRUNCATED {
        let parent = truncated(1.0, sigmas(low, high), Convention::Parent).unwrap();
        assert!(
            (parent.mean() - mean).abs() < 1e-13 * mean.abs().max(1.0),
            "{low} {high}"
        );
        assert!(
            (parent.std() / std - 1.0).abs() < 1e-12,
            "{low} {high}: {}",
            parent.std()
        );
        let resulting = truncated(0.3, sigmas(low, high), Convention::Resulting).unwrap();
        assert!((resulting.std() / 0.3 - 1.0).abs() < 1e-13, "{low} {high}");
    }
}

#[test]
fn the_resulting_std_comes_out_between_absolute_bounds_too() {
    for (mean, std, low, high) in [
        (0.0, 0.02, -0.04, 0.04),
        (0.0, 0.5, -1.0, 1.0),
        (0.0, 0.57, -1.0, 1.0),
        (0.3, 0.2, 0.0, 5.0),
        (-1.0, 0.1, 0.0, 1.0),
        (0.0, 0.02, -5.0, 5.0),
        (0.0, 1.0, f64::NEG_INFINITY, INFINITE),
        (0.0, 1.0, 0.0, INFINITE),
        (1.0, 3.0, f64::NEG_INFINITY, 0.5),
    ] {
        let bounds = absolute(low, high);
        let built =
            Distribution::truncated_normal(mean, std, bounds, Convention::Resulting).unwrap();
        assert!(
            (built.std() / std - 1.0).abs() < 1e-9,
            "{mean} {std}: {}",
            built.std()
        );
        assert!((low..high).contains(&built.mean()));
    }
}

#[test]
fn formats_have_their_names_and_sizes() {
    let rows = [
        (Dtype::F64, "f64", 8),
        (Dtype::F32, "f32", 4),
        (Dtype::Bf16, "bf16", 2),
        (Dtype::F16, "f16", 2),
    ];
    for (dtype, name, size) in rows {
        assert_eq!((dtype.to_string().as_str(), dtype.size()), (name, size));
    }
}
