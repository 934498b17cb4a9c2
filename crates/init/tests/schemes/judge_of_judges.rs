//! Whether the judges notice what they are there for.

use evenkeel_init::{Dtype, InitError};

use crate::layers::Sample;
use crate::rows::{Expected, Row};
use crate::{SEED, every, judge, values};

/// Rows that are not all zeros by right.
fn expects_zeros(row: &Row) -> bool {
    matches!(row.expected, Expected::Constant(0.0))
}

#[test]
fn zeros_are_refused() -> Result<(), InitError> {
    every(|row, sample| {
        let zeros = vec![0.0; sample.geometry.len()];
        let verdict = judge(row, sample, &zeros, Dtype::F32);
        assert_eq!(
            verdict.is_ok(),
            expects_zeros(row),
            "{} on {}",
            row.scheme,
            sample.geometry
        );
        Ok(())
    })
    .map(|_| ())
}

#[test]
fn a_doubled_scale_is_refused() -> Result<(), InitError> {
    every(|row, sample| {
        let doubled: Vec<f64> = values::<f32>(row, sample)?
            .iter()
            .map(|x| 2.0 * x)
            .collect();
        let verdict = judge(row, sample, &doubled, Dtype::F32);
        assert_eq!(
            verdict.is_ok(),
            expects_zeros(row),
            "{} on {}",
            row.scheme,
            sample.geometry
        );
        Ok(())
    })
    .map(|_| ())
}

#[test]
fn a_scale_that_is_five_percent_off_is_refused_where_values_are_drawn() -> Result<(), InitError> {
    every(|row, sample| {
        // The smallest part has 5120 values: its second moment is known to 5·√(2/5120) = 10 %,
        // and 1.05² is off by as much.
        let drawn = matches!(row.expected, Expected::Drawn(..));
        if drawn && sample.fans.iter().all(|fans| fans.elements > 9000) {
            let wider: Vec<f64> = values::<f32>(row, sample)?
                .iter()
                .map(|x| 1.08 * x)
                .collect();
            let verdict = judge(row, sample, &wider, Dtype::F32);
            assert!(verdict.is_err(), "{} on {}", row.scheme, sample.geometry);
        }
        Ok(())
    })
    .map(|_| ())
}

/// Whether swapping outputs and inputs changes what the row expects.
fn depends_on_order(row: &Row, sample: &Sample) -> bool {
    match &row.expected {
        Expected::Drawn(_, std) => sample.fans.iter().any(|fans| {
            let (rows, columns) = (fans.columns / fans.taps, fans.rows * fans.taps);
            let (fan_in, fan_out) = (fans.fan_out, fans.fan_in);
            let swapped = crate::layers::Fans {
                fan_in,
                fan_out,
                rows,
                columns,
                ..*fans
            };
            (std(fans) / std(&swapped) - 1.0).abs() > 0.08
        }),
        _ => false,
    }
}

#[test]
fn swapped_fans_are_refused() -> Result<(), InitError> {
    let mut refused = 0;
    every(|row, sample| {
        if let Some(swapped) = sample
            .swapped
            .as_ref()
            .filter(|_| depends_on_order(row, sample))
        {
            // As many values, but made for the layer that runs the other way.
            let values = row.scheme.tensor::<f32>(swapped, SEED, row.name)?;
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let verdict = judge(row, sample, &values, Dtype::F32);
            assert!(verdict.is_err(), "{} on {}", row.scheme, sample.geometry);
            refused += 1;
        }
        Ok(())
    })?;
    // Each of the rows that divide by fan_in or fan_out alone, on each layer that has a swap.
    assert!(refused > 150, "only {refused} swaps were tried");
    Ok(())
}
