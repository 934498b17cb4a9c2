//! Hands out places in a lane, and takes them back.

use std::collections::HashMap;
use std::ops::Range;

use crate::blocks::Layout;

/// A cache line of f32: every place begins on one.
pub(crate) const ALIGN: usize = 16;

/// Where a value or a gradient lies in each lane. A plan holds a dozen for each layer and reads them
/// all once a step, so they are small: a lane may have 2³² lines, which is 256 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// In lines of [`ALIGN`] values.
    line: u32,
    /// Values of one row, or of all.
    len: u32,
    extent: Extent,
}

/// What a place's length goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// There is so much of it however many rows there are.
    Fixed,
    /// Of each row, and rows lie so.
    Each(Layout),
}

impl Extent {
    #[inline]
    fn of(self, len: usize, rows: usize) -> Option<usize> {
        match self {
            Self::Fixed => Some(len),
            Self::Each(layout) => layout.len(len, rows),
        }
    }
}

impl Place {
    /// Stands where a step reads nothing.
    pub(crate) const NOTHING: Self = Self {
        line: 0,
        len: 0,
        extent: Extent::Fixed,
    };

    /// Its values in a lane of `rows` rows.
    pub(crate) fn range(self, rows: usize) -> Range<usize> {
        let start = self.line as usize * ALIGN;
        let len = self.extent.of(self.len as usize, rows);
        start..start + len.expect("it was given to more rows")
    }

    /// How the rows lie in it.
    pub(crate) fn layout(self) -> Layout {
        match self.extent {
            Extent::Fixed => Layout::Rows,
            Extent::Each(layout) => layout,
        }
    }
}

/// Places given and returned, by size: layers repeat, so a returned place fits the next.
#[derive(Debug)]
pub(crate) struct Places {
    rows: usize,
    end: usize,
    free: HashMap<usize, Vec<u32>>,
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
    pub(crate) fn take(&mut self, features: usize, layout: Layout) -> Option<Place> {
        self.take_as(features, Extent::Each(layout))
    }

    /// A place for `len` values, whatever the rows.
    pub(crate) fn take_fixed(&mut self, len: usize) -> Option<Place> {
        self.take_as(len, Extent::Fixed)
    }

    fn take_as(&mut self, len: usize, extent: Extent) -> Option<Place> {
        let size = self.size(len, extent)?;
        let len = len.try_into().ok()?;
        let place = |line| Place { line, len, extent };
        if let Some(line) = self.free.get_mut(&size).and_then(Vec::pop) {
            return Some(place(line));
        }
        let line = (self.end / ALIGN).try_into().ok()?;
        self.end = self.end.checked_add(size)?;
        Some(place(line))
    }

    pub(crate) fn give_back(&mut self, place: Place) {
        let size = self.size(place.len as usize, place.extent);
        let size = size.expect("it was given");
        self.free.entry(size).or_default().push(place.line);
    }

    /// How many values a lane has.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    fn size(&self, len: usize, extent: Extent) -> Option<usize> {
        extent.of(len, self.rows)?.checked_next_multiple_of(ALIGN)
    }
}

/// The values at `out`, to be written, and those at `reads`, to be read: [`carve`] for the most
/// frequent case, which a deep narrow network is made of.
pub(crate) fn carve_one<const R: usize>(
    lane: &mut [f32],
    out: Range<usize>,
    reads: [Range<usize>; R],
) -> (&mut [f32], [&[f32]; R]) {
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

/// The values at `writes`, to be written, and those at `reads`, to be read. A place that is
/// written lies apart from every other.
pub(crate) fn carve<const W: usize, const R: usize>(
    lane: &mut [f32],
    writes: [Range<usize>; W],
    reads: [Range<usize>; R],
) -> ([&mut [f32]; W], [&[f32]; R]) {
    // In the order of their places; an empty one may stand anywhere.
    let mut order: [usize; W] = std::array::from_fn(|index| index);
    order.sort_unstable_by_key(|&index| writes[index].start);
    let mut written: [&mut [f32]; W] = std::array::from_fn(|_| &mut [][..]);
    let mut between: [(usize, &[f32]); W] = [(0, &[]); W];
    let (mut rest, mut start) = (lane, 0);
    for (index, gap) in order.into_iter().zip(&mut between) {
        let range = &writes[index];
        if range.is_empty() {
            continue;
        }
        let (below, above) = rest.split_at_mut(range.start - start);
        let (out, above) = above.split_at_mut(range.len());
        *gap = (start, below);
        written[index] = out;
        (rest, start) = (above, range.end);
    }
    let last = (start, &*rest);
    let reads = reads.map(|read| {
        if read.is_empty() {
            return &[][..];
        }
        let holds =
            |(start, gap): &(usize, &[f32])| (*start..start + gap.len()).contains(&read.start);
        let (start, gap) = between.iter().copied().find(holds).unwrap_or(last);
        &gap[read.start - start..read.end - start]
    });
    (written, reads)
}

#[cfg(test)]
mod tests {
    use super::carve;

    #[test]
    fn what_is_written_lies_apart_from_what_is_read() {
        let mut lane: Vec<f32> = (0..20).map(|i| i as f32).collect();
        let (writes, reads) = carve(&mut lane, [12..14, 0..0, 3..5], [0..3, 5..12, 14..20, 0..3]);
        assert_eq!(
            writes.map(|w| w.to_vec()),
            [vec![12.0, 13.0], vec![], vec![3.0, 4.0]]
        );
        assert_eq!(reads[0], [0.0, 1.0, 2.0]);
        assert_eq!(reads[1], [5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        assert_eq!((reads[2].len(), reads[2][0]), (6, 14.0));
        assert_eq!(reads[0], reads[3]);
    }
}
