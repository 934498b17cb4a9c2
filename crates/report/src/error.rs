//! What can be wrong with results or with the place they are written to.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why no report was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The results were written in a layout that this version does not read.
    #[error(
        "the results have schema {got}, this version reads schema {expected}: \
         run the lab again, or use the evenkeel that wrote them (version {version})"
    )]
    Schema {
        /// The schema that this version reads.
        expected: u32,
        /// The schema that the results name.
        got: u32,
        /// The version that wrote the results.
        version: String,
    },
    /// There is nothing to report.
    #[error(
        "the results hold no experiment: run `evenkeel lab` without `--only`, or name one that exists"
    )]
    NoExperiments,
    /// A picture of a figure would have no pixel, or too many.
    #[error(
        "a figure cannot be drawn at scale {scale}: expected more than 0 and at most {most:.2} \
         pixels to a unit; choose a scale within that, such as 2"
    )]
    Scale {
        /// The scale that was asked for.
        scale: f64,
        /// The largest scale at which this figure can be drawn.
        most: f64,
    },
    /// A picture of a figure could not be drawn.
    #[error("the figure could not be drawn as PNG: {reason}; save it as SVG instead")]
    Raster {
        /// What the rasteriser says.
        reason: String,
    },
    /// Two lists that belong together have different lengths.
    #[error(
        "experiment {experiment:?}, {part:?}: expected {expected} values in {what}, got {got}: \
         the results are damaged, run the lab again"
    )]
    Length {
        /// The experiment's id.
        experiment: String,
        /// The name of the curves, table or samples.
        part: String,
        /// Which list.
        what: &'static str,
        /// The length it should have.
        expected: usize,
        /// The length it has.
        got: usize,
    },
    /// A histogram's axis is empty, reversed or not finite.
    #[error(
        "experiment {experiment:?}, {part:?}: the axis must run from a lower to a higher \
         finite number, got {low} to {high}: the results are damaged, run the lab again"
    )]
    Axis {
        /// The experiment's id.
        experiment: String,
        /// The ridgeline's name.
        part: String,
        /// Left end.
        low: f64,
        /// Right end.
        high: f64,
    },
    /// A sample's grey values are not hexadecimal digits.
    #[error(
        "experiment {experiment:?}, samples {part:?}, sample {tile}: grey values must be hexadecimal \
         digits, two a pixel: the results are damaged, run the lab again"
    )]
    Pixels {
        /// The experiment's id.
        experiment: String,
        /// The name of the samples.
        part: String,
        /// 0-based sample.
        tile: usize,
    },
    /// One of several results cannot be drawn.
    #[error("{run:?}: {source}")]
    Run {
        /// The run's name.
        run: String,
        /// What is wrong with it.
        source: Box<ReportError>,
    },
    /// A comparison needs something to compare with.
    #[error("expected two or more results to compare, got {got}: name another results.json")]
    TooFewRuns {
        /// How many results were given.
        got: usize,
    },
    /// The page's template could not be filled.
    #[error(
        "the report page could not be put together: {0}; report it as a bug, with the results file"
    )]
    Template(#[from] askama::Error),
    /// The output folder, or its `figures` folder, could not be made.
    #[error("cannot make the folder {}: {source}; choose another with --out", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The output folder's name is taken by something that is not a folder.
    #[error("{} exists and is not a folder: choose another with --out", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The page's name is taken by a folder.
    #[error("{} is a folder: name a file with --out", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A file could not be written; what stood under its name before still stands there.
    #[error("cannot write {}: {source}; choose another folder with --out", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}
