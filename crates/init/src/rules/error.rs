use thiserror::Error;

use crate::InitError;

/// Names that an error lists before it only counts.
const LISTED: usize = 20;

/// Rules that cannot be read, or that leave a tensor undecided.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The file is no TOML, or not of this form.
    #[error("rules: {problem}")]
    Toml {
        /// What is wrong, with its line.
        problem: String,
    },
    /// A glob or a regular expression that is none.
    #[error("rules: the pattern {pattern:?} cannot be read: {problem}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A rule that says too little, or two things at once.
    #[error("rule {number} ({pattern}): {problem}")]
    Rule {
        /// Which rule, from 1.
        number: usize,
        /// Its pattern.
        pattern: String,
        /// What is wrong.
        problem: String,
    },
    /// A rule whose scheme does not exist, or lacks a parameter.
    #[error("rule {number} ({pattern}): {source}")]
    Scheme {
        /// Which rule, from 1.
        number: usize,
        /// Its pattern.
        pattern: String,
        /// What is wrong.
        source: Box<InitError>,
    },
    /// Tensors that no rule matches.
    #[error(
        "no rule matches {}; add one, or a last one that matches \"*\"",
        listed(names)
    )]
    Unmatched {
        /// Their names.
        names: Vec<String>,
    },
    /// Rules that decide about no tensor.
    #[error(
        "no tensor is left for {}; remove them, mend their patterns, or move them before what \
         takes their tensors",
        listed(patterns)
    )]
    Idle {
        /// Their patterns.
        patterns: Vec<String>,
    },
    /// A tensor whose rule does not suit it.
    #[error("tensor {name:?}, rule {pattern}: {source}")]
    Tensor {
        /// The tensor.
        name: String,
        /// The rule's pattern.
        pattern: String,
        /// Why not.
        source: Box<InitError>,
    },
    /// A preset that scales by the number of blocks, on names that do not tell it.
    #[error(
        "{preset} scales by the number of blocks, and no tensor is named like {expected}; \
         choose another preset, or give rules"
    )]
    Layers {
        /// The preset.
        preset: &'static str,
        /// The part of a name that tells the number.
        expected: &'static str,
    },
    /// A preset's name that is not known.
    #[error("no preset is named {name:?}; known are {known}")]
    UnknownPreset {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
}

fn listed(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(LISTED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > LISTED {
        text += &format!(" and {} more", names.len() - LISTED);
    }
    text
}
