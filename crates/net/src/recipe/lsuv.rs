//! Layer-sequential unit variance, in the paper's form.

use evenkeel_init::{Scheme, Seed};

use super::RecipeError;
use super::layer_by_layer::{self, Stop};
use super::weights::draw;
use crate::graph::Role;
use crate::network::Network;
use crate::statistics::Moments;

/// The largest |variance − 1| of a layer's output that the paper accepts. A layer without bias is
/// linear in its weight, so that one round leaves no more than rounding.
const TOLERANCE: f64 = 0.1;

/// The paper bounds the rounds; so does this.
const MOST_ROUNDS: usize = 10;

/// Orthonormal weights, then, layer after layer, W ← W/√Var(output) until the output's variance over
/// the batch is 1. The output is the pre-activation.
pub(super) fn initialize(
    network: &mut Network,
    seed: Seed,
    batch: &[f32],
) -> Result<(), RecipeError> {
    orthonormal(network, seed)?;
    layer_by_layer::run(network, batch, |stop, parameters| {
        if !stop.is_weight_layer() {
            return Ok(());
        }
        for _ in 0..MOST_ROUNDS {
            let moments = Moments::of(&stop.made());
            divide_weight(stop, parameters, moments.std())?;
            stop.run(parameters);
            if (Moments::of(&stop.made()).variance() - 1.0).abs() <= TOLERANCE {
                return Ok(());
            }
        }
        let moments = Moments::of(&stop.made());
        Err(RecipeError::NotSettled {
            layer: stop.name().into(),
            rounds: MOST_ROUNDS,
            mean: moments.mean(),
            std: moments.std(),
        })
    })
}

/// Orthonormal weights, everything else at rest.
fn orthonormal(network: &mut Network, seed: Seed) -> Result<(), RecipeError> {
    super::fill(network, |parameter, values| {
        match parameter.role() {
            Role::Weight { .. } => draw(&Scheme::orthogonal(1.0), parameter, seed, values)?,
            role => values.fill(super::at_rest(role)),
        }
        Ok(())
    })
}

/// W ← W/std, of the layer at `stop`.
pub(super) fn divide_weight(
    stop: &Stop<'_>,
    parameters: &mut [f32],
    std: f64,
) -> Result<(), RecipeError> {
    if !(std > 0.0 && std.is_finite()) {
        return Err(RecipeError::NoSpread {
            layer: stop.name().into(),
            got: std,
        });
    }
    if let Some(weight) = stop.parameter(|role| matches!(role, Role::Weight { .. })) {
        for w in &mut parameters[weight.range()] {
            *w = (f64::from(*w) / std) as f32;
        }
    }
    Ok(())
}
