//! The parameters and slices of their length, gone through in blocks that threads share.

use super::Multipliers;
use super::multipliers::Factors;
use crate::graph::Graph;
use crate::network::Team;
use crate::tap::{Site, Tap};

/// Values that are worth a handover: 64 KiB of each slice.
pub(super) const BLOCK: usize = 1 << 14;

/// Slices of one length that can be cut at one place.
pub(super) trait Slices: Sized + Send {
    fn cut(self, at: usize) -> (Self, Self);
}

impl Slices for () {
    fn cut(self, _at: usize) -> (Self, Self) {
        ((), ())
    }
}

impl Slices for &[f32] {
    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at(at)
    }
}

impl Slices for (&mut [f32], &[f32]) {
    fn cut(self, at: usize) -> (Self, Self) {
        let (a, b) = (self.0.split_at_mut(at), self.1.split_at(at));
        ((a.0, b.0), (a.1, b.1))
    }
}

impl Slices for (&mut [f32], &mut [f32], &[f32]) {
    fn cut(self, at: usize) -> (Self, Self) {
        let (a, b, c) = (
            self.0.split_at_mut(at),
            self.1.split_at_mut(at),
            self.2.split_at(at),
        );
        ((a.0, b.0, c.0), (a.1, b.1, c.1))
    }
}

/// Runs `work` on blocks of `values` and the slices of `rest`, each with the place of its first
/// value. `work` must treat each value alone: how they are cut is then of no consequence.
pub(super) fn for_each_block<R: Slices>(
    team: Team,
    values: &mut [f32],
    rest: R,
    work: &(impl Fn(usize, &mut [f32], R) + Sync),
) {
    match team {
        Team::Alone => work(0, values, rest),
        Team::Pool => shared(0, values, rest, work),
    }
}

/// Halves of halves: as deep as the logarithm of the number of blocks.
fn shared<R: Slices>(
    first: usize,
    values: &mut [f32],
    rest: R,
    work: &(impl Fn(usize, &mut [f32], R) + Sync),
) {
    match middle(values.len()) {
        None => work(first, values, rest),
        Some(at) => {
            let (left, right) = values.split_at_mut(at);
            let (left_rest, right_rest) = rest.cut(at);
            rayon::join(
                || shared(first, left, left_rest, work),
                || shared(first + at, right, right_rest, work),
            );
        }
    }
}

/// Where so many values are cut in two, at the end of a block; nothing where they are one block.
pub(super) fn middle(len: usize) -> Option<usize> {
    (len > BLOCK).then(|| len.div_ceil(BLOCK) / 2 * BLOCK)
}

/// What surrounds an optimiser's pass over the parameters.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) team: Team,
    pub(super) graph: &'a Graph,
    pub(super) multipliers: &'a Multipliers,
    pub(super) tap: &'a dyn Tap,
}

impl Pass<'_> {
    /// Runs `work` on stretches of the parameters that share their factors, with these, and shows the
    /// tap what they were and what they are. As in [`for_each_block`], `work` must treat each value
    /// alone.
    pub(super) fn run<R: Slices>(
        self,
        parameters: &mut [f32],
        rest: R,
        work: &(impl Fn(Factors, &mut [f32], R) + Sync),
    ) {
        for_each_block(self.team, parameters, rest, &|first, values, rest| {
            if self.tap.is_blind() {
                self.by_factor(first, values, rest, work);
            } else {
                self.shown(first, values, rest, work);
            }
        });
    }

    fn by_factor<R: Slices>(
        self,
        mut first: usize,
        mut values: &mut [f32],
        mut rest: R,
        work: &impl Fn(Factors, &mut [f32], R),
    ) {
        for run in self.multipliers.from(first) {
            if run.end - first >= values.len() {
                return work(run.factors, values, rest);
            }
            let (here, after) = values.split_at_mut(run.end - first);
            let (rest_here, rest_after) = rest.cut(run.end - first);
            work(run.factors, here, rest_here);
            (first, values, rest) = (run.end, after, rest_after);
        }
    }

    /// A block at a time, whoever works on how many of them: what is shown does not depend on it.
    fn shown<R: Slices>(
        self,
        mut first: usize,
        mut values: &mut [f32],
        mut rest: R,
        work: &impl Fn(Factors, &mut [f32], R),
    ) {
        let mut before = [0.0; BLOCK];
        while !values.is_empty() {
            let at = BLOCK.min(values.len());
            let (here, after) = values.split_at_mut(at);
            let (rest_here, rest_after) = rest.cut(at);
            let before = &mut before[..at];
            before.copy_from_slice(here);
            self.by_factor(first, here, rest_here, work);
            self.show(first, before, here);
            (first, values, rest) = (first + at, after, rest_after);
        }
    }

    /// The parts of parameters that lie within a block which begins at value `first`.
    fn show(self, first: usize, before: &[f32], after: &[f32]) {
        let parameters = self.graph.parameters();
        let end = first + before.len();
        let from = parameters.partition_point(|spec| spec.range().end <= first);
        for (index, spec) in parameters.iter().enumerate().skip(from) {
            let range = spec.range();
            if range.start >= end {
                break;
            }
            let here = range.start.max(first) - first..range.end.min(end) - first;
            let site = Site {
                name: spec.name(),
                index,
                producer: self.graph.producer_of(index),
                part: first / BLOCK - range.start / BLOCK,
                parts: update_parts(range),
            };
            self.tap.update(&site, &before[here.clone()], &after[here]);
        }
    }
}

/// In how many parts a tap is shown the update of a parameter that lies at `range`.
pub(crate) fn update_parts(range: std::ops::Range<usize>) -> usize {
    match range.len() {
        0 => 0,
        _ => (range.end - 1) / BLOCK - range.start / BLOCK + 1,
    }
}
