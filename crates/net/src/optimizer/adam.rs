//! Adam.

use super::adaptive::{Adaptive, Decay, adaptive_optimizer};
use super::{Multipliers, Optimizer, OptimizerError, OptimizerState};
use crate::network::Network;
use crate::tap::Tap;

/// Adam: a step of its own size for each value, by running moments of its gradient.
///
/// With gradient g of parameter value w at step t, counted from 1: `d = g + λ w`,
/// `m ← β₁ m + (1 − β₁) d`, `s ← β₂ s + (1 − β₂) d²`,
/// `w ← w − η/(1 − β₁ᵗ) · m / (√s/√(1 − β₂ᵗ) + ε)`, with learning rate η and weight decay λ, which
/// is none unless it is given.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, Adam, Mode, Network, NoTap, Optimizer, Targets, Threads, zoo};
///
/// let graph = zoo::mlp(&zoo::MlpSpec::new(1, 1, 1, 2, Activation::relu()))?;
/// let mut network = Network::new(graph, 1, Mode::Training, Threads(1))?;
/// let mut optimizer = Adam::new(0.1)?;
/// network.forward(&[&[1.0]], Targets::Classes(&[1]), &NoTap)?;
/// network.backward(&NoTap)?;
/// optimizer.step(&mut network);
/// // The first step is the learning rate itself, whatever the gradient's size.
/// let moved = network.parameter("fc0.bias")?[1];
/// assert!((moved - 0.1).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
///
/// `torch.optim.Adam`. D. P. Kingma, J. Ba (2015), "Adam: a method for stochastic optimization",
/// algorithm 1.
#[derive(Clone, Debug)]
pub struct Adam(Adaptive);

impl Adam {
    /// With this learning rate, β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when it is negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, OptimizerError> {
        Adaptive::new("adam", Decay::Coupled, learning_rate, 0.0).map(Self)
    }
}

adaptive_optimizer!(Adam);
