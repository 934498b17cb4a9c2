//! An experiment in several runs.

use evenkeel_lab::results::{Experiment, Map, Value};

use super::difference::difference;
use crate::page::chapter::title;
use crate::page::judgement::Judgement;
use crate::page::names::{case, headline, is_setting, phrase};
use crate::page::picture::Picture;
use crate::page::table::{keys_of, records};
use crate::page::value::{NONE, texts};

/// A chapter of the comparison.
pub(in crate::page) struct Compared {
    pub(in crate::page) number: usize,
    pub(in crate::page) anchor: String,
    pub(in crate::page) title: String,
    pub(in crate::page) question: String,
    /// One for each run.
    pub(in crate::page) verdicts: Vec<Verdict>,
    /// Whether some run lacks this experiment.
    pub(in crate::page) incomplete: bool,
    pub(in crate::page) rows: Vec<Row>,
    /// The same figure of one run after the other, then the next.
    pub(in crate::page) figures: Vec<Picture>,
}

/// What a run says of the experiment; nothing where it lacks it.
pub(in crate::page) struct Verdict {
    pub(in crate::page) run: String,
    pub(in crate::page) found: Option<Found>,
}

/// A run's verdict and the command that runs it again.
pub(in crate::page) struct Found {
    pub(in crate::page) judgement: Judgement,
    pub(in crate::page) text: String,
    pub(in crate::page) command: String,
}

/// A quantity in every run, and how far each later run is from the first.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::page) struct Row {
    pub(in crate::page) name: String,
    pub(in crate::page) values: Vec<String>,
    pub(in crate::page) differences: Vec<String>,
}

impl Compared {
    /// From the experiment as each run has it.
    pub(super) fn new(
        number: usize,
        anchor: &str,
        names: &[String],
        runs: &[Option<&Experiment>],
    ) -> Self {
        let first = runs.iter().flatten().next();
        Self {
            number,
            anchor: anchor.to_owned(),
            title: first.map_or_else(String::new, |e| title(e)),
            question: first.map_or_else(String::new, |e| e.question.clone()),
            verdicts: names.iter().zip(runs).map(verdict).collect(),
            incomplete: runs.iter().any(Option::is_none),
            rows: rows(runs),
            figures: figures(anchor, names, runs),
        }
    }
}

fn verdict((run, experiment): (&String, &Option<&Experiment>)) -> Verdict {
    Verdict {
        run: run.clone(),
        found: experiment.map(|e| Found {
            judgement: Judgement::of(e),
            text: match &e.not_judged {
                Some(reason) => format!("{} Not judged: {reason}.", e.verdict),
                None => e.verdict.clone(),
            },
            command: e.command.clone(),
        }),
    }
}

/// Every quantity that a run measured, then the settings that it was measured at.
fn rows(runs: &[Option<&Experiment>]) -> Vec<Row> {
    let mut rows = Vec::new();
    let maps: Vec<Option<&Map>> = runs
        .iter()
        .map(|run| Some(&run.as_ref()?.measured))
        .collect();
    let mut names = keys_of(maps.iter().copied().flatten());
    names.sort_by_key(|name| is_setting(name));
    for name in names {
        let values: Vec<_> = maps.iter().map(|map| map.as_ref()?.get(name)).collect();
        quantity(&phrase(name), &values, &mut rows);
    }
    rows
}

/// The rows of a quantity: one, or one for each case where a run tells cases apart.
fn quantity(name: &str, values: &[Option<&Value>], rows: &mut Vec<Row>) {
    let cases: Vec<Option<&Map>> = values
        .iter()
        .map(|value| match value {
            Some(Value::Map(map)) => Some(map),
            _ => None,
        })
        .collect();
    for key in keys_of(cases.iter().copied().flatten()) {
        let of_case: Vec<_> = cases.iter().map(|map| map.as_ref()?.get(key)).collect();
        rows.push(row(&format!("{name}: {}", case(key)), &of_case));
    }
    let whole: Vec<_> = values
        .iter()
        .zip(&cases)
        .map(|(value, map)| value.filter(|_| map.is_none()))
        .collect();
    if whole.iter().any(Option::is_some) {
        rows.push(row(name, &whole));
    }
}

fn row(name: &str, values: &[Option<&Value>]) -> Row {
    let mut shown = texts(values);
    for (text, value) in shown.iter_mut().zip(values) {
        if let Some(records) = value.and_then(records) {
            *text = match records.len() {
                1 => "1 record".to_owned(),
                n => format!("{n} records"),
            };
        }
    }
    let first = values.first().copied().flatten();
    Row {
        name: headline(name),
        values: shown,
        differences: values
            .iter()
            .skip(1)
            .map(|&value| match (first, value) {
                (Some(first), Some(value)) => difference(first, value),
                _ => NONE.to_owned(),
            })
            .collect(),
    }
}

/// The same figure of one run after the other, in the order in which figures first appear.
fn figures(anchor: &str, names: &[String], runs: &[Option<&Experiment>]) -> Vec<Picture> {
    let mut figures: Vec<Picture> = Vec::new();
    for (i, (name, experiment)) in names.iter().zip(runs).enumerate() {
        // A dot, which no experiment's anchor has, keeps the runs' ids apart.
        let anchor = format!("{anchor}.{}", i + 1);
        let of_run = experiment.map(|e| Picture::all(e, &anchor));
        figures.extend(of_run.into_iter().flatten().map(|figure| Picture {
            run: Some(name.clone()),
            ..figure
        }));
    }
    let mut order: Vec<String> = Vec::new();
    for figure in &figures {
        if !order.contains(&figure.kind) {
            order.push(figure.kind.clone());
        }
    }
    figures.sort_by_key(|figure| order.iter().position(|kind| *kind == figure.kind));
    figures
}
