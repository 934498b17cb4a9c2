//! ReZero.

use evenkeel_init::{Scheme, Seed};

use super::{RecipeError, branch_scalar};
use crate::network::Network;

/// Xavier's weights, and α = 0 at the end of each branch.
pub(super) fn initialize(network: &mut Network, seed: Seed) -> Result<(), RecipeError> {
    branch_scalar::initialize("rezero", &scheme(), network, seed)
}

/// What weights are drawn from.
pub(super) fn scheme() -> Scheme {
    Scheme::xavier_normal(1.0)
}
