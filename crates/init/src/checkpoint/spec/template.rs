//! Names that stand for many: `layers.{layer}.{q,k,v}.weight`.

use std::collections::BTreeSet;
use std::fmt::Write;

use thiserror::Error;

use super::counters::Counters;

/// Longest name, so that many of them are bounded too.
const LONGEST: usize = 4096;

/// A name with counters and choices in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Itself.
    Text(String),
    /// `{layer}`: where this counter is.
    Counter(usize),
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
    pub(super) fn parse(name: &str, counters: &Counters) -> Result<Self, NameFault> {
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
            parts.extend(text_part(text));
            parts.push(braced_part(inner, counters)?);
            rest = after;
        }
        parts.extend(text_part(rest));
        Ok(Self(parts))
    }

    /// The counters, in order.
    pub(super) fn counters(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter_map(|part| match part {
            Part::Counter(counter) => Some(*counter),
            _ => None,
        })
    }

    /// The first counter that is not among these.
    pub(super) fn first_besides(&self, outer: &BTreeSet<usize>) -> Option<usize> {
        self.counters().find(|counter| !outer.contains(counter))
    }

    /// How many names it stands for, as far as can be counted.
    pub(super) fn count(&self, counters: &Counters) -> u64 {
        let used: BTreeSet<usize> = self.counters().collect();
        used.into_iter()
            .map(|counter| counters.count(counter))
            .fold(self.choice_count(), u64::saturating_mul)
    }

    /// How many names it stands for once every counter has a number, as far as can be counted.
    pub(super) fn choice_count(&self) -> u64 {
        let counts = self.0.iter().map(|part| match part {
            Part::Text(_) | Part::Counter(_) => 1,
            Part::Choice(choices) => choices.len() as u64,
        });
        counts.fold(1, u64::saturating_mul)
    }

    /// Bytes of all the names that it stands for, as far as can be counted.
    pub(super) fn name_bytes(&self, counters: &Counters) -> u64 {
        let names = self.count(counters);
        // A part takes its turns equally often: `turns` that come to `bytes` are gone through
        // names / turns times.
        let of_part = |part: &Part| {
            let (turns, bytes) = match part {
                Part::Text(text) => (1, text.len() as u64),
                Part::Counter(counter) => {
                    let count = counters.count(*counter);
                    (count, digits_below(count))
                }
                Part::Choice(choices) => (
                    choices.len() as u64,
                    choices.iter().map(|choice| choice.len() as u64).sum(),
                ),
            };
            (names / turns.max(1)).saturating_mul(bytes)
        };
        self.0.iter().map(of_part).fold(0, u64::saturating_add)
    }

    /// The name of this number among those that its choices make, where the counters are at these
    /// numbers; the leftmost choice changes slowest.
    pub(super) fn name(&self, numbers: &[u64], choice: u64) -> String {
        let mut name = String::new();
        let mut turns = self.choice_count();
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Counter(counter) => {
                    // Writing to a string cannot fail.
                    let _ = write!(name, "{}", numbers[*counter]);
                }
                Part::Choice(choices) => {
                    let count = choices.len() as u64;
                    turns /= count;
                    name.push_str(&choices[(choice / turns % count) as usize]);
                }
            }
        }
        name
    }
}

fn text_part(text: &str) -> Option<Part> {
    (!text.is_empty()).then(|| Part::Text(text.to_owned()))
}

/// Digits of 0, 1, … up to `count` − 1 together, as far as can be counted.
fn digits_below(count: u64) -> u64 {
    let mut digits = count;
    let mut power = 10_u64;
    // Numbers from 10 on have a second digit, those from 100 on a third, and so on.
    while power < count {
        digits = digits.saturating_add(count - power);
        power = power.saturating_mul(10);
    }
    digits
}

fn braced_part(inner: &str, counters: &Counters) -> Result<Part, NameFault> {
    if inner.contains(',') {
        let choices = inner.split(',').map(|choice| choice.trim().to_owned());
        return Ok(Part::Choice(choices.collect()));
    }
    let name = inner.trim();
    match counters.number_of(name) {
        Some(counter) => Ok(Part::Counter(counter)),
        None => Err(NameFault::UnknownCounter {
            counter: name.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_names_are_those_of_the_names_made() {
        let repeat = [("a".to_owned(), 101), ("b".to_owned(), 11)];
        let counters = Counters::new(repeat.into_iter().collect());
        for text in ["x", "{a}", "x{a}.{a}{b}", "{,yy,z}{a}{p,qq}.w"] {
            let template = Template::parse(text, &counters).unwrap();
            let uses = |counter| template.counters().any(|used| used == counter);
            let range = |counter| {
                0..if uses(counter) {
                    counters.count(counter)
                } else {
                    1
                }
            };
            let mut names = Vec::new();
            for a in range(0) {
                for b in range(1) {
                    let choices = 0..template.choice_count();
                    names.extend(choices.map(|choice| template.name(&[a, b], choice)));
                }
            }
            let bytes: usize = names.iter().map(String::len).sum();
            assert_eq!(template.count(&counters), names.len() as u64, "{text}");
            assert_eq!(template.name_bytes(&counters), bytes as u64, "{text}");
        }
    }

    #[test]
    fn digits_are_counted_as_far_as_can_be() {
        for (count, digits) in [(1, 1), (10, 10), (11, 12), (101, 193), (1000, 2890)] {
            assert_eq!(digits_below(count), digits, "{count}");
        }
        assert_eq!(digits_below(u64::MAX), u64::MAX);
    }
}
