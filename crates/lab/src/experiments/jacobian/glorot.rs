//! The mean singular value of one square layer, as the Xavier paper measured it.

use std::f64::consts::PI;

use evenkeel_init::{Geometry, Scheme};
use nalgebra::DMatrix;

use crate::error::LabError;
use crate::judge::{STANDARD_ERRORS, Sample};
use crate::results::{Table, Value};
use crate::study::Bench;

/// One square layer under an initialisation of the paper.
pub(super) struct SquareLayer {
    name: &'static str,
    width: usize,
    /// Mean singular value, a value a seed.
    pub(super) measured: Sample,
    /// Of a wide layer.
    pub(super) expected: f64,
}

impl SquareLayer {
    /// The normalised initialisation, then the standard one.
    pub(super) fn both(
        bench: &Bench<'_>,
        width: usize,
        trials: usize,
    ) -> Result<[Self; 2], LabError> {
        // ∫ s · √(4 − s²)/π ds over [0, 2] for n · Var W = 1; the scale is √(n · Var W).
        let unit = 8.0 / (3.0 * PI);
        let measure = |name, scheme: Scheme, expected| {
            let means = bench.trials(trials, |trial| mean(bench, name, &scheme, width, trial))?;
            Ok::<_, LabError>(Self {
                name,
                width,
                measured: Sample::of(&means),
                expected,
            })
        };
        Ok([
            measure("normalised", Scheme::xavier_uniform(1.0), unit)?,
            measure(
                "standard",
                Scheme::pytorch_linear_default_weight(),
                unit / 3f64.sqrt(),
            )?,
        ])
    }

    /// Whether the mean over seeds is the wide layer's, within its standard errors and 1/n of it: the
    /// law of a real matrix of n rows is off by that order.
    pub(super) fn agrees(&self) -> bool {
        let standard_error = self.measured.std / (self.measured.count as f64).sqrt();
        let finite_width = self.expected / self.width as f64;
        (self.measured.mean - self.expected).abs()
            <= STANDARD_ERRORS * standard_error + finite_width
    }
}

fn mean(
    bench: &Bench<'_>,
    name: &str,
    scheme: &Scheme,
    width: usize,
    trial: usize,
) -> Result<f64, LabError> {
    let geometry = Geometry::linear(width, width)?;
    let stream = format!("jacobian/square/{name}/{trial}.weight");
    let weight = scheme.tensor::<f64>(&geometry, bench.seed(), &stream)?;
    Ok(DMatrix::from_row_slice(width, width, &weight)
        .singular_values()
        .mean())
}

pub(super) fn table(layers: &[SquareLayer; 2]) -> Table {
    let rows = layers.iter().map(|layer| {
        vec![
            Value::from(layer.name),
            layer.measured.mean.into(),
            layer.expected.into(),
        ]
    });
    Table {
        name: "Mean singular value of one square layer".to_owned(),
        columns: ["initialisation", "mean", "theory"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}
