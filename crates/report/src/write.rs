//! The report's files, each whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use evenkeel_lab::catalogue;
use evenkeel_lab::results::Results;

use crate::{Figure, ReportError, Theme, figures, page};

/// What [`write()`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// The figures, in the order of the page.
    pub figures: Vec<PathBuf>,
}

/// What a figure becomes as a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    /// A drawing that stays sharp at every size.
    Svg(Theme),
    /// Pixels.
    Png {
        /// Whose colours; [`Theme::Reader`] is drawn as [`Theme::Light`], since pixels cannot follow
        /// a reader's setting.
        theme: Theme,
        /// Pixels for each unit of the drawing: 2 for a sharp screen.
        scale: f64,
    },
}

impl Format {
    /// The ending of the file's name.
    fn extension(self) -> &'static str {
        match self {
            Self::Svg(_) => "svg",
            Self::Png { .. } => "png",
        }
    }

    fn bytes(self, figure: &Figure) -> Result<Vec<u8>, ReportError> {
        match self {
            Self::Svg(theme) => Ok(figure.themed(theme).into_bytes()),
            Self::Png { theme, scale } => figure.png(theme, scale),
        }
    }
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
    make_folder(folder)?;
    let figure_folder = folder.join("figures");
    let written = Written {
        figures: write_figures(&figure_folder, &drawn, Format::Svg(Theme::Reader))?,
        page: folder.join("report.html"),
    };
    write_whole(&written.page, html.as_bytes())?;
    remove_stale(&figure_folder, &written.figures);
    Ok(written)
}

/// Writes a page, whole or not at all, as [`page()`](crate::page()) or
/// [`comparison`](crate::comparison) gave it. Its folder is made if it is not there.
///
/// # Errors
///
/// [`ReportError::NotAFile`] when a folder has that name; [`ReportError::Folder`],
/// [`ReportError::NotAFolder`] and [`ReportError::File`] with the path when the disk refuses.
pub fn write_page(path: &Path, html: &str) -> Result<(), ReportError> {
    if path.is_dir() {
        return Err(ReportError::NotAFile {
            path: path.to_owned(),
        });
    }
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        make_folder(folder)?;
    }
    write_whole(path, html.as_bytes())
}

/// Writes each figure as a file of its own into a folder, which is made if it is not there; returns
/// their paths in the figures' order.
///
/// Every figure is drawn before the first file is touched. Files are named after the figures; where
/// a name comes a second time, as with the figures of several results, `-2` and so on is added.
///
/// # Errors
///
/// [`ReportError::NotAFolder`] when the name is taken; [`ReportError::Folder`] and
/// [`ReportError::File`] with the path when the disk refuses; what drawing the pixels fails with.
pub fn write_figures(
    folder: &Path,
    figures: &[Figure],
    format: Format,
) -> Result<Vec<PathBuf>, ReportError> {
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::with_capacity(figures.len());
    for figure in figures {
        let stem = figure.file_name.trim_end_matches(".svg");
        let path = (1..)
            .map(|n| folder.join(file_name(stem, n, format.extension())))
            .find(|path| files.iter().all(|(taken, _)| taken != path))
            .unwrap_or_else(|| folder.join(&figure.file_name));
        files.push((path, format.bytes(figure)?));
    }
    make_folder(folder)?;
    for (path, bytes) in &files {
        write_whole(path, bytes)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn file_name(stem: &str, copy: usize, extension: &str) -> String {
    match copy {
        1 => format!("{stem}.{extension}"),
        n => format!("{stem}-{n}.{extension}"),
    }
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
