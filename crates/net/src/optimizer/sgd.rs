//! Stochastic gradient descent.

use super::blocks::for_each_block;
use super::multipliers::Run;
use super::{
    Multipliers, Optimizer, OptimizerError, OptimizerState, StateBuffer, checked_learning_rate,
    checked_weight_decay,
};
use crate::network::Network;
use crate::simd::{Kernel, vectorized};

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
        let (parameters, gradients, workers) = network.parameters_and_gradients();
        if gradients.is_empty() {
            return;
        }
        self.steps += 1;
        let rule = Rule {
            multipliers: &self.multipliers,
            learning_rate: self.learning_rate,
            momentum: self.momentum,
            weight_decay: self.weight_decay,
        };
        if self.momentum == 0.0 {
            workers.enter(|team| {
                for_each_block(team, (parameters, gradients), &|first, slices| {
                    vectorized(Plain {
                        rule,
                        first,
                        slices,
                    });
                });
            });
            return;
        }
        self.velocity.resize(parameters.len(), 0.0);
        let (velocity, nesterov) = (&mut self.velocity[..], self.nesterov);
        workers.enter(|team| {
            let slices = (parameters, velocity, gradients);
            for_each_block(team, slices, &|first, slices| match nesterov {
                Nesterov::No => vectorized(Momentum {
                    rule,
                    first,
                    slices,
                }),
                Nesterov::Yes => vectorized(LookAhead {
                    rule,
                    first,
                    slices,
                }),
            });
        });
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, network: &mut Network) {
        Self::step(self, network);
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

/// What is the same for every value but for its factor.
#[derive(Clone, Copy)]
struct Rule<'a> {
    multipliers: &'a Multipliers,
    learning_rate: f64,
    momentum: f32,
    weight_decay: f32,
}

impl Rule<'_> {
    #[inline(always)]
    fn rate(&self, run: &Run) -> f32 {
        (self.learning_rate * run.factor) as f32
    }
}

struct Plain<'a> {
    rule: Rule<'a>,
    first: usize,
    slices: (&'a mut [f32], &'a [f32]),
}

impl Kernel for Plain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Rule { weight_decay, .. } = self.rule;
        let (mut parameters, mut gradients) = self.slices;
        let mut first = self.first;
        for run in self.rule.multipliers.from(self.first) {
            let count = (run.end - first).min(parameters.len());
            first += count;
            let (w, g);
            (w, parameters) = parameters.split_at_mut(count);
            (g, gradients) = gradients.split_at(count);
            let rate = self.rule.rate(run);
            for (w, &g) in w.iter_mut().zip(g) {
                *w -= rate * (g + weight_decay * *w);
            }
            if parameters.is_empty() {
                break;
            }
        }
    }
}

struct Momentum<'a> {
    rule: Rule<'a>,
    first: usize,
    slices: (&'a mut [f32], &'a mut [f32], &'a [f32]),
}

impl Kernel for Momentum<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Rule {
            momentum,
            weight_decay,
            ..
        } = self.rule;
        let (mut parameters, mut velocity, mut gradients) = self.slices;
        let mut first = self.first;
        for run in self.rule.multipliers.from(self.first) {
            let count = (run.end - first).min(parameters.len());
            first += count;
            let (w, v, g);
            (w, parameters) = parameters.split_at_mut(count);
            (v, velocity) = velocity.split_at_mut(count);
            (g, gradients) = gradients.split_at(count);
            let rate = self.rule.rate(run);
            for ((w, v), &g) in w.iter_mut().zip(v).zip(g) {
                *v = momentum * *v + (g + weight_decay * *w);
                *w -= rate * *v;
            }
            if parameters.is_empty() {
                break;
            }
        }
    }
}

/// [`Momentum`], Nesterov's.
struct LookAhead<'a> {
    rule: Rule<'a>,
    first: usize,
    slices: (&'a mut [f32], &'a mut [f32], &'a [f32]),
}

impl Kernel for LookAhead<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Rule {
            momentum,
            weight_decay,
            ..
        } = self.rule;
        let (mut parameters, mut velocity, mut gradients) = self.slices;
        let mut first = self.first;
        for run in self.rule.multipliers.from(self.first) {
            let count = (run.end - first).min(parameters.len());
            first += count;
            let (w, v, g);
            (w, parameters) = parameters.split_at_mut(count);
            (v, velocity) = velocity.split_at_mut(count);
            (g, gradients) = gradients.split_at(count);
            let rate = self.rule.rate(run);
            for ((w, v), &g) in w.iter_mut().zip(v).zip(g) {
                let d = g + weight_decay * *w;
                *v = momentum * *v + d;
                *w -= rate * (d + momentum * *v);
            }
            if parameters.is_empty() {
                break;
            }
        }
    }
}
