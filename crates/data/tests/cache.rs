//! The cache of MNIST: filled from a mirror, found again, verified and repaired, and no network.

mod server;

use std::fs;
use std::path::{Path, PathBuf};

use evenkeel_data::cache::{self, Fetched, Health};
use evenkeel_data::mnist::{self, Encoding, FILES};
use evenkeel_data::{
    Choice, DATA_VARIABLE, DataError, Download, FetchError, Places, Request, Silent, load_from,
};
use server::{Answer, Server, nobody};
use tempfile::TempDir;

/// The folder with the real files, compressed, if `EVENKEEL_DATA` names one.
fn real_folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os(DATA_VARIABLE)?);
    let found = mnist::search(Some(&folder), &no_network(Path::new("none")));
    let gzip = |located: &mnist::Located| located.encoding == Encoding::Gzip;
    found
        .iter()
        .all(|found| found.as_ref().is_some_and(gzip))
        .then_some(folder)
}

fn no_network(cache: &Path) -> Places {
    Places {
        environment: None,
        cache: Some(cache.to_path_buf()),
        mirrors: vec![nobody()],
    }
}

#[test]
fn no_network_is_a_fallback_for_auto_and_an_error_for_mnist() {
    let cache = TempDir::new().unwrap();
    let places = no_network(cache.path());
    let request = |choice| Request {
        choice,
        seed: 3,
        ..Request::default()
    };
    let loaded = load_from(&request(Choice::Auto), &places, &Silent).unwrap();
    assert_eq!(loaded.dataset.name, "strokes");
    let reason = loaded.fallback.unwrap();
    assert!(
        reason.contains("cannot be fetched") && reason.contains("refused"),
        "{reason}"
    );
    let error = load_from(&request(Choice::Mnist), &places, &Silent).unwrap_err();
    assert!(matches!(
        error,
        DataError::Fetch(FetchError::Mirrors { .. })
    ));
}

#[test]
fn without_a_cache_folder_nothing_is_downloaded() {
    let places = Places {
        environment: None,
        cache: None,
        mirrors: vec![nobody()],
    };
    let request = Request {
        choice: Choice::Mnist,
        ..Request::default()
    };
    let error = load_from(&request, &places, &Silent).unwrap_err();
    assert!(matches!(error, DataError::Fetch(FetchError::NoCache)));
    assert!(matches!(
        cache::fetch(&places, &Silent),
        Err(FetchError::NoCache)
    ));
}

#[test]
fn a_fetch_that_fails_keeps_the_damaged_file_for_the_next_try() {
    let cache = TempDir::new().unwrap();
    let places = no_network(cache.path());
    let damaged = cache::folder(&places).unwrap().join(FILES[0].gzip.name);
    fs::create_dir(damaged.parent().unwrap()).unwrap();
    fs::write(&damaged, "junk").unwrap();
    assert!(cache::fetch(&places, &Silent).is_err());
    let health = cache::verify(&places, &Silent);
    assert!(matches!(&health[0].1, Health::Damaged(error) if error.path == damaged));
    assert!(
        health[1..]
            .iter()
            .all(|(_, health)| matches!(health, Health::Missing))
    );
    assert!(cache::status(&places)[0].located.is_some());
}

/// The whole way with the real files, served by ourselves.
#[test]
#[allow(clippy::print_stderr)]
fn mnist_is_downloaded_once_kept_verified_and_repaired() {
    let Some(real) = real_folder() else {
        eprintln!("skipped: {DATA_VARIABLE} names no folder with MNIST's four .gz files");
        return;
    };
    let server = Server::answering(move |name| {
        let found = [real.join(name), real.join("mnist").join(name)];
        let bytes = found.iter().find_map(|path| fs::read(path).ok());
        bytes.map_or(Answer::Status(404), Answer::Body)
    });
    let cache = TempDir::new().unwrap();
    let places = Places {
        mirrors: vec![server.url.clone()],
        ..no_network(cache.path())
    };
    let request = Request {
        choice: Choice::Auto,
        ..Request::default()
    };
    let first = load_from(&request, &places, &Silent).unwrap();
    assert_eq!(
        (first.source.as_str(), server.requests()),
        ("the user's cache", 4)
    );

    let offline = Request {
        download: Download::Forbidden,
        ..request
    };
    assert!(load_from(&offline, &places, &Silent).unwrap() == first);

    // The damaged one lies under its plain name, in the cache's own folder.
    let folder = cache::folder(&places).unwrap();
    fs::remove_file(folder.join(FILES[1].gzip.name)).unwrap();
    fs::remove_file(folder.join(FILES[2].gzip.name)).unwrap();
    let damaged = cache.path().join(FILES[1].plain.name);
    fs::write(&damaged, "junk").unwrap();
    let outcomes = cache::fetch(&places, &Silent).unwrap();
    let [(_, kept), (_, replaced), (_, downloaded), _] = &outcomes[..] else {
        panic!()
    };
    assert!(matches!(kept, Fetched::Kept(_)));
    assert!(matches!(replaced, Fetched::Replaced(_, error) if error.path == damaged));
    assert!(matches!(downloaded, Fetched::Downloaded(_)));
    assert!(!damaged.exists());
    assert!(
        cache::verify(&places, &Silent)
            .iter()
            .all(|(_, h)| matches!(h, Health::Whole(_)))
    );
    assert!(mnist::search(None, &places).iter().all(Option::is_some));
}
