//! The same bytes on 1, 2, 3 and 8 threads, in ranges and in shards: `sample`, `init`, `train`, `lab`.
//! Vector paths are compared within the crates, kills in `faults.rs`, and the release build's bytes with
//! these by `bench/reliability`.

mod common;
mod outputs;
mod trees;

use std::fs;
use std::path::Path;

use common::{evenkeel, run};
use outputs::{tensors, without_times};
use serde_json::Value;
use trees::{tiny_with, tree};

const THREADS: [&str; 4] = ["1", "2", "3", "8"];

/// What a command writes to `name` in `home`.
fn written(home: &Path, name: &str, arguments: &[&str]) -> Vec<u8> {
    let said = run(evenkeel(home).args(arguments).args(["--out", name]));
    assert_eq!(said.status, 0, "{arguments:?}: {}", said.err);
    fs::read(home.join(name)).unwrap()
}

/// The values in a safetensors file of one tensor.
fn data(file: &[u8]) -> &[u8] {
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    &file[8 + header..]
}

#[test]
fn sample_is_the_same_on_any_threads_and_in_any_ranges() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // Long enough for several blocks of every generator, and no multiple of anything.
    let shape = "331x1009";
    let all = 331 * 1009;
    for (scheme, dtype) in [
        ("kaiming_uniform", "f32"),
        ("kaiming_normal", "bf16"),
        ("xavier_normal", "f64"),
        ("lecun_truncated_normal", "f16"),
        ("orthogonal", "f32"),
    ] {
        let base = [
            "sample", "--scheme", scheme, "--dtype", dtype, "--shape", shape,
        ];
        let made: Vec<_> = THREADS
            .iter()
            .map(|threads| {
                let name = format!("{scheme}-{threads}");
                written(home, &name, &[&base[..], &["--threads", threads]].concat())
            })
            .collect();
        assert!(made.windows(2).all(|pair| pair[0] == pair[1]), "{scheme}");
        let mut joined = Vec::new();
        for (index, cut) in [0, 1, 17, 65_536, all - 1, all].windows(2).enumerate() {
            let range = format!("{}..{}", cut[0], cut[1]);
            let name = format!("{scheme}-range-{index}");
            let part = written(home, &name, &[&base[..], &["--range", &range]].concat());
            joined.extend_from_slice(data(&part));
        }
        assert!(joined == data(&made[0]), "{scheme} in ranges");
    }
}

#[test]
fn init_is_the_same_on_any_threads_and_in_any_shards() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    tiny_with(home, "whole", &[]);
    let whole = tree(&home.join("whole"));
    for threads in THREADS {
        let out = format!("threads-{threads}");
        tiny_with(home, &out, &["--threads", threads]);
        assert!(tree(&home.join(&out)) == whole, "{threads} threads");
    }
    for shards in 2..=4 {
        let out = format!("shards-{shards}");
        for shard in (1..=shards).rev() {
            let threads = THREADS[shard % 4];
            let shard = format!("{shard}/{shards}");
            tiny_with(home, &out, &["--shard", &shard, "--threads", threads]);
        }
        assert!(tree(&home.join(&out)) == whole, "{shards} shards");
    }
}

/// The results of a folder without their times, and the weights of its checkpoint if there is one.
fn outcome(folder: &Path) -> (Value, Option<[Vec<u8>; 2]>) {
    let trained = folder.join("checkpoint.json").exists();
    (without_times(folder), trained.then(|| tensors(folder)))
}

fn same_on_any_threads(arguments: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let outcomes: Vec<_> = THREADS
        .iter()
        .map(|threads| {
            let mut command = evenkeel(home.path());
            let said = run(command
                .args(arguments)
                .args(["--threads", threads, "--out", threads]));
            assert_eq!(said.status, 0, "{arguments:?}: {}", said.err);
            outcome(&home.path().join(threads))
        })
        .collect();
    for (threads, made) in THREADS.iter().zip(&outcomes) {
        assert!(*made == outcomes[0], "{threads} threads: {arguments:?}");
    }
}

#[test]
fn train_is_the_same_on_any_threads() {
    let base = [
        "train", "--data", "strokes", "--batch", "96", "--steps", "12",
    ];
    for net in [
        &["--net", "mlp", "--width", "100", "--optimizer", "adamw"][..],
        &[
            "--net", "resmlp", "--depth", "40", "--width", "16", "--init", "fixup",
        ],
        &["--net", "cnn", "--depth", "4", "--width", "8"],
        &[
            "--net",
            "rescnn",
            "--depth",
            "8",
            "--width",
            "8",
            "--init",
            "batch-norm",
        ],
    ] {
        same_on_any_threads(&[&base[..], net].concat());
    }
}

#[test]
fn lab_is_the_same_on_any_threads() {
    let base = ["lab", "--quick", "--data", "strokes", "--only"];
    same_on_any_threads(&[&base[..], &["explode,xavier,update-ratio,lsuv"]].concat());
}
