//! From what the user asked for to a data set.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::mnist::{self, FILES, FileError, Located};
use crate::{Dataset, DatasetError, FetchError, Places, Progress, fetch_file, strokes};

/// Which data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// MNIST where it can be had, else `strokes`, with the reason in [`Loaded::fallback`].
    #[default]
    Auto,
    /// MNIST or an error.
    Mnist,
    /// Digits drawn by this crate.
    Strokes,
}

/// Whether files may come over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Download {
    /// What is nowhere on this machine is downloaded into the cache.
    #[default]
    Allowed,
    /// No network is touched.
    Forbidden,
}

/// What the user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Which data set.
    pub choice: Choice,
    /// A folder that holds MNIST's four files, itself or in its `mnist` subfolder. When it is
    /// given, MNIST comes from there or not at all. `strokes` needs none and ignores it.
    pub data_dir: Option<PathBuf>,
    /// The seed that `strokes` draws from.
    pub seed: u64,
    /// Whether files may come over the network.
    pub download: Download,
}

/// A data set and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The data.
    pub dataset: Dataset,
    /// Where it came from, in words fit for a reader, without a path of this machine.
    pub source: String,
    /// Set when MNIST was wanted and `strokes` stands in: why.
    pub fallback: Option<String>,
}

/// Why there is no data set.
#[derive(Debug, Error)]
pub enum DataError {
    /// What the user named as a folder is none.
    #[error(
        "{} is not a folder; name one that holds MNIST's four files (.gz or plain), or name none",
        folder.display()
    )]
    NotAFolder {
        /// What was named.
        folder: PathBuf,
    },
    /// The folder that the user named does not hold MNIST.
    #[error(
        "{} does not hold MNIST: {} missing; name a folder that holds its four files \
         (.gz or plain), itself or in its mnist subfolder, or name none",
        folder.display(), missing.join(", ")
    )]
    NotInFolder {
        /// The folder.
        folder: PathBuf,
        /// The files that it lacks, by the names that the mirrors give them.
        missing: Vec<&'static str>,
    },
    /// A file is there, but is not the one published.
    #[error(transparent)]
    File(#[from] FileError),
    /// Files are nowhere on this machine, and may not be downloaded.
    #[error(
        "MNIST is not on this machine ({} missing) and downloading is not allowed; \
         allow it, or point EVENKEEL_DATA at a folder that has the files",
        missing.join(", ")
    )]
    Absent {
        /// The files that are in no place, by the names that the mirrors give them.
        missing: Vec<&'static str>,
    },
    /// Files are nowhere on this machine, and could not be downloaded.
    #[error("MNIST is not on this machine and cannot be fetched: {0}")]
    Fetch(#[from] FetchError),
    /// Images and labels do not make a data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl DataError {
    /// MNIST cannot be had here, but nothing that is here is wrong: other data may stand in.
    fn is_absence(&self) -> bool {
        matches!(self, DataError::Absent { .. } | DataError::Fetch(_))
    }
}

/// Loads what was asked for, looking in the places of this user ([`Places::of_user`]).
///
/// # Errors
///
/// As [`load_from`].
///
/// # Example
///
/// ```
/// use evenkeel_data::{Choice, Request, Silent, load};
///
/// let request = Request { choice: Choice::Strokes, seed: 42, ..Request::default() };
/// let loaded = load(&request, &Silent)?;
/// assert_eq!(loaded.dataset.name, "strokes");
/// assert_eq!(loaded.dataset.train.images().count(), 50_000);
/// assert_eq!(loaded.fallback, None);
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
pub fn load(request: &Request, progress: &dyn Progress) -> Result<Loaded, DataError> {
    load_from(request, &Places::of_user(), progress)
}

/// Loads what was asked for, looking in the given places. The order of the search is told in
/// [`mnist`].
///
/// # Errors
///
/// [`DataError::NotAFolder`] and [`DataError::NotInFolder`] when the folder in the request is none
/// or lacks a file, and [`DataError::File`] when a file is there but damaged, under [`Choice::Auto`] too: what the user
/// named, or has, is never passed over. [`DataError::Absent`] and [`DataError::Fetch`] when MNIST
/// cannot be had, under [`Choice::Mnist`] only.
pub fn load_from(
    request: &Request,
    places: &Places,
    progress: &dyn Progress,
) -> Result<Loaded, DataError> {
    match request.choice {
        Choice::Strokes => draw(request.seed, None, progress),
        Choice::Mnist => load_mnist(request, places, progress),
        Choice::Auto => match load_mnist(request, places, progress) {
            Err(error) if error.is_absence() => {
                draw(request.seed, Some(error.to_string()), progress)
            }
            result => result,
        },
    }
}

fn draw(seed: u64, fallback: Option<String>, progress: &dyn Progress) -> Result<Loaded, DataError> {
    let dataset = strokes::generate_with(seed, strokes::Sizes::default(), progress)?;
    let source = format!("drawn by evenkeel's own generator from seed {seed}");
    Ok(Loaded {
        dataset,
        source,
        fallback,
    })
}

fn load_mnist(
    request: &Request,
    places: &Places,
    progress: &dyn Progress,
) -> Result<Loaded, DataError> {
    let data_dir = request.data_dir.as_deref();
    let mut found = mnist::search(data_dir, places);
    if found.iter().any(Option::is_none) {
        obtain_missing(&found, request, places, progress)?;
        found = mnist::search(data_dir, places);
    }
    let located = all(found)?;
    let dataset = mnist::read_dataset(&located, progress)?;
    Ok(Loaded {
        dataset,
        source: mnist::describe(&located),
        fallback: None,
    })
}

fn obtain_missing(
    found: &[Option<Located>; 4],
    request: &Request,
    places: &Places,
    progress: &dyn Progress,
) -> Result<(), DataError> {
    if let Some(folder) = &request.data_dir {
        let folder = folder.clone();
        return Err(if folder.is_dir() {
            DataError::NotInFolder {
                folder,
                missing: missing(found),
            }
        } else {
            DataError::NotAFolder { folder }
        });
    }
    // What is here is looked at before what is not: a damaged file must come to light also where
    // other data would stand in for want of another.
    found.iter().flatten().try_for_each(mnist::verify)?;
    if request.download == Download::Forbidden {
        return Err(DataError::Absent {
            missing: missing(found),
        });
    }
    let cache = places.cache.as_deref().ok_or(FetchError::NoCache)?;
    download_missing(found, cache, places, progress)
}

fn download_missing(
    found: &[Option<Located>; 4],
    cache: &Path,
    places: &Places,
    progress: &dyn Progress,
) -> Result<(), DataError> {
    for (file, found) in FILES.iter().zip(found) {
        if found.is_none() {
            fetch_file(&file.gzip, &places.mirrors, &cache.join("mnist"), progress)?;
        }
    }
    Ok(())
}

fn missing(found: &[Option<Located>; 4]) -> Vec<&'static str> {
    let absent = FILES.iter().zip(found).filter(|(_, found)| found.is_none());
    absent.map(|(file, _)| file.gzip.name).collect()
}

/// All four, or which are missing: another process may have deleted what was just downloaded.
fn all(found: [Option<Located>; 4]) -> Result<[Located; 4], DataError> {
    let absent = DataError::Absent {
        missing: missing(&found),
    };
    let located: Option<Vec<Located>> = found.into_iter().collect();
    located
        .and_then(|files| files.try_into().ok())
        .ok_or(absent)
}
