//! Optimisers: one file each, as PyTorch defines them.
//!
//! An optimiser goes once over the parameters, in blocks that threads share; what it computes for
//! a value depends on that value alone, so the bits do not depend on how it is cut.

mod adam;
mod adamw;
mod adaptive;
mod blocks;
mod clip;
mod multipliers;
mod mup;
mod schedule;
mod sgd;
mod state;

pub use adam::Adam;
pub use adamw::AdamW;
pub(crate) use blocks::update_parts;
pub use clip::{clip_gradients, gradient_norm};
pub use multipliers::Multipliers;
pub use mup::MupRule;
pub use schedule::{LearningRate, Schedule};
pub use sgd::{Nesterov, Sgd};
pub use state::{OptimizerState, StateBuffer};

use crate::network::Network;
use crate::tap::{NoTap, Tap};

/// What trains a network, whichever it is: a step along the gradients, a learning rate that a
/// schedule may change, and a state that a checkpoint keeps.
///
/// After the first step, a step allocates nothing.
pub trait Optimizer {
    /// Takes a step along the gradients of the network's latest backward pass. Where there was
    /// none since the latest forward pass, nothing changes.
    fn step(&mut self, network: &mut Network) {
        self.step_tapped(network, &NoTap);
    }

    /// [`step`](Self::step), with each parameter's values before and after shown to `tap` while
    /// they are warm.
    fn step_tapped(&mut self, network: &mut Network, tap: &dyn Tap);

    /// The learning rate.
    fn learning_rate(&self) -> f64;

    /// Changes the learning rate, as a schedule does.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when it is negative or not finite.
    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), OptimizerError>;

    /// Gives parameters learning rates of their own.
    fn set_multipliers(&mut self, multipliers: Multipliers);

    /// What it remembers of the steps so far.
    fn state(&self) -> OptimizerState;

    /// Goes on from a state that [`state`](Self::state) gave, for a network of so many parameter
    /// values. Settings, the learning rate among them, are not part of it.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::State`] for the state of another optimiser or of a network of another
    /// size; nothing has changed then.
    fn restore(
        &mut self,
        state: OptimizerState,
        parameter_count: usize,
    ) -> Result<(), OptimizerError>;
}

/// What can be wrong with an optimiser's settings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizerError {
    /// The learning rate is negative or not finite.
    #[error("a learning rate of {got}: give a finite number that is not negative")]
    LearningRate {
        /// The learning rate.
        got: f64,
    },
    /// The momentum is outside its range.
    #[error("a momentum of {got}: give a number from 0 up to, but not including, 1")]
    Momentum {
        /// The momentum.
        got: f64,
    },
    /// Nesterov's look ahead without a momentum to look along.
    #[error("Nesterov's step needs momentum: give one above 0, or leave Nesterov out")]
    NesterovWithoutMomentum,
    /// The weight decay is negative or not finite.
    #[error("a weight decay of {got}: give a finite number that is not negative")]
    WeightDecay {
        /// The weight decay.
        got: f64,
    },
    /// A decay rate of the moments is outside its range.
    #[error("a {which} of {got}: give a number from 0 up to, but not including, 1")]
    Beta {
        /// `beta1` or `beta2`.
        which: &'static str,
        /// The decay rate.
        got: f64,
    },
    /// What is added to the denominator is negative or not finite.
    #[error("an epsilon of {got}: give a finite number that is not negative")]
    Epsilon {
        /// The epsilon.
        got: f64,
    },
    /// A factor of the learning rate is negative or not finite.
    #[error(
        "parameter `{parameter}` has the learning-rate factor {got}: give a finite number that is not negative"
    )]
    Multiplier {
        /// The parameter.
        parameter: String,
        /// Its factor.
        got: f64,
    },
    /// A factor is given to a parameter that the network does not have.
    #[error(
        "a learning-rate factor is given to `{parameter}`, which is no parameter of the network: name one as LAYER.weight or LAYER.bias"
    )]
    UnknownParameter {
        /// The name.
        parameter: String,
    },
    /// μP's base is not the same network at another width.
    #[error(
        "parameter `{parameter}` has no match in the base: give the same layers at the width that was tuned"
    )]
    Base {
        /// The parameter.
        parameter: String,
    },
    /// The largest gradient norm is not a positive number.
    #[error("gradients clipped to a norm of {got}: give a finite number above 0")]
    MaxNorm {
        /// The norm.
        got: f64,
    },
    /// A schedule that cannot be.
    #[error("{what} is {got}: {remedy}")]
    Schedule {
        /// Which setting.
        what: &'static str,
        /// What was given.
        got: f64,
        /// What to give.
        remedy: &'static str,
    },
    /// A state that does not belong to the optimiser and the network.
    #[error("the state holds {got}, where {expected} is needed")]
    State {
        /// What was needed.
        expected: String,
        /// What was found.
        got: String,
    },
}

/// `learning_rate`, if it is one.
fn checked_learning_rate(got: f64) -> Result<f64, OptimizerError> {
    // What is applied is rounded to f32, and must be finite there too.
    if got >= 0.0 && (got as f32).is_finite() {
        Ok(got)
    } else {
        Err(OptimizerError::LearningRate { got })
    }
}

/// `weight_decay`, if it is one.
fn checked_weight_decay(got: f64) -> Result<f64, OptimizerError> {
    if got >= 0.0 && (got as f32).is_finite() {
        Ok(got)
    } else {
        Err(OptimizerError::WeightDecay { got })
    }
}
