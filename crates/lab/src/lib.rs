//! Experiments on initialisation: measure, set beside theory, judge, write results.
//!
//! [`run()`] puts the questions of the lesson to the machine and returns plain serialisable values
//! ([`results`]). Figures, tables and the report are drawn from those values, never from the run
//! itself. An experiment is a file in `experiments/` and a row in [`catalogue()`].

mod coverage;
mod deep;
mod error;
mod experiments;
mod finite;
mod fit;
mod judge;
mod measure;
mod mlp;
mod predict;
mod progress;
pub mod results;
mod run;
mod settings;
mod study;
pub mod train;

pub use error::LabError;
pub use progress::{Progress, Silent};
pub use run::run;
pub use settings::{Length, MAX_DEPTH, MAX_WEIGHTS, MAX_WIDTH, Settings};
pub use study::{Bench, Findings, Parameter, Study, catalogue};
