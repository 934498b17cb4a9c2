//! What Adam and AdamW share: running moments of the gradient, and the step along them.

use super::blocks::Pass;
use super::{
    Multipliers, OptimizerError, OptimizerState, StateBuffer, checked_learning_rate,
    checked_weight_decay,
};
use crate::network::{Network, Storage};
use crate::simd::{Kernel, vectorized};
use crate::tap::Tap;

/// Where weight decay comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decay {
    /// Into the gradient, before its moments.
    Coupled,
    /// Into the parameter, beside the step.
    Decoupled,
}

/// The settings and the moments.
#[derive(Clone, Debug)]
pub(super) struct Adaptive {
    name: &'static str,
    decay: Decay,
    pub(super) learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    pub(super) multipliers: Multipliers,
    steps: u64,
    average: Vec<f32>,
    square: Vec<f32>,
}

const MOMENTS: [&str; 2] = ["exp_avg", "exp_avg_sq"];

impl Adaptive {
    /// With PyTorch's β₁ = 0.9, β₂ = 0.999 and ε = 10⁻⁸.
    pub(super) fn new(
        name: &'static str,
        decay: Decay,
        learning_rate: f64,
        weight_decay: f64,
    ) -> Result<Self, OptimizerError> {
        Ok(Self {
            name,
            decay,
            learning_rate: checked_learning_rate(learning_rate)?,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: checked_weight_decay(weight_decay)?,
            multipliers: Multipliers::none(),
            steps: 0,
            average: Vec::new(),
            square: Vec::new(),
        })
    }

    pub(super) fn with_betas(mut self, beta1: f64, beta2: f64) -> Result<Self, OptimizerError> {
        for (which, got) in [("beta1", beta1), ("beta2", beta2)] {
            if !(0.0..1.0).contains(&got) {
                return Err(OptimizerError::Beta { which, got });
            }
        }
        (self.beta1, self.beta2) = (beta1, beta2);
        Ok(self)
    }

    pub(super) fn with_epsilon(mut self, epsilon: f64) -> Result<Self, OptimizerError> {
        if !(epsilon >= 0.0 && (epsilon as f32).is_finite()) {
            return Err(OptimizerError::Epsilon { got: epsilon });
        }
        self.epsilon = epsilon;
        Ok(self)
    }

    pub(super) fn with_weight_decay(mut self, weight_decay: f64) -> Result<Self, OptimizerError> {
        self.weight_decay = checked_weight_decay(weight_decay)?;
        Ok(self)
    }

    pub(super) fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), OptimizerError> {
        self.learning_rate = checked_learning_rate(learning_rate)?;
        Ok(())
    }

    pub(super) fn step(&mut self, network: &mut Network, tap: &dyn Tap) {
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
        self.average.resize(parameters.len(), 0.0);
        self.square.resize(parameters.len(), 0.0);
        let corrected = |beta: f64| 1.0 - libm::pow(beta, self.steps as f64);
        let (coupled, decoupled) = match self.decay {
            Decay::Coupled => (self.weight_decay, 0.0),
            Decay::Decoupled => (0.0, self.weight_decay),
        };
        let (first, second) = (corrected(self.beta1), corrected(self.beta2));
        let rule = Rule {
            scale: second.sqrt() as f32,
            average_gain: (1.0 - self.beta1) as f32,
            square_keep: self.beta2 as f32,
            square_gain: (1.0 - self.beta2) as f32,
            epsilon: self.epsilon as f32,
        };
        let rest = (&mut self.average[..], &mut self.square[..], gradients);
        let learning_rate = self.learning_rate;
        let multipliers = &self.multipliers;
        workers.enter(|team| {
            let pass = Pass {
                team,
                graph,
                multipliers,
                tap,
            };
            pass.run(parameters, rest, &|factors, parameters, rest| {
                let rate = learning_rate * factors.learning_rate;
                vectorized(Update {
                    rule,
                    size: (rate / first) as f32,
                    coupled: (coupled * factors.weight_decay) as f32,
                    keep: (1.0 - rate * (decoupled * factors.weight_decay)) as f32,
                    parameters,
                    rest,
                });
            });
        });
    }

    pub(super) fn state(&self) -> OptimizerState {
        let buffers = MOMENTS.into_iter().zip([&self.average, &self.square]);
        OptimizerState {
            optimizer: self.name.to_owned(),
            steps: self.steps,
            buffers: buffers
                .map(|(name, values)| StateBuffer {
                    name: name.to_owned(),
                    values: values.clone(),
                })
                .collect(),
        }
    }

    pub(super) fn restore(
        &mut self,
        state: OptimizerState,
        parameter_count: usize,
    ) -> Result<(), OptimizerError> {
        let steps = state.steps;
        [self.average, self.square] = state.into_buffers(self.name, MOMENTS, parameter_count)?;
        self.steps = steps;
        Ok(())
    }
}

/// What is the same for every value.
#[derive(Clone, Copy)]
struct Rule {
    /// √(1 − β₂ᵗ).
    scale: f32,
    /// 1 − β₁.
    average_gain: f32,
    /// β₂.
    square_keep: f32,
    /// 1 − β₂.
    square_gain: f32,
    epsilon: f32,
}

struct Update<'a> {
    rule: Rule,
    /// η/(1 − β₁ᵗ).
    size: f32,
    /// λ where decay is coupled, else 0.
    coupled: f32,
    /// 1 − η λ where decay is decoupled, else 1.
    keep: f32,
    parameters: &'a mut [f32],
    /// Averages of the gradients and of their squares, and the gradients.
    rest: (&'a mut [f32], &'a mut [f32], &'a [f32]),
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self {
            rule,
            size,
            coupled,
            keep,
            ..
        } = self;
        let (average, square, gradients) = self.rest;
        let moments = average.iter_mut().zip(square);
        for ((w, (m, s)), &g) in self.parameters.iter_mut().zip(moments).zip(gradients) {
            let kept = keep * *w;
            let g = g + coupled * *w;
            *m += rule.average_gain * (g - *m);
            *s = rule.square_keep * *s + rule.square_gain * (g * g);
            let denominator = s.sqrt() / rule.scale + rule.epsilon;
            *w = kept - (size * *m) / denominator;
        }
    }
}

/// What [`Adam`](super::Adam) and [`AdamW`](super::AdamW) have in common to their callers.
macro_rules! adaptive_optimizer {
    ($optimizer:ident) => {
        impl $optimizer {
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

        impl Optimizer for $optimizer {
            fn step_tapped(&mut self, network: &mut Network, tap: &dyn Tap) {
                self.0.step(network, tap);
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
    };
}

pub(super) use adaptive_optimizer;
