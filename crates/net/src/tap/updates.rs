//! How large an optimiser's steps are beside the weights.

use std::sync::{Mutex, PoisonError};

use super::Site;
use crate::graph::{Graph, Producer};
use crate::optimizer::update_parts;
use crate::statistics::Moments;

/// A parameter's updates beside its values, over the steps that were shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The parameter's name.
    pub name: String,
    /// What its layer makes.
    pub producer: Producer,
    /// Moments of what the steps added.
    pub update: Moments,
    /// Moments of the values before each step.
    pub weight: Moments,
}

impl Update {
    /// rms(Δw)/rms(w), for a healthy layer some 10⁻³; infinite for a parameter that was 0.
    pub fn ratio(&self) -> f64 {
        self.update.rms() / self.weight.rms()
    }
}

/// Accumulators of every parameter: one for each part, merged in order when read.
#[derive(Debug)]
pub(super) struct Updates {
    parameters: Vec<(String, Producer)>,
    starts: Vec<usize>,
    cells: Vec<Mutex<[Moments; 2]>>,
}

/// Differences made at once.
const CHUNK: usize = 1024;

impl Updates {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut starts = vec![0];
        let mut total = 0;
        for spec in graph.parameters() {
            total += update_parts(spec.range());
            starts.push(total);
        }
        let parameters = graph.parameters().iter().enumerate();
        Self {
            parameters: parameters
                .map(|(index, spec)| (spec.name().to_owned(), graph.producer_of(index)))
                .collect(),
            starts,
            cells: (0..total).map(|_| Mutex::default()).collect(),
        }
    }

    pub(super) fn add(&self, site: &Site<'_>, before: &[f32], after: &[f32]) {
        let cell = &self.cells[self.starts[site.index] + site.part];
        let mut cell = cell.lock().unwrap_or_else(PoisonError::into_inner);
        let [update, weight] = &mut *cell;
        let mut difference = [0.0; CHUNK];
        for (before, after) in before.chunks(CHUNK).zip(after.chunks(CHUNK)) {
            let difference = &mut difference[..before.len()];
            for ((difference, before), after) in difference.iter_mut().zip(before).zip(after) {
                *difference = after - before;
            }
            update.update(difference);
            weight.update(before);
        }
    }

    pub(super) fn read(&self) -> Vec<Update> {
        let shown = self.parameters.iter().enumerate();
        shown
            .filter_map(|(index, (name, producer))| {
                let mut merged = [Moments::new(); 2];
                for cell in &self.cells[self.starts[index]..self.starts[index + 1]] {
                    let cell = cell.lock().unwrap_or_else(PoisonError::into_inner);
                    for (all, part) in merged.iter_mut().zip(&*cell) {
                        all.merge(part);
                    }
                }
                let [update, weight] = merged;
                (weight.count() > 0).then(|| Update {
                    name: name.clone(),
                    producer: *producer,
                    update,
                    weight,
                })
            })
            .collect()
    }

    pub(super) fn clear(&mut self) {
        for cell in &mut self.cells {
            *cell.get_mut().unwrap_or_else(PoisonError::into_inner) = Default::default();
        }
    }
}
