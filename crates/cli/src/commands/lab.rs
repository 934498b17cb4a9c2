//! `evenkeel lab`: the lesson, from the data to the report.

use std::io::{self, Write};
use std::num::NonZero;
use std::thread;

use evenkeel_data::{Choice, Download, Loaded, Request};
use evenkeel_lab::results::{Results, Scale};
use evenkeel_lab::{Settings, catalogue};

use super::output::{self, OutputFolder};
use crate::Outcome;
use crate::arguments::{DataChoice, LabArguments, SourceArguments};
use crate::terminal::progress::{DataProgress, LabProgress, Telling};
use crate::terminal::{notice, story};

pub(crate) fn run(arguments: &LabArguments) -> anyhow::Result<Outcome> {
    if arguments.list {
        list()?;
        return Ok(Outcome::Fine);
    }
    let settings = settings(arguments);
    settings.selection()?;
    // Checked before the time is spent, and gone again: an interrupted run leaves no empty folder.
    drop(output_folder(arguments)?);
    let loaded = load(&arguments.source)?;
    if let Some(reason) = &loaded.fallback {
        notice(&fallback_notice(reason));
    }
    let telling = telling(arguments);
    if telling == Telling::Story {
        story::open(&loaded, &settings)?;
    }
    let (results, told) = measure(&settings, &loaded, telling)?;
    let json = results.to_json();
    let _folder = output_folder(arguments)?;
    let files = evenkeel_report::write(&results, &arguments.out)?;
    let results_file = arguments.out.join("results.json");
    output::write(&results_file, json.as_bytes())?;
    let page = files.page.clone();
    output::confirm(
        &arguments.out,
        files.figures.into_iter().chain([page, results_file]),
    )?;
    // A reader that went away has the files all the same.
    told?;
    if arguments.json {
        let mut out = io::stdout().lock();
        out.write_all(json.as_bytes())?;
    } else {
        if results.experiments.len() > 1 {
            story::page(&results)?;
        }
        story::close(&results, &files.page)?;
    }
    Ok(if results.experiments.iter().all(|e| e.agrees) {
        Outcome::Fine
    } else {
        Outcome::Finding
    })
}

/// What is refused before the folder is looked at.
pub(crate) fn check(arguments: &LabArguments) -> anyhow::Result<()> {
    settings(arguments).selection()?;
    Ok(())
}

fn output_folder(arguments: &LabArguments) -> anyhow::Result<OutputFolder> {
    output::prepare(
        &arguments.out,
        &["report.html", "results.json"],
        &["figures"],
    )
}

/// The results, and whether their story could be told to the end.
fn measure(
    settings: &Settings,
    loaded: &Loaded,
    telling: Telling,
) -> anyhow::Result<(Results, io::Result<()>)> {
    let progress = LabProgress::new(telling);
    let results = evenkeel_lab::run(settings, loaded, &progress)?;
    Ok((results, progress.finish()))
}

fn telling(arguments: &LabArguments) -> Telling {
    if arguments.json {
        Telling::Nothing
    } else {
        Telling::Story
    }
}

fn list() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let width = catalogue().iter().map(|s| s.id().len()).max().unwrap_or(0);
    for study in catalogue() {
        let takes: Vec<_> = study.takes().iter().map(ToString::to_string).collect();
        writeln!(out, "{:width$}  {}", study.id(), study.question())?;
        if !takes.is_empty() {
            writeln!(out, "{:width$}  takes {}", "", takes.join(", "))?;
        }
        if let Some(note) = study.note() {
            writeln!(out, "{:width$}  {note}", "")?;
        }
    }
    Ok(())
}

fn settings(arguments: &LabArguments) -> Settings {
    let threads = match arguments.threads {
        Some(threads) => threads,
        None => thread::available_parallelism().map_or(1, NonZero::get),
    };
    Settings {
        seed: arguments.source.seed,
        scale: if arguments.quick {
            Scale::Quick
        } else {
            Scale::Full
        },
        depth: arguments.depth,
        width: arguments.width,
        activation: arguments.activation.clone(),
        threads,
        only: arguments.only.clone(),
    }
}

pub(crate) fn load(source: &SourceArguments) -> anyhow::Result<Loaded> {
    let request = Request {
        choice: match source.data {
            DataChoice::Auto => Choice::Auto,
            DataChoice::Mnist => Choice::Mnist,
            DataChoice::Strokes => Choice::Strokes,
        },
        data_dir: source.data_dir.clone(),
        seed: source.seed,
        download: Download::Allowed,
    };
    Ok(evenkeel_data::load(&request, &DataProgress::new())?)
}

/// What the user must know when other data stands in for MNIST.
pub(crate) fn fallback_notice(reason: &str) -> String {
    format!(
        "digits drawn by evenkeel itself (`strokes`) stand in for MNIST. The lesson is the same; the numbers \
         that belong to MNIST are not. {reason}."
    )
}
