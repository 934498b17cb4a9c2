//! SkipInit.

use evenkeel_init::{Fan, Scheme, Seed};
use evenkeel_theory::{Activation, Gain};

use super::{RecipeError, branch_scalar};
use crate::network::Network;

/// He's weights, and α = 0 at the end of each branch.
pub(super) fn initialize(
    network: &mut Network,
    activation: &Activation,
    seed: Seed,
) -> Result<(), RecipeError> {
    let scheme = Scheme::kaiming_normal(Gain::of(activation)?.forward, Fan::In);
    branch_scalar::initialize("skipinit", &scheme, network, seed)
}
