use rayon::prelude::*;

use super::haar::{self, PANEL};
use super::product::Real;
use crate::Stream;

/// Which index of a matrix moves fastest in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fastest {
    Row,
    Column,
}

/// A matrix with orthonormal rows or columns, whichever are fewer, in the order that its tensor is
/// filled in.
#[derive(Debug)]
pub(super) struct Matrix<T> {
    fastest: Fastest,
    /// Elements of a line: a row where columns are fastest, else a column.
    line: usize,
    /// [`PANEL`] lines each; the last may have fewer.
    panels: Vec<Vec<T>>,
}

impl<T: Real> Matrix<T> {
    pub(super) fn draw(
        rows: usize,
        columns: usize,
        fastest: Fastest,
        stream: &Stream,
        start: u64,
    ) -> Self {
        let (long, short) = (rows.max(columns), rows.min(columns));
        let drawn = haar::draw(long, short, stream, start);
        // What was drawn has its long side fastest.
        let (line, lines) = match fastest {
            Fastest::Row => (rows, columns),
            Fastest::Column => (columns, rows),
        };
        let panels = if line == long {
            drawn
        } else {
            turned(&drawn, long, line, lines)
        };
        Self {
            fastest,
            line,
            panels,
        }
    }

    pub(super) fn at(&self, row: usize, column: usize) -> T {
        match self.fastest {
            Fastest::Row => self.line(column)[row],
            Fastest::Column => self.line(row)[column],
        }
    }

    /// Row `number` where columns are fastest, else column `number`.
    pub(super) fn line(&self, number: usize) -> &[T] {
        &self.panels[number / PANEL][number % PANEL * self.line..][..self.line]
    }
}

/// Lines across those of `drawn`, which are `long` each.
fn turned<T: Real>(drawn: &[Vec<T>], long: usize, line: usize, lines: usize) -> Vec<Vec<T>> {
    /// Lines that one task turns.
    const TILE: usize = 32;
    let mut panels: Vec<Vec<T>> = (0..lines.div_ceil(PANEL))
        .map(|panel| vec![T::default(); PANEL.min(lines - panel * PANEL) * line])
        .collect();
    panels
        .par_iter_mut()
        .enumerate()
        .for_each(|(panel, values)| {
            values
                .par_chunks_mut(TILE * line)
                .enumerate()
                .for_each(|(tile, values)| {
                    let first = panel * PANEL + tile * TILE;
                    for (source, from) in drawn.iter().zip((0..).step_by(PANEL)) {
                        turn_tile(source, long, first, &mut values[from..], line);
                    }
                });
        });
    panels
}

/// Writes the elements `first…` of each column of `source` across the lines of `out`.
fn turn_tile<T: Real>(source: &[T], long: usize, first: usize, out: &mut [T], line: usize) {
    /// Columns that are read side by side. Those of a large matrix lie a power of two apart and
    /// share a set of the first-level cache, which holds eight or more.
    const SIDE_BY_SIDE: usize = 8;
    for (columns, from) in source
        .chunks(SIDE_BY_SIDE * long)
        .zip((0..).step_by(SIDE_BY_SIDE))
    {
        for (along, values) in out.chunks_mut(line).enumerate() {
            let values = &mut values[from..];
            for (value, column) in values.iter_mut().zip(columns.chunks_exact(long)) {
                *value = column[first + along];
            }
        }
    }
}
