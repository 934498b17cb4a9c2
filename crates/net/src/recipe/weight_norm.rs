//! The data-dependent initialisation of weight normalisation.

use evenkeel_init::{Scheme, Seed};

use super::RecipeError;
use super::layer_by_layer::{self, Stop};
use super::weights::draw;
use crate::graph::Role;
use crate::network::Network;
use crate::statistics::Moments;

/// The standard deviation that the paper draws directions with; only directions matter.
const DIRECTION_STD: f64 = 0.05;

/// v ~ N(0, 0.05²); with t = v·x/‖v‖ of mean μ and standard deviation σ over the batch, g = 1/σ
/// and b = −μ/σ: each unit's pre-activation g t + b has mean 0 and standard deviation 1. What is
/// kept is the weight w = g v/‖v‖.
pub(super) fn initialize(
    network: &mut Network,
    seed: Seed,
    batch: &[f32],
) -> Result<(), RecipeError> {
    super::fill(network, |parameter, values| {
        match parameter.role() {
            Role::Weight { .. } => {
                draw(&Scheme::normal(0.0, DIRECTION_STD), parameter, seed, values)?;
                normalize_rows(values, parameter.shape().axes()[0]);
            }
            role => values.fill(super::at_rest(role)),
        }
        Ok(())
    })?;
    layer_by_layer::run(network, batch, |stop, parameters| {
        if stop.is_weight_layer() {
            standardize(stop, parameters)?;
            stop.run(parameters);
        }
        Ok(())
    })
}

/// v ← v/‖v‖ for each unit.
fn normalize_rows(values: &mut [f32], outputs: usize) {
    let columns = values.len() / outputs;
    for row in values.chunks_exact_mut(columns) {
        let norm = row
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum::<f64>()
            .sqrt();
        for v in row {
            *v = (f64::from(*v) / norm) as f32;
        }
    }
}

/// Each unit (each channel of a convolution): w ← w/σ, b ← −μ/σ.
fn standardize(stop: &Stop<'_>, parameters: &mut [f32]) -> Result<(), RecipeError> {
    let Some(weight) = stop.parameter(|role| matches!(role, Role::Weight { .. })) else {
        return Ok(());
    };
    let bias = stop
        .parameter(|role| matches!(role, Role::Bias { .. }))
        .map(|bias| bias.range());
    let outputs = weight.shape.axes()[0];
    let (weight, features) = (weight.range(), stop.features());
    let (columns, plane) = (weight.len() / outputs, features / outputs);
    for output in 0..outputs {
        let mut moments = Moments::new();
        let made = stop.made();
        let mut column = Vec::with_capacity(made.len() / outputs);
        for example in made.chunks_exact(features) {
            column.extend_from_slice(&example[output * plane..(output + 1) * plane]);
        }
        moments.update(&column);
        let std = moments.std();
        if !(std > 0.0 && std.is_finite()) {
            return Err(RecipeError::NoSpread {
                layer: format!("{}, unit {output}", stop.name()),
                got: std,
            });
        }
        let row = weight.start + output * columns;
        for w in &mut parameters[row..row + columns] {
            *w = (f64::from(*w) / std) as f32;
        }
        if let Some(bias) = &bias {
            parameters[bias.start + output] = (-moments.mean() / std) as f32;
        }
    }
    Ok(())
}
