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
        said.status == 2 && said.err.contains("exists already"),
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
fn bad_wishes_have_their_reasons() {
    refused(
        &["--scheme", "kaimin", "--shape", "3x4"],
        &["kaimin", "kaiming_normal"],
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
