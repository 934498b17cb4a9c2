//! The lab's story: an experiment a paragraph.

use std::io::{self, Write};

use console::style;
use evenkeel_data::Loaded;
use evenkeel_lab::Settings;
use evenkeel_lab::results::{Experiment, Results, Scale};

use super::{columns, experiment_mark, mark, table};

/// What is about to be measured, and on what.
pub(crate) fn open(loaded: &Loaded, settings: &Settings) -> io::Result<()> {
    let scale = match settings.scale {
        Scale::Quick => "quick",
        Scale::Full => "full",
    };
    let mut out = io::stdout().lock();
    let data = &loaded.dataset.name;
    let head = format!(
        "{data} ({}) · seed {} · {scale}",
        loaded.source, settings.seed
    );
    write!(out, "{}", style("evenkeel lab · ").bold())?;
    for line in textwrap::wrap(
        &head,
        textwrap::Options::new(columns()).initial_indent("               "),
    ) {
        writeln!(out, "{}", line.trim_start())?;
    }
    Ok(())
}

/// One experiment: its mark, its title, its verdict, its tables.
pub(crate) fn tell(experiment: &Experiment, seconds: f64) -> io::Result<()> {
    let width = columns();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n{} {}  {} {}",
        experiment_mark(experiment),
        style(&experiment.id).bold(),
        experiment.title,
        style(format!("({seconds:.1} s)")).dim(),
    )?;
    for line in textwrap::wrap(&experiment.verdict, width - 2) {
        writeln!(out, "  {line}")?;
    }
    if let Some(reason) = &experiment.not_judged {
        for line in textwrap::wrap(&format!("Not judged: {reason}."), width - 2) {
            writeln!(out, "  {}", style(line).dim())?;
        }
    }
    for small in &experiment.tables {
        for line in textwrap::wrap(&small.name, width - 2) {
            writeln!(out, "  {}", style(line).dim())?;
        }
        for line in table::draw(small, width - 2).lines() {
            writeln!(out, "  {line}")?;
        }
    }
    out.flush()
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
    writeln!(
        out,
        "\n{} {agreeing} of {total} experiments agree with the known answers{unjudged} ({:.1} s)",
        mark(agreeing == total),
        results.timing.total_seconds,
    )?;
    writeln!(out, "  report: {}", style(report.display()).bold())
}
