//! The one allocation that a network works in.

use crate::plan::{ALIGN, PlanError, Sections};

/// All lanes' activations and gradients, then the weights as they are read, then the gradients of the
/// parameters, in one allocation that begins on a cache line.
#[derive(Debug)]
pub(crate) struct Arena {
    memory: Vec<f32>,
    start: usize,
    sections: Sections,
}

/// The arena's parts, each to be written apart from the others.
pub(crate) struct Parts<'a> {
    pub(crate) lanes: &'a mut [f32],
    pub(crate) laid: &'a mut [f32],
    pub(crate) gradients: &'a mut [f32],
}

impl Arena {
    pub(crate) fn new(sections: Sections) -> Result<Self, PlanError> {
        // Room for the start to move up to a cache line.
        let memory = zeros(sections.total() + ALIGN)?;
        let to_line = memory.as_ptr().align_offset(ALIGN * size_of::<f32>());
        // Where alignment cannot be had it is only slower.
        let start = if to_line <= ALIGN { to_line } else { 0 };
        Ok(Self {
            memory,
            start,
            sections,
        })
    }

    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let all = &mut self.memory[self.start..];
        let (lanes, rest) = all.split_at_mut(self.sections.lanes);
        let (laid, rest) = rest.split_at_mut(self.sections.laid);
        let gradients = &mut rest[..self.sections.gradients];
        Parts {
            lanes,
            laid,
            gradients,
        }
    }

    pub(crate) fn lanes(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.sections.lanes]
    }

    pub(crate) fn gradients(&self) -> &[f32] {
        let before = self.start + self.sections.lanes + self.sections.laid;
        &self.memory[before..before + self.sections.gradients]
    }
}

/// `len` zeros, or the error that says how much was refused.
pub(super) fn zeros(len: usize) -> Result<Vec<f32>, PlanError> {
    let refused = |_| PlanError::Memory {
        bytes: len.saturating_mul(size_of::<f32>()),
    };
    // Asked for once to learn whether it can be had: zeroed memory has no fallible constructor.
    Vec::<f32>::new().try_reserve_exact(len).map_err(refused)?;
    Ok(vec![0.0; len])
}
