//! Hands out places in a lane, and takes them back.

use std::collections::HashMap;
use std::ops::Range;

/// A cache line of f32: every place begins on one.
pub(crate) const ALIGN: usize = 16;

/// Where a value or a gradient lies in each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    offset: usize,
    /// Values of one row.
    features: usize,
}

impl Place {
    /// Stands where a step reads nothing.
    pub(crate) const NOTHING: Self = Self {
        offset: 0,
        features: 0,
    };

    /// Its values in a lane of `rows` rows.
    pub(crate) fn range(self, rows: usize) -> Range<usize> {
        self.offset..self.offset + self.features * rows
    }
}

/// Places given and returned, by size: layers repeat, so a returned place fits the next.
#[derive(Debug)]
pub(crate) struct Places {
    rows: usize,
    end: usize,
    free: HashMap<usize, Vec<usize>>,
}

impl Places {
    pub(crate) fn new(rows: usize) -> Self {
        Self {
            rows,
            end: 0,
            free: HashMap::new(),
        }
    }

    /// A place for `features` values a row; `None` when memory's address range is at its end.
    pub(crate) fn take(&mut self, features: usize) -> Option<Place> {
        let size = self.size(features)?;
        if let Some(offset) = self.free.get_mut(&size).and_then(Vec::pop) {
            return Some(Place { offset, features });
        }
        let offset = self.end;
        self.end = offset.checked_add(size)?;
        Some(Place { offset, features })
    }

    pub(crate) fn give_back(&mut self, place: Place) {
        let size = self.size(place.features).expect("it was given");
        self.free.entry(size).or_default().push(place.offset);
    }

    /// How many values a lane has.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    fn size(&self, features: usize) -> Option<usize> {
        features
            .checked_mul(self.rows)?
            .checked_next_multiple_of(ALIGN)
    }
}

/// The values at `out`, to be written, and those at two other places of a lane, to be read.
pub(crate) fn write_one_read_two(
    lane: &mut [f32],
    out: Range<usize>,
    reads: [Range<usize>; 2],
) -> (&mut [f32], [&[f32]; 2]) {
    let (below, rest) = lane.split_at_mut(out.start);
    let (written, above) = rest.split_at_mut(out.len());
    let (below, above) = (&*below, &*above);
    let reads = reads.map(|read| {
        if read.is_empty() {
            &[]
        } else if read.end <= out.start {
            &below[read]
        } else {
            &above[read.start - out.end..read.end - out.end]
        }
    });
    (written, reads)
}
