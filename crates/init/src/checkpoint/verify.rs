//! Does a checkpoint equal its manifest, bit for bit?

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::hash::TensorDigest;
use super::index::{self, Index};
use super::manifest::{Claims, ExpectedFile};
use super::pieces::{self, Buffer};
use super::read::{self, folder_of};
use super::whole::read_exact_at;
use super::{Destination, Progress};
use super::{ManifestError, ReadError};
use crate::Threads;

/// What a comparison with the manifest found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The manifest.
    pub manifest: PathBuf,
    /// Files that it lists.
    pub files: usize,
    /// Tensors that it lists.
    pub tensors: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// Everything in which the checkpoint differs; nothing if it equals its manifest.
    pub findings: Vec<Finding>,
}

/// One thing in which a checkpoint differs from its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// How a file can differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It is a folder, a device or the like.
    NotAFile,
    /// It has another length.
    Length {
        /// By the manifest.
        expected: u64,
        /// As it is.
        got: u64,
    },
    /// Names, formats, shapes or places of tensors differ.
    Header,
    /// A tensor's values differ.
    Tensor {
        /// The tensor.
        name: String,
        /// By the manifest.
        expected: TensorDigest,
        /// As it is.
        got: TensorDigest,
    },
    /// The index puts tensors elsewhere.
    Index,
    /// A loader would read it, but the manifest does not list it.
    Unlisted,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::NotAFile => f.write_str("is not a regular file"),
            Self::Length { expected, got } => {
                write!(f, "has {got} bytes instead of {expected}")
            }
            Self::Header => {
                f.write_str("has another header: names, formats, shapes or places differ")
            }
            Self::Tensor { name, .. } => write!(f, "has other values in tensor {name:?}"),
            Self::Index => f.write_str("does not put the tensors into their files"),
            Self::Unlisted => f.write_str("is not in the manifest, but a loader would read it"),
        }
    }
}

/// Compares a checkpoint with its manifest.
///
/// `path` is the checkpoint's folder, its only file, or the manifest itself. Every byte is read:
/// of each file its length, its header and the digest of every tensor; and the index.
///
/// # Errors
/// [`ManifestError`] when there is no manifest, or one that cannot be used, or when the system
/// refuses to read. That a checkpoint differs is no error but a [`Finding`].
pub fn verify(
    path: &Path,
    threads: Threads,
    progress: &dyn Progress,
) -> Result<Verification, ManifestError> {
    let manifest_path = manifest_of(path);
    let manifest = read_claims(&manifest_path)?;
    let folder = folder_of(&manifest_path);
    let files = manifest
        .files()
        .map_err(|fault| ManifestError::Inconsistent {
            path: manifest_path.clone(),
            fault,
        })?;
    progress.begin("verifying", manifest.tensor_bytes());
    let mut findings = Vec::new();
    for file in &files {
        let faults = check_file(folder, file, threads, progress)?;
        findings.extend(faults.into_iter().map(|fault| Finding {
            file: file.entry.name.clone(),
            fault,
        }));
    }
    progress.end();
    let is_folder = manifest_path
        .file_name()
        .is_some_and(|name| name == "manifest.json");
    if is_folder {
        findings.extend(check_index(folder, &files));
        findings.extend(unlisted(folder, &files)?);
    }
    Ok(Verification {
        files: files.len(),
        tensors: manifest.tensor_count(),
        bytes: manifest.tensor_bytes(),
        manifest: manifest_path,
        findings,
    })
}

fn manifest_of(path: &Path) -> PathBuf {
    let is_manifest = path
        .extension()
        .is_some_and(|extension| extension == "json");
    if is_manifest && path.is_file() {
        return path.to_path_buf();
    }
    if path.is_dir() {
        return Destination::Folder(path.to_path_buf()).manifest();
    }
    if path.is_file() && path.extension().is_none_or(|name| name != "safetensors") {
        // Some other file: no folder to look into.
        return path.to_path_buf();
    }
    Destination::new(path).manifest()
}

fn read_claims(path: &Path) -> Result<Claims, ManifestError> {
    Claims::read(path).map_err(|error| match error {
        ManifestError::Read(ReadError::Io { path, source })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            ManifestError::Absent { path }
        }
        other => other,
    })
}

fn check_file(
    folder: &Path,
    expected: &ExpectedFile<'_>,
    threads: Threads,
    progress: &dyn Progress,
) -> Result<Vec<Fault>, ManifestError> {
    let path = folder.join(&expected.entry.name);
    let (file, bytes) = match read::open(&path) {
        Ok(opened) => opened,
        Err(ReadError::NotAFile { .. }) => return Ok(vec![Fault::NotAFile]),
        Err(ReadError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(vec![Fault::Missing]);
        }
        Err(error) => return Err(error.into()),
    };
    let data = expected.tensors.last().map_or(0, |last| last.bytes.end);
    // The manifest's own count may be wrong too; the tensors that it lists decide.
    let length = expected.header_bytes + data;
    if bytes != length || bytes != expected.entry.bytes {
        return Ok(vec![Fault::Length {
            expected: expected.entry.bytes,
            got: bytes,
        }]);
    }
    let failed = |source| {
        ManifestError::Read(ReadError::Io {
            path: path.clone(),
            source,
        })
    };
    let mut faults = Vec::new();
    if !expected.has_header(&file).map_err(failed)? {
        faults.push(Fault::Header);
    }
    let digests = digests(&file, expected, threads, progress).map_err(failed)?;
    let compared = expected.tensors.iter().zip(digests);
    let differing = compared.filter(|(tensor, got)| tensor.digest != *got);
    faults.extend(differing.map(|(tensor, got)| Fault::Tensor {
        name: tensor.name().to_owned(),
        expected: tensor.digest,
        got,
    }));
    Ok(faults)
}

fn digests(
    file: &File,
    expected: &ExpectedFile<'_>,
    threads: Threads,
    progress: &dyn Progress,
) -> io::Result<Vec<TensorDigest>> {
    let sizes: Vec<u64> = expected
        .tensors
        .iter()
        .map(|tensor| tensor.bytes.end - tensor.bytes.start)
        .collect();
    pieces::digests(&sizes, threads, Buffer::new, |buffer, piece| {
        let start = expected.tensors[piece.tensor].bytes.start + piece.bytes.start;
        let bytes = buffer.bytes(piece.len());
        read_exact_at(file, bytes, expected.header_bytes + start)?;
        progress.advance(bytes.len() as u64);
        Ok(bytes)
    })
}

/// With several files there must be an index, and it must put each tensor into its file.
fn check_index(folder: &Path, files: &[ExpectedFile<'_>]) -> Option<Finding> {
    let path = folder.join(index::NAME);
    let fault = match read::read_index(&path) {
        _ if files.len() < 2 => return None,
        Ok(found) if found == expected_index(files) => return None,
        Err(ReadError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Fault::Missing
        }
        _ => Fault::Index,
    };
    Some(Finding {
        file: index::NAME.to_owned(),
        fault,
    })
}

fn expected_index(files: &[ExpectedFile<'_>]) -> Index {
    let weight_map = files
        .iter()
        .flat_map(|file| {
            let names = file.tensors.iter().map(|tensor| tensor.name().to_owned());
            names.map(|name| (name, file.entry.name.clone()))
        })
        .collect();
    Index { weight_map }
}

/// Files that a loader would take for a part of the checkpoint.
fn unlisted(folder: &Path, files: &[ExpectedFile<'_>]) -> Result<Vec<Finding>, ManifestError> {
    let listed: BTreeSet<&str> = files.iter().map(|file| file.entry.name.as_str()).collect();
    let entries = fs::read_dir(folder).map_err(|source| ReadError::Io {
        path: folder.to_path_buf(),
        source,
    })?;
    let mut found: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            let loadable = name.ends_with(".safetensors") && !listed.contains(name.as_str());
            let stray_index =
                name.ends_with(index::SUFFIX) && (listed.len() < 2 || name != index::NAME);
            !name.starts_with('.') && (loadable || stray_index)
        })
        .collect();
    found.sort();
    let finding = |file| Finding {
        file,
        fault: Fault::Unlisted,
    };
    Ok(found.into_iter().map(finding).collect())
}
