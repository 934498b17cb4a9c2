//! Where the windows lie, and whether they pay.

use std::ops::Range;

use super::{MADE, PLACES, TOGETHER, WINDOW};
use crate::blocks::{BLOCK, Vector};
use crate::graph::PaddingMode;
use crate::operator::convolution::places::Axis;

/// Stands for a place outside the image.
const ABSENT: u32 = u32::MAX;
/// What places outside the image hold.
static ZEROS: Vector = [0.0; BLOCK];

/// A window along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    sources: [u32; WINDOW],
    targets: [u32; MADE],
}

impl Window {
    /// Whether its places of the source follow one another.
    fn is_whole(&self) -> bool {
        let [first, .., last] = self.sources;
        let follow = |pair: &[u32]| pair[0] + 1 == pair[1];
        first != ABSENT && last != ABSENT && self.sources.windows(2).all(follow)
    }
}

/// The windows of an image: each of the rows with each of the columns.
#[derive(Clone, Debug)]
pub(in super::super) struct Tiles {
    rows: Box<[Window]>,
    columns: Box<[Window]>,
    /// Columns of the source's image and of the target's.
    source_width: u32,
    target_width: u32,
}

/// A window of the plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    sources: [u32; PLACES],
    pub(super) targets: [u32; MADE * MADE],
    /// The first place and a row's length, where no place is absent and rows' places follow one another.
    whole: Option<(u32, u32)>,
}

impl Tiles {
    /// Those of the output over the input; `None` for other kernels than 3 × 3 with stride 1.
    pub(in super::super) fn forward(rows: &Axis, columns: &Axis) -> Option<Self> {
        let windows = |axis: &Axis| {
            let source = |padded: isize| axis.place(padded - axis.padding as isize, axis.size);
            is_near(axis).then(|| windows(axis.steps, source))
        };
        Some(Self {
            rows: windows(rows)?,
            columns: windows(columns)?,
            source_width: columns.size as u32,
            target_width: columns.steps as u32,
        })
    }

    /// Those of the input over the output, whose kernel is turned around; `None` also where an image's
    /// own continuation makes an output that is larger or smaller than it.
    pub(in super::super) fn backward(rows: &Axis, columns: &Axis) -> Option<Self> {
        let windows = |axis: &Axis| {
            let before = 2 - axis.padding as isize;
            let source = |moved: isize| axis.place(moved - before, axis.steps);
            let is_known = axis.mode == PaddingMode::Zero || axis.steps == axis.size;
            (is_near(axis) && is_known).then(|| windows(axis.size, source))
        };
        Some(Self {
            rows: windows(rows)?,
            columns: windows(columns)?,
            source_width: columns.steps as u32,
            target_width: columns.size as u32,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Products and sums for a pair of channels, of `terms` and `targets` of them: with `spread`
    /// operations for each window of a channel of the target, and 32 for each of the source.
    fn work(&self, terms: usize, targets: usize, spread: usize) -> f64 {
        let [of_term, of_target] =
            [(32, targets), (spread, terms)].map(|(work, channels)| work as f64 / channels as f64);
        self.count() as f64 * (PLACES as f64 + of_term + of_target)
    }

    /// Whether to gather by these windows rather than by `met` products of a pair of channels: those of
    /// few terms wait for the sums' first and last steps, and shorter work must make up for what it takes
    /// to write the windows.
    pub(in super::super) fn gather_pays(&self, terms: usize, targets: usize, met: usize) -> bool {
        terms >= 8 && targets >= 4 && 1.25 * self.work(terms, targets, 24) <= met as f64
    }

    /// Whether to sum the weight's gradient by these windows rather than by `met` products of a pair of
    /// channels. The direct sums have short runs of places to go by, which these do not.
    pub(in super::super) fn sums_pay(&self, terms: usize, targets: usize, met: usize) -> bool {
        terms >= 8 && targets >= 4 && 1.1 * self.work(terms, targets, 12) <= met as f64
    }

    /// These tiles, of which there are no more than [`TOGETHER`]; the last of them again in the places that
    /// are left.
    #[inline(always)]
    pub(super) fn together(&self, tiles: Range<usize>) -> [Tile; TOGETHER] {
        std::array::from_fn(|slot| self.at((tiles.start + slot).min(tiles.end - 1)))
    }

    #[inline(always)]
    fn at(&self, index: usize) -> Tile {
        let row = &self.rows[index / self.columns.len()];
        let column = &self.columns[index % self.columns.len()];
        let place = |row: u32, column: u32, width: u32| match (row, column) {
            (ABSENT, _) | (_, ABSENT) => ABSENT,
            _ => row * width + column,
        };
        let (from, to) = (self.source_width, self.target_width);
        let sources: [u32; PLACES] = std::array::from_fn(|at| {
            place(row.sources[at / WINDOW], column.sources[at % WINDOW], from)
        });
        let is_whole = row.is_whole() && column.is_whole();
        Tile {
            sources,
            targets: std::array::from_fn(|at| {
                place(row.targets[at / MADE], column.targets[at % MADE], to)
            }),
            whole: is_whole.then_some((sources[0], from)),
        }
    }
}

impl Tile {
    /// The window in a channel's plane.
    #[inline(always)]
    pub(super) fn rows<'a>(&self, plane: &'a [Vector]) -> [[&'a Vector; WINDOW]; WINDOW] {
        let mut rows = [[&ZEROS; WINDOW]; WINDOW];
        for (index, row) in rows.iter_mut().enumerate() {
            *row = self.row(plane, index);
        }
        rows
    }

    /// A row of the window in a channel's plane.
    #[inline(always)]
    pub(super) fn row<'a>(&self, plane: &'a [Vector], row: usize) -> [&'a Vector; WINDOW] {
        let mut made = [&ZEROS; WINDOW];
        if let Some((first, width)) = self.whole {
            let row = &plane[first as usize + row * width as usize..][..WINDOW];
            for (made, vector) in made.iter_mut().zip(row) {
                *made = vector;
            }
        } else {
            for (made, &place) in made.iter_mut().zip(&self.sources[row * WINDOW..]) {
                *made = plane.get(place as usize).unwrap_or(&ZEROS);
            }
        }
        made
    }

    /// What the window makes of a channel's plane of the target, zeros outside it.
    #[inline(always)]
    pub(super) fn made<'a>(&self, plane: &'a [Vector]) -> [[&'a Vector; MADE]; MADE] {
        let mut made = [[&ZEROS; MADE]; MADE];
        for (made, &place) in made.as_flattened_mut().iter_mut().zip(&self.targets) {
            *made = plane.get(place as usize).unwrap_or(&ZEROS);
        }
        made
    }
}

/// Whether a kernel's three taps meet neighbours, and steps are to the next place.
fn is_near(axis: &Axis) -> bool {
    (axis.taps, axis.stride, axis.dilation) == (3, 1, 1)
}

/// Windows over all places of an axis of the target. `source` gives the place of the source that is so
/// many behind a window's first that begins at the target's first place, if any.
fn windows(targets: usize, source: impl Fn(isize) -> Option<usize>) -> Box<[Window]> {
    let starts = (0..targets).step_by(MADE);
    let each = starts.map(|first| Window {
        sources: std::array::from_fn(|at| {
            source((first + at) as isize).map_or(ABSENT, |place| place as u32)
        }),
        targets: std::array::from_fn(|at| match first + at {
            place if place < targets => place as u32,
            _ => ABSENT,
        }),
    });
    each.collect()
}
