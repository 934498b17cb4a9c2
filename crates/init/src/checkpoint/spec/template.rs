//! Names that stand for many: `layers.{layer}.{q,k,v}.weight`.

use std::collections::BTreeSet;
use std::fmt::Write;

use thiserror::Error;

use super::counters::Counters;

/// Longest name, so that many of them are bounded too.
const LONGEST: usize = 4096;

/// A name with counters and choices in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// The counters, each once, in the order in which they first come.
    counters: Vec<usize>,
    /// How many names it stands for once every counter has a number, as far as can be counted.
    choices: u64,
}

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
        let mut template = Self {
            parts: Vec::new(),
            counters: Vec::new(),
            choices: 1,
        };
        let mut found = BTreeSet::new();
        let mut rest = name;
        while let Some(open) = rest.find(['{', '}']) {
            let (text, braced) = rest.split_at(open);
            let inner = braced.strip_prefix('{').ok_or(NameFault::Brace)?;
            let (inner, after) = inner.split_once('}').ok_or(NameFault::Brace)?;
            if inner.contains('{') {
                return Err(NameFault::Brace);
            }
            template.add_text(text);
            match braced_part(inner, counters)? {
                Part::Counter(counter) => {
                    if found.insert(counter) {
                        template.counters.push(counter);
                    }
                    template.add_counter(counter, counters);
                }
                part => template.parts.push(part),
            }
            rest = after;
        }
        template.add_text(rest);
        template.choices = template.choice_count();
        Ok(template)
    }

    fn add_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    fn add_counter(&mut self, counter: usize, counters: &Counters) {
        match counters.count(counter) {
            // Always at 0: so many names are made that this is done once.
            1 => self.add_text("0"),
            _ => self.parts.push(Part::Counter(counter)),
        }
    }

    /// The counters, each once, in the order in which they first come.
    pub(super) fn counters(&self) -> &[usize] {
        &self.counters
    }

    /// How many names it stands for, as far as can be counted.
    pub(super) fn count(&self, counters: &Counters) -> u64 {
        let counts = self.counters.iter().map(|counter| counters.count(*counter));
        counts.fold(self.choices, u64::saturating_mul)
    }

    /// How many names it stands for once every counter has a number.
    pub(super) fn choices(&self) -> u64 {
        self.choices
    }

    fn choice_count(&self) -> u64 {
        let counts = self.parts.iter().map(|part| match part {
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
        self.parts.iter().map(of_part).fold(0, u64::saturating_add)
    }

    /// The name of this number among those that its choices make, where the counters are at these
    /// numbers; the leftmost choice changes slowest.
    pub(super) fn name(&self, numbers: &[u64], choice: u64) -> String {
        let mut name = String::new();
        let mut turns = self.choices;
        for part in &self.parts {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Counter(counter) => push_number(&mut name, numbers[*counter]),
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

/// A name of one counter a hundred times over has a hundred numbers, most of them of one digit.
fn push_number(name: &mut String, number: u64) {
    match u8::try_from(number) {
        Ok(digit @ 0..10) => name.push(char::from(b'0' + digit)),
        // Writing to a string cannot fail.
        _ => {
            let _ = write!(name, "{number}");
        }
    }
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
            let uses = |counter| template.counters().contains(&counter);
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
                    let choices = 0..template.choices();
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
