//! Reading a file of MNIST, and telling what is wrong with one that is not MNIST's.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use thiserror::Error;

use super::files::{Content, Encoding};
use super::find::Located;
use crate::idx::{self, Array, IdxError};
use crate::{Digest, MIRRORS};

/// A file that is there but is not the one published.
#[derive(Debug, Error)]
#[error("{}: {fault}; {}", path.display(), self.remedy())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// The rule that it breaks.
    pub fault: FileFault,
    /// The name under which the mirrors have it.
    pub published_name: &'static str,
}

/// The rule that a file breaks.
#[derive(Debug, Error)]
pub enum FileFault {
    /// The system does not let it be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// Under the name there is a folder or a device.
    #[error("not a file")]
    NotAFile,
    /// It is not the published file, and the first rule of the format that it breaks.
    #[error(transparent)]
    Format(IdxError),
    /// Longer than the published file.
    #[error("wrongly sized: more than the {expected} bytes published")]
    TooLong {
        /// Bytes published.
        expected: u64,
    },
    /// A whole file of the right type, but other data.
    #[error("wrongly sized: shape {got:?}, MNIST's is {expected:?}")]
    Shape {
        /// MNIST's shape.
        expected: Vec<usize>,
        /// The shape declared.
        got: Vec<usize>,
    },
    /// Its SHA-256 is not the one published, though nothing else seems wrong.
    #[error("SHA-256 is {got}, expected {expected}")]
    HashMismatch {
        /// The digest published.
        expected: Digest,
        /// The digest of the file.
        got: Digest,
    },
}

impl FileError {
    fn remedy(&self) -> String {
        let source = format!(
            "the published file is {}{}",
            MIRRORS[0], self.published_name
        );
        match self.fault {
            FileFault::Unreadable(_) => format!("make it readable, or delete it ({source})"),
            FileFault::NotAFile => format!("move it out of the way ({source})"),
            _ => format!("delete it, so that it is looked for elsewhere, or replace it ({source})"),
        }
    }
}

/// Reads `located`, checks its SHA-256 and turns it into what it should hold.
pub(super) fn read_with<T>(
    located: &Located,
    into: impl FnOnce(Array) -> Result<T, IdxError>,
) -> Result<T, FileError> {
    let read = || {
        let bytes = verified_bytes(located)?;
        decode(located, &bytes)
            .and_then(into)
            .map_err(FileFault::Format)
    };
    read().map_err(|fault| error(located, fault))
}

/// Checks the SHA-256 of a file.
///
/// # Errors
///
/// What is wrong with it: of the rules that it breaks, the one that says most.
pub fn verify(located: &Located) -> Result<(), FileError> {
    verified_bytes(located)
        .map(|_| ())
        .map_err(|fault| error(located, fault))
}

fn error(located: &Located, fault: FileFault) -> FileError {
    let published_name = located.file.gzip.name;
    FileError {
        path: located.path.clone(),
        fault,
        published_name,
    }
}

fn verified_bytes(located: &Located) -> Result<Vec<u8>, FileFault> {
    let published = located.file.published(located.encoding);
    let bytes = read_at_most(located, published.bytes + 1)?;
    let got = Digest::of(&bytes);
    if got == published.sha256 {
        return Ok(bytes);
    }
    Err(diagnose(located, &bytes, got))
}

fn read_at_most(located: &Located, limit: u64) -> Result<Vec<u8>, FileFault> {
    // Asked before opening: opening a pipe would wait for its other end.
    let metadata = located.path.metadata().map_err(FileFault::Unreadable)?;
    if !metadata.is_file() {
        return Err(FileFault::NotAFile);
    }
    let file = File::open(&located.path).map_err(FileFault::Unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(FileFault::Unreadable)?;
    Ok(bytes)
}

fn decode(located: &Located, bytes: &[u8]) -> Result<Array, IdxError> {
    // Any byte string of the plain file's length would fit; nothing longer is MNIST.
    let limit = located.file.plain.bytes as usize;
    match located.encoding {
        Encoding::Gzip => idx::read_gzip(bytes, limit),
        Encoding::Plain => idx::read(bytes, limit),
    }
}

/// The hash is wrong: says which rule is broken, the hash itself only when none other is.
fn diagnose(located: &Located, bytes: &[u8], got: Digest) -> FileFault {
    let published = located.file.published(located.encoding);
    let (expected, length) = (published.bytes, bytes.len() as u64);
    let too_long = FileFault::TooLong { expected };
    if bytes.is_empty() {
        return FileFault::Format(IdxError::Empty);
    }
    match decode(located, bytes) {
        // Only the beginning of a longer file was read, so an end that is missing says nothing.
        Err(IdxError::Truncated { .. } | IdxError::TruncatedGzip) if length > expected => too_long,
        Err(error) => FileFault::Format(error),
        Ok(array) => match content_fault(located, array) {
            Some(fault) => fault,
            None if length > expected => too_long,
            None => FileFault::HashMismatch {
                expected: published.sha256,
                got,
            },
        },
    }
}

/// A whole IDX file, but is it the right one?
fn content_fault(located: &Located, array: Array) -> Option<FileFault> {
    let got = array.shape().to_vec();
    let (expected, content) = match located.file.content {
        Content::Images => (
            vec![located.file.count, 28, 28],
            array.into_images().map(drop),
        ),
        Content::Labels => (vec![located.file.count], array.into_labels().map(drop)),
    };
    match content {
        Err(IdxError::Label { .. }) if got != expected => Some(FileFault::Shape { expected, got }),
        Err(error) => Some(FileFault::Format(error)),
        Ok(()) if got != expected => Some(FileFault::Shape { expected, got }),
        Ok(()) => None,
    }
}
