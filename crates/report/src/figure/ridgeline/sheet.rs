//! The numbers of ridgelines.

use evenkeel_lab::results::Ridgeline;

use super::bin_width;
use crate::figure::{Cell, Sheet};
use crate::number::number;

/// A row a ridge, numbered in the column `first`: each panel's standard deviation and what is beyond its axis or not finite,
/// then, but not for a page, the counts of its bins, each named after its left end.
pub(in crate::figure) fn sheet(panels: &[&Ridgeline], first: &str) -> Sheet {
    let mut columns = vec![first.to_owned(), "name".to_owned()];
    for panel in panels {
        for what in ["std", "below", "above", "not finite"] {
            columns.push(format!("{} {what}", panel.name));
        }
    }
    let brief = columns.len();
    for panel in panels {
        let Some(ridge) = panel.ridges.first() else {
            continue;
        };
        columns.extend((0..ridge.counts.len()).map(|bin| {
            let left = panel.low.0 + bin as f64 * bin_width(panel, ridge);
            format!("{} from {}", panel.name, number(left).replace('−', "-"))
        }));
    }
    let layers = panels.iter().map(|p| p.ridges.len()).max().unwrap_or(0);
    let rows = (0..layers).map(|layer| row(panels, layer)).collect();
    Sheet::new(columns, rows).with_brief(brief)
}

fn row(panels: &[&Ridgeline], layer: usize) -> Vec<Cell> {
    let named = panels.iter().find_map(|p| p.ridges.get(layer));
    let mut row = vec![
        layer.into(),
        named.map_or(Cell::Empty, |ridge| ridge.label.as_str().into()),
    ];
    for panel in panels {
        match panel.ridges.get(layer) {
            Some(r) => row.extend([
                r.std.0.into(),
                r.below.into(),
                r.above.into(),
                r.nonfinite.into(),
            ]),
            None => row.extend([const { Cell::Empty }; 4]),
        }
    }
    for panel in panels {
        let bins = panel.ridges.first().map_or(0, |ridge| ridge.counts.len());
        let counts = panel.ridges.get(layer).map(|ridge| &ridge.counts);
        row.extend((0..bins).map(|bin| {
            let count = counts.and_then(|counts| counts.get(bin));
            count.map_or(Cell::Empty, |&count| count.into())
        }));
    }
    row
}
