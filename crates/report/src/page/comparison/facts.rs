//! What each run was: its data, seed, scale, version and machine, and how it was judged.

use super::Run;
use crate::page::summary::Summary;

/// A fact in every run.
pub(in crate::page) struct Fact {
    pub(in crate::page) name: &'static str,
    pub(in crate::page) values: Vec<String>,
}

/// The facts, the tally first; a run that lacks one has a dash.
pub(super) fn facts(runs: &[Run<'_>]) -> Vec<Fact> {
    let summaries: Vec<Summary> = runs.iter().map(|run| Summary::new(run.results)).collect();
    let mut facts = vec![Fact {
        name: "In short",
        values: summaries.iter().map(|s| s.tally.clone()).collect(),
    }];
    if summaries.iter().any(|s| s.fallback.is_some()) {
        let reason = |s: &Summary| match &s.fallback {
            Some(reason) => format!("yes: {reason}"),
            None => "no".to_owned(),
        };
        facts.push(Fact {
            name: "Other data stands in",
            values: summaries.iter().map(reason).collect(),
        });
    }
    let mut names: Vec<&'static str> = Vec::new();
    for (name, _) in summaries.iter().flat_map(|s| &s.facts) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    facts.extend(names.into_iter().map(|name| Fact {
        name,
        values: summaries.iter().map(|s| value(s, name)).collect(),
    }));
    facts
}

fn value(summary: &Summary, name: &str) -> String {
    let found = summary.facts.iter().find(|(known, _)| *known == name);
    found.map_or_else(|| "–".to_owned(), |(_, text)| text.clone())
}
