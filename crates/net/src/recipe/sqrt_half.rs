//! Residual sums times √½.

use evenkeel_init::{Fan, Scheme, Seed};
use evenkeel_theory::{Activation, Gain};

use super::RecipeError;
use super::structure::{Reads, Structure};
use super::weights::draw;
use crate::graph::Role;
use crate::network::Network;

/// Each layer keeps the second moment of what it reads: He's gain where that is an activation, 1
/// elsewhere. A branch then has the trunk's second moment, and so has their sum times √½.
pub(super) fn initialize(
    network: &mut Network,
    activation: &Activation,
    seed: Seed,
) -> Result<(), RecipeError> {
    let structure = Structure::of(network.graph());
    if structure.blocks == 0 {
        return Err(RecipeError::NoBranches {
            recipe: "sqrt-half",
            remedy: "take resmlp or rescnn, or kaiming_normal",
        });
    }
    let after_activation = Gain::of(activation)?.forward;
    super::fill(network, |parameter, values| {
        if !matches!(parameter.role(), Role::Weight { .. }) {
            values.fill(super::at_rest(parameter.role()));
            return Ok(());
        }
        let gain = match structure.place(parameter).reads {
            Reads::Activation => after_activation,
            Reads::Other => 1.0,
        };
        Ok(draw(
            &Scheme::kaiming_normal(gain, Fan::In),
            parameter,
            seed,
            values,
        )?)
    })
}
