//! Layer-sequential unit variance as it is taught in the course: after the activation, mean shifted.

use evenkeel_init::{Fan, Scheme, Seed};
use evenkeel_theory::{Activation, Gain};

use super::RecipeError;
use super::layer_by_layer;
use super::lsuv::divide_weight;
use super::weights::draw;
use crate::graph::Role;
use crate::network::Network;
use crate::statistics::Moments;

/// The largest |mean| and |standard deviation − 1| of a layer's output: the course's.
const TOLERANCE: f64 = 1e-3;

/// Rounds of shifting and scaling before a layer is given up.
const MOST_ROUNDS: usize = 20;

/// He's weights; then, for each layer whose activation has a learned shift, the shift takes away the
/// mean of what comes out and the layer's weight is divided by its standard deviation, until both
/// are right. (The course shifts first, scales then, and does not look at the mean again.)
pub(super) fn initialize(
    network: &mut Network,
    activation: &Activation,
    seed: Seed,
    batch: &[f32],
) -> Result<(), RecipeError> {
    let scheme = Scheme::kaiming_normal(Gain::of(activation)?.forward, Fan::In);
    super::fill(network, |parameter, values| {
        match parameter.role() {
            Role::Weight { .. } => draw(&scheme, parameter, seed, values)?,
            role => values.fill(super::at_rest(role)),
        }
        Ok(())
    })?;
    layer_by_layer::run(network, batch, |stop, parameters| {
        let Some(shift) = stop.shift_after_activation() else {
            return Ok(());
        };
        let mut moments = Moments::of(&stop.activated(parameters));
        for _ in 0..MOST_ROUNDS {
            if moments.mean().abs() <= TOLERANCE && (moments.std() - 1.0).abs() <= TOLERANCE {
                return Ok(());
            }
            divide_weight(stop, parameters, moments.std())?;
            stop.run(parameters);
            let scaled = Moments::of(&stop.activated(parameters));
            parameters[shift] = (f64::from(parameters[shift]) - scaled.mean()) as f32;
            moments = Moments::of(&stop.activated(parameters));
        }
        Err(RecipeError::NotSettled {
            layer: stop.name().into(),
            rounds: MOST_ROUNDS,
            mean: moments.mean(),
            std: moments.std(),
        })
    })
}
