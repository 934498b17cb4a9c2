use std::fmt;

use super::moments::Moments;
use crate::geometry::{Moves, Run};
use crate::{Element, Geometry};

/// Where an element lies within its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) batch: usize,
    pub(super) part: usize,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) tap: usize,
}

/// Values that follow from an element's place alone: nothing is drawn and nothing is stored.
pub(super) trait Pattern: fmt::Debug + Send + Sync {
    fn value(&self, place: Place) -> f64;

    /// The largest absolute value.
    fn largest(&self) -> f64;

    fn moments(&self) -> Moments;
}

pub(super) fn fill<T: Element>(
    pattern: &dyn Pattern,
    geometry: &Geometry,
    start: usize,
    out: &mut [T],
) {
    geometry.for_each_run(start..start + out.len(), |run| {
        let mut place = Place::first(&run);
        for value in &mut out[run.offset..run.offset + run.length] {
            *value = T::from_f64(pattern.value(place));
            place.step(run.moves);
        }
    });
}

impl Place {
    fn first(run: &Run) -> Self {
        let Run {
            batch,
            part,
            row,
            column,
            tap,
            ..
        } = *run;
        Self {
            batch,
            part,
            row,
            column,
            tap,
        }
    }

    fn step(&mut self, moves: Moves) {
        match moves {
            Moves::Row => self.row += 1,
            Moves::Column => self.column += 1,
            Moves::Tap => self.tap += 1,
            Moves::Batch => self.batch += 1,
        }
    }
}
