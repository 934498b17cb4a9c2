//! What can be wrong with checkpoints: a small list of errors for each step.

mod header;
mod manifest;
mod plan;
mod read;
mod spec;
mod write;

pub use header::HeaderError;
pub use manifest::{Inconsistency, ManifestError};
pub use plan::PlanError;
pub use read::ReadError;
pub use spec::SpecError;
pub use write::WriteError;
