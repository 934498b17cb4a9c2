//! What the user sees: marks, tables, progress, complaints.

pub(crate) mod facts;
pub(crate) mod number;
pub(crate) mod progress;
pub(crate) mod story;
pub(crate) mod table;
pub(crate) mod training;

use console::{Style, style};
use evenkeel_lab::results::Experiment;

/// Columns to write in: the terminal's, between 40 and 120; 80 where there is none.
pub(crate) fn columns() -> usize {
    console::Term::stdout()
        .size_checked()
        .map_or(80, |(_rows, columns)| usize::from(columns))
        .clamp(40, 120)
}

/// Prints an error and its causes, each on its line.
#[expect(clippy::print_stderr, reason = "this is where the command complains")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("{} {error}", style("error:").for_stderr().red().bold());
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // An error that already quotes its cause needs it no second time.
        if !said.contains(&cause) {
            eprintln!("  because: {cause}");
            said = cause;
        }
    }
}

/// Prints a line about how the work went, which is no result.
#[expect(clippy::print_stderr, reason = "remarks are not results")]
pub(crate) fn note(text: &str) {
    eprintln!("{}", style(text).for_stderr().dim());
}

/// Prints a notice that must not be missed.
#[expect(clippy::print_stderr, reason = "notices are not results")]
pub(crate) fn notice(text: &str) {
    let lines = textwrap::wrap(text, columns().saturating_sub(8));
    for (index, line) in lines.iter().enumerate() {
        let head = if index == 0 { "notice:" } else { "       " };
        eprintln!("{} {line}", style(head).for_stderr().yellow().bold());
    }
}

/// The mark of an experiment: its verdict's, or a dot where there was nothing to judge by.
pub(crate) fn experiment_mark(experiment: &Experiment) -> String {
    match experiment.not_judged {
        Some(_) => Style::new().dim().apply_to("·").to_string(),
        None => mark(experiment.agrees),
    }
}

/// The mark of a verdict: another sign for each, so that it reads without colour.
pub(crate) fn mark(agrees: bool) -> String {
    let (text, mark_style) = if agrees {
        ("✓", Style::new().green().bold())
    } else {
        ("✗", Style::new().red().bold())
    };
    mark_style.apply_to(text).to_string()
}
