//! A chapter: one experiment from its question to the command that runs it again.

use evenkeel_lab::results::{Experiment, Formula, Table};

use super::value::{Cell, Comparison, Grid, cell, compare, grids};
use crate::figure::{Size, figures_of};

/// What the template shows of an experiment.
pub(super) struct Chapter {
    pub(super) number: usize,
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) question: String,
    pub(super) judgement: Judgement,
    pub(super) verdict: String,
    pub(super) not_judged: Option<String>,
    pub(super) figures: Vec<Picture>,
    pub(super) reading: Vec<String>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) grids: Vec<Grid>,
    pub(super) formulas: Vec<Formula>,
    pub(super) command: String,
}

/// A figure in both sizes, ready for the page.
pub(super) struct Picture {
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) wide: String,
    pub(super) narrow: String,
}

impl Chapter {
    pub(super) fn new(number: usize, experiment: &Experiment, anchor: String) -> Self {
        let figures = figures_of(experiment, &anchor)
            .into_iter()
            .map(|figure| Picture {
                wide: figure.inline(Size::Wide),
                narrow: figure.inline(Size::Narrow),
                title: figure.title,
                subtitle: figure.subtitle,
            })
            .collect();
        let mut tables: Vec<Grid> = experiment.tables.iter().map(table_grid).collect();
        tables.extend(grids(&experiment.measured));
        Self {
            number,
            anchor,
            title: experiment.title.clone(),
            question: experiment.question.clone(),
            judgement: Judgement::of(experiment),
            not_judged: experiment.not_judged.clone(),
            verdict: experiment.verdict.clone(),
            figures,
            reading: experiment.reading.clone(),
            comparisons: compare(&experiment.measured, &experiment.predicted),
            grids: tables,
            formulas: experiment.formulas.clone(),
            command: experiment.command.clone(),
        }
    }

    /// The verdict in two words, for those who do not see its mark.
    pub(super) fn mark_words(&self) -> &'static str {
        match self.judgement {
            Judgement::Agrees => "agrees",
            Judgement::DoesNotAgree => "does not agree",
            Judgement::NotJudged => "not judged",
        }
    }

    pub(super) fn mark(&self) -> &'static str {
        match self.judgement {
            Judgement::Agrees => "✓",
            Judgement::DoesNotAgree => "✗",
            Judgement::NotJudged => "·",
        }
    }

    /// The class that colours its mark.
    pub(super) fn class(&self) -> &'static str {
        match self.judgement {
            Judgement::Agrees => "yes",
            Judgement::DoesNotAgree => "no",
            Judgement::NotJudged => "open",
        }
    }
}

/// What became of an experiment beside its known answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Agrees,
    DoesNotAgree,
    /// There is no known answer for its settings.
    NotJudged,
}

impl Judgement {
    pub(super) fn of(experiment: &Experiment) -> Self {
        match (&experiment.not_judged, experiment.agrees) {
            (Some(_), _) => Self::NotJudged,
            (None, true) => Self::Agrees,
            (None, false) => Self::DoesNotAgree,
        }
    }
}

fn table_grid(table: &Table) -> Grid {
    Grid {
        name: table.name.clone(),
        columns: table.columns.clone(),
        rows: table
            .rows
            .iter()
            .map(|row| row.iter().map(cell).collect::<Vec<Cell>>())
            .collect(),
    }
}
