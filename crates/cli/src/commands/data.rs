//! `evenkeel data`: show, fetch, verify and draw the data.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use evenkeel_data::mnist::{self, FILES, Located, MnistFile};
use evenkeel_data::{Places, cache, contact_sheet};
use serde_json::json;

use crate::Outcome;
use crate::arguments::{DataAction, DataArguments, SourceArguments};
use crate::commands::lab::{fallback_notice, load};
use crate::terminal::progress::DataProgress;
use crate::terminal::{mark, notice};

pub(crate) fn run(arguments: &DataArguments) -> anyhow::Result<Outcome> {
    match arguments.action.as_ref().unwrap_or(&DataAction::Status) {
        DataAction::Status => status(arguments),
        DataAction::Fetch => fetch(arguments),
        DataAction::Verify => verify(arguments),
        DataAction::Samples {
            data,
            seed,
            count,
            out,
        } => {
            let source = SourceArguments {
                data: *data,
                data_dir: arguments.data_dir.clone(),
                seed: *seed,
            };
            samples(&source, *count, out, arguments.json)
        }
    }
}

/// What is refused before a file is looked at.
pub(crate) fn check(arguments: &DataArguments) -> anyhow::Result<()> {
    match arguments.action {
        Some(DataAction::Samples { count, .. }) => check_count(count),
        _ => Ok(()),
    }
}

fn check_count(count: usize) -> anyhow::Result<()> {
    anyhow::ensure!(
        (1..=1_000).contains(&count),
        "--count is {count}; it must be from 1 to 1000 samples of each digit"
    );
    Ok(())
}

/// What a command says of one of MNIST's files.
struct Row {
    file: &'static MnistFile,
    located: Option<Located>,
    fine: bool,
    note: String,
}

fn status(arguments: &DataArguments) -> anyhow::Result<Outcome> {
    let places = Places::of_user();
    let rows: Vec<Row> = search(arguments, &places)
        .map(|(file, located)| {
            let note = match &located {
                Some(_) => "found; `evenkeel data verify` checks it".to_owned(),
                None => "not found".to_owned(),
            };
            let fine = located.is_some();
            Row {
                file,
                located,
                fine,
                note,
            }
        })
        .collect();
    if arguments.json {
        print_json(&rows)?;
    } else {
        print_places(arguments, &places)?;
        print_rows(&rows)?;
        if rows.iter().any(|row| !row.fine) {
            writeln!(
                io::stdout().lock(),
                "`evenkeel data fetch` downloads what is missing; without MNIST, `evenkeel lab` uses its own strokes."
            )?;
        }
    }
    Ok(Outcome::Fine)
}

fn fetch(arguments: &DataArguments) -> anyhow::Result<Outcome> {
    let places = Places::of_user();
    let fetched =
        cache::fetch(&places, &DataProgress::new()).context("cannot fetch MNIST into the cache")?;
    let rows: Vec<Row> = fetched
        .into_iter()
        .map(|(file, outcome)| Row {
            file,
            located: mnist::find_in(
                &cache::folder(&places).unwrap_or_default(),
                file,
                mnist::Origin::Cache,
            ),
            fine: true,
            note: match outcome {
                cache::Fetched::Kept(_) => "was there, whole".to_owned(),
                cache::Fetched::Downloaded(_) => "downloaded".to_owned(),
                cache::Fetched::Replaced(_, fault) => {
                    format!("downloaded again; it was damaged: {fault}")
                }
            },
        })
        .collect();
    show(arguments, &rows)?;
    Ok(Outcome::Fine)
}

fn verify(arguments: &DataArguments) -> anyhow::Result<Outcome> {
    let places = Places::of_user();
    let rows: Vec<Row> = search(arguments, &places)
        .map(|(file, located)| {
            let (fine, note) = match located.as_ref().map(mnist::verify) {
                None => (false, "missing".to_owned()),
                Some(Ok(())) => (true, "whole: its SHA-256 is the published one".to_owned()),
                Some(Err(fault)) => (false, fault.to_string()),
            };
            Row {
                file,
                located,
                fine,
                note,
            }
        })
        .collect();
    show(arguments, &rows)?;
    Ok(if rows.iter().all(|row| row.fine) {
        Outcome::Fine
    } else {
        Outcome::Finding
    })
}

fn samples(
    source: &SourceArguments,
    count: usize,
    out: &Path,
    as_json: bool,
) -> anyhow::Result<Outcome> {
    check_count(count)?;
    let loaded = load(source)?;
    if let Some(reason) = &loaded.fallback {
        notice(&fallback_notice(reason));
    }
    contact_sheet(&loaded.dataset.train, 10 * count).write_png(out)?;
    let name = &loaded.dataset.name;
    let mut stdout = io::stdout().lock();
    if as_json {
        writeln!(stdout, "{}", json!({ "data": name, "picture": out }))?;
    } else {
        writeln!(
            stdout,
            "{}: {count} training samples of each digit of {name}",
            out.display()
        )?;
    }
    Ok(Outcome::Fine)
}

fn search<'a>(
    arguments: &'a DataArguments,
    places: &'a Places,
) -> impl Iterator<Item = (&'static MnistFile, Option<Located>)> + 'a {
    FILES
        .iter()
        .zip(mnist::search(arguments.data_dir.as_deref(), places))
}

fn print_places(arguments: &DataArguments, places: &Places) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "MNIST is looked for in this order:")?;
    let shown = |folder: Option<&Path>, otherwise: &str| {
        folder.map_or_else(|| otherwise.to_owned(), |f| f.display().to_string())
    };
    let named = arguments.data_dir.as_deref();
    writeln!(out, "  --data-dir     {}", shown(named, "not given"))?;
    if named.is_some() {
        writeln!(out, "  and nowhere else, since it is given")?;
    } else {
        let environment = places.environment.as_deref();
        writeln!(out, "  EVENKEEL_DATA  {}", shown(environment, "not set"))?;
        let cache = cache::folder(places);
        writeln!(
            out,
            "  cache          {}",
            shown(cache.as_deref(), "this user has none")
        )?;
        for mirror in &places.mirrors {
            writeln!(out, "  download       {mirror}")?;
        }
    }
    writeln!(out)
}

fn show(arguments: &DataArguments, rows: &[Row]) -> io::Result<()> {
    if arguments.json {
        print_json(rows)
    } else {
        print_rows(rows)
    }
}

fn print_rows(rows: &[Row]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for row in rows {
        let place = row.located.as_ref().map_or_else(
            || row.file.gzip.name.to_owned(),
            |located| located.path.display().to_string(),
        );
        writeln!(out, "{} {place}\n    {}", mark(row.fine), row.note)?;
    }
    Ok(())
}

fn print_json(rows: &[Row]) -> io::Result<()> {
    let files: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "file": row.file.gzip.name,
                "path": row.located.as_ref().map(|located| &located.path),
                "fine": row.fine,
                "note": row.note,
            })
        })
        .collect();
    writeln!(io::stdout().lock(), "{}", json!({ "files": files }))
}
