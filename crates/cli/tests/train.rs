//! `evenkeel train` through the binary: the same bytes on any number of threads and after any
//! interruption, and one clear message for each thing that can be wrong.

mod common;
mod outputs;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use common::{Said, evenkeel, is_untouched, run};
use outputs::{results, tensors, without_times};
use serde_json::Value;

/// A small run on the drawn digits.
fn small(home: &Path, out: &str, more: &[&str]) -> Said {
    let mut command = evenkeel(home);
    command.args([
        "train", "--data", "strokes", "--width", "24", "--batch", "64",
    ]);
    run(command.args(["--out", out]).args(more))
}

#[test]
fn a_run_says_what_it_needs_learns_and_leaves_everything_behind() {
    let home = tempfile::tempdir().unwrap();
    let said = small(home.path(), "made", &["--steps", "200", "--seed", "3"]);
    assert_eq!(said.status, 0, "{}\n{}", said.out, said.err);
    for word in [
        "evenkeel train · mlp · 5 layers × 24 · relu · kaiming_normal",
        "parameters; 200 steps",
        "of memory",
        "Test accuracy",
        "report.html",
    ] {
        assert!(said.out.contains(word), "no {word:?} in {}", said.out);
    }
    // No terminal: a plain line for each point of the curves.
    assert!(said.err.contains("step 200/200"), "{}", said.err);
    assert!(said.err.contains("layers·images/s"), "{}", said.err);
    assert!(!said.out.contains('\u{1b}'), "no colour in a pipe");
    let folder = home.path().join("made");
    let measured = &results(&folder)["experiments"][0]["measured"];
    // Ten classes at 10% each is a guess; the drawn digits are easy.
    assert!(
        measured["test_accuracy"].as_f64().unwrap() > 0.6,
        "{measured}"
    );
    let loss = measured["loss"].as_array().unwrap();
    assert!(loss.last().unwrap().as_f64() < loss[0].as_f64());
    let profiles = results(&folder)["experiments"][0]["profiles"].clone();
    // Activations, their gradients and weight gradients, at the first step and the last.
    assert_eq!(profiles.as_array().unwrap().len(), 6);
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("Training a perceptron of 5 layers"));
}

#[test]
fn the_end_shows_what_became_of_the_signal() {
    let home = tempfile::tempdir().unwrap();
    let said = small(home.path(), "made", &["--steps", "20", "--depth", "12"]);
    assert_eq!(said.status, 0, "{}", said.err);
    for name in [
        "activations, first step",
        "their gradients, first step",
        "weight gradients, first step",
        "activations, last step",
        "their gradients, last step",
        "weight gradients, last step",
    ] {
        let line = said.out.lines().find(|line| line.ends_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{}", said.out));
        let blocks = line.chars().filter(|c| ('▁'..='█').contains(c)).count();
        // Eleven hidden layers; twelve weights.
        assert!((11..=12).contains(&blocks), "{line}");
        let arrow = if name.contains("gradients") {
            " ← "
        } else {
            " → "
        };
        assert!(line.contains(arrow), "{line}");
    }
    assert!(
        said.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        said.out
    );
}

#[test]
fn another_locale_gets_ascii() {
    let home = tempfile::tempdir().unwrap();
    let mut command = evenkeel(home.path());
    command.args([
        "train", "--data", "strokes", "--width", "16", "--steps", "5",
    ]);
    let said = run(command.env("LC_ALL", "POSIX"));
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.is_ascii(), "{}", said.out);
    assert!(said.err.is_ascii(), "{}", said.err);
    assert!(
        said.out.contains("their gradients, last step"),
        "{}",
        said.out
    );
}

#[test]
fn computing_activations_again_changes_memory_and_no_byte() {
    let home = tempfile::tempdir().unwrap();
    let settings = [
        "--net", "resmlp", "--depth", "60", "--init", "fixup", "--steps", "20",
    ];
    let mut made = Vec::new();
    for (choice, words) in [
        ("off", "every activation kept"),
        ("on", "activations computed again in the backward pass"),
        // Small enough for the caches: nothing is gained by it.
        ("auto", "every activation kept"),
    ] {
        let said = small(
            home.path(),
            choice,
            &[&settings[..], &["--recompute", choice]].concat(),
        );
        assert_eq!(said.status, 0, "{}", said.err);
        let told = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.contains(words),
            "{choice}: no {words:?} in {}",
            said.out
        );
        let folder = home.path().join(choice);
        made.push((tensors(&folder), without_times(&folder)));
    }
    assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
    // It is no setting of the run: a checkpoint goes on either way.
    let mut command = evenkeel(home.path());
    let said = run(command.args(["train", "--resume", "off", "--recompute", "on"]));
    assert_eq!(said.status, 0, "{}", said.err);
    assert_eq!(tensors(&home.path().join("off")), made[0].0);
}

#[test]
fn threads_do_not_change_a_byte() {
    let home = tempfile::tempdir().unwrap();
    let more = [
        "--steps",
        "60",
        "--optimizer",
        "adamw",
        "--clip",
        "1",
        "--schedule",
        "cosine",
    ];
    for threads in ["1", "2"] {
        let said = small(
            home.path(),
            threads,
            &[&more[..], &["--threads", threads]].concat(),
        );
        assert_eq!(said.status, 0, "{}", said.err);
    }
    let [one, two] = ["1", "2"].map(|threads| home.path().join(threads));
    assert_eq!(tensors(&one), tensors(&two));
    assert_eq!(without_times(&one), without_times(&two));
}

/// Starts a run and interrupts it at the first line that says how far it is.
#[cfg(unix)]
fn interrupted(home: &Path, arguments: &[&str]) -> (i32, String) {
    let mut child = evenkeel(home)
        .arg("train")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        said.push_str(&line);
        if line.contains("step ") {
            break;
        }
    }
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.unwrap().success());
    for line in lines {
        said.push_str(&line.unwrap());
        said.push('\n');
    }
    (child.wait().unwrap().code().unwrap(), said)
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_that_goes_on_ends_in_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    // Long enough to be interrupted, and over the end of an epoch.
    let settings = [
        "--data",
        "strokes",
        "--depth",
        "8",
        "--width",
        "64",
        "--batch",
        "100",
        "--epochs",
        "3",
        "--momentum",
        "0.9",
        "--nesterov",
        "--weight-decay",
        "0.001",
        "--schedule",
        "step:200:0.5",
        "--warmup",
        "20",
        "--mup",
        "16",
        "--seed",
        "9",
    ];
    let (status, said) = interrupted(home.path(), &[&settings[..], &["--out", "broken"]].concat());
    assert_eq!(status, 130, "{said}");
    assert!(said.contains("--resume broken"), "{said}");
    let broken = home.path().join("broken");
    assert!(
        !broken.join("results.json").exists(),
        "it was stopped before its end"
    );

    // Begun anew by mistake, it is protected.
    let mut again = evenkeel(home.path());
    let said = run(again.arg("train").args(settings).args(["--out", "broken"]));
    assert_eq!(said.status, 2);
    assert!(
        said.err.contains("--resume broken") && said.err.contains("--force"),
        "{}",
        said.err
    );

    // Once more in the middle, then to the end on another number of threads.
    let (status, said) = interrupted(home.path(), &["--resume", "broken"]);
    assert_eq!(status, 130, "{said}");
    let said = run(evenkeel(home.path()).args(["train", "--resume", "broken", "--threads", "1"]));
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains("going on from step"), "{}", said.out);

    let mut whole = evenkeel(home.path());
    let said = run(whole
        .arg("train")
        .args(settings)
        .args(["--out", "whole", "--threads", "2"]));
    assert_eq!(said.status, 0, "{}", said.err);
    let whole = home.path().join("whole");
    assert_eq!(tensors(&broken), tensors(&whole));
    assert_eq!(without_times(&broken), without_times(&whole));
}

#[test]
fn json_stands_alone_on_standard_output_and_equals_the_file() {
    let home = tempfile::tempdir().unwrap();
    let said = small(home.path(), "made", &["--steps", "5", "--json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let printed: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(printed, results(&home.path().join("made")));
    assert!(said.err.contains("of memory"), "{}", said.err);
}

#[test]
fn a_forward_pass_that_leaves_f32_is_a_finding_with_its_layer() {
    let home = tempfile::tempdir().unwrap();
    // Standard normal weights of 24 units: × √12 a layer, less 5/(4·24) in ln for finite width, 1.19
    // in all. The first layer makes ln √784 = 3.3 and the largest of 1,536 values is e^1.2 times
    // their rms, so f32, which ends at e^88.7, is left about layer 71, with a standard deviation of
    // √(71 · 5/(4·24))/1.19 = 1.6 layers: 5 of them are 8.
    let more = [
        "--init",
        "normal(std=1)",
        "--depth",
        "110",
        "--lr",
        "0.1",
        "--steps",
        "3",
    ];
    let said = small(home.path(), "made", &more);
    assert_eq!(said.status, 1, "{}\n{}", said.out, said.err);
    assert!(
        said.out.contains("Training broke at step 1"),
        "{}",
        said.out
    );
    let measured = results(&home.path().join("made"))["experiments"][0]["measured"].clone();
    assert_eq!(measured["broke"]["pass"], "forward");
    let at = measured["broke"]["at"].as_str().unwrap();
    // The producer is a linear layer, and not the activations that carry it.
    let layer: usize = at.strip_prefix("fc").expect(at).parse().unwrap();
    assert!((63..=79).contains(&layer), "{at}");
    assert_eq!(
        results(&home.path().join("made"))["experiments"][0]["agrees"],
        false
    );
}

#[test]
fn a_learning_rate_that_diverges_is_a_finding_and_not_a_crash() {
    let home = tempfile::tempdir().unwrap();
    let more = ["--lr", "1e30", "--steps", "50", "--momentum", "0"];
    let said = small(home.path(), "made", &more);
    assert_eq!(said.status, 1, "{}\n{}", said.out, said.err);
    assert!(said.out.contains("Training broke at step"), "{}", said.out);
    let broke = &results(&home.path().join("made"))["experiments"][0]["measured"]["broke"];
    assert!(broke["at"].is_string(), "{broke}");
}

/// Runs `train` with `arguments` in an empty folder and expects an error that names all of `words`,
/// and nothing left behind.
fn refused(arguments: &[&str], words: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let mut command = evenkeel(home.path());
    let said = run(command.args(["train", "--data", "strokes"]).args(arguments));
    assert_eq!(said.status, 2, "{arguments:?}: {}", said.err);
    for word in words {
        assert!(
            said.err.contains(word),
            "{arguments:?}: no {word:?} in {}",
            said.err
        );
    }
    assert!(
        is_untouched(home.path()),
        "{arguments:?} left something behind"
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    refused(&["--depth", "0"], &["--depth is 0"]);
    refused(&["--width", "0"], &["--width is 0"]);
    refused(&["--batch", "0"], &["--batch is 0"]);
    refused(&["--epochs", "0"], &["--epochs is 0"]);
    refused(&["--steps", "0"], &["--steps is 0"]);
    refused(&["--threads", "0"], &["--threads is 0"]);
    refused(&["--lr", "nan"], &["learning rate of NaN"]);
    refused(&["--momentum", "1"], &["momentum of 1"]);
    refused(
        &["--momentum", "0", "--nesterov"],
        &["Nesterov", "momentum"],
    );
    refused(
        &["--optimizer", "adam", "--nesterov"],
        &["--nesterov", "sgd"],
    );
    refused(&["--schedule", "linear"], &["linear", "cosine:FLOOR"]);
    refused(&["--clip", "0"], &["norm of 0"]);
    refused(
        &["--init", "kaimin_normal"],
        &[
            "no recipe `kaimin_normal`",
            "did you mean `kaiming_normal`?",
        ],
    );
    refused(&["--init", "fixpu"], &["did you mean `fixup`?"]);
    refused(&["--recompute", "maybe"], &["maybe", "auto, on, off"]);
    refused(&["--activation", "reul"], &["reul", "relu"]);
    refused(&["--net", "transformer"], &["transformer", "resmlp"]);
}

#[test]
fn a_batch_larger_than_the_data_is_refused() {
    refused(
        &["--batch", "1000000"],
        &["--batch is 1000000", "training images"],
    );
}

#[test]
fn a_network_that_does_not_fit_is_refused_before_it_is_made() {
    refused(
        &["--depth", "2000", "--width", "20000"],
        &[
            "the run needs",
            "TiB",
            "every activation kept",
            "are available",
            "smaller --width",
            "--recompute on alone does not help",
        ],
    );
}

#[test]
fn a_folder_without_a_checkpoint_cannot_be_gone_on_with() {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).args(["train", "--resume", "nowhere"]));
    assert_eq!(said.status, 2);
    assert!(
        said.err.contains("nowhere holds no checkpoint"),
        "{}",
        said.err
    );
    assert!(is_untouched(home.path()));
}

#[test]
fn a_checkpoint_fixes_the_settings() {
    let home = tempfile::tempdir().unwrap();
    let mut command = evenkeel(home.path());
    let said = run(command.args(["train", "--resume", "made", "--depth", "7"]));
    assert_eq!(said.status, 2);
    assert!(said.err.contains("--depth"), "{}", said.err);
}

#[test]
fn a_damaged_newer_or_foreign_checkpoint_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let said = small(home.path(), "made", &["--steps", "5"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let manifest = home.path().join("made/checkpoint.json");
    let model = home.path().join("made/checkpoint-5/model.safetensors");
    let (text, weights) = (fs::read(&manifest).unwrap(), fs::read(&model).unwrap());
    let refuses = |words: &[&str]| {
        let said = run(evenkeel(home.path()).args(["train", "--resume", "made"]));
        assert_eq!(said.status, 2, "{}", said.err);
        for word in words {
            assert!(said.err.contains(word), "no {word:?} in {}", said.err);
        }
    };
    let mut flipped = weights.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(&model, flipped).unwrap();
    refuses(&["model.safetensors is damaged", "SHA-256"]);
    fs::write(&model, &weights[..weights.len() / 2]).unwrap();
    refuses(&["model.safetensors is damaged", "bytes"]);
    fs::write(&model, &weights).unwrap();
    fs::write(&manifest, &text[..text.len() / 2]).unwrap();
    refuses(&["checkpoint.json is damaged"]);
    fs::write(&manifest, r#"{"format": 99}"#).unwrap();
    refuses(&["format 99", "newer"]);
    // A run of another network in its place: what is stored does not fit what is described.
    fs::write(&manifest, &text).unwrap();
    let said = run(evenkeel(home.path()).args(["train", "--resume", "made", "--data", "mnist"]));
    assert_eq!(said.status, 2, "the data must be what it was: {}", said.err);
    // Finished, it goes on to the same end.
    let before = without_times(&home.path().join("made"));
    let said = run(evenkeel(home.path()).args(["train", "--resume", "made"]));
    assert_eq!(said.status, 0, "{}", said.err);
    assert_eq!(without_times(&home.path().join("made")), before);
}
