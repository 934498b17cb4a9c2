//! A figure on the page: both sizes and its numbers.

use evenkeel_lab::results::Experiment;

use super::data::{csv, embedded};
use crate::figure::{Figure, Size, figures_of};

/// A figure ready for the page.
pub(super) struct Picture {
    /// Its id on the page.
    pub(super) anchor: String,
    /// The name of a file that is saved from the page, without its ending.
    pub(super) stem: String,
    /// What is drawn, the same for the same figure of another run.
    pub(super) kind: String,
    /// The run that it was measured in, where the page tells several.
    pub(super) run: Option<String>,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) wide: String,
    pub(super) narrow: String,
    /// Its numbers; empty where it has none.
    pub(super) csv: String,
}

impl Picture {
    /// Every figure of an experiment; the anchor begins their ids.
    pub(super) fn all(experiment: &Experiment, anchor: &str) -> Vec<Self> {
        figures_of(experiment, anchor)
            .into_iter()
            .map(|figure| Self::new(figure, anchor))
            .collect()
    }

    fn new(figure: Figure, anchor: &str) -> Self {
        let stem = figure.file_name.trim_end_matches(".svg").to_owned();
        let kind = stem.strip_prefix(anchor).unwrap_or(&stem).to_owned();
        Self {
            // As the ids within the drawing begin.
            anchor: format!("fig.{stem}"),
            wide: figure.inline(Size::Wide),
            narrow: figure.inline(Size::Narrow),
            csv: embedded(&csv(&figure)),
            title: figure.title,
            subtitle: figure.subtitle,
            kind,
            run: None,
            stem,
        }
    }
}
