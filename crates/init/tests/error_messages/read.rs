//! Checkpoints that are no checkpoints.

use std::fs::{self, File};

use evenkeel_init::checkpoint::{
    ByteSize, Cut, HeaderError, IndexError, NameFault, Part, Plan, PlanError, ReadError, Spec,
    SpecError, StoredDtype, read_tensors,
};
use evenkeel_init::{Scheme, Seed};

use super::tensor;

#[test]
fn files_that_cannot_be_read() {
    use ReadError as E;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    refused!(
        read_tensors(&at("absent.safetensors")),
        E::Io { .. },
        "cannot read",
        "absent.safetensors",
        "No such file",
    );
    fs::write(at("short.safetensors"), [1, 2, 3]).unwrap();
    refused!(
        read_tensors(&at("short.safetensors")),
        E::Header {
            source: HeaderError::TooShort { file_bytes: 3 },
            ..
        },
        "short.safetensors: it has 3 bytes",
        "8 or more before its header",
    );
    // Sparse: it takes no room on the disk.
    let long = at("long.safetensors.index.json");
    File::create(&long).unwrap().set_len(300_000_000).unwrap();
    refused!(
        read_tensors(&long),
        E::Index {
            source: IndexError::TooLong { bytes: 300_000_000 },
            ..
        },
        "long.safetensors.index.json: it has 300000000 bytes",
        "an index has at most 256000000",
    );
}

#[test]
fn plans_that_cannot_be_laid_out() {
    use PlanError as E;
    let plan = |shape: &[usize], dtype| {
        let tensors = vec![tensor("t", shape, dtype, Scheme::zeros())];
        Plan::new(Seed(0), tensors, &Cut::AtMost(ByteSize(1000)))
    };
    refused!(
        plan(&[1 << 59], StoredDtype::F64),
        E::Overflow,
        "the sizes of the tensors overflow; check the shapes",
    );
    // Three values of four bits end within a byte.
    refused!(
        plan(&[3], StoredDtype::F4),
        E::Layout { .. },
        "file \"model.safetensors\" cannot be laid out",
    );
}

#[test]
fn a_name_with_a_counter_that_is_not_declared() {
    refused!(
        Spec::from_toml("dtype = \"f32\"\ntensor = [{ name = \"a.{layer}\", shape = [1] }]"),
        SpecError::Name {
            fault: NameFault::UnknownCounter { .. },
            ..
        },
        "spec: the name \"a.{layer}\" uses {layer}, but there is no repeat.layer",
        "declare it as repeat = { layer = 32 }",
    );
}

#[test]
fn sizes_and_parts() {
    let size = "5 parsecs".parse::<ByteSize>().unwrap_err().to_string();
    assert!(
        size.contains("\"5 parsecs\" is no size") && size.contains("as 5GB"),
        "{size}"
    );
    for part in ["0/2", "3/2", "1", "a/b"] {
        let error = part.parse::<Part>().unwrap_err().to_string();
        assert!(
            error.contains(&format!("{part:?} names no part")),
            "{error}"
        );
        assert!(error.contains("write I/N with I from 1 to N"), "{error}");
    }
}
