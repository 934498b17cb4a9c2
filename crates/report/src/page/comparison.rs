//! The page that sets several results beside each other, chapter by chapter.

mod chapter;
mod difference;
mod facts;

use askama::Template;
use evenkeel_lab::results::Results;

use self::chapter::Compared;
use self::facts::{Fact, facts};
use super::shell::{Shell, inert};
use crate::figure::anchors;
use crate::{ReportError, check};

/// Results and the name that a reader knows them by.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The run's name, as that of the file it was read from.
    pub name: &'a str,
    /// What was measured.
    pub results: &'a Results,
}

#[derive(Template)]
#[template(path = "comparison.html")]
struct ComparisonPage {
    shell: Shell,
    /// The runs' names, each once.
    names: Vec<String>,
    facts: Vec<Fact>,
    chapters: Vec<Compared>,
}

/// Two or more results beside each other as one self-contained HTML file: for each experiment the
/// verdicts, what was measured with the difference to the first run, and the figures, one run's
/// under the other's. An experiment that some runs lack says so.
///
/// As [`page()`](crate::page()) it makes no request, reads in full with scripts off, and the same
/// results give the same bytes.
///
/// # Errors
///
/// [`ReportError::TooFewRuns`] for fewer than two; [`ReportError::Run`] with the name of the first
/// whose results [`check`] finds wrong.
pub fn comparison(runs: &[Run<'_>]) -> Result<String, ReportError> {
    if runs.len() < 2 {
        return Err(ReportError::TooFewRuns { got: runs.len() });
    }
    for run in runs {
        check(run.results).map_err(|source| ReportError::Run {
            run: run.name.to_owned(),
            source: Box::new(source),
        })?;
    }
    let names = distinct(runs);
    let page = ComparisonPage {
        shell: Shell::new(),
        facts: facts(runs),
        chapters: chapters(runs, &names),
        names,
    };
    Ok(inert(&page.render()?))
}

/// The runs' names; where two runs have the same one, or none, their numbers tell them apart.
fn distinct(runs: &[Run<'_>]) -> Vec<String> {
    let named = |run: &Run<'_>| run.name.trim().to_owned();
    let taken = |name: &str| runs.iter().filter(|run| run.name.trim() == name).count();
    runs.iter()
        .enumerate()
        .map(|(i, run)| match named(run) {
            name if name.is_empty() => format!("run {}", i + 1),
            name if taken(&name) > 1 => format!("{name} ({})", i + 1),
            name => name,
        })
        .collect()
}

/// A chapter for every experiment of any run: the first run's in their order, then what others add.
fn chapters(runs: &[Run<'_>], names: &[String]) -> Vec<Compared> {
    let by_run: Vec<Vec<String>> = runs.iter().map(|run| anchors(run.results)).collect();
    let mut order: Vec<&String> = Vec::new();
    for anchor in by_run.iter().flatten() {
        if !order.contains(&anchor) {
            order.push(anchor);
        }
    }
    order
        .into_iter()
        .enumerate()
        .map(|(i, anchor)| {
            let found = runs.iter().zip(&by_run).map(|(run, anchors)| {
                let at = anchors.iter().position(|known| known == anchor)?;
                run.results.experiments.get(at)
            });
            Compared::new(i + 1, anchor, names, &found.collect::<Vec<_>>())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Run, comparison};
    use crate::ReportError;

    #[test]
    fn one_run_is_no_comparison() {
        let none: [Run<'_>; 0] = [];
        let error = comparison(&none).unwrap_err();
        assert!(matches!(error, ReportError::TooFewRuns { got: 0 }));
        assert!(error.to_string().contains("two or more"), "{error}");
    }
}
