//! Several slices of one length, gone through in blocks that threads share.

use super::Multipliers;
use crate::network::Team;

/// Values that are worth a handover: 64 KiB of each slice.
pub(super) const BLOCK: usize = 1 << 14;

/// Slices of one length that can be cut at one place.
pub(super) trait Slices: Sized + Send {
    fn len(&self) -> usize;
    fn cut(self, at: usize) -> (Self, Self);
}

impl Slices for &mut [f32] {
    fn len(&self) -> usize {
        <[f32]>::len(self)
    }

    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at_mut(at)
    }
}

impl Slices for (&mut [f32], &[f32]) {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cut(self, at: usize) -> (Self, Self) {
        let (a, b) = (self.0.split_at_mut(at), self.1.split_at(at));
        ((a.0, b.0), (a.1, b.1))
    }
}

impl Slices for (&mut [f32], &mut [f32], &[f32]) {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cut(self, at: usize) -> (Self, Self) {
        let (a, b, c) = (
            self.0.split_at_mut(at),
            self.1.split_at_mut(at),
            self.2.split_at(at),
        );
        ((a.0, b.0, c.0), (a.1, b.1, c.1))
    }
}

impl Slices for (&mut [f32], &mut [f32], &mut [f32], &[f32]) {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn cut(self, at: usize) -> (Self, Self) {
        let (a, b) = (self.0.split_at_mut(at), self.1.split_at_mut(at));
        let (c, d) = (self.2.split_at_mut(at), self.3.split_at(at));
        ((a.0, b.0, c.0, d.0), (a.1, b.1, c.1, d.1))
    }
}

/// Runs `work` on blocks of `slices`, each with the place of its first value. `work` must treat
/// each value alone: how they are cut is then of no consequence.
pub(super) fn for_each_block<S: Slices>(team: Team, slices: S, work: &(impl Fn(usize, S) + Sync)) {
    match team {
        Team::Alone => work(0, slices),
        Team::Pool => shared(0, slices, work),
    }
}

/// Runs `work` on stretches of `slices` that have one factor of the learning rate, with that factor.
/// As in [`for_each_block`], it must treat each value alone.
pub(super) fn for_each_run<S: Slices>(
    team: Team,
    slices: S,
    multipliers: &Multipliers,
    work: &(impl Fn(f64, S) + Sync),
) {
    for_each_block(team, slices, &|mut first, mut rest: S| {
        for run in multipliers.from(first) {
            if run.end - first >= rest.len() {
                return work(run.factor, rest);
            }
            let (slices, after) = rest.cut(run.end - first);
            work(run.factor, slices);
            (first, rest) = (run.end, after);
        }
    });
}

/// Halves of halves: as deep as the logarithm of the number of blocks.
fn shared<S: Slices>(first: usize, slices: S, work: &(impl Fn(usize, S) + Sync)) {
    match middle(slices.len()) {
        None => work(first, slices),
        Some(at) => {
            let (left, right) = slices.cut(at);
            rayon::join(
                || shared(first, left, work),
                || shared(first + at, right, work),
            );
        }
    }
}

/// Where so many values are cut in two, at the end of a block; nothing where they are one block.
pub(super) fn middle(len: usize) -> Option<usize> {
    (len > BLOCK).then(|| len.div_ceil(BLOCK) / 2 * BLOCK)
}
