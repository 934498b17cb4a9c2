//! The user's cache of MNIST: what is in it, whether it is whole, and filling it.

use std::path::{Path, PathBuf};

use crate::mnist::{self, FILES, FileError, Located, MnistFile, Origin};
use crate::progress::Task;
use crate::{FetchError, Places, Progress, fetch_file};

/// The subfolder of the cache that MNIST's files land in.
const SUBFOLDER: &str = "mnist";

/// One of MNIST's files, and whether the cache has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Which file.
    pub file: &'static MnistFile,
    /// Where it is, if it is. It has not been read.
    pub located: Option<Located>,
}

/// The folder that MNIST's files land in, if this user has a cache.
pub fn folder(places: &Places) -> Option<PathBuf> {
    places.cache.as_deref().map(|cache| cache.join(SUBFOLDER))
}

/// Which of the four files the cache has, in the order of [`FILES`]; reads none of them.
///
/// [`mnist::search`] answers the same for every place that [`load`](crate::load) looks in.
pub fn status(places: &Places) -> [Status; 4] {
    FILES.each_ref().map(|file| {
        let cache = places.cache.as_deref();
        Status {
            file,
            located: cache.and_then(|cache| find(cache, file)),
        }
    })
}

fn find(cache: &Path, file: &'static MnistFile) -> Option<Located> {
    mnist::find_in(cache, file, Origin::Cache)
}

/// What reading a file of the cache says.
#[derive(Debug)]
pub enum Health {
    /// It is not there.
    Missing,
    /// It is there and its SHA-256 is right.
    Whole(Located),
    /// It is there and is not the published file.
    Damaged(FileError),
}

/// Reads every file of the cache and checks its SHA-256, in the order of [`FILES`].
pub fn verify(places: &Places, progress: &dyn Progress) -> [(&'static MnistFile, Health); 4] {
    let task = Task::begin(progress, "verifying the cache", Some(FILES.len() as u64));
    status(places).map(|status| {
        let health = health(status.located);
        task.advance(1);
        (status.file, health)
    })
}

fn health(located: Option<Located>) -> Health {
    match located {
        None => Health::Missing,
        Some(located) => match mnist::verify(&located) {
            Ok(()) => Health::Whole(located),
            Err(error) => Health::Damaged(error),
        },
    }
}

/// What [`fetch`] did about a file.
#[derive(Debug)]
pub enum Fetched {
    /// It was there and whole.
    Kept(PathBuf),
    /// It was missing and is there now.
    Downloaded(PathBuf),
    /// It was damaged, as told, and the published file has taken its place.
    Replaced(PathBuf, FileError),
}

/// Makes the cache whole: keeps the files whose SHA-256 is right, downloads those that are
/// missing and replaces those that are damaged. In the order of [`FILES`].
///
/// # Errors
///
/// [`FetchError`], at the first file that cannot be had. Files already fetched stay.
pub fn fetch(
    places: &Places,
    progress: &dyn Progress,
) -> Result<Vec<(&'static MnistFile, Fetched)>, FetchError> {
    let folder = folder(places).ok_or(FetchError::NoCache)?;
    let statuses = status(places).into_iter();
    let outcomes = statuses.map(|status| {
        let file = status.file;
        Ok((
            file,
            fetch_one(file, status.located, &folder, places, progress)?,
        ))
    });
    outcomes.collect()
}

fn fetch_one(
    file: &'static MnistFile,
    located: Option<Located>,
    folder: &Path,
    places: &Places,
    progress: &dyn Progress,
) -> Result<Fetched, FetchError> {
    let download = || fetch_file(&file.gzip, &places.mirrors, folder, progress);
    match health(located) {
        Health::Whole(located) => Ok(Fetched::Kept(located.path)),
        Health::Missing => Ok(Fetched::Downloaded(download()?)),
        Health::Damaged(error) => {
            let path = download()?;
            // A damaged file under another name than the download's would still be found first,
            // or lie there for good.
            if error.path != path {
                let source = std::fs::remove_file(&error.path).err();
                if let Some(source) = source {
                    return Err(FetchError::Write {
                        path: error.path,
                        source,
                    });
                }
            }
            Ok(Fetched::Replaced(path, error))
        }
    }
}
