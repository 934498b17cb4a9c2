//! What the page says before its first chapter.

use evenkeel_lab::catalogue;
use evenkeel_lab::results::{PartSummary, Results, Scale};

use super::judgement::Judgement;
use crate::number::{count, fixed, seconds};

/// The head of the page.
pub(super) struct Summary {
    pub(super) data: String,
    pub(super) seed: u64,
    /// How many experiments agree and how many there are, in a sentence.
    pub(super) tally: String,
    pub(super) all_agree: bool,
    pub(super) fallback: Option<String>,
    /// Term and text.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) parts: Vec<Part>,
}

/// A row of the data's table.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) count: String,
    pub(super) mean: String,
    pub(super) std: String,
    pub(super) normalized_mean: String,
    pub(super) normalized_std: String,
}

impl Summary {
    pub(super) fn new(results: &Results) -> Self {
        let count = |judgement| {
            let judged = results.experiments.iter().map(Judgement::of);
            judged.filter(|&j| j == judgement).count()
        };
        let agree = count(Judgement::Agrees);
        let all = agree + count(Judgement::DoesNotAgree);
        Self {
            data: display_name(&results.data.name),
            seed: results.seed,
            tally: tally(agree, all, count(Judgement::NotJudged)),
            all_agree: agree == all,
            fallback: results.data.fallback.clone(),
            facts: facts(results),
            parts: parts(results),
        }
    }
}

fn display_name(name: &str) -> String {
    if name == "mnist" {
        "MNIST".to_owned()
    } else {
        name.to_owned()
    }
}

fn tally(agree: usize, all: usize, not_judged: usize) -> String {
    let judged = match (agree, all) {
        (0, 0) => return "No known answer belongs to these settings.".to_owned(),
        (1, 1) => "The experiment agrees with the known answer.".to_owned(),
        (0, 1) => "The experiment does not agree with the known answer.".to_owned(),
        (agree, all) if agree == all => {
            format!("All {all} experiments agree with the known answers.")
        }
        (0, all) => format!("None of the {all} experiments agrees with its known answer."),
        (agree, all) => {
            let verb = if agree == 1 { "agrees" } else { "agree" };
            let rest = if all - agree == 1 { "does" } else { "do" };
            format!(
                "{agree} of {all} experiments {verb} with the known answers; {} {rest} not.",
                all - agree
            )
        }
    };
    match not_judged {
        0 => judged,
        more => format!("{judged} {more} could not be judged at these settings."),
    }
}

fn facts(results: &Results) -> Vec<(&'static str, String)> {
    let timing = &results.timing;
    let scale = match results.scale {
        Scale::Quick => "quick: fewer seeds and steps, a first look",
        Scale::Full => "full: the whole lesson",
    };
    let mut facts = vec![
        (
            "Data",
            format!(
                "{}, {}",
                display_name(&results.data.name),
                results.data.source
            ),
        ),
        ("Seed", results.seed.to_string()),
        ("Scale", scale.to_owned()),
        ("Version", format!("evenkeel {}", results.version)),
    ];
    facts.extend(partial(results).map(|text| ("Experiments", text)));
    if !timing.machine.is_empty() {
        let threads = match timing.threads {
            0 => String::new(),
            1 => ", 1 thread".to_owned(),
            n => format!(", {n} threads"),
        };
        facts.push(("Machine", format!("{}{threads}", timing.machine)));
    }
    if timing.total_seconds > 0.0 {
        facts.push(("Time", seconds(timing.total_seconds)));
    }
    facts
}

/// Says so where the results hold a part of the lesson only.
fn partial(results: &Results) -> Option<String> {
    let held = |id| results.experiments.iter().any(|e| e.id == id);
    let (all, here) = (
        catalogue().len(),
        catalogue().iter().filter(|study| held(study.id())).count(),
    );
    (here < all).then(|| format!("{here} of the lab’s {all}; `evenkeel lab` runs them all"))
}

fn parts(results: &Results) -> Vec<Part> {
    let row = |name, raw: &PartSummary, normalized: &PartSummary| Part {
        name,
        count: count(raw.count as u64),
        mean: fixed(raw.mean.0, 4),
        std: fixed(raw.std.0, 4),
        normalized_mean: fixed(normalized.mean.0, 4),
        normalized_std: fixed(normalized.std.0, 4),
    };
    let (data, normalized) = (&results.data, &results.data.normalized);
    vec![
        row("training", &data.train, &normalized.train),
        row("validation", &data.valid, &normalized.valid),
        row("test", &data.test, &normalized.test),
    ]
}

#[cfg(test)]
mod tests {
    use super::tally;

    #[test]
    fn the_tally_is_a_sentence() {
        assert_eq!(
            tally(9, 9, 0),
            "All 9 experiments agree with the known answers."
        );
        assert_eq!(
            tally(8, 9, 0),
            "8 of 9 experiments agree with the known answers; 1 does not."
        );
        assert_eq!(
            tally(1, 3, 0),
            "1 of 3 experiments agrees with the known answers; 2 do not."
        );
        assert_eq!(
            tally(0, 1, 0),
            "The experiment does not agree with the known answer."
        );
    }
}
