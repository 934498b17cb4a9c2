//! Results from a file may be damaged: they are checked as a whole before anything is drawn.

use evenkeel_lab::results::{
    Curves, Distribution, Experiment, Grid, Images, PhaseMap, Results, Ridgeline, SCHEMA, Spacing,
    Table,
};

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
        .heatmaps
        .iter()
        .try_for_each(|map| check_heatmap(id, map))?;
    experiment
        .distributions
        .iter()
        .try_for_each(|d| check_distribution(id, d))?;
    experiment
        .phases
        .iter()
        .try_for_each(|map| check_phases(id, map))?;
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

fn check_heatmap(experiment: &str, map: &Ridgeline) -> Result<(), ReportError> {
    check_ridgeline(experiment, map)?;
    let bins = map.ridges.first().map_or(0, |ridge| ridge.counts.len());
    let same = |got| same_length(experiment, &map.name, "a layer's bins", bins, got);
    map.ridges
        .iter()
        .try_for_each(|ridge| same(ridge.counts.len()))
}

fn check_distribution(experiment: &str, d: &Distribution) -> Result<(), ReportError> {
    let (low, high) = (d.low.0, d.high.0);
    let positive = d.spacing == Spacing::Linear || low > 0.0;
    if !(low.is_finite() && high.is_finite() && low < high && positive) {
        return Err(ReportError::Axis {
            experiment: experiment.to_owned(),
            part: d.name.clone(),
            low,
            high,
        });
    }
    if d.predicted.is_empty() {
        return Ok(());
    }
    let what = "the law's shares";
    same_length(experiment, &d.name, what, d.counts.len(), d.predicted.len())
}

fn check_phases(experiment: &str, map: &PhaseMap) -> Result<(), ReportError> {
    let nodes = map.sigma_w2.len().saturating_mul(map.sigma_b2.len());
    let letters: usize = map.phases.iter().map(|row| row.chars().count()).sum();
    for (what, got) in [
        ("phases", letters),
        ("chi_1", map.chi_1.len()),
        ("xi_c", map.xi_c.len()),
    ] {
        same_length(experiment, &map.name, what, nodes, got)?;
    }
    Ok(())
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
