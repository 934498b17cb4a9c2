//! Stochastic gradient descent.

use super::blocks::Pass;
use super::multipliers::Factors;
use super::{
    Multipliers, Optimizer, OptimizerError, OptimizerState, StateBuffer, checked_learning_rate,
    checked_weight_decay,
};
use crate::network::{Network, Storage};
use crate::simd::{Kernel, vectorized};
use crate::tap::{NoTap, Tap};

/// Stochastic gradient descent, with momentum, Nesterov's or the plain one, and weight decay.
///
/// For each parameter value w with gradient g: `d = g + λ w`, `v ← μ v + d`, `w ← w − η v`, with
/// learning rate η, momentum μ and weight decay λ, which applies to biases as to weights. With
/// Nesterov's momentum the last is `w ← w − η (d + μ v)`. Without momentum v is d and nothing is
/// stored; with it, v starts at 0, so that the first step is one without momentum.
///
/// # Example
///
/// See [`Network`].
///
/// # Source
///
/// `torch.optim.SGD` with a dampening of 0. I. Sutskever, J. Martens, G. Dahl, G. Hinton (2013),
/// "On the importance of initialization and momentum in deep learning", for both momenta; there
/// the learning rate is within v.
#[derive(Clone, Debug)]
pub struct Sgd {
    learning_rate: f64,
    momentum: f32,
    nesterov: Nesterov,
    weight_decay: f32,
    multipliers: Multipliers,
    steps: u64,
    velocity: Vec<f32>,
}

/// Whether a step looks ahead along its momentum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nesterov {
    /// It does.
    Yes,
    /// It does not.
    #[default]
    No,
}

const NAME: &str = "sgd";
const VELOCITY: &str = "momentum_buffer";

impl Sgd {
    /// Plain gradient descent with this learning rate.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when it is negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, OptimizerError> {
        Ok(Self {
            learning_rate: checked_learning_rate(learning_rate)?,
            momentum: 0.0,
            nesterov: Nesterov::No,
            weight_decay: 0.0,
            multipliers: Multipliers::none(),
            steps: 0,
            velocity: Vec::new(),
        })
    }

    /// With momentum.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::Momentum`] outside of `0 ≤ momentum < 1`.
    pub fn with_momentum(mut self, momentum: f64) -> Result<Self, OptimizerError> {
        let rounded = momentum as f32;
        if !(0.0..1.0).contains(&rounded) {
            return Err(OptimizerError::Momentum { got: momentum });
        }
        self.momentum = rounded;
        Ok(self)
    }

    /// With Nesterov's momentum, or the plain one.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::NesterovWithoutMomentum`] where there is none yet.
    pub fn with_nesterov(mut self, nesterov: Nesterov) -> Result<Self, OptimizerError> {
        if nesterov == Nesterov::Yes && self.momentum == 0.0 {
            return Err(OptimizerError::NesterovWithoutMomentum);
        }
        self.nesterov = nesterov;
        Ok(self)
    }

    /// With weight decay.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::WeightDecay`] when it is negative or not finite.
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Result<Self, OptimizerError> {
        self.weight_decay = checked_weight_decay(weight_decay)? as f32;
        Ok(self)
    }

    /// With learning rates of single parameters.
    #[must_use]
    pub fn with_multipliers(mut self, multipliers: Multipliers) -> Self {
        self.multipliers = multipliers;
        self
    }

    /// Changes the learning rate, as a schedule does.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when it is negative or not finite.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), OptimizerError> {
        self.learning_rate = checked_learning_rate(learning_rate)?;
        Ok(())
    }

    /// Takes a step along the gradients of the network's latest backward pass. Where there was
    /// none since the latest forward pass, nothing changes.
    pub fn step(&mut self, network: &mut Network) {
        Optimizer::step_tapped(self, network, &NoTap);
    }
}

impl Optimizer for Sgd {
    fn step_tapped(&mut self, network: &mut Network, tap: &dyn Tap) {
        let Storage {
            graph,
            parameters,
            gradients,
            workers,
        } = network.parameters_and_gradients();
        if gradients.is_empty() {
            return;
        }
        self.steps += 1;
        let Self {
            learning_rate,
            momentum,
            nesterov,
            weight_decay,
            ..
        } = *self;
        let rate = |factors: Factors| (learning_rate * factors.learning_rate) as f32;
        let decay = |factors: Factors| (f64::from(weight_decay) * factors.weight_decay) as f32;
        let multipliers = &self.multipliers;
        let pass = |team| Pass {
            team,
            graph,
            multipliers,
            tap,
        };
        if momentum == 0.0 {
            workers.enter(|team| {
                pass(team).run(parameters, gradients, &|factors, parameters, gradients| {
                    vectorized(Plain {
                        rate: rate(factors),
                        weight_decay: decay(factors),
                        parameters,
                        gradients,
                    });
                });
            });
            return;
        }
        self.velocity.resize(parameters.len(), 0.0);
        let rest = (&mut self.velocity[..], gradients);
        workers.enter(|team| {
            pass(team).run(parameters, rest, &|factors, parameters, rest| {
                let step = Momentum {
                    rate: rate(factors),
                    momentum,
                    weight_decay: decay(factors),
                    parameters,
                    velocity: rest.0,
                    gradients: rest.1,
                };
                match nesterov {
                    Nesterov::No => vectorized(step),
                    Nesterov::Yes => vectorized(LookAhead(step)),
                }
            });
        });
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), OptimizerError> {
        Self::set_learning_rate(self, learning_rate)
    }

    fn set_multipliers(&mut self, multipliers: Multipliers) {
        self.multipliers = multipliers;
    }

    fn state(&self) -> OptimizerState {
        let velocity = || StateBuffer {
            name: VELOCITY.to_owned(),
            values: self.velocity.clone(),
        };
        OptimizerState {
            optimizer: NAME.to_owned(),
            steps: self.steps,
            buffers: (self.momentum != 0.0).then(velocity).into_iter().collect(),
        }
    }

    fn restore(
        &mut self,
        state: OptimizerState,
        parameter_count: usize,
    ) -> Result<(), OptimizerError> {
        let steps = state.steps;
        if self.momentum == 0.0 {
            state.into_buffers(NAME, [], parameter_count)?;
        } else {
            [self.velocity] = state.into_buffers(NAME, [VELOCITY], parameter_count)?;
        }
        self.steps = steps;
        Ok(())
    }
}

struct Plain<'a> {
    rate: f32,
    weight_decay: f32,
    parameters: &'a mut [f32],
    gradients: &'a [f32],
}

impl Kernel for Plain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (w, &g) in self.parameters.iter_mut().zip(self.gradients) {
            *w -= self.rate * (g + self.weight_decay * *w);
        }
    }
}

struct Momentum<'a> {
    rate: f32,
    momentum: f32,
    weight_decay: f32,
    parameters: &'a mut [f32],
    velocity: &'a mut [f32],
    gradients: &'a [f32],
}

impl Kernel for Momentum<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let weights = self.parameters.iter_mut().zip(self.velocity);
        for ((w, v), &g) in weights.zip(self.gradients) {
            *v = self.momentum * *v + (g + self.weight_decay * *w);
            *w -= self.rate * *v;
        }
    }
}

/// [`Momentum`], Nesterov's.
struct LookAhead<'a>(Momentum<'a>);

impl Kernel for LookAhead<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Momentum {
            rate,
            momentum,
            weight_decay,
            parameters,
            velocity,
            gradients,
        } = self.0;
        for ((w, v), &g) in parameters.iter_mut().zip(velocity).zip(gradients) {
            let d = g + weight_decay * *w;
            *v = momentum * *v + d;
            *w -= rate * (d + momentum * *v);
        }
    }
}
