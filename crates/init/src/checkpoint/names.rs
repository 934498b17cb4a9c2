//! Names of many tensors, held end to end: a string each would take twice the memory.

use std::collections::HashSet;

use super::PlanError;
use super::header::METADATA;

/// Names by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Names {
    pub(super) fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[number]]
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.len()).map(|number| self.get(number))
    }

    /// Refuses names that no checkpoint can have.
    pub(super) fn check(&self) -> Result<(), PlanError> {
        if self.ends.is_empty() {
            return Err(PlanError::Empty);
        }
        let mut seen = HashSet::with_capacity(self.len());
        for name in self.iter() {
            if name == METADATA {
                return Err(PlanError::ReservedName);
            }
            if !seen.insert(name) {
                let name = name.to_owned();
                return Err(PlanError::DuplicateName { name });
            }
        }
        Ok(())
    }
}
