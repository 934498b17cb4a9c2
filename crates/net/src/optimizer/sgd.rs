//! Stochastic gradient descent.

use super::OptimizerError;
use crate::network::Network;
use crate::simd::{Kernel, vectorized};

/// Stochastic gradient descent, with momentum and weight decay.
///
/// For each parameter value w with gradient g: `d = g + λ w`, `v ← μ v + d`, `w ← w − η v`, with
/// learning rate η, momentum μ and weight decay λ, which applies to biases as to weights. Without
/// momentum v is d and nothing is stored; with it, v starts at 0, so that the first step is one
/// without momentum.
///
/// # Example
///
/// See [`Network`].
#[derive(Clone, Debug)]
pub struct Sgd {
    learning_rate: f32,
    momentum: f32,
    weight_decay: f32,
    velocity: Vec<f32>,
}

impl Sgd {
    /// Plain gradient descent with this learning rate.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when it is negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, OptimizerError> {
        let mut sgd = Self {
            learning_rate: 0.0,
            momentum: 0.0,
            weight_decay: 0.0,
            velocity: Vec::new(),
        };
        sgd.set_learning_rate(learning_rate)?;
        Ok(sgd)
    }

    /// With momentum.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::Momentum`] outside of `0 ≤ momentum < 1`.
    pub fn with_momentum(mut self, momentum: f64) -> Result<Self, OptimizerError> {
        if !(0.0..1.0).contains(&momentum) {
            return Err(OptimizerError::Momentum { got: momentum });
        }
        self.momentum = momentum as f32;
        Ok(self)
    }

    /// With weight decay.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::WeightDecay`] when it is negative or not finite.
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Result<Self, OptimizerError> {
        let rounded = weight_decay as f32;
        if !(rounded >= 0.0 && rounded.is_finite()) {
            return Err(OptimizerError::WeightDecay { got: weight_decay });
        }
        self.weight_decay = rounded;
        Ok(self)
    }

    /// Changes the learning rate, as a schedule does.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when it is negative or not finite.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), OptimizerError> {
        let rounded = learning_rate as f32;
        if !(rounded >= 0.0 && rounded.is_finite()) {
            return Err(OptimizerError::LearningRate { got: learning_rate });
        }
        self.learning_rate = rounded;
        Ok(())
    }

    /// Takes a step along the gradients of the network's latest backward pass. Where there was
    /// none since the latest forward pass, nothing changes.
    pub fn step(&mut self, network: &mut Network) {
        let (parameters, gradients, workers) = network.parameters_and_gradients();
        if gradients.is_empty() {
            return;
        }
        let Self {
            learning_rate,
            momentum,
            weight_decay,
            ..
        } = *self;
        if momentum == 0.0 {
            workers.enter(|team| {
                team.for_each_pair(parameters, gradients, |parameters, gradients| {
                    vectorized(Plain {
                        parameters,
                        gradients,
                        learning_rate,
                        weight_decay,
                    });
                });
            });
            return;
        }
        self.velocity.resize(parameters.len(), 0.0);
        let velocity = &mut self.velocity[..];
        workers.enter(|team| {
            team.for_each_triple(
                parameters,
                velocity,
                gradients,
                |parameters, velocity, gradients| {
                    let plain = Plain {
                        parameters,
                        gradients,
                        learning_rate,
                        weight_decay,
                    };
                    vectorized(Momentum {
                        plain,
                        velocity,
                        momentum,
                    });
                },
            );
        });
    }
}

struct Plain<'a> {
    parameters: &'a mut [f32],
    gradients: &'a [f32],
    learning_rate: f32,
    weight_decay: f32,
}

impl Kernel for Plain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (w, &g) in self.parameters.iter_mut().zip(self.gradients) {
            *w -= self.learning_rate * (g + self.weight_decay * *w);
        }
    }
}

struct Momentum<'a> {
    plain: Plain<'a>,
    velocity: &'a mut [f32],
    momentum: f32,
}

impl Kernel for Momentum<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Plain {
            parameters,
            gradients,
            learning_rate,
            weight_decay,
        } = self.plain;
        let velocity = self.velocity.iter_mut();
        for ((w, v), &g) in parameters.iter_mut().zip(velocity).zip(gradients) {
            *v = self.momentum * *v + (g + weight_decay * *w);
            *w -= learning_rate * *v;
        }
    }
}
