//! One published file, fetched whole or not at all.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::atomic::{WholeFile, sweep};
use crate::progress::Task;
use crate::{Digest, Progress};

/// Longest wait for a name to resolve, and then for a connection to stand: on a machine without
/// network the answer should come while the user still looks.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Longest silence of a mirror that has accepted the connection.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);

/// A file as it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Its name, on the mirrors and on disk.
    pub name: &'static str,
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of those bytes.
    pub sha256: Digest,
}

/// Why a file could not be fetched.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The user has no cache folder to put files in.
    #[error(
        "no cache folder for downloads: neither HOME nor XDG_CACHE_HOME leads to one; \
         set one of them, or name a data folder"
    )]
    NoCache,
    /// The folder cannot be made or written.
    #[error(
        "cannot write {}: {source}; make it writable, or point XDG_CACHE_HOME elsewhere",
        path.display()
    )]
    Write {
        /// The folder or the file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No mirror gave the file.
    #[error(
        "{name} could not be downloaded: {}; \
         connect to the network and try again, or point EVENKEEL_DATA at a folder that has MNIST",
        Attempts(attempts)
    )]
    Mirrors {
        /// The file.
        name: &'static str,
        /// Each mirror tried, in order, with what was wrong.
        attempts: Vec<(String, MirrorFault)>,
    },
}

/// What was wrong with one mirror.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MirrorFault {
    /// No answer: no such host, refused, or not within the limit.
    #[error("no connection ({reason})")]
    Connection {
        /// What the network says.
        reason: String,
    },
    /// An answer, but not the file.
    #[error("it answered with status {0}")]
    Status(u16),
    /// The body broke off.
    #[error("the download broke off after {got} of {expected} bytes ({reason})")]
    Truncated {
        /// Bytes published.
        expected: u64,
        /// Bytes that came.
        got: u64,
        /// How it ended.
        reason: String,
    },
    /// The body is longer than the file.
    #[error("it sends more than the {expected} bytes published")]
    TooLong {
        /// Bytes published.
        expected: u64,
    },
    /// As many bytes as published, but others.
    #[error("its file has SHA-256 {got}, expected {expected}")]
    HashMismatch {
        /// The digest published.
        expected: Digest,
        /// The digest of what came.
        got: Digest,
    },
}

struct Attempts<'a>(&'a [(String, MirrorFault)]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no mirror is given");
        }
        for (i, (mirror, fault)) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{mirror}: {fault}")?;
        }
        Ok(())
    }
}

/// Downloads `file` into `folder` (made where it is missing) from the first mirror that has it,
/// and returns its path.
///
/// The file appears under its name only when every byte has come and its SHA-256 is right, also
/// when several processes fetch it at once.
///
/// # Errors
///
/// [`FetchError::Write`] when the folder cannot be written; [`FetchError::Mirrors`], with what was
/// wrong at each, when no mirror gave the file.
pub fn fetch_file(
    file: &PublishedFile,
    mirrors: &[String],
    folder: &Path,
    progress: &dyn Progress,
) -> Result<PathBuf, FetchError> {
    let write_error = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FetchError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(write_error(folder))?;
    let target = folder.join(file.name);
    sweep(&target);
    let agent = agent();
    let mut attempts = Vec::new();
    for mirror in mirrors {
        match fetch_from(&agent, mirror, file, &target, progress) {
            Ok(()) => return Ok(target),
            Err(Failure::Mirror(fault)) => attempts.push((mirror.clone(), fault)),
            Err(Failure::Disk(error)) => return Err(write_error(&target)(error)),
        }
    }
    Err(FetchError::Mirrors {
        name: file.name,
        attempts,
    })
}

/// Another mirror may help, or not.
enum Failure {
    Mirror(MirrorFault),
    Disk(io::Error),
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_resolve(Some(CONNECT_LIMIT))
        .timeout_connect(Some(CONNECT_LIMIT))
        .timeout_recv_response(Some(SILENCE_LIMIT))
        .timeout_per_read(Some(SILENCE_LIMIT))
        .user_agent(concat!("evenkeel/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

fn fetch_from(
    agent: &ureq::Agent,
    mirror: &str,
    file: &PublishedFile,
    target: &Path,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    let separator = if mirror.ends_with('/') { "" } else { "/" };
    let response = agent
        .get(format!("{mirror}{separator}{}", file.name))
        .call();
    let body = response
        .map_err(|error| Failure::Mirror(connection_fault(&error)))?
        .into_body();
    let task = Task::begin(
        progress,
        &format!("downloading {}", file.name),
        Some(file.bytes),
    );
    let mut whole = WholeFile::create(target).map_err(Failure::Disk)?;
    let got = copy(body.into_reader(), &mut whole, file.bytes, &task)?;
    if got != file.sha256 {
        let fault = MirrorFault::HashMismatch {
            expected: file.sha256,
            got,
        };
        return Err(Failure::Mirror(fault));
    }
    whole.commit().map_err(Failure::Disk)
}

fn connection_fault(error: &ureq::Error) -> MirrorFault {
    match error {
        ureq::Error::StatusCode(status) => MirrorFault::Status(*status),
        other => MirrorFault::Connection {
            reason: other.to_string(),
        },
    }
}

/// Copies exactly `expected` bytes and returns their digest.
fn copy(
    mut from: impl Read,
    to: &mut impl Write,
    expected: u64,
    task: &Task<'_>,
) -> Result<Digest, Failure> {
    let mut buffer = vec![0; 1 << 16];
    let mut hasher = Sha256::new();
    let mut got = 0u64;
    loop {
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(truncated(expected, got, error.to_string())),
            Ok(0) if got < expected => {
                return Err(truncated(expected, got, "the body ended".to_owned()));
            }
            Ok(0) => return Ok(Digest::finish(hasher)),
            Ok(read) => read,
        };
        got += read as u64;
        if got > expected {
            return Err(Failure::Mirror(MirrorFault::TooLong { expected }));
        }
        hasher.update(&buffer[..read]);
        to.write_all(&buffer[..read]).map_err(Failure::Disk)?;
        task.advance(read as u64);
    }
}

fn truncated(expected: u64, got: u64, reason: String) -> Failure {
    Failure::Mirror(MirrorFault::Truncated {
        expected,
        got,
        reason,
    })
}
