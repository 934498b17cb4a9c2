//! `evenkeel report`: the page drawn again, or several results beside each other.

mod browser;
mod names;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use console::style;
use evenkeel_lab::results::Results;
use evenkeel_report::{Figure, Format, Run, Theme};

use super::output::{self, OutputFolder};
use super::weights::counted;
use crate::Outcome;
use crate::arguments::{FormatChoice, ReportArguments};
use crate::terminal::progress::Waiting;
use crate::terminal::story;

/// Pixels for each unit of a figure's drawing: sharp on today's screens.
const PIXELS_PER_UNIT: f64 = 2.0;

pub(crate) fn run(arguments: &ReportArguments) -> anyhow::Result<Outcome> {
    let place = Place::of(arguments)?;
    let waiting = Waiting::new("reading the results");
    let results = arguments
        .results
        .iter()
        .map(|path| Results::read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let names = names::of(&arguments.results);
    waiting.now("drawing");
    // Everything is drawn before the first file is touched.
    let html = html(&results, &names)?;
    let pictures = Pictures::draw(arguments, &results, &names);
    let _folder = place.prepare()?;
    let drawn = match &pictures {
        Some(pictures) => pictures.write()?,
        None => 0,
    };
    evenkeel_report::write_page(&place.page, &html)?;
    drop(waiting);
    tell(&results, &place.page, &pictures, drawn)?;
    if arguments.open {
        browser::open(&place.page);
    }
    Ok(Outcome::Fine)
}

fn html(results: &[Results], names: &[String]) -> anyhow::Result<String> {
    if let [only] = results {
        return Ok(evenkeel_report::page(only)?);
    }
    let runs: Vec<Run<'_>> = names
        .iter()
        .zip(results)
        .map(|(name, results)| Run { name, results })
        .collect();
    Ok(evenkeel_report::comparison(&runs)?)
}

/// Where the page goes.
struct Place {
    page: PathBuf,
}

impl Place {
    /// The file of `--out`, which is not there unless it may be replaced; otherwise beside the first
    /// results, where reports of ours are.
    fn of(arguments: &ReportArguments) -> anyhow::Result<Self> {
        let Some(page) = &arguments.out else {
            let name = match arguments.results.len() {
                1 => "report.html",
                _ => "comparison.html",
            };
            let first = &arguments.results[0];
            if first.exists() && !first.is_dir() && !first.is_file() {
                bail!(
                    "{} is no file, and the page cannot go beside it; name the page's file in --out",
                    first.display()
                );
            }
            let folder = folder_of(first);
            return Ok(Self {
                page: folder.join(name),
            });
        };
        let shown = page.display();
        if page.is_dir() {
            bail!("{shown} is a folder; name the page's file in --out, as {shown}/report.html");
        }
        if let Some(input) = arguments
            .results
            .iter()
            .find(|input| is_file_of(input, page))
        {
            bail!(
                "--out is {shown}, the results that are read ({}); name another file",
                input.display()
            );
        }
        if page.exists() && !arguments.force {
            bail!("{shown} exists already; choose another place, or replace it with --force");
        }
        Ok(Self { page: page.clone() })
    }

    /// Its folder, made and found writable.
    fn prepare(&self) -> anyhow::Result<OutputFolder> {
        let folder = match self.page.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let name = self.page.file_name().and_then(OsStr::to_str);
        output::prepare(folder, name.as_slice(), &[])
    }
}

/// The folder that holds the results.
fn folder_of(results: &Path) -> PathBuf {
    if results.is_dir() {
        return results.to_owned();
    }
    results.parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// Whether the results that `given` names are the file `other`.
fn is_file_of(given: &Path, other: &Path) -> bool {
    let file = match given.is_dir() {
        true => given.join("results.json"),
        false => given.to_owned(),
    };
    match (fs::canonicalize(file), fs::canonicalize(other)) {
        (Ok(file), Ok(other)) => file == other,
        _ => false,
    }
}

/// The figures that `--figures` asks for.
struct Pictures {
    /// A folder for each run, and what goes into it.
    folders: Vec<(PathBuf, Vec<Figure>)>,
    format: Format,
    into: PathBuf,
}

impl Pictures {
    fn draw(arguments: &ReportArguments, results: &[Results], names: &[String]) -> Option<Self> {
        let into = arguments.figures.clone()?;
        let folders = results.iter().zip(names).map(|(results, name)| {
            let folder = match arguments.results.len() {
                1 => into.clone(),
                _ => into.join(name),
            };
            (folder, evenkeel_report::figures(results))
        });
        Some(Self {
            folders: folders.collect(),
            format: format(arguments),
            into,
        })
    }

    /// Writes them, and says how many.
    fn write(&self) -> anyhow::Result<usize> {
        let _folder = output::prepare_for("--figures", &self.into, &[], &[])?;
        let mut count = 0;
        for (folder, figures) in &self.folders {
            count += evenkeel_report::write_figures(folder, figures, self.format)
                .with_context(|| format!("cannot write figures into {}", folder.display()))?
                .len();
        }
        Ok(count)
    }
}

fn format(arguments: &ReportArguments) -> Format {
    let theme = arguments.theme.map(Theme::from);
    match arguments.format {
        None | Some(FormatChoice::Svg) => Format::Svg(theme.unwrap_or(Theme::Reader)),
        Some(FormatChoice::Png) => Format::Png {
            theme: theme.unwrap_or(Theme::Light),
            scale: PIXELS_PER_UNIT,
        },
    }
}

/// The story of one run in a page, and where everything is.
fn tell(
    results: &[Results],
    page: &Path,
    pictures: &Option<Pictures>,
    drawn: usize,
) -> io::Result<()> {
    match results {
        [only] => {
            story::page(only)?;
            story::close(only, page)?;
        }
        several => {
            let mut out = io::stdout().lock();
            let compared = counted(several.len(), "run");
            writeln!(out, "{compared} compared")?;
            writeln!(out, "  report: {}", style(page.display()).bold())?;
        }
    }
    if let Some(pictures) = pictures {
        let mut out = io::stdout().lock();
        let folder = style(pictures.into.display()).bold();
        writeln!(out, "  figures: {folder} ({})", counted(drawn, "file"))?;
    }
    Ok(())
}
