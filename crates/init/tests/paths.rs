//! Every instruction set gives the bits of the scalar definition.

use evenkeel_init::{Bounds, Convention, Distribution, Element, Path, Seed, bf16, f16};

/// One of every kind, with parameters that reach the corners: no scale, odd centers, bounds that
/// the formats cannot hold, one-sided and far-out intervals.
fn distributions() -> Vec<Distribution> {
    let truncated = |mean, std, low, high, convention| {
        Distribution::truncated_normal(mean, std, Bounds::Sigmas { low, high }, convention).unwrap()
    };
    vec![
        Distribution::constant(0.1).unwrap(),
        Distribution::uniform(0.0, 1.0).unwrap(),
        Distribution::uniform(-0.3, 0.7).unwrap(),
        Distribution::uniform(1e-6, 1.1e-6).unwrap(),
        Distribution::normal(0.0, 1.0).unwrap(),
        Distribution::normal(-3.0, 0.02).unwrap(),
        Distribution::normal(0.5, 0.0).unwrap(),
        Distribution::normal(0.0, 1e-7).unwrap(),
        truncated(0.0, 0.02, -2.0, 2.0, Convention::Resulting),
        truncated(0.0, 1.0, -2.0, 2.0, Convention::Parent),
        truncated(1.0, 0.5, -1.0, 3.0, Convention::Parent),
        truncated(0.0, 1.0, 0.5, f64::INFINITY, Convention::Resulting),
        truncated(
            0.0,
            1.0,
            f64::NEG_INFINITY,
            f64::INFINITY,
            Convention::Parent,
        ),
        truncated(0.0, 1.0, 3.0, 4.0, Convention::Parent),
        truncated(0.0, 1.0, -9.0, -7.5, Convention::Parent),
    ]
}

fn agree<T: Element>(start: u64, len: usize) {
    let stream = Seed(11).stream("paths");
    for distribution in distributions() {
        let mut expected = vec![T::default(); len];
        distribution
            .fill_on(Path::Scalar, &stream, start, &mut expected)
            .unwrap();
        let expected: Vec<u64> = expected.iter().map(|x| x.to_f64().to_bits()).collect();
        for path in Path::ALL.into_iter().filter(|path| path.is_available()) {
            let mut got = vec![T::default(); len];
            distribution
                .fill_on(path, &stream, start, &mut got)
                .unwrap();
            for (i, (value, bits)) in got.iter().zip(&expected).enumerate() {
                assert_eq!(
                    value.to_f64().to_bits(),
                    *bits,
                    "{path:?}, {}, {distribution:?}: element {}: {value:?}, expected {:?}",
                    T::DTYPE,
                    start + i as u64,
                    f64::from_bits(*bits),
                );
            }
        }
    }
}

#[test]
fn every_path_gives_the_scalar_bits() {
    agree::<f32>(0, 200_000);
    agree::<f64>(0, 100_000);
    agree::<bf16>(0, 100_000);
    agree::<f16>(0, 100_000);
}

#[test]
fn every_path_gives_the_scalar_bits_at_ragged_ends_and_high_indices() {
    // The high half of the block number changes at element 2³⁴ of f32 and 2³³ of f64.
    for start in [1, 63, 65, (1 << 33) - 100, (1 << 34) - 100, u64::MAX - 257] {
        for len in [0, 1, 3, 64, 200, 258] {
            agree::<f32>(start, len);
            agree::<f64>(start, len);
            agree::<bf16>(start, len);
            agree::<f16>(start, len);
        }
    }
}
