//! AdamW.

use super::adaptive::{Adaptive, Decay, adaptive_optimizer};
use super::{Multipliers, Optimizer, OptimizerError, OptimizerState};
use crate::network::Network;
use crate::tap::Tap;

/// AdamW: [`Adam`](super::Adam) with weight decay beside its step.
///
/// With gradient g of parameter value w at step t, counted from 1: `m ← β₁ m + (1 − β₁) g`,
/// `s ← β₂ s + (1 − β₂) g²`, `w ← (1 − η λ) w − η/(1 − β₁ᵗ) · m / (√s/√(1 − β₂ᵗ) + ε)`, with
/// learning rate η and weight decay λ, which is 0.01 unless it is given, as PyTorch has it.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, AdamW, Mode, Network, NoTap, Optimizer, Targets, Threads, zoo};
///
/// let graph = zoo::mlp(&zoo::MlpSpec::new(1, 1, 1, 2, Activation::relu()))?;
/// let mut network = Network::new(graph, 1, Mode::Training, Threads(1))?;
/// let mut optimizer = AdamW::new(0.1)?;
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
/// `torch.optim.AdamW`. I. Loshchilov, F. Hutter (2019), "Decoupled weight decay regularization",
/// algorithm 2; here, as in PyTorch, decay is multiplied by the learning rate.
#[derive(Clone, Debug)]
pub struct AdamW(Adaptive);

impl AdamW {
    /// With this learning rate, β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when it is negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, OptimizerError> {
        Adaptive::new("adamw", Decay::Decoupled, learning_rate, 0.01).map(Self)
    }
}

adaptive_optimizer!(AdamW);
