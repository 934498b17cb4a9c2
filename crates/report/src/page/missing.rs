//! What a chapter lacks, in sentences: results may be cut off, or hold nothing that can be drawn.

use evenkeel_lab::results::{Curves, Experiment, Layer, Number, Profile, Ridgeline};

/// Everything that a whole experiment has and this one lacks; how many figures could be drawn of it.
pub(super) fn missing(experiment: &Experiment, figures: usize) -> Vec<String> {
    let mut missing = words(experiment);
    let none = figures == 0 && experiment.tables.is_empty();
    if none && experiment.measured.is_empty() {
        let nothing =
            "The results hold nothing that was measured here: no figure, no table and no value.";
        missing.push(nothing.to_owned());
    }
    missing.extend(experiment.profiles.iter().filter_map(profile));
    missing.extend(experiment.ridgelines.iter().filter_map(ridgeline));
    missing.extend(experiment.curves.iter().filter_map(curves));
    for grid in &experiment.grids {
        if grid.rows.iter().all(Vec::is_empty) {
            missing.push(empty(&grid.name, "cells"));
        } else if none_finite(grid.rows.iter().flatten()) {
            missing.push(not_finite(&grid.name));
        }
    }
    let images = experiment.images.iter();
    let no_tiles = images.filter(|images| images.tiles.is_empty());
    missing.extend(no_tiles.map(|images| empty(&images.name, "samples")));
    shortened(missing)
}

/// A reader has the point long before this many sentences.
const MOST: usize = 12;

fn shortened(mut sentences: Vec<String>) -> Vec<String> {
    if sentences.len() > MOST {
        let more = sentences.len() - MOST;
        sentences.truncate(MOST);
        sentences.push(format!("And {more} more."));
    }
    sentences
}

/// Words that an experiment should have.
fn words(experiment: &Experiment) -> Vec<String> {
    [
        (&experiment.title, "title"),
        (&experiment.question, "question"),
        (&experiment.verdict, "verdict"),
        (&experiment.command, "command that runs it again"),
    ]
    .into_iter()
    .filter(|(text, _)| text.trim().is_empty())
    .map(|(_, what)| format!("The results hold no {what} for this experiment."))
    .collect()
}

fn profile(profile: &Profile) -> Option<String> {
    let lost = |layer: &Layer| layer.count > 0 && layer.nonfinite >= layer.count;
    let not_a_number = |layer: &Layer| !layer.rms().is_finite();
    if profile.layers.is_empty() {
        Some(empty(&profile.name, "layers"))
    } else if profile.layers.iter().all(|l| lost(l) || not_a_number(l)) {
        Some(not_finite(&profile.name))
    } else {
        None
    }
}

fn ridgeline(ridgeline: &Ridgeline) -> Option<String> {
    if ridgeline.ridges.is_empty() {
        return Some(empty(&ridgeline.name, "layers"));
    }
    let counted = |counts: &[u64], outside: [u64; 2]| counts.iter().chain(&outside).any(|&n| n > 0);
    let drawn = ridgeline
        .ridges
        .iter()
        .any(|r| counted(&r.counts, [r.below, r.above]));
    let lost = ridgeline.ridges.iter().any(|r| r.nonfinite > 0);
    match (drawn, lost) {
        (true, _) => None,
        (false, true) => Some(not_finite(&ridgeline.name)),
        (false, false) => Some(empty(&ridgeline.name, "counts")),
    }
}

/// A curve that is lost among others is a finding, and its figure shows where; all of them leave
/// nothing to draw.
fn curves(curves: &Curves) -> Option<String> {
    let values = || curves.series.iter().flat_map(|series| &series.y);
    if curves.series.is_empty() {
        Some(empty(&curves.name, "curve"))
    } else if values().next().is_none() {
        Some(empty(&curves.name, "points"))
    } else if none_finite(values()) {
        Some(not_finite(&curves.name))
    } else {
        None
    }
}

fn none_finite<'a>(numbers: impl IntoIterator<Item = &'a Number>) -> bool {
    numbers.into_iter().all(|x| !x.0.is_finite())
}

fn empty(name: &str, what: &str) -> String {
    format!("{}: the results hold no {what}.", quoted(name))
}

fn not_finite(name: &str) -> String {
    format!(
        "{}: every value is infinite or NaN, so that no line can be drawn.",
        quoted(name)
    )
}

fn quoted(name: &str) -> String {
    match name.trim() {
        "" => "A part without a name".to_owned(),
        name => format!("“{name}”"),
    }
}
