//! Heat maps: a colour for each point of two axes, with lines over them.

mod draw;
mod shade;

use evenkeel_lab::results::{Experiment, Grid, GridAxis, Shading};

use super::{Cell, Draft, Sheet, sentence_case};
use crate::number::number;

/// A figure for each grid.
pub(super) fn drafts(experiment: &Experiment) -> Vec<Draft<'_>> {
    let drawable = experiment.grids.iter().filter(|grid| can_draw(grid));
    drawable
        .map(|grid| Draft {
            kind: "grid",
            title: sentence_case(&grid.name),
            subtitle: subtitle(grid),
            description: description(grid),
            sheet: sheet(grid),
            draw: Box::new(move |canvas| draw::draw(grid, canvas)),
        })
        .collect()
}

/// Whether the axes rise, there is a value for every cell, and the colours have two ends.
fn can_draw(grid: &Grid) -> bool {
    let rises = |axis: &GridAxis| {
        let finite = axis.values.iter().all(|v| v.0.is_finite());
        let rising = axis.values.windows(2).all(|pair| pair[0].0 < pair[1].0);
        finite && rising && !axis.values.is_empty()
    };
    let whole = grid.rows.len() == grid.y.values.len()
        && grid.rows.iter().all(|row| row.len() == grid.x.values.len());
    let (low, high) = (grid.low.0, grid.high.0);
    let ends = match grid.shading {
        Shading::Sequential => low.is_finite() && high.is_finite() && low < high,
        Shading::Ratio => low > 0.0 && low < 1.0 && high > 1.0 && high.is_finite(),
    };
    rises(&grid.x) && rises(&grid.y) && whole && ends
}

fn subtitle(grid: &Grid) -> String {
    let along = match grid.shading {
        Shading::Sequential => "the fuller the colour, the higher",
        Shading::Ratio => "no colour where it is 1, one above and another below",
    };
    format!("{}: {along}.", sentence_case(&grid.value_label))
}

fn description(grid: &Grid) -> String {
    let mut text = format!(
        "{} over {} ({}) and {} ({}).",
        grid.value_label,
        grid.x.label,
        ends(&grid.x),
        grid.y.label,
        ends(&grid.y)
    );
    for (row, values) in grid.rows.iter().enumerate() {
        let cells = values.iter().map(|v| value(grid, v.0));
        text.push_str(&format!(
            " {}: {}.",
            place(&grid.y, row),
            cells.collect::<Vec<_>>().join(", ")
        ));
    }
    for line in &grid.lines {
        text.push_str(&format!(" A line shows {}.", line.label));
    }
    text
}

/// A row for each place of the vertical axis and a column for each of the horizontal one, or the
/// other way round where the horizontal one is the layer.
fn sheet(grid: &Grid) -> Sheet {
    let cell = |axis: &GridAxis, index: usize| match axis.names.get(index) {
        Some(name) => Cell::from(name.as_str()),
        None => axis.values[index].0.into(),
    };
    let (down, across) = if is_of_layers(grid) {
        (&grid.x, &grid.y)
    } else {
        (&grid.y, &grid.x)
    };
    let columns = (0..across.values.len()).map(|i| {
        let named = place(across, i);
        match across.names.is_empty() {
            true => format!("{} at {} {named}", grid.value_label, across.label),
            false => format!("{named} {}", grid.value_label),
        }
    });
    let rows = (0..down.values.len()).map(|i| {
        let values = (0..across.values.len()).map(|k| {
            let (row, column) = if is_of_layers(grid) { (k, i) } else { (i, k) };
            Cell::from(grid.rows[row][column].0)
        });
        std::iter::once(cell(down, i)).chain(values).collect()
    });
    let columns = std::iter::once(down.label.clone()).chain(columns);
    Sheet::new(columns.collect(), rows.collect())
}

/// Whether the horizontal axis is the layer, every one of them.
fn is_of_layers(grid: &Grid) -> bool {
    let steps = grid
        .x
        .values
        .windows(2)
        .all(|pair| pair[1].0 - pair[0].0 == 1.0);
    grid.x.label == "layer" && grid.x.names.is_empty() && steps
}

fn ends(axis: &GridAxis) -> String {
    let last = axis.values.len() - 1;
    format!("{} to {}", place(axis, 0), place(axis, last))
}

/// The name of a place on an axis.
fn place(axis: &GridAxis, index: usize) -> String {
    match axis.names.get(index) {
        Some(name) => name.clone(),
        None => number(axis.values[index].0),
    }
}

/// A cell's value as it is written: a share of right answers in per cent.
fn value(grid: &Grid, x: f64) -> String {
    let label = grid.value_label.to_lowercase();
    let is_share = ["accuracy", "share", "fraction"]
        .iter()
        .any(|w| label.contains(w));
    if is_share && (0.0..=1.0).contains(&x) {
        format!("{:.0}%", 100.0 * x)
    } else {
        number(x)
    }
}
