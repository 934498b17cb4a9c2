//! Orthogonal weights next to the edge of chaos, where tanh is nearly linear.

use evenkeel_init::{Fan, Scheme, Seed};
use evenkeel_theory::{Activation, CriticalPoint, Moments, critical_line};

use super::RecipeError;
use super::structure::{Part, Structure};
use super::weights::draw;
use crate::graph::{ParameterSpec, Role};
use crate::network::Network;

/// What weights are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Law {
    /// Haar's, in a convolution at the centre tap alone: `delta_orthogonal`.
    Orthogonal,
    /// Independent normal values of the same variance.
    Gaussian,
}

/// The variance of pre-activations at which a network of `depth` weight layers begins:
/// `q* = 1/(4√depth)`.
///
/// A tanh layer stretches a direction by φ′ = 1 − h² + …, whose square varies by 8q² over the
/// units. Over the whole depth the squares of the end-to-end singular values then vary by
/// depth · 8q² = ½ about their mean: close to an isometry, and as far from linear as that allows.
pub fn near_critical_variance(depth: usize) -> f64 {
    0.25 / (depth.max(1) as f64).sqrt()
}

/// The point of the critical line of `activation` that a network of this depth begins at.
///
/// # Errors
///
/// [`RecipeError::MeanField`] for an activation without slope or moments;
/// [`RecipeError::NoEdge`] where the line does not reach so small a variance.
pub fn near_critical_point(
    activation: &Activation,
    depth: usize,
) -> Result<CriticalPoint, RecipeError> {
    let q = near_critical_variance(depth);
    let point = critical_line(activation, &[q])?.first().copied();
    point.ok_or_else(|| RecipeError::NoEdge {
        activation: activation.to_string(),
        q,
    })
}

/// The stem brings the data (of second moment 1) to q*, hidden layers have the critical point's
/// σ_w and σ_b, and the head makes logits of second moment 1.
pub(super) fn initialize(
    law: Law,
    network: &mut Network,
    activation: &Activation,
    depth: usize,
    seed: Seed,
) -> Result<(), RecipeError> {
    let point = near_critical_point(activation, depth)?;
    let second_moment = Moments::at(activation, point.q_star)
        .map_err(|source| evenkeel_theory::GainError::Expectation {
            activation: activation.to_string(),
            source,
        })?
        .second_moment
        .value;
    let structure = Structure::of(network.graph());
    let head_bias = network
        .graph()
        .parameters()
        .last()
        .map(|last| last.name().to_owned());
    super::fill(network, |parameter, values| {
        match parameter.role() {
            Role::Weight { fan_in, .. } => {
                let gain = match structure.place(parameter).part {
                    Part::Stem => point.q_star.sqrt(),
                    Part::Head => (1.0 / second_moment).sqrt(),
                    _ => point.sigma_w2.sqrt(),
                };
                draw(
                    &law.scheme(gain, fan_in, parameter),
                    parameter,
                    seed,
                    values,
                )?;
            }
            Role::Bias { .. } if head_bias.as_deref() != Some(parameter.name()) => {
                let std = point.sigma_b2.max(0.0).sqrt();
                draw(&Scheme::normal(0.0, std), parameter, seed, values)?;
            }
            role => values.fill(super::at_rest(role)),
        }
        Ok(())
    })
}

impl Law {
    /// The scheme whose outputs have `gain²` times the second moment of the inputs.
    fn scheme(self, gain: f64, fan_in: usize, parameter: &ParameterSpec) -> Scheme {
        let axes = parameter.shape().axes();
        let receptive: usize = axes[2..].iter().product();
        // Where there are more outputs than inputs the columns are orthonormal, and the inputs'
        // squares are shared among the outputs.
        let (outputs, inputs) = (axes[0] as f64, (fan_in / receptive) as f64);
        let widening = (outputs / inputs).max(1.0).sqrt();
        match self {
            Self::Gaussian => Scheme::kaiming_normal(gain, Fan::In),
            Self::Orthogonal if receptive > 1 => Scheme::delta_orthogonal(gain * widening),
            Self::Orthogonal => Scheme::orthogonal(gain * widening),
        }
    }
}
