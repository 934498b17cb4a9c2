//! Adam.

use super::adaptive::{Adaptive, Decay};
use super::{Multipliers, Optimizer, OptimizerError, OptimizerState};
use crate::network::Network;

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

impl Optimizer for Adam {
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
