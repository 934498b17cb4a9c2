//! Reading a checkpoint.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use super::error::{CheckpointError, Difference};
use super::manifest::{FileDigest, MANIFEST, Manifest};
use super::save::{MODEL, OPTIMIZER, RUN, STATE};
use super::tensors::{find, list, values};
use super::{Progress, files};
use crate::network::Network;
use crate::optimizer::{Optimizer, OptimizerState, StateBuffer};

/// A checkpoint that was read and is what was written.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    manifest: Manifest,
    model: Vec<u8>,
    state: OptimizerState,
}

impl Checkpoint {
    /// Reads the checkpoint that holds in `folder`, and checks every byte of it.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Missing`] where there is none; [`CheckpointError::Newer`] for one of a
    /// later format; [`CheckpointError::Damaged`] for one that is not what was written;
    /// [`CheckpointError::Io`] when the system refuses.
    pub fn load(folder: &Path) -> Result<Self, CheckpointError> {
        let mut manifest = Manifest::read(folder)?;
        let inner = folder.join(&manifest.folder);
        let model = read(&inner.join(MODEL), &manifest.model)?;
        let path = inner.join(STATE);
        let bytes = read(&path, &manifest.state)?;
        let file = open(&path, &bytes)?;
        let state = decode_state(&path, &file, &manifest)?;
        manifest.progress.series = decode_series(&path, &file)?;
        let path = inner.join(MODEL);
        open(&path, &model)?;
        Ok(Self {
            manifest,
            model,
            state,
        })
    }

    /// Where the run was.
    pub fn progress(&self) -> &Progress {
        &self.manifest.progress
    }

    /// Gives `network` the parameters and buffers of the checkpoint.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::AnotherNetwork`], with the first tensor that differs; nothing has
    /// changed then.
    pub fn restore_network(&self, network: &mut Network) -> Result<(), CheckpointError> {
        let file = SafeTensors::deserialize(&self.model).expect("checked when it was read");
        let another = |difference| CheckpointError::AnotherNetwork { difference };
        let parameters = network
            .parameters()
            .map(|p| (p.spec.name(), p.spec.shape()));
        let buffers = network.buffers().map(|b| (b.spec.name(), b.spec.shape()));
        let named: Vec<_> = parameters.chain(buffers).collect();
        let tensors = named.iter().map(|(name, shape)| find(&file, name, shape));
        let tensors: Vec<&[u8]> = tensors.collect::<Result<_, _>>().map_err(another)?;
        let known: HashSet<&str> = named.iter().map(|&(name, _)| name).collect();
        let extra = |name: &&str| !known.contains(name);
        if let Some(name) = file.names().into_iter().filter(extra).min() {
            let tensor = name.to_owned();
            return Err(another(Difference::Extra { tensor }));
        }
        let names: Vec<String> = network
            .buffers()
            .map(|b| b.spec.name().to_owned())
            .collect();
        let mut tensors = tensors.into_iter();
        let mut set = |to: &mut [f32]| {
            let from = tensors.next().map(values).into_iter().flatten();
            to.iter_mut().zip(from).for_each(|(to, from)| *to = from);
        };
        network.initialize(|_, to| set(to));
        for name in &names {
            set(network
                .buffer_mut(name)
                .expect("the name is the network's own"));
        }
        Ok(())
    }

    /// Gives `network` the parameters and `optimizer` the state of the checkpoint.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::restore_network`]; [`CheckpointError::AnotherOptimizer`] when the state
    /// does not belong to this optimiser.
    pub fn restore(
        &self,
        network: &mut Network,
        optimizer: &mut dyn Optimizer,
    ) -> Result<(), CheckpointError> {
        self.restore_network(network)?;
        optimizer.restore(self.state.clone(), network.graph().parameter_count())?;
        Ok(())
    }
}

/// Where the files of the checkpoint that holds in `folder` lie: `checkpoint.json`, which is read for
/// it, and the two that it points to, which are not looked at.
///
/// # Errors
///
/// As [`Checkpoint::load`], of what `checkpoint.json` alone can have wrong.
pub fn paths(folder: &Path) -> Result<[PathBuf; 3], CheckpointError> {
    let inner = folder.join(Manifest::read(folder)?.folder);
    Ok([folder.join(MANIFEST), inner.join(MODEL), inner.join(STATE)])
}

/// The bytes of a file that must be these.
fn read(path: &Path, expected: &FileDigest) -> Result<Vec<u8>, CheckpointError> {
    let damaged = |problem: String| CheckpointError::damaged(path, problem);
    let found = std::fs::metadata(path).map_err(CheckpointError::io(path))?;
    // Before it is read: nothing of another length is taken into memory.
    if found.len() != expected.bytes {
        return Err(damaged(format!(
            "it has {} bytes, and {} were written",
            found.len(),
            expected.bytes
        )));
    }
    let bytes = std::fs::read(path).map_err(CheckpointError::io(path))?;
    let got = files::sha256(&bytes);
    if got != expected.sha256 {
        return Err(damaged(format!(
            "it has the SHA-256 {got}, and {} was written",
            expected.sha256
        )));
    }
    Ok(bytes)
}

fn open<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>, CheckpointError> {
    SafeTensors::deserialize(bytes)
        .map_err(|error| CheckpointError::damaged(path, format!("no safetensors file ({error})")))
}

fn decode_state(
    path: &Path,
    file: &SafeTensors<'_>,
    manifest: &Manifest,
) -> Result<OptimizerState, CheckpointError> {
    let buffer = |name: &String| {
        let view = file.tensor(&format!("{OPTIMIZER}{name}")).ok()?;
        (view.dtype() == Dtype::F32).then(|| StateBuffer {
            name: name.clone(),
            values: values(view.data()).collect(),
        })
    };
    let buffers: Option<Vec<_>> = manifest.optimizer.buffers.iter().map(buffer).collect();
    let lacking = || CheckpointError::damaged(path, "it lacks a running average of the optimiser");
    Ok(OptimizerState {
        optimizer: manifest.optimizer.name.clone(),
        steps: manifest.optimizer.steps,
        buffers: buffers.ok_or_else(lacking)?,
    })
}

fn decode_series(
    path: &Path,
    file: &SafeTensors<'_>,
) -> Result<BTreeMap<String, Vec<f64>>, CheckpointError> {
    let mut series = BTreeMap::new();
    for (tensor, view) in file.iter() {
        if let Some(name) = tensor.strip_prefix(RUN) {
            let values = list(&view).ok_or_else(|| {
                let shown = (view.shape(), view.dtype());
                let problem = format!("its `{tensor}` is {shown:?}, and no list of F64");
                CheckpointError::damaged(path, problem)
            })?;
            series.insert(name.to_owned(), values);
        }
    }
    Ok(series)
}
