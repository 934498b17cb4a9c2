//! What SkipInit and ReZero share: a scalar at the end of each branch that begins at 0.

use evenkeel_init::{Scheme, Seed};

use super::RecipeError;
use super::structure::Structure;
use super::weights::draw;
use crate::graph::Role;
use crate::network::Network;

/// α = 0 at the end of each branch, and `scheme` for every weight.
pub(super) fn initialize(
    recipe: &'static str,
    scheme: &Scheme,
    network: &mut Network,
    seed: Seed,
) -> Result<(), RecipeError> {
    if Structure::of(network.graph()).blocks == 0 {
        return Err(RecipeError::NoBranches {
            recipe,
            remedy: "take resmlp or rescnn, or another recipe",
        });
    }
    super::fill(network, |parameter, values| {
        match parameter.role() {
            Role::Weight { .. } => draw(scheme, parameter, seed, values)?,
            // The branch's end begins shut; a norm's scale would be no scalar.
            Role::Scale if parameter.shape().len() == 1 => values.fill(0.0),
            role => values.fill(super::at_rest(role)),
        }
        Ok(())
    })
}
