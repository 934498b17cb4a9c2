//! `evenkeel init` through its binary: what it makes, and that nothing but the seed and the plan decides it.

mod common;
mod trees;

use std::fs;
use std::process::Command;

use common::{evenkeel, run};
use safetensors::SafeTensors;
use trees::{example, init, reference, sha256, tiny_with, tree};

#[test]
fn the_bytes_are_those_that_they_have_always_been() {
    // Any change here changes what users get for a seed: it is value-breaking, and the CHANGELOG
    // must say so.
    let golden = [
        (
            "model-00001-of-00006.safetensors",
            "2fba59f5fa14ca1590512b9ec8100710aff607130136c0ca7b58d618619503f5",
        ),
        (
            "model-00003-of-00006.safetensors",
            "24c537a2caf5c176b43265de61557df377cdc911d20fefd1d46a8aa4c78d0112",
        ),
        (
            "model-00006-of-00006.safetensors",
            "6db8ac9b690cc5aa40f31e0c40f47a3eaddfdf544f40a16d714829d9d72f2033",
        ),
        (
            "model.safetensors.index.json",
            "7711d38d0d57c52ee1b655b01a6556726df111e61c2ec29460e991bbdfa47922",
        ),
    ];
    let (_home, made) = reference();
    for (name, expected) in golden {
        assert_eq!(sha256(&made[name]), expected, "{name}");
    }
    assert_eq!(made.len(), 6 + 2, "{:?}", made.keys());
}

#[test]
fn the_files_hold_what_the_manifest_says() {
    let (_home, made) = reference();
    let manifest: serde_json::Value = serde_json::from_slice(&made["manifest.json"]).unwrap();
    assert_eq!(manifest["seed"], 42);
    let index: serde_json::Value =
        serde_json::from_slice(&made["model.safetensors.index.json"]).unwrap();
    assert_eq!(index["metadata"]["total_size"], manifest["tensor_bytes"]);
    let tensors = manifest["tensors"].as_array().unwrap();
    assert_eq!(tensors.len(), 4 * 9 + 3);
    for tensor in tensors {
        let (name, file) = (
            tensor["name"].as_str().unwrap(),
            tensor["file"].as_str().unwrap(),
        );
        assert_eq!(index["weight_map"][name], file);
        let loaded = SafeTensors::deserialize(&made[file]).unwrap();
        let view = loaded.tensor(name).unwrap();
        let values: Vec<f64> = view
            .data()
            .chunks_exact(2)
            .map(|pair| {
                f64::from(f32::from_bits(
                    u32::from(u16::from_le_bytes([pair[0], pair[1]])) << 16,
                ))
            })
            .collect();
        check_statistics(name, &values, tensor);
    }
}

/// The mean is within 5 standard errors std/√n, and so is the std: its standard error is std/√(2n),
/// a relative one of bf16's rounding (2⁻⁹ a value, which averages out) aside.
fn check_statistics(name: &str, values: &[f64], tensor: &serde_json::Value) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let std = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let (intended_mean, intended) = (
        tensor["mean"].as_f64().unwrap(),
        tensor["std"].as_f64().unwrap(),
    );
    assert!(
        (mean - intended_mean).abs() <= 5.0 * intended / n.sqrt(),
        "{name}: mean {mean}"
    );
    assert!(
        (std - intended).abs() <= 5.0 * intended / (2.0 * n).sqrt(),
        "{name}: std {std}"
    );
    if name.ends_with("norm.weight") {
        assert_eq!((intended_mean, intended), (1.0, 0.0), "{name}");
    } else {
        assert_eq!((intended_mean, intended), (0.0, 0.02), "{name}");
        let fan_in = tensor["fan_in"].as_f64().unwrap();
        let gain = tensor["gain"].as_f64().unwrap();
        assert!((gain - intended * fan_in.sqrt()).abs() < 1e-12, "{name}");
    }
}

#[test]
fn threads_change_nothing() {
    let (home, made) = reference();
    for threads in ["1", "2", "3"] {
        tiny_with(home.path(), threads, &["--threads", threads]);
        assert_eq!(tree(&home.path().join(threads)), made, "{threads} threads");
    }
}

#[test]
fn schemes_that_hold_a_whole_tensor_depend_on_no_thread_either() {
    let home = tempfile::tempdir().unwrap();
    let spec = "dtype = \"f32\"\n\
        tensor = [\n\
            { name = \"{a,b,c}.weight\", shape = [700, 900] },\n\
            { name = \"half.weight\", shape = [64, 32, 3, 3], dtype = \"f16\" },\n\
            { name = \"qkv.weight\", shape = [768, 512], dtype = \"f64\", layer = \"packed\", parts = [512, 128, 128] }]\n\
        [[rule]]\nmatch = \"half*\"\nscheme = \"delta_orthogonal\"\n\
        [[rule]]\nmatch = \"qkv*\"\nscheme = \"xavier_normal\"\n\
        [[rule]]\nmatch = \"*\"\nscheme = \"orthogonal\"\n";
    fs::write(home.path().join("mixed.toml"), spec).unwrap();
    let made = |threads: &str| {
        let arguments = [
            "--spec",
            "mixed.toml",
            "--out",
            threads,
            "--threads",
            threads,
        ];
        init(home.path(), &arguments);
        tree(&home.path().join(threads))
    };
    let one = made("1");
    assert!(one["model.safetensors"].len() > 3 * 700 * 900 * 4);
    for threads in ["2", "3"] {
        assert_eq!(made(threads), one, "{threads} threads");
    }
}

#[test]
fn a_seed_changes_every_drawn_tensor() {
    let (home, made) = reference();
    tiny_with(home.path(), "other", &["--seed", "43"]);
    let other = tree(&home.path().join("other"));
    for name in made.keys().filter(|name| name.ends_with(".safetensors")) {
        assert_ne!(made[name], other[name], "{name}");
        assert_eq!(made[name].len(), other[name].len(), "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_model() {
    let home = tempfile::tempdir().unwrap();
    // 600 MB in one tensor, made in 400 MiB of address space, thread stacks and code included.
    let spec = "dtype = \"f32\"\ntensor = [{ name = \"w\", shape = [150, 1000000] }]\n\
                [[rule]]\nmatch = \"*\"\nscheme = \"xavier_uniform\"\n";
    fs::write(home.path().join("large.toml"), spec).unwrap();
    let limited = format!(
        "ulimit -v 409600 && exec {} init --spec large.toml --threads 2 --out m",
        env!("CARGO_BIN_EXE_evenkeel")
    );
    let said = run(Command::new("sh")
        .current_dir(home.path())
        .args(["-c", &limited]));
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(
        fs::metadata(home.path().join("m/model.safetensors"))
            .unwrap()
            .len()
            > 600_000_000
    );
}

#[test]
fn force_replaces_a_checkpoint_and_takes_away_what_it_no_longer_has() {
    let (home, made) = reference();
    let spec = example("llama-tiny.toml");
    let mine = home.path().join("m/notes.txt");
    fs::write(&mine, "mine").unwrap();
    init(home.path(), &["--spec", &spec, "--out", "m", "--force"]);
    let names: Vec<String> = tree(&home.path().join("m")).into_keys().collect();
    assert_eq!(names, ["manifest.json", "model.safetensors", "notes.txt"]);
    tiny_with(home.path(), "m", &["--force"]);
    fs::remove_file(mine).unwrap();
    let mut again = tree(&home.path().join("m"));
    again.remove("model.safetensors");
    assert_eq!(again, made);
}

#[test]
fn one_file_has_its_manifest_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let spec = example("llama-tiny.toml");
    init(
        home.path(),
        &[
            "--spec",
            &spec,
            "--out",
            "new.safetensors",
            "--max-shard-size",
            "1MB",
        ],
    );
    let names: Vec<String> = tree(home.path()).into_keys().collect();
    assert_eq!(names, ["new.manifest.json", "new.safetensors"]);
    let said = run(evenkeel(home.path()).args(["verify", "new.safetensors"]));
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
}

#[test]
fn a_checkpoint_made_like_another_has_its_tensors_and_with_its_rules_its_bytes() {
    let (home, made) = reference();
    let rules = "[[rule]]\nmatch = \"*norm.weight\"\nscheme = \"ones\"\n\
                 [[rule]]\nmatch = \"*embed*\"\nlayer = \"embedding\"\nscheme = \"normal\"\nwith = { std = 0.02 }\n\
                 [[rule]]\nmatch = \"*\"\nscheme = \"normal\"\nwith = { std = 0.02 }\n";
    fs::write(home.path().join("rules.toml"), rules).unwrap();
    let like = [
        "--like",
        "m",
        "--rules",
        "rules.toml",
        "--max-shard-size",
        "2MB",
        "--out",
        "again",
    ];
    init(home.path(), &like);
    let again = tree(&home.path().join("again"));
    for (name, bytes) in made
        .iter()
        .filter(|(name, _)| name.as_str() != "manifest.json")
    {
        assert_eq!(&again[name], bytes, "{name}");
    }
    // In another format, by a preset, from one of the files.
    let like = [
        "--like",
        "m/model-00002-of-00006.safetensors",
        "--preset",
        "pytorch",
        "--dtype",
        "f32",
    ];
    init(
        home.path(),
        &[&like[..], &["--out", "f32.safetensors"]].concat(),
    );
    let bytes = fs::read(home.path().join("f32.safetensors")).unwrap();
    let loaded = SafeTensors::deserialize(&bytes).unwrap();
    assert!(
        loaded
            .iter()
            .all(|(_, view)| view.dtype() == safetensors::Dtype::F32)
    );
}

#[test]
fn a_dry_run_says_everything_and_makes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let spec = example("llama-tiny.toml");
    let said = init(
        home.path(),
        &["--spec", &spec, "--dry-run", "--max-shard-size", "2MB"],
    );
    for words in [
        "model.layers.3.mlp.down_proj.weight",
        "256×688",
        "688",
        "39 tensors, 10.4 MB, seed 42",
        "model-00006-of-00006",
    ] {
        assert!(said.out.contains(words), "no {words:?} in {}", said.out);
    }
    assert_eq!(said.out.lines().count(), 1 + 39 + 1 + 6);
    let said = init(
        home.path(),
        &["--spec", &spec, "--dry-run", "--json", "--out", "m"],
    );
    let manifest: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(manifest["tensors"][0]["name"], "model.embed_tokens.weight");
    assert_eq!(manifest["tensors"][0]["fan_in"], 1);
    assert!(manifest["tensors"][0]["digest"].is_null());
    assert!(tree(home.path()).is_empty());
}

#[test]
fn the_seven_billion_parameter_example_is_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    let said = init(
        home.path(),
        &["--spec", &example("llama-7b.toml"), "--dry-run", "--json"],
    );
    let manifest: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    // 2·32000·4096 + 32·(4·4096² + 3·4096·11008 + 2·4096) + 4096 parameters of 2 bytes.
    assert_eq!(manifest["tensor_bytes"], 2 * 6_738_415_616_u64);
    assert_eq!(manifest["tensors"].as_array().unwrap().len(), 32 * 9 + 3);
    assert_eq!(manifest["files"].as_array().unwrap().len(), 3);
}
