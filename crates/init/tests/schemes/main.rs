//! One registry for every scheme: a new one is a row in `rows.rs`.
//!
//! Each row is filled in each format, each layout, on each layer that suits it, and judged by an
//! independent expectation: the scale by fans counted by hand, the distribution by statrs's
//! distribution functions, matrices by their own products. `judge_of_judges.rs` shows that the
//! judges refuse zeros, a doubled scale and swapped fans.

mod cuts;
mod golden;
mod haar;
mod judge;
mod judge_of_judges;
mod layers;
mod refusals;
mod rows;

use evenkeel_init::{Element, InitError, Seed, bf16, f16};

use judge::{judge, places};
use layers::{Sample, layers};
use rows::{Row, rows};

const SEED: Seed = Seed(20_261_124);

/// Every row on every layer that suits it.
fn every(
    mut visit: impl FnMut(&Row, &Sample) -> Result<(), InitError>,
) -> Result<usize, InitError> {
    let mut visited = 0;
    for row in rows() {
        for sample in layers()? {
            if (row.suits)(&sample.geometry) {
                visit(&row, &sample)?;
                visited += 1;
            }
        }
    }
    Ok(visited)
}

fn values<T: Element>(row: &Row, sample: &Sample) -> Result<Vec<f64>, InitError> {
    let values = row.scheme.tensor::<T>(&sample.geometry, SEED, row.name)?;
    Ok(values.into_iter().map(T::to_f64).collect())
}

fn every_row_holds_in<T: Element>() -> Result<(), InitError> {
    let visited = every(|row, sample| {
        let verdict = judge(row, sample, &values::<T>(row, sample)?, T::DTYPE);
        assert_eq!(
            verdict,
            Ok(()),
            "{} on {}, {}",
            row.scheme,
            sample.geometry,
            T::DTYPE
        );
        Ok(())
    })?;
    assert!(visited > 300, "only {visited} rows were visited");
    Ok(())
}

#[test]
fn every_row_holds_in_f64() -> Result<(), InitError> {
    every_row_holds_in::<f64>()
}

#[test]
fn every_row_holds_in_f32() -> Result<(), InitError> {
    every_row_holds_in::<f32>()
}

#[test]
fn every_row_holds_in_bf16() -> Result<(), InitError> {
    every_row_holds_in::<bf16>()
}

#[test]
fn every_row_holds_in_f16() -> Result<(), InitError> {
    every_row_holds_in::<f16>()
}

#[test]
fn low_precision_is_the_f32_value_rounded() -> Result<(), InitError> {
    every(|row, sample| {
        let single = row.scheme.tensor::<f32>(&sample.geometry, SEED, "w")?;
        let brain = row.scheme.tensor::<bf16>(&sample.geometry, SEED, "w")?;
        let half = row.scheme.tensor::<f16>(&sample.geometry, SEED, "w")?;
        // Where rounding would carry a value onto or past a distribution's bound, the format's
        // nearest value inside takes its place; that happens to the outermost values only.
        let places = places(sample);
        let mut outermost = vec![0.0_f64; sample.fans.len()];
        for (located, x) in places.iter().zip(&single) {
            outermost[located.part] = outermost[located.part].max(f64::from(x.abs()));
        }
        for (((located, x), brain), half) in places.iter().zip(single).zip(brain).zip(half) {
            let holds = |rounded: f64, found: f64| {
                rounded == found || rounded.abs() >= outermost[located.part]
            };
            assert!(
                holds(bf16::from_f32(x).to_f64(), brain.to_f64()),
                "{}: {x}",
                row.scheme
            );
            assert!(
                holds(f16::from_f32(x).to_f64(), half.to_f64()),
                "{}: {x}",
                row.scheme
            );
        }
        Ok(())
    })
    .map(|_| ())
}
