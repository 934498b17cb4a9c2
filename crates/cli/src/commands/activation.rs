//! The activation that the user typed, or a message that points at what is wrong with it.

use anyhow::{anyhow, bail};
use console::measure_text_width;
use evenkeel_theory::{Activation, ActivationError};

/// How much of a long expression is shown on either side of the place that is wrong.
const CONTEXT: usize = 34;

pub(crate) fn parse(text: &str) -> anyhow::Result<Activation> {
    // An activation may begin with a minus, so that an option that does not exist comes here.
    if text.starts_with("--") {
        bail!("there is no option `{text}` here; see --help");
    }
    Activation::parse(text).map_err(|error| match column(&error) {
        Some(column) => anyhow!("{error}\n{}", pointed_at(text, column)),
        None => anyhow!(error),
    })
}

/// Where an error is in the text, counted from 1, if it is at one place.
fn column(error: &ActivationError) -> Option<usize> {
    match error {
        ActivationError::UnknownName { column, .. }
        | ActivationError::ArgumentCount { column, .. }
        | ActivationError::Syntax { column, .. }
        | ActivationError::TooDeep { column, .. } => Some(*column),
        _ => None,
    }
}

/// The text on one line, or the part of it about the column, and a caret below that column.
fn pointed_at(text: &str, column: usize) -> String {
    let letters: Vec<char> = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let at = column.saturating_sub(1).min(letters.len());
    let from = at.saturating_sub(CONTEXT);
    let to = (at + CONTEXT).min(letters.len());
    let (head, tail) = (
        if from > 0 { "…" } else { "" },
        if to < letters.len() { "…" } else { "" },
    );
    let before: String = letters[from..at].iter().collect();
    let after: String = letters[at..to].iter().collect();
    let indent = measure_text_width(head) + measure_text_width(&before);
    format!("  {head}{before}{after}{tail}\n  {:indent$}^", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_place() {
        let error = parse("x * * 2").unwrap_err().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[1..], ["  x * * 2", "      ^"]);
        assert!(lines[0].contains("at column 5: expected"), "{error}");
    }

    #[test]
    fn the_caret_counts_what_a_terminal_shows() {
        assert_eq!(pointed_at("宽*)", 3), "  宽*)\n     ^");
        assert_eq!(pointed_at("x +\t", 5), "  x + \n      ^");
    }

    #[test]
    fn of_a_long_expression_the_part_about_the_place_is_shown() {
        let long = format!(
            "{}*y + {}",
            vec!["x"; 60].join("+"),
            vec!["x"; 60].join("+")
        );
        let error = parse(&long).unwrap_err().to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert!(lines[1].chars().count() < 80, "{error}");
        let caret = lines[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[1].chars().nth(caret), Some('y'));
    }

    #[test]
    fn an_unknown_option_is_called_one() {
        let error = parse("--jsno").unwrap_err().to_string();
        assert!(error.contains("no option `--jsno`"), "{error}");
        assert!(parse("-x*sigmoid(x)").is_ok());
    }
}
