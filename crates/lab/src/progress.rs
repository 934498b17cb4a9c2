//! How a run tells whoever watches what it is doing.

use crate::results::Experiment;

/// Told what is being run. Called from several threads.
pub trait Progress: Sync {
    /// Experiment `index` (from 0) of `total` begins.
    fn begin(&self, _id: &str, _index: usize, _total: usize) {}
    /// The experiment that is running expects so many more steps.
    fn expect(&self, _steps: u64) {}
    /// So many steps are done.
    fn advance(&self, _steps: u64) {}
    /// An experiment is finished.
    fn end(&self, _experiment: &Experiment, _seconds: f64) {}
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {}
