//! What can go wrong with a training run.

use evenkeel_data::BatchError;
use evenkeel_net::checkpoint::CheckpointError;
use evenkeel_net::{OptimizerError, PlanError, RecipeError, RunError};
use thiserror::Error;

use super::Memory;

/// Why a training run could not be made, or not to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A number outside what is trained.
    #[error("{option} is {given}; it must be from 1 to {max}")]
    OutOfRange {
        /// The option's name.
        option: &'static str,
        /// What was given.
        given: u64,
        /// The most that is taken.
        max: u64,
    },
    /// A schedule that is none.
    #[error(
        "--schedule is {given:?}; it must be constant, step:EVERY:FACTOR, cosine or cosine:FLOOR"
    )]
    Schedule {
        /// What was given.
        given: String,
    },
    /// Weight decay that μP has no rule for.
    #[error(
        "--weight-decay is {given} with --optimizer adam and --mup: it goes through Adam's moments, where μP has no rule \
         for it; take --optimizer adamw, or --weight-decay 0"
    )]
    MupWeightDecay {
        /// What was given.
        given: f64,
    },
    /// More images a step than there are.
    #[error(
        "--batch is {batch}, and there are {count} training images; choose a --batch of at most {count}"
    )]
    BatchTooLarge {
        /// Images of a step.
        batch: usize,
        /// Images of the training part.
        count: usize,
    },
    /// More memory than there is.
    #[error("{needed}, and {available} are available; choose {remedy}")]
    Memory {
        /// What is needed.
        needed: Memory,
        /// What there is, for a reader.
        available: String,
        /// The option that helps.
        remedy: String,
    },
    /// The data is not what the run was begun with.
    #[error(
        "the run was begun on other data ({begun}) than is given now ({now}); name the same with --data and --data-dir"
    )]
    OtherData {
        /// The data of the checkpoint.
        begun: String,
        /// The data that was given.
        now: String,
    },
    /// A checkpoint that was written by something else than a training run.
    #[error(
        "the checkpoint holds no training run of this version: {reason}; go on with the evenkeel that began it, or begin anew"
    )]
    ForeignRun {
        /// What does not read.
        reason: String,
    },
    /// A network that cannot be made.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A network that cannot be laid out.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A pass that cannot run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An optimiser or a schedule that cannot be.
    #[error(transparent)]
    Optimizer(#[from] OptimizerError),
    /// Batches that cannot be.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A checkpoint that cannot be written or gone on from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
