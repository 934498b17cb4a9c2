//! What `repeat` says: the counters that names may use, and how far each counts.

use std::collections::BTreeMap;

/// Counters by number, in the order of their names.
pub(super) struct Counters(Vec<(String, u64)>);

impl Counters {
    pub(super) fn new(repeat: BTreeMap<String, u64>) -> Self {
        Self(repeat.into_iter().collect())
    }

    /// The number of the counter of this name.
    pub(super) fn number_of(&self, name: &str) -> Option<usize> {
        let found = self
            .0
            .binary_search_by(|(counter, _)| counter.as_str().cmp(name));
        found.ok()
    }

    /// How far a counter counts: from 0 to this, without it.
    pub(super) fn count(&self, counter: usize) -> u64 {
        self.0[counter].1
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The name of the first counter of which this holds.
    pub(super) fn find(&self, holds: impl Fn(usize) -> bool) -> Option<String> {
        let found = (0..self.len()).find(|counter| holds(*counter))?;
        Some(self.0[found].0.clone())
    }
}
