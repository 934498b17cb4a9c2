//! `evenkeel gain`: what scale an activation asks of the weights.

mod pytorch;
mod table;

use std::io::{self, Write};

use evenkeel_lab::results::Number;
use evenkeel_theory::{Activation, Gain};
use serde_json::json;

use crate::Outcome;
use crate::arguments::GainArguments;
use crate::commands::activation;
use crate::terminal::facts::{self, Fact};
use crate::terminal::number::{beside, decimals, significant};
use crate::terminal::{columns, mark, notice};

/// Digits of a gain: the last that the integrals vouch for.
const DIGITS: usize = 12;

pub(crate) fn run(arguments: &GainArguments) -> anyhow::Result<Outcome> {
    write(arguments, &mut io::stdout().lock())?;
    Ok(Outcome::Fine)
}

/// All that the command does.
pub(crate) fn write(arguments: &GainArguments, out: &mut impl Write) -> anyhow::Result<()> {
    match &arguments.activation {
        Some(text) => one(&activation::parse(text)?, arguments, out),
        None => all(arguments, out),
    }
}

fn one(
    activation: &Activation,
    arguments: &GainArguments,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let gain = Gain::at(activation, arguments.q)?;
    if arguments.json {
        writeln!(out, "{:#}", as_json(activation, &gain))?;
        return Ok(());
    }
    for line in textwrap::wrap(&gain.verdict().to_string(), columns()) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    facts::print(out, &lines(activation, &gain))?;
    Ok(())
}

/// What is said of a gain.
fn lines(activation: &Activation, gain: &Gain) -> Vec<Fact> {
    let number = |x| significant(x, DIGITS);
    let factor = if gain.q == 1.0 { "1" } else { "√q" };
    let share = 100.0 * gain.mean * gain.mean / gain.second_moment;
    let mut lines = vec![
        Fact::new(
            "forward gain",
            number(gain.forward),
            format!("{factor}/√E[φ²]: keeps the second moment"),
        ),
        Fact::new(
            "centred gain",
            number(gain.centered),
            format!("{factor}/√Var φ: keeps it once the mean is out"),
        ),
        Fact::new(
            "backward gain",
            gain.backward.map_or_else(|| "none".to_owned(), number),
            "1/√E[φ′²]: keeps the gradient, with fan_out",
        ),
        Fact::new(
            "second moment",
            number(gain.second_moment),
            format!("E[φ²] at q = {}", significant(gain.q, 6)),
        ),
        Fact::new(
            "mean left",
            number(mean(gain)),
            format!("E[φ]: {share:.1}% of the second moment"),
        ),
        Fact::new(
            "χ₁",
            number(gain.chi_1),
            "a layer's factor on the gradient's mean square",
        ),
        Fact::new(
            "χ_q",
            number(gain.chi_q),
            "a layer's factor on a small change of q",
        ),
        Fact::new(
            "error",
            significant(gain.error, 2),
            "the largest relative error above",
        ),
    ];
    if let Some(theirs) = pytorch::calculate_gain(activation.kind()) {
        lines.push(Fact::new(
            "PyTorch",
            number(theirs),
            pytorch::remark(theirs, gain),
        ));
    }
    lines
}

fn all(arguments: &GainArguments, out: &mut impl Write) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for activation in Activation::all() {
        match Gain::at(&activation, arguments.q) {
            Ok(gain) => rows.push((activation, gain)),
            // A variance that none can have is the user's error; one that only this activation
            // cannot have is a gap in the table.
            Err(error @ evenkeel_theory::GainError::Variance { .. }) => return Err(error.into()),
            Err(error) => notice(&format!("left out: {error}")),
        }
    }
    if arguments.json {
        let rows: Vec<_> = rows.iter().map(|(a, gain)| as_json(a, gain)).collect();
        writeln!(out, "{:#}", serde_json::Value::from(rows))?;
    } else {
        table::print(out, &rows, arguments.q)?;
    }
    Ok(())
}

fn as_json(activation: &Activation, gain: &Gain) -> serde_json::Value {
    json!({
        "activation": gain.activation,
        "q": Number(gain.q),
        "gain_forward": Number(gain.forward),
        "gain_centered": Number(gain.centered),
        "gain_backward": gain.backward.map(Number),
        "gain_pytorch": pytorch::calculate_gain(activation.kind()).map(Number),
        "second_moment": Number(gain.second_moment),
        "mean": Number(gain.mean),
        "chi_1": Number(gain.chi_1),
        "chi_q": Number(gain.chi_q),
        "error": Number(gain.error),
        "verdict": gain.verdict().to_string(),
    })
}

/// `E[φ]`, summed from values of the size `√E[φ²]`.
fn mean(gain: &Gain) -> f64 {
    beside(gain.mean, gain.second_moment.sqrt())
}

/// A gain and whether it keeps the second moment.
fn judged(theirs: f64, gain: &Gain) -> String {
    format!(
        "{} {}",
        decimals(theirs, 4),
        mark(pytorch::preserves(theirs, gain))
    )
}
