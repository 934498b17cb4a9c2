//! The lab's story: an experiment a paragraph while it runs, and all of them on a page at the end.

mod signal;

use std::io::{self, Write};

use console::style;
use evenkeel_data::Loaded;
use evenkeel_lab::Settings;
use evenkeel_lab::results::{Experiment, Results, Scale, Table};

use super::glyphs::{Glyphs, glyphs};
use super::{columns, experiment_mark, mark, table};
use crate::commands::weights::harmless;

/// What is about to be measured, and on what.
pub(crate) fn open(loaded: &Loaded, settings: &Settings) -> io::Result<()> {
    let scale = match settings.scale {
        Scale::Quick => "quick",
        Scale::Full => "full",
    };
    let data = &loaded.dataset.name;
    let head = format!(
        "{data} ({}) · seed {} · {scale}",
        loaded.source, settings.seed
    );
    headline("evenkeel lab · ", &head)
}

/// A first line of a command's name and what it is about to do, wrapped.
pub(crate) fn headline(name: &str, text: &str) -> io::Result<()> {
    let glyphs = glyphs();
    let (name, text) = (glyphs.text(name), glyphs.text(text));
    let indent = " ".repeat(console::measure_text_width(&name));
    let options = textwrap::Options::new(columns()).initial_indent(&indent);
    let mut out = io::stdout().lock();
    write!(out, "{}", style(name).bold())?;
    for line in textwrap::wrap(&text, options) {
        writeln!(out, "{}", line.trim_start())?;
    }
    out.flush()
}

/// One experiment: its mark, its title, its signal against depth, its verdict, its tables.
pub(crate) fn tell(experiment: &Experiment, seconds: f64) -> io::Result<()> {
    let width = columns() - 2;
    let glyphs = glyphs();
    let mut out = io::stdout().lock();
    // The time stays on one line.
    let title = format!("{} ({seconds:.1}\u{a0}s)", experiment.title);
    let indent = " ".repeat(experiment.id.chars().count() + 2);
    let options = textwrap::Options::new(width).initial_indent(&indent);
    writeln!(out)?;
    write!(
        out,
        "{} {}  ",
        experiment_mark(experiment),
        style(&experiment.id).bold()
    )?;
    for (index, line) in textwrap::wrap(&glyphs.text(&title), options)
        .iter()
        .enumerate()
    {
        let line = line.trim_start().replace('\u{a0}', " ");
        let indent = if index == 0 { "" } else { "  " };
        writeln!(out, "{indent}{line}")?;
    }
    for line in signal::lines(experiment, width, glyphs) {
        writeln!(out, "  {line}")?;
    }
    for line in textwrap::wrap(&glyphs.text(&experiment.verdict), width) {
        writeln!(out, "  {line}")?;
    }
    if let Some(reason) = &experiment.not_judged {
        let text = format!("Not judged: {reason}.");
        for line in textwrap::wrap(&glyphs.text(&text), width) {
            writeln!(out, "  {}", style(line).dim())?;
        }
    }
    for small in &experiment.tables {
        tabulate(&mut out, small, width, glyphs)?;
    }
    out.flush()
}

fn tabulate(out: &mut impl Write, small: &Table, width: usize, glyphs: Glyphs) -> io::Result<()> {
    for line in textwrap::wrap(&glyphs.text(&small.name), width) {
        writeln!(out, "  {}", style(line).dim())?;
    }
    for line in table::draw(small, width).lines() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// How it ended, and where the report is.
pub(crate) fn close(results: &Results, report: &std::path::Path) -> io::Result<()> {
    let judged = || {
        results
            .experiments
            .iter()
            .filter(|e| e.not_judged.is_none())
    };
    let total = judged().count();
    let agreeing = judged().filter(|e| e.agrees).count();
    let unjudged = match results.experiments.len() - total {
        0 => String::new(),
        more => format!("; {more} not judged"),
    };
    let mut out = io::stdout().lock();
    if total > 0 {
        writeln!(
            out,
            "\n{} {agreeing} of {total} experiments agree with the known answers{unjudged} ({:.1} s)",
            mark(agreeing == total),
            results.timing.total_seconds,
        )?;
    }
    writeln!(out, "  report: {}", style(report.display()).bold())
}

/// An experiment's name. From a file it may be anything: one line of it, and not too long.
fn id(experiment: &Experiment, glyphs: Glyphs) -> String {
    const LONGEST: usize = 24;
    let id = harmless(&experiment.id);
    signal::shortened(&glyphs.text(&id), LONGEST, glyphs)
}

/// All experiments on a page, a line each: its mark, its signal against depth or what it is about.
pub(crate) fn page(results: &Results) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out)?;
    let width = columns();
    let glyphs = glyphs();
    let ids: Vec<String> = results.experiments.iter().map(|e| id(e, glyphs)).collect();
    let widths = ids.iter().map(|id| console::measure_text_width(id));
    let names = widths.max().unwrap_or(0);
    let rest = width.saturating_sub(names + 4);
    let lines = signal::summaries(results, rest, glyphs);
    for ((experiment, id), line) in results.experiments.iter().zip(ids).zip(lines) {
        writeln!(
            out,
            "{} {}  {}",
            experiment_mark(experiment),
            signal::padded(&style(id).bold().to_string(), names),
            line
        )?;
    }
    let legend = signal::legend(results, glyphs);
    for line in legend
        .iter()
        .flat_map(|text| textwrap::wrap(text, width - 2))
    {
        writeln!(out, "  {}", style(line).dim())?;
    }
    Ok(())
}
