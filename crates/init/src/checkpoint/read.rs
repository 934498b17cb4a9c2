//! Reading what tensors a checkpoint has: headers only, never a weight.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::header::{self, PREFIX, TensorHeader};
use super::index::{self, Index, IndexError};
use super::{HeaderError, ReadError};

/// A safetensors file's header, and where its data begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// Tensors in the order of their bytes.
    pub(super) tensors: Vec<TensorHeader>,
}

/// The tensors of a checkpoint, in the order in which they lie in its files.
///
/// `path` is a safetensors file; or the index of a sharded checkpoint; or a folder with one of
/// them (`model.safetensors.index.json` or `model.safetensors` where there are several). Only
/// headers are read. Nothing in the files is believed before it is checked: lengths against the
/// file, offsets against each other, sizes against shapes; the index against what its files hold,
/// and its file names against leaving the folder. The one way out that is followed is that of
/// Hugging Face's cache, whose `snapshots/REVISION` folders hold links into `blobs` beside them.
///
/// # Errors
/// [`ReadError`], one variant a rule.
pub fn read_tensors(path: &Path) -> Result<Vec<TensorHeader>, ReadError> {
    let found = if metadata(path)?.is_dir() {
        find(path)?
    } else {
        path.to_path_buf()
    };
    if found.to_string_lossy().ends_with(".json") {
        return sharded(&found);
    }
    Ok(read_header(&found)?.tensors)
}

/// The index or the only safetensors file of a folder.
fn find(folder: &Path) -> Result<PathBuf, ReadError> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .map_err(|source| io_error(folder, source))?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        // What a run in progress has not finished is hidden.
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    for (suffix, standard, what) in [
        (index::SUFFIX, index::NAME, "indices"),
        (".safetensors", "model.safetensors", "safetensors files"),
    ] {
        let fitting: Vec<_> = names.iter().filter(|name| name.ends_with(suffix)).collect();
        let chosen = match fitting[..] {
            [] => continue,
            [only] => only.as_str(),
            _ if fitting.iter().any(|name| *name == standard) => standard,
            _ => {
                return Err(ReadError::Ambiguous {
                    path: folder.to_path_buf(),
                    count: fitting.len(),
                    what,
                    expected: standard,
                });
            }
        };
        return Ok(folder.join(chosen));
    }
    Err(ReadError::NoCheckpoint {
        path: folder.to_path_buf(),
    })
}

fn sharded(path: &Path) -> Result<Vec<TensorHeader>, ReadError> {
    let index = read_index(path)?;
    let folder = folder_of(path);
    let allowed = allowed_folders(folder)?;
    let mut where_found: HashMap<String, &str> = HashMap::new();
    let mut tensors = Vec::new();
    for file in index.files() {
        let file_path = folder.join(file);
        check_target(&file_path, &allowed).map_err(|error| absent(error, path, file))?;
        for tensor in read_header(&file_path)?.tensors {
            if index.weight_map.get(&tensor.name).map(String::as_str) != Some(file) {
                return Err(ReadError::NotInIndex {
                    index: path.to_path_buf(),
                    name: tensor.name,
                    file: file.to_owned(),
                });
            }
            where_found.insert(tensor.name.clone(), file);
            tensors.push(tensor);
        }
    }
    check_complete(path, &index.weight_map, &where_found)?;
    Ok(tensors)
}

pub(super) fn read_index(path: &Path) -> Result<Index, ReadError> {
    let refused = |source| ReadError::Index {
        path: path.to_path_buf(),
        source,
    };
    let (mut file, bytes) = open(path)?;
    if bytes > index::LONGEST {
        return Err(refused(IndexError::TooLong { bytes }));
    }
    let text = read_exactly(&mut file, bytes).map_err(|source| io_error(path, source))?;
    Index::parse(&text).map_err(refused)
}

fn absent(error: ReadError, index: &Path, file: &str) -> ReadError {
    match error {
        ReadError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            ReadError::Absent {
                index: index.to_path_buf(),
                file: file.to_owned(),
            }
        }
        other => other,
    }
}

fn check_complete(
    index: &Path,
    weight_map: &BTreeMap<String, String>,
    found: &HashMap<String, &str>,
) -> Result<(), ReadError> {
    match weight_map
        .iter()
        .find(|(name, _)| !found.contains_key(*name))
    {
        None => Ok(()),
        Some((name, file)) => Err(ReadError::NotInFile {
            index: index.to_path_buf(),
            name: name.clone(),
            file: file.clone(),
        }),
    }
}

/// Where files of this folder may really lie.
fn allowed_folders(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let real = canonical(folder)?;
    let blobs = real
        .parent()
        .filter(|parent| parent.file_name().is_some_and(|name| name == "snapshots"))
        .and_then(Path::parent)
        .map(|repository| repository.join("blobs"));
    Ok(std::iter::once(real).chain(blobs).collect())
}

fn check_target(path: &Path, allowed: &[PathBuf]) -> Result<(), ReadError> {
    let target = canonical(path)?;
    if allowed.iter().any(|folder| target.starts_with(folder)) {
        return Ok(());
    }
    Err(ReadError::LeavesFolder {
        path: path.to_path_buf(),
        target,
    })
}

/// The header of one file.
pub(super) fn read_header(path: &Path) -> Result<FileHeader, ReadError> {
    let refused = |source| ReadError::Header {
        path: path.to_path_buf(),
        source,
    };
    let failed = |source| io_error(path, source);
    let (mut file, file_bytes) = open(path)?;
    if file_bytes < PREFIX {
        return Err(refused(HeaderError::TooShort { file_bytes }));
    }
    let mut prefix = [0; PREFIX as usize];
    file.read_exact(&mut prefix).map_err(failed)?;
    let length = header::length(prefix, file_bytes).map_err(refused)?;
    let text = read_exactly(&mut file, length).map_err(failed)?;
    let tensors = header::parse(&text, file_bytes - PREFIX - length).map_err(refused)?;
    Ok(FileHeader { tensors })
}

/// A regular file and its length. A pipe is refused before it is opened, which would wait forever.
pub(super) fn open(path: &Path) -> Result<(File, u64), ReadError> {
    let metadata = metadata(path)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile {
            path: path.to_path_buf(),
        });
    }
    let file = File::open(path).map_err(|source| io_error(path, source))?;
    Ok((file, metadata.len()))
}

/// `bytes` bytes, which the caller has checked to be few and to be there.
pub(super) fn read_exactly(file: &mut File, bytes: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = file.take(bytes).read_to_end(&mut text)?;
    if read as u64 == bytes {
        return Ok(text);
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn metadata(path: &Path) -> Result<fs::Metadata, ReadError> {
    fs::metadata(path).map_err(|source| io_error(path, source))
}

fn canonical(path: &Path) -> Result<PathBuf, ReadError> {
    path.canonicalize().map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: io::Error) -> ReadError {
    ReadError::Io {
        path: path.to_path_buf(),
        source,
    }
}

/// The folder that a file lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
