//! Results from a file may be damaged: they are checked as a whole before anything is drawn.

use evenkeel_lab::results::{Curves, Experiment, Grid, Images, Results, Ridgeline, SCHEMA, Table};

use crate::ReportError;

/// Checks that results can be drawn: a schema that is read here, at least one experiment, lists
/// that belong together of one length, axes that are axes, pixels that are pixels.
///
/// Numbers that are not finite are findings and pass.
///
/// # Errors
///
/// The first thing found wrong: [`ReportError::Schema`], [`ReportError::NoExperiments`],
/// [`ReportError::Length`], [`ReportError::Axis`] or [`ReportError::Pixels`].
pub fn check(results: &Results) -> Result<(), ReportError> {
    if results.schema != SCHEMA {
        return Err(ReportError::Schema {
            expected: SCHEMA,
            got: results.schema,
            version: results.version.clone(),
        });
    }
    if results.experiments.is_empty() {
        return Err(ReportError::NoExperiments);
    }
    results.experiments.iter().try_for_each(check_experiment)
}

fn check_experiment(experiment: &Experiment) -> Result<(), ReportError> {
    let id = experiment.id.as_str();
    experiment
        .ridgelines
        .iter()
        .try_for_each(|r| check_ridgeline(id, r))?;
    experiment
        .curves
        .iter()
        .try_for_each(|c| check_curves(id, c))?;
    experiment
        .grids
        .iter()
        .try_for_each(|g| check_grid(id, g))?;
    experiment
        .images
        .iter()
        .try_for_each(|i| check_images(id, i))?;
    experiment
        .tables
        .iter()
        .try_for_each(|t| check_table(id, t))
}

fn check_ridgeline(experiment: &str, ridgeline: &Ridgeline) -> Result<(), ReportError> {
    let (low, high) = (ridgeline.low.0, ridgeline.high.0);
    if low.is_finite() && high.is_finite() && low < high {
        return Ok(());
    }
    Err(ReportError::Axis {
        experiment: experiment.to_owned(),
        part: ridgeline.name.clone(),
        low,
        high,
    })
}

fn check_curves(experiment: &str, curves: &Curves) -> Result<(), ReportError> {
    for series in &curves.series {
        let expected = series.x.len();
        same_length(experiment, &curves.name, "y", expected, series.y.len())?;
        for (what, list) in [
            ("low", &series.low),
            ("high", &series.high),
            ("predicted", &series.predicted),
        ] {
            if !list.is_empty() {
                same_length(experiment, &curves.name, what, expected, list.len())?;
            }
        }
        same_length(
            experiment,
            &curves.name,
            "high",
            series.low.len(),
            series.high.len(),
        )?;
    }
    Ok(())
}

fn check_grid(experiment: &str, grid: &Grid) -> Result<(), ReportError> {
    let same = |what, expected, got| same_length(experiment, &grid.name, what, expected, got);
    let (columns, rows) = (grid.x.values.len(), grid.y.values.len());
    same("the grid's rows", rows, grid.rows.len())?;
    grid.rows
        .iter()
        .try_for_each(|row| same("a row of the grid", columns, row.len()))?;
    for (axis, what) in [(&grid.x, "names along x"), (&grid.y, "names along y")] {
        if !axis.names.is_empty() {
            same(what, axis.values.len(), axis.names.len())?;
        }
    }
    grid.lines
        .iter()
        .try_for_each(|line| same("a line's y", line.x.len(), line.y.len()))
}

fn check_images(experiment: &str, images: &Images) -> Result<(), ReportError> {
    let digits = images.rows.saturating_mul(images.columns).saturating_mul(2);
    for (tile, sample) in images.tiles.iter().enumerate() {
        same_length(
            experiment,
            &images.name,
            "a sample's pixels",
            digits,
            sample.pixels.len(),
        )?;
        if !sample.pixels.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ReportError::Pixels {
                experiment: experiment.to_owned(),
                part: images.name.clone(),
                tile,
            });
        }
    }
    Ok(())
}

fn check_table(experiment: &str, table: &Table) -> Result<(), ReportError> {
    let expected = table.columns.len();
    table
        .rows
        .iter()
        .try_for_each(|row| same_length(experiment, &table.name, "a row", expected, row.len()))
}

fn same_length(
    experiment: &str,
    part: &str,
    what: &'static str,
    expected: usize,
    got: usize,
) -> Result<(), ReportError> {
    if expected == got {
        return Ok(());
    }
    Err(ReportError::Length {
        experiment: experiment.to_owned(),
        part: part.to_owned(),
        what,
        expected,
        got,
    })
}
