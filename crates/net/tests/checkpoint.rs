//! Checkpoints: whole or not there, and nothing damaged, foreign or newer is taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use evenkeel_net::checkpoint::{self, Checkpoint, CheckpointError, Difference, MANIFEST, Progress};
use evenkeel_net::{Activation, Adam, Mode, Network, NoTap, Optimizer, Sgd, Targets, Threads, zoo};
use serde_json::{Value, json};
use sha2::Digest;
use tempfile::TempDir;

fn network(width: usize, depth: usize) -> Network {
    let graph = zoo::mlp(&zoo::MlpSpec::new(3, width, depth, 2, Activation::tanh())).unwrap();
    let mut network = Network::new(graph, 4, Mode::Training, Threads(1)).unwrap();
    network.initialize(|_, w| {
        w.iter_mut()
            .enumerate()
            .for_each(|(i, w)| *w = (i as f32).sin());
    });
    network
}

fn learn(network: &mut Network, optimizer: &mut dyn Optimizer) {
    let x: Vec<f32> = (0..12).map(|i| (i as f32).cos()).collect();
    network
        .forward(&[&x], Targets::Classes(&[0, 1, 1, 0]), &NoTap)
        .unwrap();
    network.backward(&NoTap).unwrap();
    optimizer.step(network);
}

fn bits(network: &Network) -> Vec<u32> {
    let values = network.parameters().flat_map(|p| p.values.to_vec());
    values.map(f32::to_bits).collect()
}

fn progress(step: u64) -> Progress {
    Progress {
        step,
        epoch: 2,
        batches: 7,
        seed: u64::MAX,
        // Numbers whose bits must survive JSON.
        run: json!({"loss": [0.1, 1.0 / 3.0, 2.220_446_049_250_313e-16, 1e300]}),
        series: BTreeMap::from([
            ("layers.mean".to_owned(), vec![1.0 / 3.0, -1e-308, f64::MAX]),
            ("nothing".to_owned(), vec![]),
        ]),
    }
}

/// A checkpoint after one step of Adam.
fn saved() -> (TempDir, Network) {
    let folder = tempfile::tempdir().unwrap();
    let mut network = network(5, 3);
    let mut adam = Adam::new(0.01).unwrap();
    learn(&mut network, &mut adam);
    checkpoint::save(folder.path(), &network, &adam, &progress(1)).unwrap();
    (folder, network)
}

fn files(folder: &Path) -> [PathBuf; 3] {
    let inner = folder.join("checkpoint-1");
    [
        folder.join(MANIFEST),
        inner.join("model.safetensors"),
        inner.join("state.safetensors"),
    ]
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_goes_on_bit_for_bit() {
    let optimizers: [fn() -> Box<dyn Optimizer>; 3] = [
        || Box::new(Sgd::new(0.1).unwrap()),
        || Box::new(Sgd::new(0.1).unwrap().with_momentum(0.9).unwrap()),
        || Box::new(Adam::new(0.01).unwrap()),
    ];
    for make in optimizers {
        let folder = tempfile::tempdir().unwrap();
        let (mut network, mut optimizer) = (network(5, 3), make());
        // Before any step the optimiser has nothing to remember.
        checkpoint::save(folder.path(), &network, &*optimizer, &progress(0)).unwrap();
        Checkpoint::load(folder.path())
            .unwrap()
            .restore(&mut network, &mut *make())
            .unwrap();
        for _ in 0..3 {
            learn(&mut network, &mut *optimizer);
        }
        checkpoint::save(folder.path(), &network, &*optimizer, &progress(3)).unwrap();

        let (mut again, mut optimizer_again) = (self::network(5, 3), make());
        let loaded = Checkpoint::load(folder.path()).unwrap();
        assert_eq!(loaded.progress(), &progress(3));
        loaded.restore(&mut again, &mut *optimizer_again).unwrap();
        for _ in 0..3 {
            learn(&mut network, &mut *optimizer);
            learn(&mut again, &mut *optimizer_again);
        }
        assert_eq!(bits(&network), bits(&again));
    }
}

#[test]
fn the_same_state_makes_the_same_bytes() {
    let (a, _) = saved();
    let (b, _) = saved();
    for (a, b) in files(a.path()).iter().zip(files(b.path())) {
        assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap());
    }
}

#[test]
fn a_save_replaces_the_one_before_and_sweeps_what_kills_left() {
    let (folder, network) = saved();
    let adam = Adam::new(0.01).unwrap();
    let path = folder.path();
    // What saves that were killed at one moment or another leave.
    fs::create_dir(path.join(".checkpoint-2.part")).unwrap();
    fs::create_dir(path.join("checkpoint-2")).unwrap();
    fs::write(path.join("checkpoint-2/model.safetensors"), "half").unwrap();
    fs::write(path.join(".checkpoint.x.part"), "half").unwrap();
    fs::write(path.join("mine.txt"), "kept").unwrap();
    assert_eq!(Checkpoint::load(path).unwrap().progress().step, 1);
    let model = checkpoint::save(path, &network, &adam, &progress(2)).unwrap();
    assert_eq!(model, path.join("checkpoint-2/model.safetensors"));
    assert_eq!(names(path), ["checkpoint-2", MANIFEST, "mine.txt"]);
    // The same step once more is never written over the one that holds.
    checkpoint::save(path, &network, &adam, &progress(2)).unwrap();
    assert_eq!(names(path), ["checkpoint-2.1", MANIFEST, "mine.txt"]);
    checkpoint::save(path, &network, &adam, &progress(2)).unwrap();
    assert_eq!(names(path), ["checkpoint-2", MANIFEST, "mine.txt"]);
    assert_eq!(Checkpoint::load(path).unwrap().progress().step, 2);
}

#[test]
fn another_network_is_refused_with_the_tensor_that_differs() {
    let (folder, _) = saved();
    let loaded = Checkpoint::load(folder.path()).unwrap();
    let refused = |mut other: Network| {
        let before = bits(&other);
        let error = loaded.restore_network(&mut other).unwrap_err();
        assert_eq!(bits(&other), before, "nothing has changed");
        let message = error.to_string();
        let CheckpointError::AnotherNetwork { difference } = error else {
            panic!("{message}");
        };
        (difference, message)
    };
    let (difference, message) = refused(network(6, 3));
    assert!(matches!(difference, Difference::Shape { .. }));
    assert!(
        message.contains("`fc0.weight` has the shape [5, 3], where the network's has [6, 3]"),
        "{message}"
    );
    let (difference, message) = refused(network(5, 4));
    assert!(matches!(difference, Difference::Shape { .. }));
    assert!(message.contains("`fc2.weight`"), "{message}");
    let spec = zoo::MlpSpec::new(3, 5, 3, 2, Activation::tanh());
    let bias = evenkeel_net::Bias::No;
    let graph = zoo::mlp(&zoo::MlpSpec { bias, ..spec }).unwrap();
    let without = Network::new(graph, 4, Mode::Training, Threads(1)).unwrap();
    let (difference, message) = refused(without);
    assert!(matches!(difference, Difference::Extra { .. }));
    assert!(message.contains("`fc0.bias`"), "{message}");
}

#[test]
fn another_optimiser_is_refused() {
    let (folder, _) = saved();
    let loaded = Checkpoint::load(folder.path()).unwrap();
    let mut sgd = Sgd::new(0.1).unwrap();
    let error = loaded.restore(&mut network(5, 3), &mut sgd).unwrap_err();
    assert!(matches!(error, CheckpointError::AnotherOptimizer(_)));
    assert!(error.to_string().contains("`adam`"), "{error}");
}

#[test]
fn a_file_cut_anywhere_is_damaged_and_nothing_worse() {
    let (folder, _) = saved();
    for path in files(folder.path()) {
        let whole = fs::read(&path).unwrap();
        for len in (0..whole.len() - 1).step_by(3).chain([whole.len() - 2]) {
            fs::write(&path, &whole[..len]).unwrap();
            let error = Checkpoint::load(folder.path()).unwrap_err();
            assert!(
                matches!(&error, CheckpointError::Damaged { path: at, .. } if *at == path),
                "{len} bytes of {}: {error}",
                path.display()
            );
        }
        fs::write(&path, &whole).unwrap();
        Checkpoint::load(folder.path()).unwrap();
    }
}

#[test]
fn a_bit_that_changed_anywhere_is_found() {
    let (folder, _) = saved();
    for path in files(folder.path()) {
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len() - 1).step_by(11) {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            fs::write(&path, &bytes).unwrap();
            match Checkpoint::load(folder.path()) {
                Err(CheckpointError::Damaged { .. } | CheckpointError::Newer { .. }) => {}
                Err(other) => panic!("byte {at} of {}: {other}", path.display()),
                // White space of the JSON may change: it says nothing.
                Ok(_) => assert!(whole[at].is_ascii_whitespace(), "byte {at}"),
            }
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn a_newer_format_is_refused_whatever_else_it_holds() {
    let (folder, _) = saved();
    let path = folder.path().join(MANIFEST);
    fs::write(&path, r#"{"format": 3, "all": "new"}"#).unwrap();
    let error = Checkpoint::load(folder.path()).unwrap_err();
    assert!(matches!(
        error,
        CheckpointError::Newer {
            got: 3,
            newest: 2,
            ..
        }
    ));
    assert!(error.to_string().contains("newer"), "{error}");
}

#[test]
fn a_manifest_cannot_point_outside_of_its_folder() {
    let (folder, _) = saved();
    let path = folder.path().join(MANIFEST);
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["checkpoint"]["folder"] = json!("../elsewhere");
    // With a digest that is right, as who means harm would give it.
    manifest["sha256"] = json!(sha256(manifest["checkpoint"].to_string().as_bytes()));
    fs::write(&path, manifest.to_string()).unwrap();
    let error = Checkpoint::load(folder.path()).unwrap_err();
    assert!(error.to_string().contains("../elsewhere"), "{error}");
}

fn sha256(bytes: &[u8]) -> String {
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts another state in place, with digests that are right, and another format.
fn replace_state(folder: &Path, format: u64, state: &[u8]) {
    let [path, _, state_path] = files(folder);
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["format"] = json!(format);
    manifest["checkpoint"]["state"] = json!({"bytes": state.len(), "sha256": sha256(state)});
    manifest["sha256"] = json!(sha256(manifest["checkpoint"].to_string().as_bytes()));
    fs::write(state_path, state).unwrap();
    fs::write(path, manifest.to_string()).unwrap();
}

#[test]
fn series_keep_every_bit_and_stay_out_of_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let bits_of = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let odd = vec![
        0.1,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN_POSITIVE / 3.0,
        f64::from_bits(0x7ff8_0000_dead_beef),
    ];
    let progress = Progress {
        series: BTreeMap::from([
            ("odd".to_owned(), odd.clone()),
            ("long".to_owned(), vec![0.123_456_789_012_345_6; 100_000]),
        ]),
        ..progress(1)
    };
    let adam = Adam::new(0.01).unwrap();
    checkpoint::save(folder.path(), &network(5, 3), &adam, &progress).unwrap();
    let loaded = Checkpoint::load(folder.path()).unwrap();
    assert_eq!(bits_of(&loaded.progress().series["odd"]), bits_of(&odd));
    assert_eq!(loaded.progress().series["long"], progress.series["long"]);
    let text = fs::metadata(folder.path().join(MANIFEST)).unwrap().len();
    assert!(text < 2048, "{text} bytes");
}

#[test]
fn the_first_format_is_read_and_has_no_series() {
    let (folder, network) = saved();
    let state = fs::read(&files(folder.path())[2]).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&state).unwrap();
    let without = tensors.iter().filter(|(name, _)| !name.starts_with("run."));
    let without = safetensors::serialize(without, None).unwrap();
    replace_state(folder.path(), 1, &without);
    let loaded = Checkpoint::load(folder.path()).unwrap();
    let expected = Progress {
        series: BTreeMap::new(),
        ..progress(1)
    };
    assert_eq!(loaded.progress(), &expected);
    let (mut again, mut adam) = (self::network(5, 3), Adam::new(0.01).unwrap());
    loaded.restore(&mut again, &mut adam).unwrap();
    assert_eq!(bits(&again), bits(&network));
}

#[test]
fn a_series_that_is_no_list_of_numbers_is_damage() {
    use safetensors::Dtype::{F32, F64, I64};
    for (dtype, shape) in [
        (F32, vec![4]),
        (I64, vec![2]),
        (F64, vec![1, 2]),
        (F64, vec![]),
    ] {
        let (folder, _) = saved();
        let state = fs::read(&files(folder.path())[2]).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&state).unwrap();
        let bytes = vec![0; shape.iter().product::<usize>() * dtype.bitsize() / 8];
        let view = safetensors::tensor::TensorView::new(dtype, shape, &bytes).unwrap();
        let with = tensors.iter().chain([("run.odd", view)]);
        replace_state(
            folder.path(),
            2,
            &safetensors::serialize(with, None).unwrap(),
        );
        let error = Checkpoint::load(folder.path()).unwrap_err();
        assert!(matches!(error, CheckpointError::Damaged { .. }), "{error}");
        assert!(
            error.to_string().contains("`run.odd`") && error.to_string().contains("no list of F64"),
            "{error}"
        );
    }
}

#[test]
fn a_folder_without_a_checkpoint_is_said_to_have_none() {
    let folder = tempfile::tempdir().unwrap();
    for folder in [folder.path().to_owned(), folder.path().join("absent")] {
        let error = Checkpoint::load(&folder).unwrap_err();
        assert!(matches!(error, CheckpointError::Missing { .. }), "{error}");
        let error = checkpoint::paths(&folder).unwrap_err();
        assert!(matches!(error, CheckpointError::Missing { .. }), "{error}");
    }
    let (folder, _) = saved();
    let paths = checkpoint::paths(folder.path()).unwrap();
    assert_eq!(paths, files(folder.path()));
    // Named, not looked for: whether they are there is for who asks to see.
    fs::remove_file(&paths[1]).unwrap();
    assert_eq!(checkpoint::paths(folder.path()).unwrap(), paths);
}

#[test]
fn weights_are_stored_as_any_safetensors_reader_takes_them() {
    let (folder, network) = saved();
    let bytes = fs::read(&files(folder.path())[1]).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.len(), 6);
    let tensor = file.tensor("fc1.weight").unwrap();
    assert_eq!(tensor.shape(), [5, 5]);
    let stored: Vec<f32> = tensor
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(stored, network.parameter("fc1.weight").unwrap());
}

#[test]
fn running_moments_are_kept_under_their_names() {
    let make = || {
        let mut builder = evenkeel_net::GraphBuilder::new();
        let x = builder.input("x", &[3]).unwrap();
        let y = builder.linear(x, "fc", 2, evenkeel_net::Bias::No).unwrap();
        let y = builder
            .batch_norm(y, "bn", &evenkeel_net::BatchNorm::default())
            .unwrap();
        builder.softmax_cross_entropy(y, "loss").unwrap();
        let graph = builder.finish().unwrap();
        Network::new(graph, 4, Mode::Training, Threads(1)).unwrap()
    };
    let (mut network, mut again) = (make(), make());
    network.parameter_mut("fc.weight").unwrap().fill(0.5);
    let mut sgd = Sgd::new(0.1).unwrap();
    learn(&mut network, &mut sgd);
    let folder = tempfile::tempdir().unwrap();
    checkpoint::save(folder.path(), &network, &sgd, &progress(1)).unwrap();
    let loaded = Checkpoint::load(folder.path()).unwrap();
    loaded.restore_network(&mut again).unwrap();
    for name in ["bn.running_mean", "bn.running_var"] {
        assert_eq!(again.buffer(name).unwrap(), network.buffer(name).unwrap());
    }
    assert_ne!(again.buffer("bn.running_mean").unwrap(), [0.0; 2]);
    assert_eq!(bits(&again), bits(&network));
}
