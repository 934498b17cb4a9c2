//! `evenkeel sample` through its binary: one tensor, what it is, and the same bits from any side.

mod common;
mod trees;

use std::fs;
use std::path::Path;

use common::{Said, evenkeel, run};
use safetensors::SafeTensors;
use trees::sha256;

fn sample(home: &Path, arguments: &[&str]) -> Said {
    let said = run(evenkeel(home).arg("sample").args(arguments));
    assert_eq!(said.status, 0, "{arguments:?}: {}", said.err);
    said
}

fn report(home: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&sample(home, &[arguments, &["--json"]].concat()).out).unwrap()
}

/// The values of the only tensor of a file, in f32.
fn values(path: &Path, name: &str) -> (Vec<usize>, Vec<f32>) {
    let bytes = fs::read(path).unwrap();
    let loaded = SafeTensors::deserialize(&bytes).unwrap();
    let view = loaded.tensor(name).unwrap();
    let values = view
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
    (view.shape().to_vec(), values.collect())
}

#[test]
fn the_file_holds_the_scheme_and_the_terminal_says_so() {
    let home = tempfile::tempdir().unwrap();
    let said = sample(
        home.path(),
        &[
            "--scheme",
            "kaiming_normal",
            "--shape",
            "512x784",
            "--out",
            "w.safetensors",
        ],
    );
    for words in [
        "in 784, out 512",
        "401408 of 401408, f32, seed 42",
        "0.050508",
        "achieved",
        "0 NaN",
        "512×784",
    ] {
        assert!(said.out.contains(words), "no {words:?} in {}", said.out);
    }
    let bars = said.out.lines().filter(|line| line.contains('█')).count();
    assert!(bars >= 7, "{}", said.out);
    let (shape, values) = values(&home.path().join("w.safetensors"), "weight");
    assert_eq!(shape, [512, 784]);
    let second = values.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / values.len() as f64;
    // E[x²] = 2/fan_in with a relative standard error of √(2/n); 5 of them. Swapped fans are 50 % off.
    let tolerance = 5.0 * (2.0 / values.len() as f64).sqrt();
    assert!((second * 784.0 / 2.0 - 1.0).abs() < tolerance, "{second}");
}

#[test]
fn the_bytes_are_those_that_they_have_always_been() {
    let home = tempfile::tempdir().unwrap();
    let golden = [
        (
            "f32",
            "31a47fee727a5cf28d19296eb29a7efdc49cf994386a6316a80f21c1ca609f90",
        ),
        (
            "bf16",
            "9caf8f716c01b44402df19b18c9cda83ab67bec82fd7c00d61ca7e6535ac0ad1",
        ),
        (
            "f64",
            "0bb0a4948b4e3ae99c0ca2a0befa7157a3a15412c184225d8f6cb7152def52e1",
        ),
    ];
    for (dtype, expected) in golden {
        let out = format!("{dtype}.safetensors");
        sample(
            home.path(),
            &[
                "--scheme",
                "xavier_normal",
                "--shape",
                "30x50",
                "--dtype",
                dtype,
                "--out",
                &out,
            ],
        );
        assert_eq!(
            sha256(&fs::read(home.path().join(out)).unwrap()),
            expected,
            "{dtype}"
        );
    }
}

#[test]
fn a_range_has_the_bits_of_the_whole() {
    let home = tempfile::tempdir().unwrap();
    for scheme in ["kaiming_uniform", "orthogonal"] {
        let made = |out: &str, more: &[&str]| {
            let arguments = [
                "--scheme", scheme, "--shape", "40x30", "--force", "--out", out,
            ];
            sample(home.path(), &[&arguments[..], more].concat());
            values(&home.path().join(out), "weight")
        };
        let (_, whole) = made("whole.safetensors", &["--threads", "1"]);
        let (shape, rows) = made(
            "rows.safetensors",
            &["--range", "60..150", "--threads", "3"],
        );
        assert_eq!(
            (shape, &rows[..]),
            (vec![3, 30], &whole[60..150]),
            "{scheme}"
        );
        let (shape, part) = made("part.safetensors", &["--range", "7..100"]);
        assert_eq!((shape, &part[..]), (vec![93], &whole[7..100]), "{scheme}");
    }
}

#[test]
fn layers_layouts_gains_and_modes_reach_the_scale() {
    let home = tempfile::tempdir().unwrap();
    let cases: &[(&[&str], f64, f64, f64)] = &[
        (
            &["--scheme", "kaiming_normal", "--shape", "64x32"],
            32.0,
            64.0,
            (2.0_f64 / 32.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "kaiming_normal",
                "--shape",
                "64x32",
                "--layout",
                "io",
            ],
            64.0,
            32.0,
            (2.0_f64 / 64.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "kaiming_normal",
                "--mode",
                "fan_out",
                "--shape",
                "64x32",
            ],
            32.0,
            64.0,
            (2.0_f64 / 64.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "xavier_normal",
                "--gain",
                "3",
                "--shape",
                "64x32",
            ],
            32.0,
            64.0,
            3.0 * (2.0_f64 / 96.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "kaiming_normal",
                "--activation",
                "relu",
                "--shape",
                "64x32",
            ],
            32.0,
            64.0,
            (2.0_f64 / 32.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "kaiming_normal",
                "--layer",
                "conv",
                "--groups",
                "4",
                "--shape",
                "64x8x3x3",
            ],
            72.0,
            144.0,
            (2.0_f64 / 72.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "kaiming_normal",
                "--layer",
                "conv_transpose",
                "--shape",
                "64x8x3x3",
            ],
            576.0,
            72.0,
            (2.0_f64 / 576.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "xavier_uniform",
                "--layer",
                "packed",
                "--parts",
                "3",
                "--shape",
                "96x32",
            ],
            32.0,
            32.0,
            (2.0_f64 / 64.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "lecun_normal",
                "--layer",
                "recurrent",
                "--gates",
                "4",
                "--shape",
                "64x32",
            ],
            32.0,
            16.0,
            (1.0_f64 / 32.0).sqrt(),
        ),
        (
            &[
                "--scheme",
                "normal",
                "--with",
                "std=0.5,mean=2",
                "--layer",
                "embedding",
                "--shape",
                "100x32",
            ],
            1.0,
            32.0,
            0.5,
        ),
    ];
    for (arguments, fan_in, fan_out, std) in cases {
        let said = report(home.path(), arguments);
        assert_eq!(
            (said["fan_in"].as_f64(), said["fan_out"].as_f64()),
            (Some(*fan_in), Some(*fan_out)),
            "{arguments:?}"
        );
        let intended = said["intended"]["std"].as_f64().unwrap();
        assert!(
            (intended / std - 1.0).abs() < 1e-12,
            "{arguments:?}: {intended} for {std}"
        );
        let n = said["range"][1].as_f64().unwrap();
        let achieved = said["achieved"]["std"].as_f64().unwrap();
        // The relative standard error of a normal's std is 1/√(2n), a uniform's is smaller; 5 of them.
        assert!(
            (achieved / std - 1.0).abs() < 5.0 / (2.0 * n).sqrt(),
            "{arguments:?}: {achieved} for {std}"
        );
    }
}

#[test]
fn what_is_counted_adds_up() {
    let home = tempfile::tempdir().unwrap();
    let said = report(
        home.path(),
        &[
            "--scheme",
            "truncated_normal",
            "--with",
            "std=1",
            "--shape",
            "300x400",
            "--dtype",
            "f16",
        ],
    );
    let counts = said["histogram"]["counts"].as_array().unwrap();
    let total: u64 = counts.iter().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(total, 120_000);
    assert_eq!(said["achieved"]["min"], said["histogram"]["low"]);
    let said = report(home.path(), &["--scheme", "zeros", "--shape", "10"]);
    assert_eq!(
        (&said["achieved"]["zero_fraction"], &said["histogram"]),
        (&1.0.into(), &serde_json::Value::Null)
    );
    let said = report(home.path(), &["--scheme", "orthogonal", "--shape", "64x64"]);
    assert!(said["orthogonality"].as_f64().unwrap() < 1e-6, "{said}");
}

#[test]
fn a_name_and_a_seed_decide_every_value() {
    let home = tempfile::tempdir().unwrap();
    let achieved = |more: &[&str]| {
        let arguments = ["--scheme", "normal", "--with", "std=1", "--shape", "100"];
        report(home.path(), &[&arguments[..], more].concat())["achieved"]["mean"].clone()
    };
    assert_eq!(
        achieved(&[]),
        achieved(&["--seed", "42", "--name", "weight", "--threads", "2"])
    );
    assert_ne!(achieved(&[]), achieved(&["--seed", "43"]));
    assert_ne!(achieved(&[]), achieved(&["--name", "other"]));
}
