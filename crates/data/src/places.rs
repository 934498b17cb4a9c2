//! Where data may be, read from the environment in one place.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use etcetera::BaseStrategy;

/// The environment variable that names a folder with data.
pub const DATA_VARIABLE: &str = "EVENKEEL_DATA";

/// Where MNIST's four files are published, first choice first.
pub const MIRRORS: [&str; 2] = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
];

/// The folders and mirrors that a search goes through after the folder named by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The folder that [`DATA_VARIABLE`] names.
    pub environment: Option<PathBuf>,
    /// This program's folder in the user's cache; downloads land in its `mnist` subfolder.
    pub cache: Option<PathBuf>,
    /// Addresses that a file's name is appended to, tried in order.
    pub mirrors: Vec<String>,
}

impl Places {
    /// The places of this user: [`DATA_VARIABLE`] where it is set and not empty, `evenkeel` in
    /// the user's cache folder (`XDG_CACHE_HOME` or `~/.cache`; `%LOCALAPPDATA%` on Windows) and
    /// [`MIRRORS`]. The only place where this crate looks at the environment.
    pub fn of_user() -> Self {
        let strategy = etcetera::choose_base_strategy().ok();
        let cache = strategy.map(|strategy| strategy.cache_dir());
        Self::of_values(env::var_os(DATA_VARIABLE), cache)
    }

    fn of_values(variable: Option<OsString>, user_cache: Option<PathBuf>) -> Self {
        Self {
            environment: variable
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            cache: user_cache.map(|cache| cache.join("evenkeel")),
            mirrors: MIRRORS.map(String::from).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_no_folder() {
        let places = |text: &str| Places::of_values(Some(text.into()), Some("cache".into()));
        assert_eq!(places("").environment, None);
        assert_eq!(places("data").environment, Some("data".into()));
        assert_eq!(
            places("data").cache,
            Some(PathBuf::from("cache").join("evenkeel"))
        );
        assert_eq!(Places::of_values(None, None).mirrors, MIRRORS);
    }
}
