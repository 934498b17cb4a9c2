//! Gaussian weights at the same point of the critical line, for comparison.

use evenkeel_init::Seed;
use evenkeel_theory::Activation;

use super::RecipeError;
use super::near_critical::{self, Law};
use crate::network::Network;

/// As the near-critical recipe, its matrices Gaussian: mean-field theory sees no difference, and
/// the chain of random singular values does.
pub(super) fn initialize(
    network: &mut Network,
    activation: &Activation,
    depth: usize,
    seed: Seed,
) -> Result<(), RecipeError> {
    near_critical::initialize(Law::Gaussian, network, activation, depth, seed)
}
