//! The real MNIST, where `EVENKEEL_DATA` leads to it: the lesson's numbers, and where files are found.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use evenkeel_data::mnist::{self, Encoding, FILES, FileFault, Origin};
use evenkeel_data::{
    Choice, DATA_VARIABLE, DataError, Download, Loaded, Normalizer, Places, Request, Silent,
    load_from, near_zero,
};
use flate2::read::GzDecoder;
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

/// The folder with the real files, compressed, or `None` and a word on stderr.
#[allow(clippy::print_stderr)]
fn real_folder() -> Option<PathBuf> {
    let folder = std::env::var_os(DATA_VARIABLE)
        .map(PathBuf::from)
        .filter(|folder| {
            let found = mnist::search(Some(folder), &nowhere());
            found
                .iter()
                .flatten()
                .filter(|located| located.encoding == Encoding::Gzip)
                .count()
                == 4
        });
    if folder.is_none() {
        eprintln!("skipped: {DATA_VARIABLE} names no folder with MNIST's four .gz files");
    }
    folder
}

fn real_path(folder: &Path, index: usize) -> PathBuf {
    mnist::find_in(folder, &FILES[index], Origin::DataDir)
        .unwrap()
        .path
}

#[test]
fn the_lessons_numbers_to_the_printed_digits() {
    let Some(folder) = real_folder() else { return };
    let loaded = load_dir(&folder).unwrap();
    assert_eq!(
        (loaded.source.as_str(), loaded.fallback),
        ("the data folder given", None)
    );
    let dataset = loaded.dataset;
    let counts = [
        dataset.train.count(),
        dataset.valid.count(),
        dataset.test.count(),
    ];
    assert_eq!(counts, [50_000, 10_000, 10_000]);
    assert_eq!(dataset.train.labels()[..5], [5, 0, 4, 1, 9]);
    assert_eq!(dataset.test.labels()[..5], [7, 2, 1, 0, 4]);

    let train = dataset.train.statistics();
    assert_eq!(
        format!("{:.4} {:.4}", train.mean, train.std),
        "0.1304 0.3073"
    );
    let normalizer = Normalizer::fit(&dataset.train);
    let normal = normalizer.apply(&dataset.train).statistics();
    assert!(near_zero(normal.mean, 1e-3) && near_zero(normal.std - 1.0, 1e-3));
    // f32 rounding of each value is below 2⁻²³ here; means of it are smaller still.
    assert!(near_zero(normal.mean, 1.2e-7) && near_zero(normal.std - 1.0, 1.2e-7));
    let valid = normalizer.apply(&dataset.valid).statistics();
    // By NumPy in f64: -0.005850599, 0.992433270.
    assert!(near_zero(valid.mean - -0.005850599, 2e-7) && near_zero(valid.std - 0.99243327, 2e-7));
    // The lesson prints -0.0058. It summed in f32 and normalised by a training mean that was off
    // by its own printed residue of 3.0614e-5 standard deviations; half a printed digit is 5e-5.
    assert!(near_zero(valid.mean + 3.0614e-5 - -0.0058, 5e-5));
    assert_eq!(format!("{:.4}", valid.std), "0.9924");
    assert!(!near_zero(valid.mean, 1e-3));
}

#[test]
fn plain_files_in_a_subfolder_are_the_same_data() {
    let Some(folder) = real_folder() else { return };
    let plain = TempDir::new().unwrap();
    fs::create_dir(plain.path().join("mnist")).unwrap();
    for (index, file) in FILES.iter().enumerate() {
        let compressed = fs::File::open(real_path(&folder, index)).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(compressed).read_to_end(&mut bytes).unwrap();
        fs::write(plain.path().join("mnist").join(file.plain.name), bytes).unwrap();
    }
    let plain = load_dir(plain.path()).unwrap().dataset;
    assert!(plain == load_dir(&folder).unwrap().dataset);
}

#[test]
fn each_file_is_taken_from_the_first_place_that_has_it() {
    let Some(folder) = real_folder() else { return };
    let (environment, cache) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for (index, file) in FILES.iter().enumerate() {
        let place = if index < 2 {
            environment.path()
        } else {
            cache.path()
        };
        fs::copy(real_path(&folder, index), place.join(file.gzip.name)).unwrap();
    }
    let places = Places {
        environment: Some(environment.path().to_path_buf()),
        cache: Some(cache.path().to_path_buf()),
        mirrors: Vec::new(),
    };
    let loaded = load_from(&request(Choice::Mnist, None), &places, &Silent).unwrap();
    assert_eq!(
        loaded.source,
        "the folder that EVENKEEL_DATA names and the user's cache"
    );
}

#[test]
fn one_flipped_bit_is_found() {
    let Some(folder) = real_folder() else { return };
    let copy = TempDir::new().unwrap();
    for (index, file) in FILES.iter().enumerate() {
        fs::copy(real_path(&folder, index), copy.path().join(file.gzip.name)).unwrap();
    }
    // Byte 4 is the gzip header's time stamp: it decompresses all the same.
    let path = copy.path().join(FILES[3].gzip.name);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = load_dir(copy.path()).unwrap_err();
    let DataError::File(file) = &error else {
        panic!("{error}")
    };
    assert!(
        matches!(file.fault, FileFault::HashMismatch { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("expected f7ae60f9"), "{error}");
}
