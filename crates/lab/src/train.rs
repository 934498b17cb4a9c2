//! Training one network, from its description to its results.
//!
//! A [`TrainSpec`] says everything that the outcome depends on; [`train`] trains it, writes
//! checkpoints, and gives [`Outcome`]: the results of a run that came to its end or broke, or the
//! step at which it was told to stop. Two runs of one spec on the same data end in the same bits,
//! whatever the number of threads and however often they were interrupted.

mod breakdown;
mod error;
mod history;
mod memory;
mod model;
mod recompute;
mod run;
mod saved;
mod spec;
mod watch;
mod write_up;

pub use breakdown::{Breakdown, Place};
pub use error::TrainError;
pub use memory::{Memory, available_bytes, show_bytes};
pub use recompute::Recomputation;
pub use run::{Outcome, SavedRun, Start, TrainOptions, saved_run, train};
pub use spec::{Length, NetKind, OptimizerSpec, ScheduleSpec, TrainSpec, default_learning_rate};
pub use watch::{Milestone, Opening, Status, Unwatched, Watch};
