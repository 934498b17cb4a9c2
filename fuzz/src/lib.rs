//! One function for each way in which a stranger's bytes reach evenkeel. Each takes any bytes and
//! returns: that is the whole promise. A panic, a hang or a gigabyte is a finding.
//!
//! `cargo fuzz run TARGET` searches for such bytes; `cargo test -p evenkeel --test corpus` goes through those
//! that were found, and others that were written by hand, with a bound on time and memory.

mod files;
mod run;

use evenkeel_data::idx;
use evenkeel_init::checkpoint::{self, ByteSize, Part, Spec};
use evenkeel_init::{Fan, Layout, Preset, Rules};
use evenkeel_lab::results::Results;
use evenkeel_lab::train::saved_run;
use evenkeel_net::Recipe;
use evenkeel_net::checkpoint::Checkpoint;
use evenkeel_report::{figures, page};
use evenkeel_theory::{Activation, Gain};

use files::{Folder, text, words_of};

/// A way in.
pub type Target = fn(&[u8]);

/// Every way in, by the name of its target and of its folder in the corpus.
pub const TARGETS: [(&str, Target); 13] = [
    ("idx", idx),
    ("gzip", gzip),
    ("tensors", tensors),
    ("index", index),
    ("spec", spec),
    ("rules", rules),
    ("manifest", manifest),
    ("checkpoint", checkpoint),
    ("state", state),
    ("results", results),
    ("expression", expression),
    ("words", words),
    ("command_line", command_line),
];

/// Elements of the largest array of MNIST.
const MOST_ELEMENTS: usize = 60_000 * 28 * 28;

/// An IDX file.
pub fn idx(data: &[u8]) {
    if let Ok(array) = idx::read(data, MOST_ELEMENTS) {
        let labels = array.clone().into_labels();
        assert!(labels.is_err() || array.into_images().is_err());
    }
}

/// An IDX file, compressed.
pub fn gzip(data: &[u8]) {
    let _ = idx::read_gzip(data, MOST_ELEMENTS);
}

/// A safetensors file.
pub fn tensors(data: &[u8]) {
    let folder = Folder::with([("model.safetensors", data)]);
    let _ = checkpoint::read_tensors(&folder.file("model.safetensors"));
}

/// The index of a sharded checkpoint, beside one shard.
pub fn index(data: &[u8]) {
    let header = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut shard = (header.len() as u64).to_le_bytes().to_vec();
    shard.extend(header);
    shard.extend([0; 4]);
    let folder = Folder::with([
        ("model.safetensors.index.json", data),
        ("one.safetensors", &shard),
    ]);
    if let Ok(found) = checkpoint::read_tensors(folder.path()) {
        assert!(found.iter().all(|tensor| tensor.name == "a"));
    }
}

/// A specification of a model, and each tensor that it lists.
pub fn spec(data: &[u8]) {
    if let Some(Ok(spec)) = text(data).map(Spec::from_toml) {
        assert_eq!(spec.tensors.iter().count(), spec.tensors.len());
    }
}

/// Rules of initialisation.
pub fn rules(data: &[u8]) {
    let _ = text(data).map(Rules::from_toml);
}

/// The manifest of a checkpoint that is to be verified.
pub fn manifest(data: &[u8]) {
    let folder = Folder::with([("manifest.json", data)]);
    let threads = evenkeel_init::Threads::available();
    let _ = checkpoint::verify(folder.path(), threads, &checkpoint::Silent);
}

/// The checkpoint of a training run.
pub fn checkpoint(data: &[u8]) {
    let folder = Folder::with([("checkpoint.json", data)]);
    let _ = Checkpoint::load(folder.path());
}

/// The state of a training run, within a checkpoint that vouches for it.
pub fn state(data: &[u8]) {
    let folder = run::around(data);
    let _ = saved_run(folder.path());
}

/// A lab's results, and the page that is drawn from them.
pub fn results(data: &[u8]) {
    let folder = Folder::with([("results.json", data)]);
    let Ok(results) = Results::read(&folder.file("results.json")) else {
        return;
    };
    if let Ok(html) = page(&results) {
        assert!(!html.contains("<script>alert"));
        let _ = figures(&results);
    }
}

/// An activation, by name or as an expression.
pub fn expression(data: &[u8]) {
    let Some(Ok(activation)) = text(data).map(Activation::parse) else {
        return;
    };
    for x in [-1e30, -1.0, 0.0, 1.0, 1e30, f64::NAN] {
        let _ = (activation.value(x), activation.derivative(x));
    }
    let _ = Gain::of(&activation);
}

/// The short words of the command line.
pub fn words(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let _ = text.parse::<Recipe>();
    let _ = text.parse::<Preset>();
    let _ = text.parse::<Layout>();
    let _ = text.parse::<Fan>();
    let _ = text.parse::<Part>();
    let _ = text.parse::<ByteSize>();
}

/// The command line, an argument a line, as far as it is judged before a file is touched.
pub fn command_line(data: &[u8]) {
    let arguments = std::iter::once("evenkeel".into()).chain(words_of(data));
    if let Err(said) = evenkeel::judge(arguments) {
        assert!(!said.trim().is_empty(), "refused without a word");
    }
}
