//! What the command prints.

use std::io::{self, Write};
use std::path::PathBuf;

use console::style;
use evenkeel_lab::results::{Number, Table, Value};
use evenkeel_theory::{Analysis, FixedPoint, FixedPoints, LogBand, Phase, Stability};
use serde_json::json;

use super::depth::{Depths, Width};
use super::verdict::{rounded, verdict};
use super::{Network, Settles};
use crate::terminal::facts::{self, Fact};
use crate::terminal::number::{self, exponential, significant};
use crate::terminal::{columns, table};

const DIGITS: usize = 10;

pub(super) fn text(
    network: &Network,
    depths: Option<&Depths>,
    figures: &[PathBuf],
) -> anyhow::Result<()> {
    let verdict = verdict(network)?;
    let mut out = io::stdout().lock();
    let theory = &network.theory;
    writeln!(
        out,
        "{}",
        style(format!(
            "{} with σ_w² = {}, σ_b² = {}",
            network.activation,
            significant(theory.sigma_w2(), DIGITS),
            significant(theory.sigma_b2(), DIGITS)
        ))
        .bold()
    )?;
    paragraph(&mut out, &verdict)?;
    writeln!(out)?;
    if let Settles::At(analysis) = &network.settles {
        facts::print(&mut out, &numbers(analysis))?;
        writeln!(out)?;
    }
    paragraph(&mut out, &fixed_points(&network.fixed_points))?;
    if let Some(depths) = depths {
        writeln!(out)?;
        layers(&mut out, network, depths)?;
    }
    if !figures.is_empty() {
        writeln!(out)?;
    }
    for figure in figures {
        writeln!(out, "drawn: {}", style(figure.display()).bold())?;
    }
    Ok(())
}

fn paragraph(out: &mut impl Write, text: &str) -> io::Result<()> {
    for line in textwrap::wrap(text, columns()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn numbers(analysis: &Analysis) -> Vec<Fact> {
    let number = |x| significant(x, DIGITS);
    let grows = if analysis.xi_grad < 0.0 {
        "grows"
    } else {
        "falls"
    };
    let strays = if analysis.xi_q < 0.0 {
        "in which a deviation of q grows by e"
    } else {
        "in which a deviation of q falls by e"
    };
    vec![
        Fact::new(
            "q*",
            number(analysis.q_star),
            "the variance that a layer keeps",
        ),
        Fact::new(
            "χ₁",
            number(analysis.chi_1),
            "a layer's factor on the gradient's mean square",
        ),
        Fact::new(
            "χ_q",
            number(analysis.chi_q),
            "a layer's factor on a deviation of q",
        ),
        Fact::new(
            "c*",
            number(rounded(analysis.c_star)),
            "the correlation that two inputs settle at",
        ),
        Fact::new("ξ_q", number(analysis.xi_q), format!("layers {strays}")),
        Fact::new(
            "ξ_c",
            number(analysis.xi_c),
            "layers in which the correlation forgets by e",
        ),
        Fact::new(
            "ξ_∇",
            number(analysis.xi_grad),
            format!("layers in which the gradient's mean square {grows} by e"),
        ),
    ]
}

fn fixed_points(points: &FixedPoints) -> String {
    match points {
        FixedPoints::Every => {
            "Every variance is a fixed point: layers keep whatever they are given.".to_owned()
        }
        FixedPoints::Isolated(points) if points.is_empty() => {
            "The variance has no fixed point.".to_owned()
        }
        FixedPoints::Isolated(points) => {
            let said: Vec<String> = points.iter().map(fixed_point).collect();
            format!("Fixed points of the variance: {}.", said.join(", "))
        }
    }
}

fn fixed_point(point: &FixedPoint) -> String {
    format!(
        "{} ({})",
        significant(point.q, 6),
        stability(point.stability)
    )
}

fn stability(stability: Stability) -> &'static str {
    match stability {
        Stability::Stable => "stable",
        Stability::Marginal => "marginal",
        Stability::Unstable => "unstable",
    }
}

fn layers(out: &mut impl Write, network: &Network, depths: &Depths) -> io::Result<()> {
    let start = significant(network.start(), 6);
    let of = match &depths.width {
        Some(width) => format!(" of width {}", width.units),
        None => String::new(),
    };
    let count = number::layers(depths.rows.len() as f64);
    let heading = format!("Along {count}{of}, from the variance {start}:");
    writeln!(out, "{}", style(heading).bold())?;
    writeln!(out, "{}", table::draw(&layer_table(depths), columns()))?;
    if depths.has_correlation() {
        paragraph(out, CORRELATION)?;
    }
    paragraph(out, GRADIENT)?;
    match &depths.width {
        Some(width) => finite_width(out, width, depths.rows.len()),
        None => Ok(()),
    }
}

const CORRELATION: &str = "Correlation: of two inputs that are uncorrelated in the first layer.";
const GRADIENT: &str = "Gradient: its root mean square, relative to the last layer's.";

fn layer_table(depths: &Depths) -> Table {
    let bands = depths
        .width
        .as_ref()
        .and_then(|width| width.bands.as_ref().ok());
    let mut columns = vec!["layer", "variance"];
    columns.extend(depths.has_correlation().then_some("correlation"));
    columns.push("gradient");
    if bands.is_some() {
        columns.extend(["rms, 95%", "gradient, 95%"]);
    }
    let rows = depths
        .shown()
        .into_iter()
        .map(|index| {
            let row = &depths.rows[index];
            let mut cells: Vec<Value> = vec![row.layer.into(), row.variance.into()];
            cells.extend(row.correlation.map(Value::from));
            cells.push(row.gradient.into());
            if let Some(bands) = bands {
                let band = |band: &LogBand| {
                    let ends = [band.lower, band.upper].map(exponential);
                    Value::from(ends.join("–"))
                };
                cells.push(band(&bands.forward[index]));
                cells.push(band(&bands.backward[index]));
            }
            cells
        })
        .collect();
    Table {
        name: "layers".to_owned(),
        columns: columns.into_iter().map(str::to_owned).collect(),
        rows,
    }
}

fn finite_width(out: &mut impl Write, width: &Width, depth: usize) -> io::Result<()> {
    let text = match &width.bands {
        Ok(bands) => format!(
            "95%: the factors on the prediction, for the preactivations' and the gradient's root mean \
             square, within which 95% of networks of this width lie ({}).",
            bands.word()
        ),
        Err(error) => format!("There is no band for this width: {error}."),
    };
    paragraph(out, &text)?;
    let dead = if width.zero_probability == 0.0 {
        "No layer can be dead: the activation is zero on no stretch of the line.".to_owned()
    } else if width.dead_layer == 0.0 {
        "The chance that a layer is dead for an input is below 1e−308.".to_owned()
    } else {
        let some = if depth == 1 {
            String::new()
        } else {
            let chance = significant(width.dead_network, 3);
            format!("; that some layer of the {depth} is: {chance}")
        };
        let chance = significant(width.dead_layer, 3);
        format!("The chance that a layer is dead for an input: {chance}{some}.")
    };
    paragraph(out, &dead)
}

pub(super) fn json(
    network: &Network,
    depths: Option<&Depths>,
    figures: &[PathBuf],
) -> anyhow::Result<()> {
    let theory = &network.theory;
    // Where the variance grows without end there is no fixed point at which the rest would hold.
    let at = |pick: fn(&Analysis) -> f64| match &network.settles {
        Settles::At(analysis) => Number(pick(analysis)),
        Settles::Never => Number(f64::NAN),
    };
    let mut report = json!({
        "activation": network.activation.to_string(),
        "sigma_w2": Number(theory.sigma_w2()),
        "sigma_b2": Number(theory.sigma_b2()),
        "q_star": match network.phase() {
            Phase::Divergent => Number(f64::INFINITY),
            _ => at(|analysis| analysis.q_star),
        },
        "chi_1": at(|analysis| analysis.chi_1),
        "chi_q": at(|analysis| analysis.chi_q),
        "c_star": at(|analysis| analysis.c_star),
        "xi_q": at(|analysis| analysis.xi_q),
        "xi_c": at(|analysis| analysis.xi_c),
        "xi_grad": at(|analysis| analysis.xi_grad),
        "phase": network.phase().word(),
        "fixed_points": fixed_points_json(&network.fixed_points),
        "verdict": verdict(network)?,
    });
    if let Some(depths) = depths {
        depths.add_to(&mut report);
    }
    if !figures.is_empty() {
        report["figures"] = json!(figures);
    }
    writeln!(io::stdout().lock(), "{report:#}")?;
    Ok(())
}

/// A list; or the word "every", where every variance is one.
fn fixed_points_json(points: &FixedPoints) -> serde_json::Value {
    match points {
        FixedPoints::Every => json!("every"),
        FixedPoints::Isolated(points) => points
            .iter()
            .map(|point| {
                json!({
                    "q": Number(point.q),
                    "chi_q": Number(point.chi_q),
                    "stability": stability(point.stability),
                })
            })
            .collect(),
    }
}
