//! Bad input to `evenkeel sample`: one clear message, exit status 2, nothing written.

mod common;
mod trees;

use std::fs;

use common::{evenkeel, run};
use safetensors::SafeTensors;
use trees::tree;

fn refused(arguments: &[&str], words: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path())
        .arg("sample")
        .args(arguments)
        .args(["--out", "w.safetensors"]));
    assert_eq!(said.status, 2, "{arguments:?}: {}{}", said.out, said.err);
    for word in words {
        assert!(
            said.err.contains(word),
            "{arguments:?}: no {word:?} in {}",
            said.err
        );
    }
    assert_eq!(said.out, "");
    assert!(tree(home.path()).is_empty(), "{arguments:?}");
}

#[test]
fn a_file_is_replaced_only_by_force() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("w.safetensors");
    fs::write(&path, "mine").unwrap();
    let arguments = [
        "sample",
        "--scheme",
        "zeros",
        "--shape",
        "4",
        "--out",
        "w.safetensors",
    ];
    let said = run(evenkeel(home.path()).args(arguments));
    assert!(
        said.status == 2 && said.err.contains("exists already") && !said.err.contains("--resume"),
        "{}",
        said.err
    );
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(
        run(evenkeel(home.path()).args(arguments).arg("--force")).status,
        0
    );
    let bytes = fs::read(&path).unwrap();
    let loaded = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(loaded.tensor("weight").unwrap().data(), [0; 16]);
}

#[test]
fn what_the_format_cannot_hold_is_refused_by_every_scheme() {
    let gate_bias = ["--shape", "32", "--layer", "gate_bias", "--gates", "4"];
    for (scheme, value, layer) in [
        ("normal", "std=1e40", &["--shape", "4x4"] as &[&str]),
        ("orthogonal", "gain=1e40", &["--shape", "4x4"]),
        ("identity", "gain=1e40", &["--shape", "4x4"]),
        ("zero_init", "gain=-1e40", &["--shape", "8x4"]),
        ("dirac", "gain=1e40", &["--shape", "4x4x3"]),
        ("delta_orthogonal", "gain=1e40", &["--shape", "4x4x3"]),
        ("lstm_bias", "forget=1e40", &gate_bias),
        ("orthogonal", "gain=1e-60", &["--shape", "4x4"]),
    ] {
        let wish = [&["--scheme", scheme, "--with", value] as &[&str], layer].concat();
        refused(
            &wish,
            &[scheme, "f32 cannot hold its values", "use a wider format"],
        );
        // Written with its power of ten, not with forty zeros.
        let number = value.split_once('=').unwrap().1;
        refused(&wish, &[number]);
    }
}

#[test]
fn what_must_be_made_whole_and_is_too_large_is_refused() {
    // 2⁵² and 2⁵⁴ bytes: no system gives so much.
    for (scheme, parameters, shape) in [
        ("orthogonal", "gain=1", "16777216x33554432"),
        ("sparse", "sparsity=0.5,std=1", "268435456x536870912"),
    ] {
        refused(
            &["--scheme", scheme, "--with", parameters, "--shape", shape],
            &[scheme, "must be made whole", "bytes of memory"],
        );
    }
}

#[test]
fn the_formats_own_name_is_refused() {
    refused(
        &[
            "--scheme",
            "zeros",
            "--shape",
            "4",
            "--name",
            "__metadata__",
        ],
        &["__metadata__", "choose another --name"],
    );
}

#[test]
fn bad_wishes_have_their_reasons() {
    refused(
        &["--scheme", "kaimin", "--shape", "3x4"],
        &[
            "no scheme is named \"kaimin\"",
            "did you mean `kaiming_normal`",
        ],
    );
    refused(
        &["--scheme", "normal", "--shape", "3x4"],
        &["normal needs \"std\"", "--with std=0.02"],
    );
    refused(
        &["--scheme", "normal", "--with", "std=-1", "--shape", "3x4"],
        &["std is -1"],
    );
    refused(
        &["--scheme", "normal", "--with", "std=nan", "--shape", "3x4"],
        &["std is NaN"],
    );
    refused(
        &["--scheme", "normal", "--with", "sdt=1", "--shape", "3x4"],
        &["--with", "sdt"],
    );
    refused(
        &[
            "--scheme",
            "kaiming_normal",
            "--gain",
            "1",
            "--activation",
            "relu",
            "--shape",
            "3x4",
        ],
        &["cannot be used with"],
    );
    refused(
        &[
            "--scheme",
            "kaiming_normal",
            "--activation",
            "reul",
            "--shape",
            "3x4",
        ],
        &["reul"],
    );
    refused(
        &["--scheme", "kaiming_normal", "--shape", "0x4"],
        &["at least 1"],
    );
    refused(
        &["--scheme", "kaiming_normal", "--shape", "3y4"],
        &["512x784"],
    );
    refused(
        &[
            "--scheme",
            "kaiming_normal",
            "--shape",
            "4294967296x4294967296",
        ],
        &["overflows"],
    );
    refused(
        &["--scheme", "kaiming_normal", "--shape", "4"],
        &["divides by a fan"],
    );
    refused(
        &["--scheme", "orthogonal", "--shape", "4"],
        &["orthogonal", "needs a matrix"],
    );
    refused(
        &[
            "--scheme", "zeros", "--shape", "64x8x3x3", "--layer", "conv", "--groups", "3",
        ],
        &["3 groups"],
    );
    refused(
        &["--scheme", "zeros", "--shape", "4x4", "--groups", "2"],
        &["--groups belongs to"],
    );
    refused(
        &["--scheme", "zeros", "--shape", "4x4", "--layer", "packed"],
        &["--parts"],
    );
    refused(
        &["--scheme", "zeros", "--shape", "4x4", "--range", "3..17"],
        &["17", "16 elements"],
    );
    refused(
        &["--scheme", "zeros", "--shape", "4x4", "--seed", "-1"],
        &["'-1'", "--seed"],
    );
    refused(
        &["--scheme", "zeros", "--shape", "4x4", "--range", "5..5"],
        &["0..1000"],
    );
    refused(
        &[
            "--scheme",
            "constant",
            "--with",
            "value=1e6",
            "--shape",
            "4",
            "--dtype",
            "f16",
        ],
        &["constant"],
    );
}
