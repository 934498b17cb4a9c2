//! Folders with damaged files, with some of the files and with none: each is told plainly.

use std::fs;
use std::io::Write;
use std::path::Path;

use evenkeel_data::mnist::{self, FILES, FileFault, Origin};
use evenkeel_data::{Choice, DataError, Download, Loaded, Places, Request, Silent, load_from};
use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

fn nowhere() -> Places {
    Places {
        environment: None,
        cache: None,
        mirrors: Vec::new(),
    }
}

fn request(choice: Choice, data_dir: Option<&Path>) -> Request {
    let data_dir = data_dir.map(Path::to_path_buf);
    Request {
        choice,
        data_dir,
        seed: 1,
        download: Download::Forbidden,
    }
}

fn load_dir(folder: &Path) -> Result<Loaded, DataError> {
    load_from(&request(Choice::Auto, Some(folder)), &nowhere(), &Silent)
}

fn idx(kind: u8, shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, shape.len() as u8];
    shape
        .iter()
        .for_each(|axis| bytes.extend(axis.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Where all four files are but the first is damaged in each way, the message names the file, the
/// rule and the remedy, whatever was chosen.
#[test]
fn damaged_files_are_named_with_their_rule() {
    let images = |count: u32| idx(8, &[count, 28, 28], &vec![0; count as usize * 784]);
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("train-images-idx3-ubyte", Vec::new(), "empty"),
        ("train-images-idx3-ubyte.gz", Vec::new(), "empty"),
        (
            "train-images-idx3-ubyte",
            images(60_000)[..1000].to_vec(),
            "truncated: 1000 bytes, expected 47040016",
        ),
        (
            "train-images-idx3-ubyte",
            images(9),
            "wrongly sized: shape [9, 28, 28]",
        ),
        (
            "train-images-idx3-ubyte",
            [images(60_000), vec![0]].concat(),
            "wrongly sized",
        ),
        (
            "train-images-idx3-ubyte",
            b"PK\x03\x04 zip".to_vec(),
            "wrong magic number",
        ),
        (
            "train-images-idx3-ubyte",
            idx(13, &[1], &[0; 4]),
            "wrong element type",
        ),
        (
            "train-images-idx3-ubyte",
            idx(8, &[3], &[1, 2, 3]),
            "wrong type: 1 dimensions",
        ),
        ("train-images-idx3-ubyte", images(60_000), "SHA-256 is"),
        (
            "train-images-idx3-ubyte.gz",
            gzip(&images(60_000)),
            "SHA-256 is",
        ),
        (
            "train-images-idx3-ubyte.gz",
            gzip(&images(60_000))[..500].to_vec(),
            "truncated gzip",
        ),
        (
            "train-images-idx3-ubyte.gz",
            b"\x1f\x8b\x08not gzip at all...".to_vec(),
            "corrupt gzip",
        ),
    ];
    for (name, bytes, rule) in cases {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        FILES[1..]
            .iter()
            .for_each(|f| fs::write(folder.path().join(f.gzip.name), "x").unwrap());
        let error = load_dir(folder.path()).unwrap_err();
        assert!(matches!(error, DataError::File(_)));
        let text = error.to_string();
        assert!(text.contains(name) && text.contains(rule), "{rule}: {text}");
        assert!(
            text.contains("ossci-datasets") && text.contains("it"),
            "{text}"
        );
    }
}

#[test]
fn labels_past_9_are_named_with_their_place() {
    let mut labels = vec![3; 60_000];
    labels[77] = 10;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(FILES[1].plain.name);
    fs::write(&path, idx(8, &[60_000], &labels)).unwrap();
    let located = mnist::find_in(folder.path(), &FILES[1], Origin::DataDir).unwrap();
    let text = mnist::verify(&located).unwrap_err().to_string();
    assert!(text.contains("label 10 at index 77 is past 9"), "{text}");
}

#[test]
fn a_folder_in_a_files_place_is_named() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join(FILES[0].plain.name)).unwrap();
    let located = mnist::find_in(folder.path(), &FILES[0], Origin::DataDir).unwrap();
    let error = mnist::verify(&located).unwrap_err();
    assert!(matches!(error.fault, FileFault::NotAFile));
    assert!(
        error
            .to_string()
            .contains("not a file; move it out of the way"),
        "{error}"
    );
}

#[test]
fn a_named_folder_holds_mnist_or_it_is_an_error() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(FILES[0].gzip.name), "x").unwrap();
    for choice in [Choice::Auto, Choice::Mnist] {
        let request = request(choice, Some(folder.path()));
        let error = load_from(&request, &nowhere(), &Silent).unwrap_err();
        let DataError::NotInFolder { missing, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(
            missing[..],
            [FILES[1], FILES[2], FILES[3]].map(|file| file.gzip.name)
        );
        assert!(error.to_string().contains("does not hold MNIST"), "{error}");
    }
    let absent = folder.path().join("absent");
    let error = load_dir(&absent).unwrap_err();
    assert!(matches!(error, DataError::NotAFolder { .. }));
    assert!(
        error.to_string().contains("absent is not a folder"),
        "{error}"
    );
}

#[test]
fn auto_falls_back_and_says_why_and_mnist_does_not() {
    let empty = TempDir::new().unwrap();
    let places = Places {
        environment: Some(empty.path().to_path_buf()),
        ..nowhere()
    };
    let loaded = load_from(&request(Choice::Auto, None), &places, &Silent).unwrap();
    assert_eq!(loaded.dataset.name, "strokes");
    let reason = loaded.fallback.unwrap();
    assert!(reason.contains("MNIST is not on this machine"), "{reason}");
    let error = load_from(&request(Choice::Mnist, None), &places, &Silent).unwrap_err();
    assert!(matches!(&error, DataError::Absent { missing } if missing.len() == 4));
    assert_eq!(error.to_string(), reason);
}

#[test]
fn auto_does_not_pass_over_a_damaged_file() {
    let folder = TempDir::new().unwrap();
    FILES
        .iter()
        .for_each(|f| fs::write(folder.path().join(f.plain.name), "junk").unwrap());
    let places = Places {
        environment: Some(folder.path().to_path_buf()),
        ..nowhere()
    };
    let error = load_from(&request(Choice::Auto, None), &places, &Silent).unwrap_err();
    assert!(matches!(error, DataError::File(_)), "{error}");
}

/// Part of the files damaged, part nowhere: the damage is the finding, not the absence.
#[test]
fn auto_does_not_pass_over_a_damaged_file_for_want_of_another() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(FILES[2].plain.name), "junk").unwrap();
    let places = Places {
        environment: Some(folder.path().to_path_buf()),
        ..nowhere()
    };
    let error = load_from(&request(Choice::Auto, None), &places, &Silent).unwrap_err();
    let DataError::File(file) = &error else {
        panic!("{error}")
    };
    assert!(file.path.ends_with(FILES[2].plain.name));
}

#[test]
fn strokes_need_no_folder() {
    let absent = Path::new("no/such/folder");
    let loaded = load_from(&request(Choice::Strokes, Some(absent)), &nowhere(), &Silent).unwrap();
    assert_eq!(
        (loaded.dataset.name.as_str(), loaded.fallback),
        ("strokes", None)
    );
    assert_eq!(
        loaded.source,
        "drawn by evenkeel's own generator from seed 1"
    );
}
