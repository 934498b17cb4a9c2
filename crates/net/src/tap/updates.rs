//! How large an optimiser's steps are beside the weights.

use super::Site;
use super::parts::Parts;
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

/// Moments of every parameter's updates and of its values.
#[derive(Debug)]
pub(super) struct Updates {
    parameters: Vec<(String, Producer)>,
    moments: Parts<[Moments; 2]>,
}

/// Differences made at once.
const CHUNK: usize = 1024;

impl Updates {
    pub(super) fn new(graph: &Graph) -> Self {
        let parameters = graph.parameters().iter().enumerate();
        Self {
            parameters: parameters
                .map(|(index, spec)| (spec.name().to_owned(), graph.producer_of(index)))
                .collect(),
            moments: Parts::new(graph.parameters().iter().map(|p| update_parts(p.range()))),
        }
    }

    pub(super) fn add(&self, site: &Site<'_>, before: &[f32], after: &[f32]) {
        self.moments
            .with(site.index, site.part, |[update, weight]| {
                let mut difference = [0.0; CHUNK];
                for (before, after) in before.chunks(CHUNK).zip(after.chunks(CHUNK)) {
                    let difference = &mut difference[..before.len()];
                    for ((difference, before), after) in
                        difference.iter_mut().zip(before).zip(after)
                    {
                        *difference = after - before;
                    }
                    update.update(difference);
                    weight.update(before);
                }
            });
    }

    pub(super) fn read(&self) -> Vec<Update> {
        let shown = self.parameters.iter().enumerate();
        shown
            .filter_map(|(index, (name, producer))| {
                let mut merged = [Moments::new(); 2];
                self.moments.each(index, |part| {
                    for (all, part) in merged.iter_mut().zip(part) {
                        all.merge(part);
                    }
                });
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
        self.moments
            .all_mut()
            .for_each(|part| *part = Default::default());
    }
}
