//! How a run tells whoever watches, and is told to stop.

use super::Memory;

/// What is known before the first step.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// The memory that the run needs.
    pub memory: Memory,
    /// Bytes that are available, where the system says.
    pub available: Option<u64>,
    /// Values of all parameters.
    pub parameters: usize,
    /// The step that the run goes on from.
    pub first_step: u64,
    /// All steps of the run.
    pub steps: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
}

/// Where a run is after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Status {
    /// Steps that were taken.
    pub step: u64,
    /// All steps of the run.
    pub steps: u64,
    /// The epoch, counted from 1.
    pub epoch: u64,
    /// Mean loss over the steps of the curve's current point.
    pub loss: f64,
    /// Share of their images that were told right.
    pub accuracy: f64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// The norm of its gradients, before it was clipped.
    pub gradient_norm: f64,
    /// Images a second, over this process so far.
    pub examples_per_second: f64,
    /// Layers times images a second.
    pub layer_examples_per_second: f64,
    /// Seconds that the remaining steps will take at this rate.
    pub seconds_left: f64,
    /// Whether a point of the curve was completed.
    pub milestone: Milestone,
}

/// Whether a step completed a point of the run's curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// It did.
    Point,
    /// It did not.
    None,
}

/// Watches a run.
pub trait Watch {
    /// Before the first step.
    fn begin(&self, _opening: &Opening) {}
    /// After each step.
    fn step(&self, _status: &Status) {}
    /// The run is measuring accuracy on a part of the data.
    fn evaluating(&self, _part: &str) {}
    /// A checkpoint was written.
    fn saved(&self) {}
    /// Whether the run should write a checkpoint and end; asked after each step.
    fn wants_to_stop(&self) -> bool {
        false
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}
