//! The arguments of `evenkeel report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evenkeel_report::Theme;

/// Draw the report of results again, or set several results beside each other.
///
/// Takes the results.json that `lab` or `train` wrote, or its folder, and writes one self-contained
/// page: report.html beside the results, which is replaced, or the file that --out names. Of two or
/// more results it writes comparison.html: chapter by chapter their verdicts, their numbers and their
/// figures. Nothing is measured again: the same results give the same bytes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel report evenkeel-report             draw the lab's report again
  evenkeel report evenkeel-report --open      and look at it
  evenkeel report run/results.json --out page.html
  evenkeel report first second third          compare three runs
  evenkeel report run --figures pictures --format png --theme light

Exit status: 0, or 2 on an error.")]
pub(crate) struct ReportArguments {
    /// A results.json, or the folder that `lab` or `train` wrote it into; two or more are compared
    #[arg(value_name = "RESULTS", required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// The page's file [default: report.html, or comparison.html, beside the first results]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write every figure as a file of its own into this folder too; of several results, into a folder each
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
    /// What the figures' files are [default: svg]
    #[arg(long, value_enum, requires = "figures")]
    pub(crate) format: Option<FormatChoice>,
    /// The figures' colours [default: in svg as the reader's system is set, in png light]
    #[arg(long, value_enum, requires = "figures")]
    pub(crate) theme: Option<ThemeChoice>,
    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Replace the file of --out if it exists
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

/// What a figure's file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatChoice {
    /// A drawing that stays sharp at every size
    Svg,
    /// Pixels, two for each unit of the drawing
    Png,
}

/// Whose colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThemeChoice {
    /// Dark lines on white paper
    Light,
    /// Light lines on dark paper
    Dark,
}

impl From<ThemeChoice> for Theme {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Light => Self::Light,
            ThemeChoice::Dark => Self::Dark,
        }
    }
}
