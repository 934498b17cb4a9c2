//! What results are called beside each other: the folder of a `results.json`, or the file.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// A name for each path, no two of them the same.
pub(super) fn of(paths: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(paths.len());
    for path in paths {
        let plain = name(path);
        let mut unique = plain.clone();
        let mut copy = 1;
        while names.contains(&unique) {
            copy += 1;
            unique = format!("{plain} ({copy})");
        }
        names.push(unique);
    }
    names
}

fn name(path: &Path) -> String {
    let of_folder = path.is_dir() || path.file_stem() == Some(OsStr::new("results"));
    let named = match (of_folder, path.is_dir()) {
        (false, _) => path.file_stem().map(OsStr::to_owned),
        (true, true) => last(path),
        (true, false) => last(path.parent().unwrap_or(Path::new(""))),
    };
    let name = named.unwrap_or_else(|| "results".into());
    name.to_string_lossy().into_owned()
}

/// The folder's own name, also where it is written as `.` or `..`.
fn last(folder: &Path) -> Option<std::ffi::OsString> {
    match folder.components().next_back() {
        Some(Component::Normal(name)) => Some(name.to_owned()),
        Some(Component::RootDir | Component::Prefix(_)) => None,
        other => {
            let shown = if other.is_none() {
                Path::new(".")
            } else {
                folder
            };
            fs::canonicalize(shown)
                .ok()?
                .file_name()
                .map(OsStr::to_owned)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_called_by_their_folders_or_files_and_no_two_alike() {
        let paths = [
            "a/results.json",
            "b/results.json",
            "c/monday.json",
            "x/a/results.json",
            "d/monday.json",
        ]
        .map(PathBuf::from);
        let names = of(&paths);
        assert_eq!(names, ["a", "b", "monday", "a (2)", "monday (2)"]);
    }

    #[test]
    fn the_folder_that_one_stands_in_has_its_name() {
        let here = std::env::current_dir().unwrap();
        let own = here.file_name().unwrap().to_string_lossy();
        for path in ["results.json", ".", "./results.json"] {
            assert_eq!(of(&[PathBuf::from(path)]), [own.as_ref()], "{path}");
        }
    }
}
