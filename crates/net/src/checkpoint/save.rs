//! Writing a checkpoint.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use evenkeel_init::checkpoint::{sync_folder, write_whole};

use super::files::{self, PART, write_synced};
use super::manifest::{FileDigest, MANIFEST, Manifest, OptimizerEntry};
use super::tensors::{self, Tensor, Values};
use super::{CheckpointError, Progress};
use crate::network::Network;
use crate::optimizer::{Optimizer, OptimizerState};

pub(super) const MODEL: &str = "model.safetensors";
pub(super) const STATE: &str = "state.safetensors";

/// What the names of the optimiser's tensors begin with.
pub(super) const OPTIMIZER: &str = "optimizer.";

/// What those of the run's series do.
pub(super) const RUN: &str = "run.";

/// Saves a checkpoint in `folder`, which is made where it is not there, in place of the one that
/// is, and gives the path of its `model.safetensors`.
///
/// A kill at any moment leaves the old checkpoint or the new one, whole. One process at a time may
/// save into a folder.
///
/// # Errors
///
/// [`CheckpointError::Io`], with the path, when the system refuses; the old checkpoint stays then.
pub fn save(
    folder: &Path,
    network: &Network,
    optimizer: &dyn Optimizer,
    progress: &Progress,
) -> Result<PathBuf, CheckpointError> {
    let state = optimizer.state();
    let encoded =
        encode_model(network).and_then(|model| Ok((model, encode_state(&state, progress)?)));
    let (model, state_bytes) =
        encoded.map_err(|error| CheckpointError::io(folder)(io::Error::other(error)))?;
    fs::create_dir_all(folder).map_err(CheckpointError::io(folder))?;
    let name = free_name(folder, progress.step);
    let made = folder.join(&name);
    write_folder(folder, &name, &model, &state_bytes).map_err(CheckpointError::io(&made))?;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        folder: name.clone(),
        model: FileDigest::of(&model),
        state: FileDigest::of(&state_bytes),
        optimizer: OptimizerEntry {
            name: state.optimizer,
            steps: state.steps,
            buffers: state.buffers.into_iter().map(|b| b.name).collect(),
        },
        progress: Progress {
            run: progress.run.clone(),
            // In the state's file.
            series: BTreeMap::new(),
            ..*progress
        },
    };
    let path = folder.join(MANIFEST);
    write_whole(&path, &manifest.to_json()).map_err(CheckpointError::io(&path))?;
    files::sweep(folder, &name);
    Ok(made.join(MODEL))
}

/// A name that the checkpoint in place does not have.
fn free_name(folder: &Path, step: u64) -> String {
    let current = Manifest::read(folder).map(|manifest| manifest.folder).ok();
    let names = (0u64..).map(|number| match number {
        0 => format!("checkpoint-{step}"),
        _ => format!("checkpoint-{step}.{number}"),
    });
    let mut free = names.filter(|name| Some(name) != current.as_ref());
    free.next().unwrap_or_default()
}

/// Makes the subfolder beside its place, and gives it its name when it is whole and on the disk.
fn write_folder(folder: &Path, name: &str, model: &[u8], state: &[u8]) -> io::Result<()> {
    let part = folder.join(format!(".{name}{PART}"));
    let target = folder.join(name);
    for left in [&part, &target] {
        // Of a save that was killed: nothing points to it.
        match fs::remove_dir_all(left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::create_dir(&part)?;
    write_synced(&part.join(MODEL), model)?;
    write_synced(&part.join(STATE), state)?;
    sync_folder(&part)?;
    fs::rename(&part, &target)?;
    sync_folder(folder)
}

fn encode_model(network: &Network) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let parameters = network.parameters().map(|parameter| {
        let tensor = Tensor {
            shape: parameter.spec.shape().axes(),
            values: Values::F32(parameter.values),
        };
        (parameter.spec.name().into(), tensor)
    });
    let buffers = network.buffers().map(|buffer| {
        let tensor = Tensor {
            shape: buffer.spec.shape().axes(),
            values: Values::F32(buffer.values),
        };
        (buffer.spec.name().into(), tensor)
    });
    tensors::encode(parameters.chain(buffers))
}

fn encode_state(
    state: &OptimizerState,
    progress: &Progress,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let buffers = state.buffers.iter().map(|buffer| {
        let name = format!("{OPTIMIZER}{}", buffer.name);
        (name, [buffer.values.len()], Values::F32(&buffer.values))
    });
    let series = progress.series.iter().map(|(name, values)| {
        let name = format!("{RUN}{name}");
        (name, [values.len()], Values::F64(values))
    });
    let lists: Vec<_> = buffers.chain(series).collect();
    tensors::encode(lists.iter().map(|(name, shape, values)| {
        let (name, values) = (name.into(), *values);
        (name, Tensor { shape, values })
    }))
}
