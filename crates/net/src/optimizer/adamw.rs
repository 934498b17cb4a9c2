//! AdamW.

use super::adaptive::{Adaptive, Decay};
use super::{Multipliers, Optimizer, OptimizerError, OptimizerState};
use crate::network::Network;

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

    /// With these decay rates of the moments.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::Beta`] outside of `0 ≤ β < 1`.
    pub fn with_betas(self, beta1: f64, beta2: f64) -> Result<Self, OptimizerError> {
        self.0.with_betas(beta1, beta2).map(Self)
    }

    /// With this ε.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::Epsilon`] when it is negative or not finite.
    pub fn with_epsilon(self, epsilon: f64) -> Result<Self, OptimizerError> {
        self.0.with_epsilon(epsilon).map(Self)
    }

    /// With this weight decay.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::WeightDecay`] when it is negative or not finite.
    pub fn with_weight_decay(self, weight_decay: f64) -> Result<Self, OptimizerError> {
        self.0.with_weight_decay(weight_decay).map(Self)
    }

    /// With learning rates of single parameters.
    #[must_use]
    pub fn with_multipliers(mut self, multipliers: Multipliers) -> Self {
        self.0.multipliers = multipliers;
        self
    }
}

impl Optimizer for AdamW {
    fn step(&mut self, network: &mut Network) {
        self.0.step(network);
    }

    fn learning_rate(&self) -> f64 {
        self.0.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), OptimizerError> {
        self.0.set_learning_rate(learning_rate)
    }

    fn set_multipliers(&mut self, multipliers: Multipliers) {
        self.0.multipliers = multipliers;
    }

    fn state(&self) -> OptimizerState {
        self.0.state()
    }

    fn restore(
        &mut self,
        state: OptimizerState,
        parameter_count: usize,
    ) -> Result<(), OptimizerError> {
        self.0.restore(state, parameter_count)
    }
}
