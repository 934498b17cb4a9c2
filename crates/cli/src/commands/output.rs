//! The output folder, checked before the time is spent on what goes into it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// An output folder that is there and can be written into. Dropped while still empty, it goes
/// again, with the parents that were made for it: an error leaves nothing behind.
#[must_use]
pub(crate) struct OutputFolder {
    /// The folders that were made, outermost first.
    made: Vec<PathBuf>,
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // Refused where something is in it, and that is as it should be.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes the folder and proves that files can be written into it, under the names of `files` and into
/// the folders named in `folders`.
pub(crate) fn prepare(
    folder: &Path,
    files: &[&str],
    folders: &[&str],
) -> anyhow::Result<OutputFolder> {
    prepare_for("--out", folder, files, folders)
}

/// As [`prepare`], for the folder that another option names.
pub(crate) fn prepare_for(
    option: &str,
    folder: &Path,
    files: &[&str],
    folders: &[&str],
) -> anyhow::Result<OutputFolder> {
    if folder.exists() && !folder.is_dir() {
        bail!(
            "the output folder {} is a file; choose another folder with {option}",
            folder.display()
        );
    }
    for name in files {
        let taken = folder.join(name);
        if taken.is_dir() {
            bail!(
                "{} is a folder, where a file of that name is to be written; move it, or choose another \
                 folder with {option}",
                taken.display()
            );
        }
    }
    for name in folders {
        let taken = folder.join(name);
        if taken.exists() && !taken.is_dir() {
            bail!(
                "{} is a file, where a folder of that name is needed; move it, or choose another folder \
                 with {option}",
                taken.display()
            );
        }
    }
    let missing = folder
        .ancestors()
        .take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists());
    let mut made: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
    made.reverse();
    let output = OutputFolder { made };
    fs::create_dir_all(folder).with_context(|| {
        format!(
            "cannot make the output folder {}; choose another with {option}",
            folder.display()
        )
    })?;
    tempfile::Builder::new()
        .prefix(".evenkeel-")
        .tempfile_in(folder)
        .with_context(|| {
            format!(
                "cannot write into the output folder {}; choose another with {option}",
                folder.display()
            )
        })?;
    Ok(output)
}

/// That everything a run wrote into `folder` is there at its end: who removed any of it meanwhile is
/// told, and no run ends well without what it says that it wrote.
pub(crate) fn confirm(
    folder: &Path,
    written: impl IntoIterator<Item = PathBuf>,
) -> anyhow::Result<()> {
    match written.into_iter().find(|path| !path.is_file()) {
        None => Ok(()),
        Some(gone) => bail!(
            "{} is gone: this run wrote it, and something removed it before the run ended; leave {} alone \
             while a run writes into it, and run it again",
            gone.display(),
            folder.display()
        ),
    }
}

/// Writes a whole file, or none.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    evenkeel_data::write_whole(path, bytes)
        .with_context(|| format!("cannot write {}", path.display()))
}
