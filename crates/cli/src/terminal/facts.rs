//! A list of numbers with their names and meanings.

use std::io::{self, Write};

use console::{measure_text_width, style};

/// A number with its name and its meaning.
pub(crate) struct Fact {
    name: &'static str,
    value: String,
    meaning: String,
}

impl Fact {
    pub(crate) fn new(name: &'static str, value: String, meaning: impl Into<String>) -> Self {
        Self {
            name,
            value,
            meaning: meaning.into(),
        }
    }
}

/// Prints a fact a line, the values in a column.
pub(crate) fn print(out: &mut impl Write, facts: &[Fact]) -> io::Result<()> {
    let widest = |of: fn(&Fact) -> &str| {
        let widths = facts.iter().map(|fact| measure_text_width(of(fact)));
        widths.max().unwrap_or(0)
    };
    let names = widest(|fact| fact.name);
    let values = widest(|fact| &fact.value);
    for Fact {
        name,
        value,
        meaning,
    } in facts
    {
        let value = right(&style(value).bold().to_string(), values);
        let line = format!(
            "  {}  {value}   {}",
            left(name, names),
            style(meaning).dim()
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A text that may be coloured, at the right end of so many columns.
pub(crate) fn right(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{:missing$}{text}", "")
}

/// A text at the left end of so many columns: its combining letters take none.
fn left(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{text}{:missing$}", "")
}
