//! An accumulator for each part of each tensor.

use std::sync::{Mutex, PoisonError};

/// Accumulators of tensors that are shown in parts, each by one thread at a time: the lock is never
/// waited for, and stands for the proof. They are read in the order of the parts, which makes what they
/// add up to the same for any number of threads.
#[derive(Debug)]
pub(super) struct Parts<C> {
    starts: Vec<usize>,
    cells: Vec<Mutex<C>>,
}

impl<C: Default> Parts<C> {
    /// For each tensor, as many as it has parts.
    pub(super) fn new(parts: impl Iterator<Item = usize>) -> Self {
        let mut starts = vec![0];
        let mut total = 0;
        for parts in parts {
            total += parts;
            starts.push(total);
        }
        Self {
            starts,
            cells: (0..total).map(|_| Mutex::default()).collect(),
        }
    }

    pub(super) fn tensors(&self) -> usize {
        self.starts.len() - 1
    }

    /// Gives one part of a tensor to `work`.
    pub(super) fn with(&self, tensor: usize, part: usize, work: impl FnOnce(&mut C)) {
        let cell = &self.cells[self.starts[tensor] + part];
        work(&mut cell.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Gives the parts of a tensor to `work`, in order.
    pub(super) fn each(&self, tensor: usize, mut work: impl FnMut(&C)) {
        for cell in &self.cells[self.starts[tensor]..self.starts[tensor + 1]] {
            work(&cell.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Every part of a tensor, to be changed.
    pub(super) fn of_mut(&mut self, tensor: usize) -> impl Iterator<Item = &mut C> {
        exclusive(&mut self.cells[self.starts[tensor]..self.starts[tensor + 1]])
    }

    /// Every part of every tensor, to be changed.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut C> {
        exclusive(&mut self.cells)
    }
}

fn exclusive<C>(cells: &mut [Mutex<C>]) -> impl Iterator<Item = &mut C> {
    let unlock = |cell| Mutex::get_mut(cell).unwrap_or_else(PoisonError::into_inner);
    cells.iter_mut().map(unlock)
}
