//! Curves against step, depth or share: a median with its spread over seeds, panel beside panel.

mod draw;
mod panel;

use evenkeel_lab::results::{Curves, Experiment, Series};

use super::{Draft, Sheet, sentence_case};
use crate::number::number;

/// More panels than this make a second figure.
const MOST_PANELS: usize = 4;

/// A figure for each run of neighbouring curves that follow the same networks.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    let drawable: Vec<&Curves> = experiment
        .curves
        .iter()
        .filter(|c| !c.series.is_empty())
        .collect();
    drawable
        .chunk_by(|a, b| a.x_label == b.x_label && same_networks(a, b))
        .flat_map(|run| run.chunks(MOST_PANELS))
        .map(|group| {
            let panels = panel::panels(group);
            Draft {
                kind: "curves",
                title: title(group),
                subtitle: subtitle(group),
                description: description(group),
                sheet: sheet(group),
                draw: Box::new(move |canvas| draw::draw(&panels, canvas)),
            }
        })
        .collect()
}

fn same_networks(a: &Curves, b: &Curves) -> bool {
    a.series
        .iter()
        .map(|s| (&s.label, &s.init))
        .eq(b.series.iter().map(|s| (&s.label, &s.init)))
}

fn title(group: &[&Curves]) -> String {
    let mut quantities: Vec<&str> = Vec::new();
    for curves in group {
        if !quantities.contains(&curves.y_label.as_str()) {
            quantities.push(&curves.y_label);
        }
    }
    sentence_case(&format!(
        "{} against {}",
        quantities.join(" and "),
        group[0].x_label
    ))
}

fn subtitle(group: &[&Curves]) -> String {
    let spread = group
        .iter()
        .flat_map(|c| &c.series)
        .any(|s| !s.low.is_empty());
    let predicted = group
        .iter()
        .flat_map(|c| &c.series)
        .any(|s| !s.predicted.is_empty());
    let mut text = if spread {
        "Lines: the median over seeds. Shaded: from the lowest to the highest seed.".to_owned()
    } else {
        "One seed.".to_owned()
    };
    if predicted {
        text.push_str(" Dashed: theory.");
    }
    text
}

fn description(group: &[&Curves]) -> String {
    let mut text = String::new();
    for curves in group {
        text.push_str(&format!(
            "{}: {} against {}.",
            curves.name, curves.y_label, curves.x_label
        ));
        for guide in &curves.guides {
            text.push_str(&format!(" A line marks {}.", guide.label));
        }
        for series in &curves.series {
            text.push_str(&describe(series));
        }
        text.push(' ');
    }
    text.trim_end().to_owned()
}

/// A column a curve, with its spread and its prediction beside it.
fn sheet(group: &[&Curves]) -> Sheet {
    let mut columns = Vec::new();
    for curves in group {
        for series in &curves.series {
            let name = format!("{}: {}", curves.name, series.label);
            for (what, values) in [
                ("", &series.y),
                (" low", &series.low),
                (" high", &series.high),
                (" predicted", &series.predicted),
            ] {
                let pairs: Vec<_> = series
                    .x
                    .iter()
                    .zip(values)
                    .map(|(x, y)| (x.0, y.0))
                    .collect();
                if !pairs.is_empty() {
                    columns.push((format!("{name}{what}"), pairs));
                }
            }
        }
    }
    Sheet::joined(&group[0].x_label, columns)
}

fn describe(series: &Series) -> String {
    match (
        series.y.first(),
        series.y.last(),
        series.x.first(),
        series.x.last(),
    ) {
        (Some(first), Some(last), Some(from), Some(to)) => {
            let predicted = series.predicted.last();
            let predicted =
                predicted.map_or(String::new(), |p| format!(" (predicted {})", number(p.0)));
            format!(
                " {} from {} at {} to {} at {}{predicted}.",
                series.label,
                number(first.0),
                number(from.0),
                number(last.0),
                number(to.0)
            )
        }
        _ => format!(" {} has no values.", series.label),
    }
}
