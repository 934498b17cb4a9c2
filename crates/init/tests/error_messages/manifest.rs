//! Manifests that are none, or that do not agree with themselves.

use std::fs::{self, File};
use std::path::Path;

use evenkeel_init::Threads;
use evenkeel_init::checkpoint::{
    Destination, Existing, Inconsistency, ManifestError, ReadError, Silent, Verification, verify,
};
use serde_json::{Value, json};

use super::{options, small};

fn check(folder: &Path) -> Result<Verification, ManifestError> {
    verify(folder, Threads::ONE, &Silent)
}

#[test]
fn what_is_no_manifest() {
    use ManifestError as E;
    let folder = tempfile::tempdir().unwrap();
    let (folder, path) = (folder.path(), folder.path().join("manifest.json"));
    refused!(
        check(folder),
        E::Absent { .. },
        "manifest.json is not there",
        "name a folder or a .safetensors file that `evenkeel init` made",
    );
    fs::create_dir(&path).unwrap();
    refused!(
        check(folder),
        E::Read(ReadError::NotAFile { .. }),
        "manifest.json is not a regular file",
    );
    fs::remove_dir(&path).unwrap();
    // Sparse: it takes no room on the disk.
    File::create(&path).unwrap().set_len(1_000_000_001).unwrap();
    refused!(
        check(folder),
        E::TooLong {
            bytes: 1_000_000_001,
            ..
        },
        "manifest.json has 1000000001 bytes; a manifest has at most 1000000000",
    );
    fs::write(&path, "{}").unwrap();
    refused!(
        check(folder),
        E::Json { .. },
        "manifest.json does not read as a manifest: missing field",
        "line 1 column 2",
    );
}

/// A manifest in which one value was changed.
#[test]
fn manifests_that_do_not_agree_with_themselves() {
    use Inconsistency as I;
    use ManifestError::{Inconsistent, Schema};
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let destination = Destination::new(folder);
    small(1)
        .write(&destination, &options(Existing::Refuse), &Silent)
        .unwrap();
    assert!(check(folder).unwrap().findings.is_empty());
    let path = destination.manifest();
    let whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let changed = |places: &[(&str, Value)]| {
        let mut manifest = whole.clone();
        for (place, value) in places {
            *manifest.pointer_mut(place).expect(place) = value.clone();
        }
        fs::write(&path, manifest.to_string()).unwrap();
        check(folder)
    };
    let remedy = "use the manifest that was made with the checkpoint";
    refused!(
        changed(&[("/schema", json!("evenkeel-manifest/9"))]),
        Schema { .. },
        "is of the schema \"evenkeel-manifest/9\"; this evenkeel reads \"evenkeel-manifest/1\"",
        "use the one that wrote it",
    );
    for name in ["../a.safetensors", "/etc/passwd", "..", ""] {
        refused!(
            changed(&[("/files/0/name", json!(name))]),
            Inconsistent {
                fault: I::FileName { .. },
                ..
            },
            &format!("manifest.json: it names the file {name:?}"),
            "only a plain name within its own folder is followed",
            remedy,
        );
    }
    refused!(
        changed(&[("/tensors/1/file", json!("elsewhere.safetensors"))]),
        Inconsistent {
            fault: I::FileOrder { .. },
            ..
        },
        "tensor \"b\" is said to be in \"elsewhere.safetensors\"",
        "not the next of the files",
        remedy,
    );
    for places in [
        &[("/tensors/1/name", json!("a"))][..],
        &[
            ("/tensors/1/name", json!("a")),
            ("/tensors/1/file", json!("model-00001-of-00002.safetensors")),
        ],
    ] {
        refused!(
            changed(places),
            Inconsistent {
                fault: I::DuplicateName { .. },
                ..
            },
            "manifest.json: it lists tensor \"a\" twice",
            remedy,
        );
    }
    refused!(
        changed(&[("/tensors/1/shape", json!([1_u64 << 40, 1_u64 << 40]))]),
        Inconsistent {
            fault: I::Overflow { .. },
            ..
        },
        "the size of tensor \"b\" overflows",
        remedy,
    );
    refused!(
        changed(&[
            ("/tensors/1/dtype", json!("F4")),
            ("/tensors/1/shape", json!([3]))
        ]),
        Inconsistent {
            fault: I::Header { .. },
            ..
        },
        "the tensors of \"model-00002-of-00002.safetensors\" do not form a header",
        remedy,
    );
    refused!(
        changed(&[("/tensors/1/digest", Value::Null)]),
        Inconsistent {
            fault: I::NoDigest { .. },
            ..
        },
        "tensor \"b\" has no digest",
        "a run that did not finish (`evenkeel init --resume` goes on with it)",
    );
}
