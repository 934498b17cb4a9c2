//! The report's files, each whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use evenkeel_lab::catalogue;
use evenkeel_lab::results::Results;

use crate::{ReportError, figures, page};

/// What [`write()`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// The figures, in the order of the page.
    pub figures: Vec<PathBuf>,
}

/// Writes `report.html` and `figures/*.svg` into a folder, which is made if it is not there.
///
/// Everything is drawn before the first file is touched. Each file is written beside its place,
/// synced, and renamed, so that under its name there is always a whole file, the old or the new.
/// The page comes last: where it is new, the figures are.
///
/// # Errors
///
/// What [`check`](crate::check) finds; [`ReportError::NotAFolder`] when the name is taken;
/// [`ReportError::Folder`] and [`ReportError::File`] with the path when the disk refuses.
pub fn write(results: &Results, folder: &Path) -> Result<Written, ReportError> {
    let html = page(results)?;
    let drawn = figures(results);

    let figure_folder = folder.join("figures");
    make_folder(folder)?;
    make_folder(&figure_folder)?;
    let mut written = Written {
        page: folder.join("report.html"),
        figures: Vec::new(),
    };
    for figure in &drawn {
        let path = figure_folder.join(&figure.file_name);
        write_whole(&path, figure.svg.as_bytes())?;
        written.figures.push(path);
    }
    write_whole(&written.page, html.as_bytes())?;
    remove_stale(&figure_folder, &written.figures);
    Ok(written)
}

/// Removes figures that an earlier run of other experiments left: SVG files that carry the name of an
/// experiment and are not of this report. What else lies there is the user's. Failing to is no
/// reason to fail.
fn remove_stale(folder: &Path, current: &[PathBuf]) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let ours = name.ends_with(".svg")
            && catalogue()
                .iter()
                .any(|study| name.starts_with(&format!("{}-", study.id())));
        if ours && !current.contains(&path) {
            let _ = fs::remove_file(&path);
        }
    }
}

fn make_folder(path: &Path) -> Result<(), ReportError> {
    if path.exists() && !path.is_dir() {
        return Err(ReportError::NotAFolder {
            path: path.to_owned(),
        });
    }
    fs::create_dir_all(path).map_err(|source| ReportError::Folder {
        path: path.to_owned(),
        source,
    })
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    evenkeel_data::write_whole(path, bytes).map_err(|source| ReportError::File {
        path: path.to_owned(),
        source,
    })
}
