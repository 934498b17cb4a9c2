//! A training run's checkpoint around a state that is not its own.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::files::Folder;

/// A safetensors file of no tensor.
const MODEL: &[u8] = b"\x02\0\0\0\0\0\0\0{}";

/// The checkpoint of a run that has measured its first step, whose digests are those of `state`, as
/// who means harm would write them.
pub(crate) fn around(state: &[u8]) -> Folder {
    let checkpoint = json!({
        "version": "0.1.0",
        "folder": "checkpoint-1",
        "model": digest(MODEL),
        "state": digest(state),
        "optimizer": {"name": "sgd", "steps": 1, "buffers": ["momentum_buffer"]},
        "progress": {"step": 1, "epoch": 0, "batches": 1, "seed": 42, "run": run()},
    });
    let text = json!({
        "format": 2,
        "sha256": sha256(checkpoint.to_string().as_bytes()),
        "checkpoint": checkpoint,
    });
    Folder::with([
        ("checkpoint.json", text.to_string().as_bytes()),
        ("checkpoint-1/model.safetensors", MODEL),
        ("checkpoint-1/state.safetensors", state),
    ])
}

fn run() -> Value {
    let profile = |name: &str, direction: &str| json!({"name": name, "init": "kaiming", "direction": direction, "layers": []});
    json!({
        "spec": {
            "net": "mlp",
            "depth": 3,
            "width": 4,
            "activation": "relu",
            "recipe": "kaiming_normal",
            "optimizer": {"name": "sgd", "momentum": 0.9},
            "learning_rate": 0.1,
            "schedule": {"name": "constant"},
            "warmup": 0,
            "clip": null,
            "weight_decay": 0.0,
            "batch": 10,
            "length": {"steps": 2},
            "seed": 42,
        },
        "steps": 2,
        "dataset": "strokes",
        "data": "strokes, 10 training images of mean 0.1 and standard deviation 0.3",
        "history": {
            "steps": [1],
            "loss": [2.3],
            "accuracy": [0.1],
            "first_loss": 2.3,
            "valid_steps": [],
            "valid_accuracy": [],
            "profiles": [
                profile("activations, first step", "forward"),
                profile("their gradients, first step", "backward"),
            ],
            "since": {"loss": 0.0, "steps": 0, "correct": 0, "examples": 0},
        },
    })
}

fn digest(bytes: &[u8]) -> Value {
    json!({"bytes": bytes.len(), "sha256": sha256(bytes)})
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use evenkeel_lab::train::{SavedRun, saved_run};

    use super::*;

    /// What is wrong with a state is looked for in one that is right but for that.
    #[test]
    fn a_state_that_is_whole_is_read() {
        let folder = around(include_bytes!("../corpus/state/whole"));
        let SavedRun { step, steps, .. } = saved_run(folder.path()).unwrap();
        assert_eq!((step, steps), (1, 2));
    }

    #[test]
    fn a_state_without_a_column_is_refused_for_it() {
        let folder = around(include_bytes!("../corpus/state/lacks-column"));
        let error = saved_run(folder.path()).unwrap_err().to_string();
        assert!(error.contains("their gradients, first step"), "{error}");
    }
}
