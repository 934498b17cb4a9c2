//! What `lab` and `train` leave in their folders.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::fs;
use std::path::Path;

use serde_json::Value;

pub(crate) fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The results that a folder holds.
pub(crate) fn results(folder: &Path) -> Value {
    json(&folder.join("results.json"))
}

/// The same without what differs from run to run.
pub(crate) fn without_times(folder: &Path) -> Value {
    let mut results = results(folder);
    results.as_object_mut().unwrap().remove("timing");
    results
}

/// The bytes of the two safetensors files of the checkpoint that holds.
pub(crate) fn tensors(folder: &Path) -> [Vec<u8>; 2] {
    let manifest = json(&folder.join("checkpoint.json"));
    let inner = folder.join(manifest["checkpoint"]["folder"].as_str().unwrap());
    ["model", "state"].map(|name| fs::read(inner.join(format!("{name}.safetensors"))).unwrap())
}
