//! A chapter: one experiment from its question to the command that runs it again.

use evenkeel_lab::results::{Experiment, Formula};

use super::judgement::Judgement;
use super::missing::missing;
use super::picture::Picture;
use super::quantities::Quantities;
use super::table::Grid;

/// What the template shows of an experiment.
pub(super) struct Chapter {
    pub(super) number: usize,
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) question: String,
    pub(super) judgement: Judgement,
    pub(super) verdict: String,
    pub(super) not_judged: Option<String>,
    /// What the results lack, in sentences.
    pub(super) missing: Vec<String>,
    pub(super) figures: Vec<Picture>,
    pub(super) reading: Vec<String>,
    pub(super) quantities: Quantities,
    /// The experiment's own tables.
    pub(super) tables: Vec<Grid>,
    pub(super) formulas: Vec<Formula>,
    pub(super) command: String,
}

impl Chapter {
    pub(super) fn new(number: usize, experiment: &Experiment, anchor: String) -> Self {
        let figures = Picture::all(experiment, &anchor);
        Self {
            number,
            title: title(experiment),
            question: experiment.question.clone(),
            judgement: Judgement::of(experiment),
            not_judged: experiment.not_judged.clone(),
            verdict: experiment.verdict.clone(),
            missing: missing(experiment, figures.len()),
            figures,
            reading: experiment.reading.clone(),
            quantities: Quantities::of(experiment),
            tables: experiment.tables.iter().map(Grid::of_table).collect(),
            formulas: experiment.formulas.clone(),
            command: experiment.command.clone(),
            anchor,
        }
    }
}

/// An experiment's title, or its id where damaged results hold none: a link needs a text.
pub(super) fn title(experiment: &Experiment) -> String {
    [&experiment.title, &experiment.id]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .map_or_else(|| "An experiment without a name".to_owned(), String::clone)
}
