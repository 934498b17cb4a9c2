//! Downloads from a server of our own on this machine: whole, broken, absent, and twice at once.

mod server;

use std::fs;
use std::path::Path;
use std::slice;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use evenkeel_data::{Digest, FetchError, MirrorFault, Progress, PublishedFile, Silent, fetch_file};
use server::{Answer, Server, nobody};
use tempfile::TempDir;

const LENGTH: usize = 300_000;

fn content() -> Vec<u8> {
    (0..LENGTH).map(|i| (i * i % 253) as u8).collect()
}

fn published() -> PublishedFile {
    PublishedFile {
        name: "file.gz",
        bytes: LENGTH as u64,
        sha256: Digest::of(&content()),
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Fetches from mirrors none of which has the file; nothing may stay behind.
fn faults(mirrors: &[String]) -> (Vec<MirrorFault>, String) {
    let folder = TempDir::new().unwrap();
    let error = fetch_file(&published(), mirrors, folder.path(), &Silent).unwrap_err();
    assert!(
        entries(folder.path()).is_empty(),
        "{:?}",
        entries(folder.path())
    );
    let text = error.to_string();
    let FetchError::Mirrors { attempts, .. } = error else {
        panic!("{text}")
    };
    (attempts.into_iter().map(|(_, fault)| fault).collect(), text)
}

#[test]
fn a_whole_file_lands_and_progress_is_told() {
    #[derive(Default)]
    struct Count {
        total: AtomicU64,
        done: AtomicU64,
        open: AtomicUsize,
    }
    impl Progress for Count {
        fn begin(&self, what: &str, total: Option<u64>) {
            assert_eq!(what, "downloading file.gz");
            self.total.store(total.unwrap(), Ordering::SeqCst);
            self.open.fetch_add(1, Ordering::SeqCst);
        }
        fn advance(&self, n: u64) {
            self.done.fetch_add(n, Ordering::SeqCst);
        }
        fn end(&self) {
            self.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let server = Server::always(Answer::Body(content()));
    let folder = TempDir::new().unwrap();
    let (target, count) = (folder.path().join("made/on/the/way"), Count::default());
    let path = fetch_file(&published(), slice::from_ref(&server.url), &target, &count).unwrap();
    assert_eq!(fs::read(&path).unwrap(), content());
    assert_eq!(entries(&target), ["file.gz"]);
    let told = [&count.total, &count.done].map(|n| n.load(Ordering::SeqCst));
    assert_eq!(
        (told, count.open.load(Ordering::SeqCst)),
        ([LENGTH as u64; 2], 0)
    );
}

#[test]
fn a_wrong_hash_is_refused() {
    let mut other = content();
    other[LENGTH / 2] ^= 1;
    let got = Digest::of(&other);
    let server = Server::always(Answer::Body(other));
    let (faults, text) = faults(slice::from_ref(&server.url));
    assert_eq!(
        faults,
        [MirrorFault::HashMismatch {
            expected: published().sha256,
            got
        }]
    );
    assert!(
        text.contains(&server.url) && text.contains(&got.to_string()),
        "{text}"
    );
}

#[test]
fn a_truncated_body_is_refused() {
    let cut = Server::always(Answer::Half(content()));
    let short = Server::always(Answer::Body(content()[1..].to_vec()));
    let (faults, text) = faults(&[cut.url.clone(), short.url.clone()]);
    let got: Vec<u64> = faults
        .iter()
        .map(|fault| match fault {
            MirrorFault::Truncated { expected, got, .. } if *expected == LENGTH as u64 => *got,
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(got, [LENGTH as u64 / 2, LENGTH as u64 - 1]);
    assert!(
        text.contains("broke off after 150000 of 300000 bytes"),
        "{text}"
    );
}

#[test]
fn a_body_past_the_length_is_refused() {
    let server = Server::always(Answer::Body([content(), vec![0]].concat()));
    let (faults, _) = faults(slice::from_ref(&server.url));
    assert_eq!(
        faults,
        [MirrorFault::TooLong {
            expected: LENGTH as u64
        }]
    );
}

#[test]
fn the_second_mirror_is_asked_when_the_first_has_nothing() {
    let absent = Server::always(Answer::Status(404));
    let whole = Server::always(Answer::Body(content()));
    let folder = TempDir::new().unwrap();
    let mirrors = [nobody(), absent.url.clone(), whole.url.clone()];
    let path = fetch_file(&published(), &mirrors, folder.path(), &Silent).unwrap();
    assert_eq!(fs::read(path).unwrap(), content());
    assert_eq!((absent.requests(), whole.requests()), (1, 1));
}

#[test]
fn every_mirror_is_named_with_its_fault() {
    let absent = Server::always(Answer::Status(404));
    let (faults, text) = faults(&[nobody(), absent.url.clone()]);
    assert!(
        matches!(faults[0], MirrorFault::Connection { .. }),
        "{text}"
    );
    assert_eq!(faults[1], MirrorFault::Status(404));
    assert!(
        text.contains("refused") && text.contains("status 404"),
        "{text}"
    );
    assert!(text.contains("connect to the network"), "{text}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let error = fetch_file(&published(), &[nobody()], &file.join("sub"), &Silent).unwrap_err();
    assert!(matches!(error, FetchError::Write { .. }));
    assert!(error.to_string().contains("a file/sub"), "{error}");
}

#[test]
fn two_at_once_both_succeed_and_leave_one_file() {
    let server = Server::always(Answer::Slow(content()));
    let folder = TempDir::new().unwrap();
    let fetch = || {
        fetch_file(
            &published(),
            slice::from_ref(&server.url),
            folder.path(),
            &Silent,
        )
    };
    let results = thread::scope(|scope| {
        [scope.spawn(fetch), scope.spawn(fetch)].map(|thread| thread.join().unwrap())
    });
    for path in results {
        assert_eq!(fs::read(path.unwrap()).unwrap(), content());
    }
    assert_eq!(server.requests(), 2);
    assert_eq!(entries(folder.path()), ["file.gz"]);
}
