//! Batch normalisation.

use evenkeel_init::{Fan, Scheme, Seed};
use evenkeel_theory::{Activation, Gain};

use super::RecipeError;
use super::weights::draw;
use crate::graph::Role;
use crate::network::Network;

/// He's weights, whose scale the norms undo; the norms' own scales 1 and shifts 0.
pub(super) fn initialize(
    network: &mut Network,
    activation: &Activation,
    seed: Seed,
) -> Result<(), RecipeError> {
    let scheme = Scheme::kaiming_normal(Gain::of(activation)?.forward, Fan::In);
    super::fill(network, |parameter, values| {
        match parameter.role() {
            Role::Weight { .. } => draw(&scheme, parameter, seed, values)?,
            role => values.fill(super::at_rest(role)),
        }
        Ok(())
    })
}
