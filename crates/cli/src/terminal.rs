//! What the user sees: marks, tables, progress, complaints.

pub(crate) mod facts;
pub(crate) mod glyphs;
pub(crate) mod number;
pub(crate) mod progress;
mod spark;
pub(crate) mod story;
pub(crate) mod table;
pub(crate) mod training;

use console::{Style, style};
use evenkeel_lab::results::Experiment;

use crate::nearest;
use glyphs::{Glyphs, glyphs};

/// Whether lines alone are wanted, that do not move and have no colour: from a build machine's log, and
/// from a terminal that can do no more.
pub(crate) fn is_sober() -> bool {
    let set = |name: &str| std::env::var(name).ok();
    is_sober_with(set("CI").as_deref(), set("TERM").as_deref())
}

fn is_sober_with(ci: Option<&str>, terminal: Option<&str>) -> bool {
    let on_ci = !matches!(ci, None | Some("" | "false" | "0"));
    on_ci || terminal == Some("dumb")
}

/// Takes the colour out where lines alone are wanted, unless it is asked for outright. `NO_COLOR` and pipes
/// are seen to by `console`.
pub(crate) fn dress() {
    let forced = std::env::var("CLICOLOR_FORCE").is_ok_and(|force| force != "0");
    if is_sober() && !forced {
        console::set_colors_enabled(false);
        console::set_colors_enabled_stderr(false);
    }
}

/// Columns to write in: the terminal's, between 40 and 120; 80 where there is none.
pub(crate) fn columns() -> usize {
    console::Term::stdout()
        .size_checked()
        .map_or(80, |(_rows, columns)| usize::from(columns))
        .clamp(40, 120)
}

/// Prints an error and its causes.
#[expect(clippy::print_stderr, reason = "this is where the command complains")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("{}", complaint(error));
}

/// An error and its causes, each on its line.
pub(crate) fn complaint(error: &anyhow::Error) -> String {
    let label = style("error:").for_stderr().red().bold();
    let mut said = error.to_string();
    let mut lines = vec![format!("{label} {}", wrapped(&said))];
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // An error that already quotes its cause needs it no second time.
        if !said.contains(&cause) {
            lines.push(format!("  because: {cause}"));
            said = cause;
        }
    }
    if let Some(hint) = nearest::of_scheme(error) {
        let label = style("hint:").for_stderr().cyan().bold();
        lines.push(format!("{label} {hint}"));
    }
    lines.join("\n")
}

/// A message in lines that the terminal does not cut, where it is one; as it is elsewhere.
fn wrapped(text: &str) -> String {
    let Some((_rows, columns)) = console::Term::stderr().size_checked() else {
        return text.to_owned();
    };
    let width = usize::from(columns).clamp(40, 120);
    let after_label = " ".repeat("error: ".len());
    let lines = text.lines().enumerate().flat_map(|(index, line)| {
        let indent = if index == 0 { &after_label } else { "" };
        let options = textwrap::Options::new(width)
            .initial_indent(indent)
            .subsequent_indent("  ");
        let lines = textwrap::wrap(line, options).into_iter();
        lines.map(|line| line.into_owned()).collect::<Vec<_>>()
    });
    let lines: Vec<String> = lines.collect();
    lines.join("\n").trim_start().to_owned()
}

/// Prints a line about how the work went, which is no result.
#[expect(clippy::print_stderr, reason = "remarks are not results")]
pub(crate) fn note(text: &str) {
    eprintln!("{}", style(glyphs().text(text)).for_stderr().dim());
}

/// Prints a notice that must not be missed.
#[expect(clippy::print_stderr, reason = "notices are not results")]
pub(crate) fn notice(text: &str) {
    let text = glyphs().text(text);
    let lines = textwrap::wrap(&text, columns().saturating_sub(8));
    for (index, line) in lines.iter().enumerate() {
        let head = if index == 0 { "notice:" } else { "       " };
        eprintln!("{} {line}", style(head).for_stderr().yellow().bold());
    }
}

/// The mark of an experiment: its verdict's, or a dot where there was nothing to judge by.
pub(crate) fn experiment_mark(experiment: &Experiment) -> String {
    match experiment.not_judged {
        Some(_) => {
            let dot = match glyphs() {
                Glyphs::Unicode => "·",
                Glyphs::Ascii => "-",
            };
            Style::new().dim().apply_to(dot).to_string()
        }
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
    mark_style.apply_to(glyphs().text(text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_machines_and_dumb_terminals_get_lines_alone() {
        for (ci, terminal, sober) in [
            (None, Some("xterm"), false),
            (Some("false"), Some("xterm"), false),
            (Some(""), None, false),
            (Some("true"), Some("xterm"), true),
            (Some("1"), None, true),
            (None, Some("dumb"), true),
        ] {
            assert_eq!(is_sober_with(ci, terminal), sober, "{ci:?} {terminal:?}");
        }
    }
}
