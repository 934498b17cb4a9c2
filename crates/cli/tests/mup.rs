//! `evenkeel train --mup`: a learning rate that was tuned at one width is right at another.

mod common;
mod outputs;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Said, evenkeel, is_untouched, run};
use outputs::{results, tensors};
use safetensors::SafeTensors;

/// A run on the drawn digits, into `out`.
fn train(home: &Path, out: &str, settings: &str) -> Said {
    let mut command = evenkeel(home);
    command.args([
        "train", "--data", "strokes", "--batch", "64", "--depth", "4",
    ]);
    command.args(settings.split(' ')).args(["--out", out]);
    let said = run(&mut command);
    assert_eq!(said.status, 0, "{settings}: {}", said.err);
    said
}

type Parameters = BTreeMap<String, Vec<f32>>;

/// The weights that a run ended with.
fn parameters(folder: &Path) -> Parameters {
    let [model, _] = tensors(folder);
    let model = SafeTensors::deserialize(&model).unwrap();
    let of = |data: &[u8]| {
        let values = data.chunks_exact(4);
        values
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect()
    };
    let named = model
        .iter()
        .map(|(name, view)| (name.to_owned(), of(view.data())));
    named.collect()
}

fn rms(values: &[f32]) -> f64 {
    let squares = values.iter().map(|x| f64::from(*x).powi(2));
    (squares.sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn at_the_width_that_was_tuned_nothing_changes() {
    let home = tempfile::tempdir().unwrap();
    for (index, settings) in [
        "--width 24 --steps 30 --weight-decay 0.01 --clip 1",
        "--width 24 --steps 30 --nesterov --init pytorch_default_weight",
        "--width 24 --steps 30 --optimizer adam --schedule cosine",
        "--width 24 --steps 30 --optimizer adamw --init weight-norm",
        "--width 24 --steps 30 --net resmlp --init fixup --weight-decay 0.001",
        "--width 4 --steps 5 --net cnn --init xavier_normal --optimizer adamw",
    ]
    .into_iter()
    .enumerate()
    {
        let (plain, by_mup) = (format!("plain{index}"), format!("mup{index}"));
        let width = settings.split(' ').nth(1).unwrap();
        train(home.path(), &plain, settings);
        train(home.path(), &by_mup, &format!("{settings} --mup {width}"));
        let of = |name: &str| tensors(&home.path().join(name));
        assert_eq!(of(&plain), of(&by_mup), "{settings}");
    }
}

/// What a run of one step at this learning rate adds to each weight.
fn moved(home: &Path, settings: &str, rate: &str) -> (Parameters, Parameters) {
    let [still, moving] = ["0", rate].map(|rate| {
        train(
            home,
            rate,
            &format!("{settings} --steps 1 --lr {rate} --force"),
        );
        parameters(&home.join(rate))
    });
    let differences = |(name, before): (&String, &Vec<f32>)| {
        let pairs = before.iter().zip(&moving[name]);
        (name.clone(), pairs.map(|(b, a)| a - b).collect())
    };
    let added = still.iter().map(differences).collect();
    (still, added)
}

#[test]
fn adam_moves_what_reads_the_width_by_less() {
    let home = tempfile::tempdir().unwrap();
    let settings = "--width 96 --mup 24 --optimizer adam";
    let (begun, added) = moved(home.path(), settings, "0.001");
    let inputs = (2.0f64 / 784.0).sqrt();
    for (layer, size, step) in [
        ("fc0", inputs, 1e-3),
        ("fc1", (2.0f64 / 96.0).sqrt(), 1e-3 / 4.0),
        ("fc2", (2.0f64 / 96.0).sqrt(), 1e-3 / 4.0),
        // √(2/24) at the width that was tuned, a quarter of it here.
        ("fc3", (2.0f64 / 24.0).sqrt() / 4.0, 1e-3 / 4.0),
    ] {
        let weight = format!("{layer}.weight");
        let got = rms(&begun[&weight]);
        let slack = 5.0 / (2.0 * begun[&weight].len() as f64).sqrt();
        assert!((got / size - 1.0).abs() < slack, "{weight} begins at {got}");
        // Adam's first step is the learning rate, whatever the gradient, but where that is 0.
        for (name, step) in [(weight, step), (format!("{layer}.bias"), 1e-3)] {
            let largest = added[&name].iter().fold(0.0f32, |m, x| m.max(x.abs()));
            let far = (f64::from(largest) / step - 1.0).abs();
            assert!(far < 1e-3, "{name} moved by {largest}, and not {step}");
        }
    }
}

#[test]
fn gradient_descent_moves_what_makes_the_width_by_more() {
    let home = tempfile::tempdir().unwrap();
    // Fixup begins at the same weights with μP and without: all that is not 0 has the scale of its
    // fan-in. So the first gradients are the same too, which its output layer alone has.
    let settings = "--net resmlp --width 96 --init fixup";
    let (plain_begun, plain) = moved(home.path(), settings, "0.1");
    let (begun, added) = moved(home.path(), &format!("{settings} --mup 24"), "0.1");
    assert_eq!(begun, plain_begun);
    for (name, factor) in [("head.weight", 0.25), ("head.bias", 1.0)] {
        assert!(rms(&plain[name]) > 0.0);
        for (by_mup, plain) in added[name].iter().zip(&plain[name]) {
            let far = (by_mup - factor * plain).abs();
            // Both were rounded where the bias stands.
            assert!(
                far <= 1e-6 * plain.abs() + 1e-8,
                "{name}: {by_mup}, {plain}"
            );
        }
    }
    // Plain layers all have gradients; those of the first step differ by the output layer's size,
    // four times as small, and the factor of the input layer is 4.
    let settings = "--width 96 --init normal(std=0.02) --momentum 0";
    let (begun, added) = moved(home.path(), &format!("{settings} --mup 24"), "0.1");
    assert!(rms(&added["fc0.weight"]) > 0.0 && rms(&added["fc0.bias"]) > 0.0);
    let std = |name: &str| rms(&begun[name]) / 0.02;
    for (name, size) in [
        ("fc0.weight", 1.0),
        ("fc1.weight", 0.5),
        ("fc3.weight", 0.25),
    ] {
        let slack = 5.0 / (2.0 * begun[name].len() as f64).sqrt();
        assert!(
            (std(name) / size - 1.0).abs() < slack,
            "{name}: {}",
            std(name)
        );
    }
}

#[test]
fn a_run_says_that_it_is_one_by_mup() {
    let home = tempfile::tempdir().unwrap();
    let said = train(home.path(), "made", "--width 48 --mup 24 --steps 5");
    assert!(said.out.contains("μP from width 24"), "{}", said.out);
    let experiment = &results(&home.path().join("made"))["experiments"][0];
    assert_eq!(experiment["measured"]["mup_base_width"], 24);
    let title = experiment["title"].as_str().unwrap();
    assert!(title.ends_with("by μP from width 24"), "{title}");
    let command = experiment["command"].as_str().unwrap();
    assert!(command.contains(" --mup 24 "), "{command}");
    train(home.path(), "plain", "--width 48 --steps 5");
    let plain = results(&home.path().join("plain"));
    let measured = &plain["experiments"][0]["measured"];
    assert!(measured.get("mup_base_width").is_none());
}

#[test]
fn what_mup_cannot_be_told_is_refused() {
    for (arguments, words) in [
        ("--mup 0", &["--mup is 0; it must be from 1 to 65536"][..]),
        ("--mup 65537", &["--mup is 65537; it must be"]),
        ("--mup wide", &["'wide' for '--mup <BASE_WIDTH>'"]),
        ("--mup -3", &["-3"]),
        (
            "--mup 24 --optimizer adam --weight-decay 0.1",
            &["--weight-decay is 0.1", "--mup", "take --optimizer adamw"],
        ),
        (
            "--mup 24 --init ones",
            &["ones gives `fc1.weight` a mean of 1", "as kaiming_normal"],
        ),
        // A checkpoint knows its width.
        ("--resume made --mup 48", &["--mup", "cannot be used with"]),
    ] {
        let home = tempfile::tempdir().unwrap();
        let mut command = evenkeel(home.path());
        let said = run(command
            .args(["train", "--data", "strokes"])
            .args(arguments.split(' ')));
        assert_eq!(said.status, 2, "{arguments}: {}", said.err);
        for word in words {
            assert!(
                said.err.contains(word),
                "{arguments}: no {word:?} in {}",
                said.err
            );
        }
        assert!(
            is_untouched(home.path()),
            "{arguments} left something behind"
        );
    }
}

/// What μP is for, at the end of a run; each loss is the mean over three seeds.
#[test]
fn the_best_learning_rate_of_a_narrow_network_is_that_of_a_wide_one() {
    let home = tempfile::tempdir().unwrap();
    let rates = ["0.001", "0.004", "0.016"];
    let last_losses = |settings: &str| {
        train(home.path(), "run", settings);
        let loss = &results(&home.path().join("run"))["experiments"][0]["measured"]["loss"];
        let loss = loss.as_array().unwrap();
        let last = loss[loss.len() - 5..].iter().map(|x| x.as_f64().unwrap());
        last.sum::<f64>() / 5.0
    };
    let losses = |settings: &str| {
        rates.map(|rate| {
            let of_seed = |seed| {
                let run = format!("--optimizer adam --steps 100 --lr {rate} --seed {seed} --force");
                last_losses(&format!("{settings} {run}"))
            };
            (1..=3).map(of_seed).sum::<f64>() / 3.0
        })
    };
    let best = |losses: &[f64]| {
        let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
        losses.iter().position(|&loss| loss == least)
    };
    let [narrow, by_mup, plain] = ["--width 32", "--width 256 --mup 32", "--width 256"].map(losses);
    let told = format!("{narrow:?}, {by_mup:?} by μP, {plain:?} without");
    assert_eq!(best(&narrow), best(&by_mup), "{told}");
    // Without it the wide network wants a smaller one.
    assert!(best(&plain) < best(&narrow), "{told}");
}
