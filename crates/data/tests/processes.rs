//! Two processes that fill one cache at once: each ends with the whole files.
//!
//! The mirrors of MNIST are fixed addresses, so it is this test that is started again, as the two
//! processes, with a mirror on this machine.

mod server;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::slice;

use evenkeel_data::{Digest, PublishedFile, Silent, fetch_file};
use server::{Answer, Server};
use tempfile::TempDir;

const LENGTH: usize = 300_000;
const NAMES: [&str; 2] = ["first.gz", "second.gz"];
const ROUNDS: usize = 3;

/// What tells the started processes the mirror and the cache.
const MIRROR: &str = "EVENKEEL_TEST_MIRROR";
const CACHE: &str = "EVENKEEL_TEST_CACHE";

/// Each file is of other bytes, so that a mixture of the two shows as well.
fn content(name: &str) -> Vec<u8> {
    let first = usize::from(name.as_bytes()[0]);
    (0..LENGTH).map(|i| (i * i % 253 + first) as u8).collect()
}

fn published(name: &'static str) -> PublishedFile {
    PublishedFile {
        name,
        bytes: LENGTH as u64,
        sha256: Digest::of(&content(name)),
    }
}

/// What the two processes do, and nothing in the run that starts them.
#[test]
fn one_of_the_processes() {
    let (Ok(mirror), Some(cache)) = (env::var(MIRROR), env::var_os(CACHE)) else {
        return;
    };
    for name in NAMES {
        let mirrors = slice::from_ref(&mirror);
        let path = fetch_file(&published(name), mirrors, Path::new(&cache), &Silent).unwrap();
        assert!(fs::read(path).unwrap() == content(name), "{name}");
    }
}

fn start(mirror: &str, cache: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "one_of_the_processes"])
        .env(MIRROR, mirror)
        .env(CACHE, cache)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn two_processes_fill_one_cache_with_whole_files() {
    let server = Server::answering(|name| Answer::Slow(content(name)));
    for round in 1..=ROUNDS {
        let folder = TempDir::new().unwrap();
        let cache = folder.path().join("cache");
        for child in [start(&server.url, &cache), start(&server.url, &cache)] {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "round {round}: {said}");
            // A filter that matches nothing succeeds too.
            assert!(said.contains("1 passed"), "round {round}: {said}");
        }
        // Either asks for every file: no process takes the other's for its own.
        assert_eq!(server.requests(), 2 * NAMES.len() * round);
        let mut left: Vec<_> = fs::read_dir(&cache)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, NAMES, "round {round}");
        for name in NAMES {
            let bytes = fs::read(cache.join(name)).unwrap();
            assert_eq!(Digest::of(&bytes), published(name).sha256);
        }
    }
}
