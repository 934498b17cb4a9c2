//! The table of all gains.

use std::io::{self, Write};

use console::style;
use evenkeel_theory::{Activation, Gain, GradientFlow, VarianceStability};

use super::{judged, mean, pytorch};
use crate::terminal::columns;
use crate::terminal::facts::right;
use crate::terminal::number::{decimals, layers as words, significant};

/// From this width on the table also says what becomes of the signal.
const WIDE: usize = 110;
const NAME: usize = 16;

/// A column: its head, the formula below the head, its width.
const COLUMNS: [(&str, &str, usize); 7] = [
    ("forward", "1/√E[φ²]", 9),
    ("centred", "1/√Var φ", 9),
    ("backward", "1/√E[φ′²]", 10),
    ("χ₁", "", 8),
    ("χ_q", "", 8),
    ("mean", "E[φ]", 8),
    ("PyTorch", "", 11),
];

pub(super) fn print(out: &mut impl Write, rows: &[(Activation, Gain)], q: f64) -> io::Result<()> {
    let wide = columns() >= WIDE;
    let at_one = q == 1.0;
    writeln!(
        out,
        "Gains for preactivations of variance q = {}; weights of variance gain²/fan_in",
        significant(q, 6)
    )?;
    writeln!(out)?;
    let mut head = format!("{:NAME$}", "activation");
    let mut formulas = format!("{:NAME$}", "");
    for (name, formula, width) in COLUMNS {
        // At another variance forward and centred gains have √q for 1.
        let root = !at_one && (name == "forward" || name == "centred");
        let formula = if root {
            formula.replacen('1', "√q", 1)
        } else {
            formula.to_owned()
        };
        head.push_str(&right(name, width));
        formulas.push_str(&right(&formula, width));
    }
    if wide {
        head.push_str("  variance              gradient");
    }
    writeln!(out, "{}", style(&head).bold())?;
    writeln!(out, "{}", style(formulas.trim_end()).dim())?;
    writeln!(
        out,
        "{}",
        style("─".repeat(console::measure_text_width(&head))).dim()
    )?;
    for (activation, gain) in rows {
        writeln!(out, "{}", row(activation, gain, wide).trim_end())?;
    }
    writeln!(out)?;
    footnotes(out, rows)
}

fn row(activation: &Activation, gain: &Gain, wide: bool) -> String {
    let number = |x| decimals(x, 4);
    let theirs = pytorch::calculate_gain(activation.kind());
    let cells = [
        style(number(gain.forward)).bold().to_string(),
        number(gain.centered),
        gain.backward.map_or_else(|| "none".to_owned(), number),
        number(gain.chi_1),
        number(gain.chi_q),
        number(mean(gain)),
        theirs.map_or_else(String::new, |theirs| judged(theirs, gain)),
    ];
    let mut row = format!("{:NAME$}", gain.activation);
    for (cell, (_, _, width)) in cells.iter().zip(COLUMNS) {
        row.push_str(&right(cell, width));
    }
    if wide {
        let verdict = gain.verdict();
        row.push_str(&format!(
            "  {:22}{}",
            variance(verdict.variance),
            gradient(verdict.gradient)
        ));
    }
    row
}

fn variance(stability: VarianceStability) -> String {
    match stability {
        VarianceStability::Neutral => "neutral".to_owned(),
        VarianceStability::Stable { .. } => "stable".to_owned(),
        VarianceStability::Unstable { layers } => format!("drifts in {}", words(layers)),
    }
}

fn gradient(flow: GradientFlow) -> String {
    match flow {
        GradientFlow::Preserved => "kept".to_owned(),
        GradientFlow::Exploding { layers } => format!("×10 in {}", words(layers)),
        GradientFlow::Vanishing { layers } => format!("÷10 in {}", words(layers)),
        GradientFlow::Blocked => "none passes".to_owned(),
    }
}

/// What the marks mean, and what the marked gains do.
fn footnotes(out: &mut impl Write, rows: &[(Activation, Gain)]) -> io::Result<()> {
    let astray: Vec<String> = rows
        .iter()
        .filter_map(|(activation, gain)| {
            let theirs = pytorch::calculate_gain(activation.kind())?;
            let factor = decimals(pytorch::factor(theirs, gain), 4);
            (!pytorch::preserves(theirs, gain)).then(|| format!("{} by {factor}", gain.activation))
        })
        .collect();
    let mut text = String::from(
        "χ₁ and χ_q: a layer's factors on the gradient's mean square and on a small change of q, at the \
         forward gain. PyTorch: torch.nn.init.calculate_gain, for the six activations that it knows; ✓ \
         keeps the second moment, ✗ does not",
    );
    if !astray.is_empty() {
        text.push_str(&format!(
            ": a layer multiplies it for {}",
            astray.join(", ")
        ));
    }
    text.push('.');
    for line in textwrap::wrap(&text, columns()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
