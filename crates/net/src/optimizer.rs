//! Optimisers: one file each.

mod sgd;

pub use sgd::Sgd;

/// What can be wrong with an optimiser's settings.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
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
    /// The weight decay is negative or not finite.
    #[error("a weight decay of {got}: give a finite number that is not negative")]
    WeightDecay {
        /// The weight decay.
        got: f64,
    },
}
