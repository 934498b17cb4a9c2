//! Fixup.

use evenkeel_init::{Fan, Scheme, Seed};
use evenkeel_theory::{Activation, Gain};

use super::RecipeError;
use super::structure::{Part, Structure};
use super::weights::draw;
use crate::graph::{Graph, Role};
use crate::network::Network;

/// What the learning rate of scalar biases and multipliers is multiplied by.
const SCALAR_LEARNING_RATE: f64 = 0.1;

/// What the other layers of a branch are multiplied by: `L^(−1/(2m−2))`, for L branches of m weight
/// layers. A branch of one layer has no others.
pub fn branch_scale(blocks: usize, layers: usize) -> f64 {
    match layers {
        0 | 1 => 1.0,
        m => (blocks as f64).powf(-1.0 / (2.0 * m as f64 - 2.0)),
    }
}

/// The classifier and the last layer of each branch are 0; other weights are He's, those of branches
/// times [`branch_scale`]; multipliers are 1, biases 0.
pub(super) fn initialize(
    network: &mut Network,
    activation: &Activation,
    seed: Seed,
) -> Result<(), RecipeError> {
    let structure = Structure::of(network.graph());
    if structure.blocks == 0 {
        return Err(RecipeError::NoBranches {
            recipe: "fixup",
            remedy: "take resmlp or rescnn, or another recipe",
        });
    }
    let gain = Gain::of(activation)?.forward;
    let scale = branch_scale(structure.blocks, structure.layers);
    super::fill(network, |parameter, values| {
        if !matches!(parameter.role(), Role::Weight { .. }) {
            values.fill(super::at_rest(parameter.role()));
            return Ok(());
        }
        let gain = match structure.place(parameter).part {
            Part::Head | Part::BranchEnd => {
                values.fill(0.0);
                return Ok(());
            }
            Part::Branch => gain * scale,
            Part::Stem | Part::Trunk => gain,
        };
        Ok(draw(
            &Scheme::kaiming_normal(gain, Fan::In),
            parameter,
            seed,
            values,
        )?)
    })
}

pub(super) fn multipliers(graph: &Graph) -> Vec<(String, f64)> {
    super::scalars(graph)
        .map(|parameter| (parameter.name().to_owned(), SCALAR_LEARNING_RATE))
        .collect()
}
