//! Names that stand for many: `layers.{layer}.{q,k,v}.weight`.

use std::collections::BTreeMap;

use thiserror::Error;

/// Longest name, so that many of them are bounded too.
const LONGEST: usize = 4096;

/// A name with counters and choices in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Itself.
    Text(String),
    /// `{layer}`: the counter's number.
    Counter(String),
    /// `{q,k,v}`: each of these.
    Choice(Vec<String>),
}

/// What can be wrong with a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameFault {
    /// Nothing is left of it.
    #[error("is empty")]
    Empty,
    /// More than a name can be.
    #[error("has {length} bytes; a name has at most {LONGEST}")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// A brace without its partner, or one within another.
    #[error(
        "has a brace without its partner; write {{layer}} or {{a,b}}, not one within the other"
    )]
    Brace,
    /// A counter that is not declared.
    #[error(
        "uses {{{counter}}}, but there is no repeat.{counter}; declare it as repeat = {{ {counter} = 32 }}"
    )]
    UnknownCounter {
        /// The counter.
        counter: String,
    },
}

impl Template {
    pub(super) fn parse(name: &str, counters: &BTreeMap<String, u64>) -> Result<Self, NameFault> {
        if name.is_empty() {
            return Err(NameFault::Empty);
        }
        if name.len() > LONGEST {
            return Err(NameFault::TooLong { length: name.len() });
        }
        let mut parts = Vec::new();
        let mut rest = name;
        while let Some(open) = rest.find(['{', '}']) {
            let (text, braced) = rest.split_at(open);
            let inner = braced.strip_prefix('{').ok_or(NameFault::Brace)?;
            let (inner, after) = inner.split_once('}').ok_or(NameFault::Brace)?;
            if inner.contains('{') {
                return Err(NameFault::Brace);
            }
            parts.push(Part::Text(text.to_owned()));
            parts.push(braced_part(inner, counters)?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The counters, in order.
    pub(super) fn counters(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Counter(counter) => Some(counter.as_str()),
            _ => None,
        })
    }

    /// The first counter that has no number yet.
    pub(super) fn first_open(&self, numbers: &BTreeMap<&str, u64>) -> Option<&str> {
        self.counters()
            .find(|counter| !numbers.contains_key(counter))
    }

    /// How many names it stands for, as far as can be counted.
    pub(super) fn count(&self, counters: &BTreeMap<String, u64>) -> u64 {
        let mut seen = Vec::new();
        let counts = self.0.iter().map(|part| match part {
            Part::Text(_) => 1,
            Part::Counter(counter) if seen.contains(&counter) => 1,
            Part::Counter(counter) => {
                seen.push(counter);
                counters.get(counter).copied().unwrap_or(1)
            }
            Part::Choice(choices) => choices.len() as u64,
        });
        counts.fold(1, u64::saturating_mul)
    }

    /// The names, once every counter has a number; the leftmost choice changes slowest.
    pub(super) fn names(&self, numbers: &BTreeMap<&str, u64>) -> Vec<String> {
        let mut names = vec![String::new()];
        for part in &self.0 {
            let endings = match part {
                Part::Text(text) => vec![text.clone()],
                Part::Counter(counter) => {
                    let number = numbers.get(counter.as_str()).copied().unwrap_or(0);
                    vec![number.to_string()]
                }
                Part::Choice(choices) => choices.clone(),
            };
            names = names
                .iter()
                .flat_map(|name| endings.iter().map(move |ending| format!("{name}{ending}")))
                .collect();
        }
        names
    }
}

fn braced_part(inner: &str, counters: &BTreeMap<String, u64>) -> Result<Part, NameFault> {
    if inner.contains(',') {
        let choices = inner.split(',').map(|choice| choice.trim().to_owned());
        return Ok(Part::Choice(choices.collect()));
    }
    let counter = inner.trim().to_owned();
    if counters.contains_key(&counter) {
        return Ok(Part::Counter(counter));
    }
    Err(NameFault::UnknownCounter { counter })
}
