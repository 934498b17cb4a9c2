//! Any cut of a tensor, on any number of threads, has the bits of the whole.

use evenkeel_init::{Element, InitError, Prepared, Seed, Threads, bf16, f16};
use proptest::prelude::*;

use crate::layers::layers;
use crate::rows::rows;
use crate::{SEED, every};

fn fill<T: Element>(
    prepared: &Prepared,
    range: std::ops::Range<usize>,
    threads: usize,
) -> Result<Vec<T>, InitError> {
    let mut values = vec![T::default(); range.len()];
    let threads = Threads::new(threads).unwrap_or(Threads::ONE);
    prepared.fill_parallel(range.start as u64..range.end as u64, &mut values, threads)?;
    Ok(values)
}

/// The bits, so that a −0 is not taken for a 0.
fn bits<T: Element>(values: &[T]) -> Vec<u64> {
    values.iter().map(|x| x.to_f64().to_bits()).collect()
}

fn cut_in_three<T: Element>(
    prepared: &Prepared,
    fresh: &Prepared,
    cuts: [usize; 2],
    threads: usize,
) -> Result<(), InitError> {
    let n = prepared.geometry().len();
    let whole = fill::<T>(prepared, 0..n, 1)?;
    let [first, second] = cuts;
    // The last part first, from a tensor of which nothing has been made yet.
    let last = fill::<T>(fresh, second..n, threads)?;
    let middle = fill::<T>(fresh, first..second, 1)?;
    let start = fill::<T>(fresh, 0..first, threads)?;
    assert_eq!(
        bits(&[start, middle, last].concat()),
        bits(&whole),
        "{}",
        prepared.scheme()
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_cut_has_the_bits_of_the_whole(
        row in 0..rows().len(),
        layer in any::<prop::sample::Index>(),
        seed in any::<u64>(),
        a in any::<prop::sample::Index>(),
        b in any::<prop::sample::Index>(),
        threads in 1..4_usize,
        dtype in 0..4,
    ) {
        let row = &rows()[row];
        let fitting: Vec<_> = layers()
            .map_err(|error| TestCaseError::fail(error.to_string()))?
            .into_iter()
            .filter(|sample| (row.suits)(&sample.geometry))
            .collect();
        let geometry = &layer.get(&fitting).geometry;
        let mut cuts = [a.index(geometry.len() + 1), b.index(geometry.len() + 1)];
        cuts.sort_unstable();
        let prepare = || row.scheme.prepare(geometry, &Seed(seed).stream("w"));
        let result = prepare().and_then(|whole| {
            let fresh = prepare()?;
            match dtype {
                0 => cut_in_three::<f64>(&whole, &fresh, cuts, threads),
                1 => cut_in_three::<f32>(&whole, &fresh, cuts, threads),
                2 => cut_in_three::<bf16>(&whole, &fresh, cuts, threads),
                _ => cut_in_three::<f16>(&whole, &fresh, cuts, threads),
            }
        });
        prop_assert_eq!(result.map_err(|error| error.to_string()), Ok(()));
    }
}

#[test]
fn every_row_has_the_same_bits_on_one_two_and_three_threads() -> Result<(), InitError> {
    every(|row, sample| {
        let n = sample.geometry.len();
        let prepare = || row.scheme.prepare(&sample.geometry, &SEED.stream("w"));
        let one = fill::<f32>(&prepare()?, 0..n, 1)?;
        for threads in [2, 3] {
            let more = fill::<f32>(&prepare()?, 0..n, threads)?;
            assert_eq!(
                bits(&more),
                bits(&one),
                "{} on {}",
                row.scheme,
                sample.geometry
            );
        }
        Ok(())
    })
    .map(|_| ())
}

#[test]
fn every_row_tells_the_moments_that_come_out() -> Result<(), InitError> {
    every(|row, sample| {
        let prepared = row.scheme.prepare(&sample.geometry, &SEED.stream("w"))?;
        let values = fill::<f64>(&prepared, 0..sample.geometry.len(), 2)?;
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        let (scale, what) = (
            prepared.std().max(1e-300),
            format!("{} on {}", row.scheme, prepared.geometry()),
        );
        // Five standard deviations of the estimates; the pooled kurtosis of parts of different
        // scales stays below 6 here, that of values of which nine in ten are 0 below 30.
        let error = (prepared.mean() - mean).abs();
        assert!(
            error <= 5.0 * scale / n.sqrt() + 1e-12,
            "{what}: {mean}, {}",
            prepared.mean()
        );
        let kurtosis = if row.name.starts_with("sparse") {
            30.0
        } else {
            6.0
        };
        let ratio = variance.sqrt() / scale;
        let constant = variance == 0.0 && prepared.std() == 0.0;
        let allowed = 5.0 * (kurtosis / n).sqrt() / 2.0;
        assert!(constant || (ratio - 1.0).abs() < allowed, "{what}: {ratio}");
        Ok(())
    })
    .map(|_| ())
}

#[test]
fn workers_that_fill_one_orthogonal_tensor_at_once_do_not_wait_for_each_other()
-> Result<(), InitError> {
    use rayon::prelude::*;
    let layer = evenkeel_init::Geometry::linear(300, 300)?;
    let prepared = evenkeel_init::Scheme::orthogonal(1.0).prepare(&layer, &SEED.stream("w"))?;
    let parts: Vec<Vec<f32>> = (0..30_usize)
        .into_par_iter()
        .map(|part| fill::<f32>(&prepared, part * 3000..(part + 1) * 3000, 2))
        .collect::<Result<_, _>>()?;
    assert_eq!(parts.concat(), fill::<f32>(&prepared, 0..90_000, 1)?);
    Ok(())
}
