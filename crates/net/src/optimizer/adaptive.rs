//! What Adam and AdamW share: running moments of the gradient, and the step along them.

use super::blocks::for_each_block;
use super::{
    Multipliers, OptimizerError, OptimizerState, StateBuffer, checked_learning_rate,
    checked_weight_decay,
};
use crate::network::Network;
use crate::simd::{Kernel, vectorized};

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

    pub(super) fn step(&mut self, network: &mut Network) {
        let (parameters, gradients, workers) = network.parameters_and_gradients();
        if gradients.is_empty() {
            return;
        }
        self.steps += 1;
        self.average.resize(parameters.len(), 0.0);
        self.square.resize(parameters.len(), 0.0);
        let corrected = |beta: f64| 1.0 - libm::pow(beta, self.steps as f64);
        let (coupled, decoupled) = match self.decay {
            Decay::Coupled => (self.weight_decay as f32, 0.0),
            Decay::Decoupled => (0.0, self.weight_decay),
        };
        let rule = Rule {
            multipliers: &self.multipliers,
            learning_rate: self.learning_rate,
            correction: corrected(self.beta1),
            scale: corrected(self.beta2).sqrt() as f32,
            average_gain: (1.0 - self.beta1) as f32,
            square_keep: self.beta2 as f32,
            square_gain: (1.0 - self.beta2) as f32,
            epsilon: self.epsilon as f32,
            coupled,
            decoupled,
        };
        let slices = (
            parameters,
            &mut self.average[..],
            &mut self.square[..],
            gradients,
        );
        workers.enter(|team| {
            for_each_block(team, slices, &|first, slices| {
                vectorized(Update {
                    rule,
                    first,
                    slices,
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

/// What is the same for every value but for its factor.
#[derive(Clone, Copy)]
struct Rule<'a> {
    multipliers: &'a Multipliers,
    learning_rate: f64,
    /// 1 − β₁ᵗ.
    correction: f64,
    /// √(1 − β₂ᵗ).
    scale: f32,
    /// 1 − β₁.
    average_gain: f32,
    /// β₂.
    square_keep: f32,
    /// 1 − β₂.
    square_gain: f32,
    epsilon: f32,
    coupled: f32,
    decoupled: f64,
}

struct Update<'a> {
    rule: Rule<'a>,
    first: usize,
    slices: (&'a mut [f32], &'a mut [f32], &'a mut [f32], &'a [f32]),
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let rule = self.rule;
        let (mut parameters, mut average, mut square, mut gradients) = self.slices;
        let mut first = self.first;
        for run in rule.multipliers.from(self.first) {
            let count = (run.end - first).min(parameters.len());
            first += count;
            let (w, m, s, g);
            (w, parameters) = parameters.split_at_mut(count);
            (m, average) = average.split_at_mut(count);
            (s, square) = square.split_at_mut(count);
            (g, gradients) = gradients.split_at(count);
            let rate = rule.learning_rate * run.factor;
            let size = (rate / rule.correction) as f32;
            let keep = (1.0 - rate * rule.decoupled) as f32;
            for (((w, m), s), &g) in w.iter_mut().zip(m).zip(s).zip(g) {
                let kept = keep * *w;
                let g = g + rule.coupled * *w;
                *m += rule.average_gain * (g - *m);
                *s = rule.square_keep * *s + rule.square_gain * (g * g);
                let denominator = s.sqrt() / rule.scale + rule.epsilon;
                *w = kept - (size * *m) / denominator;
            }
            if parameters.is_empty() {
                break;
            }
        }
    }
}
