//! Where a file of MNIST is.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{Encoding, FILES, MnistFile};
use crate::Places;

/// Which of the places a file was found in, in the order of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The folder that the caller named.
    DataDir,
    /// The folder that `EVENKEEL_DATA` names.
    Environment,
    /// The user's cache, where downloads land.
    Cache,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::DataDir => "the data folder given",
            Origin::Environment => "the folder that EVENKEEL_DATA names",
            Origin::Cache => "the user's cache",
        })
    }
}

/// A file of MNIST in a folder. It is there; whether it is whole, reading it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Which of the four.
    pub file: &'static MnistFile,
    /// Where.
    pub path: PathBuf,
    /// How it is stored, by its name.
    pub encoding: Encoding,
    /// Which place of the search that is.
    pub origin: Origin,
}

/// Looks for `file` in `folder` and its `mnist` subfolder, compressed or plain.
pub fn find_in(folder: &Path, file: &'static MnistFile, origin: Origin) -> Option<Located> {
    let folders = [folder.to_path_buf(), folder.join("mnist")];
    let encodings = [Encoding::Gzip, Encoding::Plain];
    let candidates = folders.iter().flat_map(|folder| {
        encodings.map(|encoding| (folder.join(file.published(encoding).name), encoding))
    });
    let (path, encoding) = candidates.into_iter().find(|(path, _)| is_there(path))?;
    Some(Located {
        file,
        path,
        encoding,
        origin,
    })
}

/// A path that cannot be looked at, for want of permission say, counts as there: reading it will
/// say why, and nothing is passed over in silence.
fn is_there(path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    fs::metadata(path).map_or_else(|e| !matches!(e.kind(), NotFound | NotADirectory), |_| true)
}

/// Looks for the four files: in `data_dir` alone where one is given, else in the folder of the
/// environment and in the cache. In the order of [`FILES`]; `None` where a file is in no place.
pub fn search(data_dir: Option<&Path>, places: &Places) -> [Option<Located>; 4] {
    let folders: Vec<(&Path, Origin)> = match data_dir {
        Some(folder) => vec![(folder, Origin::DataDir)],
        None => {
            let environment = places
                .environment
                .as_deref()
                .map(|f| (f, Origin::Environment));
            let cache = places.cache.as_deref().map(|f| (f, Origin::Cache));
            environment.into_iter().chain(cache).collect()
        }
    };
    FILES.each_ref().map(|file| {
        folders
            .iter()
            .find_map(|&(folder, origin)| find_in(folder, file, origin))
    })
}
