//! Checkpoints: a network and its optimiser, saved so that a run goes on bit for bit.
//!
//! A checkpoint lies in a folder of the caller's:
//!
//! - `checkpoint.json` says which checkpoint holds, where the run is, and the digests of the rest;
//! - `checkpoint-STEP/model.safetensors` has the parameters, and the buffers of normalisations,
//!   under their names, as PyTorch's `load_state_dict` takes them;
//! - `checkpoint-STEP/state.safetensors` has what the optimiser remembers, and the run's
//!   [series](Progress::series).
//!
//! [`save`] writes and syncs the subfolder first and then puts the new `checkpoint.json` in place
//! of the old in one step, so that a kill at any moment leaves the old checkpoint or the new one,
//! whole. What is read is hostile until its digest is right.
//!
//! # Example
//!
//! ```
//! use evenkeel_net::checkpoint::{self, Checkpoint, Progress};
//! use evenkeel_net::{Activation, Mode, Network, NoTap, Sgd, Targets, Threads, zoo};
//!
//! let graph = zoo::mlp(&zoo::MlpSpec::new(2, 4, 2, 2, Activation::tanh()))?;
//! let mut network = Network::new(graph.clone(), 1, Mode::Training, Threads(1))?;
//! let mut sgd = Sgd::new(0.1)?.with_momentum(0.9)?;
//! network.forward(&[&[1.0, 2.0]], Targets::Classes(&[1]), &NoTap)?;
//! network.backward(&NoTap)?;
//! sgd.step(&mut network);
//!
//! let folder = tempfile::tempdir()?;
//! let progress = Progress { step: 1, ..Progress::default() };
//! checkpoint::save(folder.path(), &network, &sgd, &progress)?;
//!
//! let mut again = Network::new(graph, 1, Mode::Training, Threads(1))?;
//! let mut sgd_again = Sgd::new(0.1)?.with_momentum(0.9)?;
//! let saved = Checkpoint::load(folder.path())?;
//! assert_eq!(saved.progress(), &progress);
//! saved.restore(&mut again, &mut sgd_again)?;
//! assert_eq!(again.parameter("fc1.bias")?, network.parameter("fc1.bias")?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod files;
mod load;
mod manifest;
mod save;
mod tensors;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use error::{CheckpointError, Difference};
pub use load::{Checkpoint, paths};
pub use manifest::MANIFEST;
pub use save::save;

/// The version of the layout that this crate writes, and the newest that it reads. Before version 2
/// there were no [series](Progress::series).
pub const FORMAT: u64 = 2;

/// Where a run is: all that goes on from a checkpoint besides the network and its optimiser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps that were taken.
    pub step: u64,
    /// The epoch that the data order is in, counted from 0.
    pub epoch: u64,
    /// Batches of that epoch that were taken.
    pub batches: u64,
    /// The seed of the run.
    pub seed: u64,
    /// What the caller needs besides: the run's settings, what it has measured so far.
    pub run: serde_json::Value,
    /// Long lists of numbers that the caller needs besides, by name. They are no part of the text:
    /// they lie in `state.safetensors`, as `run.NAME`, with every bit of theirs.
    #[serde(skip)]
    pub series: BTreeMap<String, Vec<f64>>,
}
