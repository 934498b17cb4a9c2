//! Right factors in panels: some columns, row after row, then the next.
//!
//! A product goes through its right factor a panel of columns at a time. Where the factor lies row
//! after row, the rows of a panel lie as far apart as a row is long, which no prefetcher follows
//! from one page of memory to the next, and they share few places of the nearest cache: a weight
//! that comes from farther away than the second cache costs up to half of the product's time. In
//! panels it is read in order.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::transpose;

/// A borrowed matrix in panels.
#[derive(Clone, Copy)]
pub(crate) struct Panels<'a> {
    pub(super) values: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl<'a> Panels<'a> {
    /// `values` as `rows` × `columns`, laid by [`lay`] or [`lay_transposed`].
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(
            values.len(),
            rows * columns,
            "a factor's values fill its shape"
        );
        Self {
            values,
            rows,
            columns,
        }
    }
}

/// Vectors of `lanes` values that a product takes at a time where `columns` are left: `most`, and
/// none where they do not fill one. Four are two and two.
#[inline(always)]
pub(super) fn vectors(columns: usize, lanes: usize, most: usize) -> usize {
    let vectors = columns / lanes;
    if vectors == 4 { 2 } else { vectors.min(most) }
}

/// How this machine cuts columns into panels: as a product takes them.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// Values of a vector.
    lanes: usize,
    /// How many vectors of the right factor there are registers for.
    most: usize,
}

impl Cut {
    /// Not that of a test's narrow vectors, which read the panels of the machine's.
    pub(super) fn of_this_machine() -> Self {
        Arch::new().dispatch(Widest)
    }

    /// Columns of the panel where `columns` are left.
    #[inline(always)]
    pub(super) fn width(self, columns: usize) -> usize {
        match vectors(columns, self.lanes, self.most) {
            0 => columns,
            vectors => vectors * self.lanes,
        }
    }
}

struct Widest;

impl WithSimd for Widest {
    type Output = Cut;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Cut {
        Cut {
            lanes: S::F32_LANES,
            most: if S::F32_LANES == 16 { 3 } else { 2 },
        }
    }
}

/// Whether panels pay on this machine: measured with vectors of eight values, which leave registers
/// for so small a block of the destination that the right factor is read over and over.
pub(super) fn pay() -> bool {
    Cut::of_this_machine().lanes < 16
}

/// The columns of whole panels, of a matrix of `columns` columns, that come to `least` columns or
/// more, but for the last.
pub(crate) fn groups(columns: usize, least: usize) -> impl Iterator<Item = Range<usize>> {
    let cut = Cut::of_this_machine();
    let mut first = 0;
    std::iter::from_fn(move || {
        let mut end = first;
        while end < columns && end - first < least {
            end += cut.width(columns - end);
        }
        let group = first..end;
        first = end;
        (!group.is_empty()).then_some(group)
    })
}

/// Lays some columns of `matrix`, which has `columns` of them, in panels: from column `first` on, as
/// many as `out` holds, which are whole panels.
pub(crate) fn lay(matrix: &[f32], columns: usize, first: usize, out: &mut [f32]) {
    let rows = matrix.len() / columns;
    let end = first + out.len() / rows;
    let cut = Cut::of_this_machine();
    // Row after row, so that the matrix is read in order.
    for (index, row) in matrix.chunks_exact(columns).enumerate() {
        let mut column = first;
        while column < end {
            let width = cut.width(columns - column);
            let panel = (column - first) * rows + index * width;
            out[panel..panel + width].copy_from_slice(&row[column..column + width]);
            column += width;
        }
    }
}

/// [`lay`] for the transpose of `matrix`: from its row `first` on.
pub(crate) fn lay_transposed(matrix: &[f32], columns: usize, first: usize, out: &mut [f32]) {
    let rows = matrix.len() / columns;
    let cut = Cut::of_this_machine();
    let (mut row, mut out) = (first, out);
    while !out.is_empty() {
        let width = cut.width(rows - row);
        let (panel, rest) = out.split_at_mut(width * columns);
        // A panel is the transpose of as many rows.
        transpose(
            &matrix[row * columns..][..width * columns],
            columns,
            0,
            panel,
        );
        (row, out) = (row + width, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::{Panels, groups, lay, lay_transposed};
    use crate::matrix::{Factor, Start, product, product_in_panels};
    use crate::testing::narrow;

    fn wave(count: usize, step: usize) -> Vec<f32> {
        let value = |i: usize| (i * step % 2003) as f32 / 1001.0 - 1.0;
        (0..count).map(value).collect()
    }

    fn laid(rows: usize, columns: usize, lay: impl Fn(usize, &mut [f32])) -> Vec<f32> {
        let mut laid = vec![f32::NAN; rows * columns];
        for group in groups(columns, 40) {
            lay(group.start, &mut laid[group.start * rows..group.end * rows]);
        }
        laid
    }

    #[test]
    fn a_product_with_panels_is_the_product() {
        let sizes = [1, 3, 16, 17, 33, 64, 101, 176];
        for (m, n, k) in [1, 5, 13, 32].iter().flat_map(|&m| {
            let pairs = sizes.iter().flat_map(|&n| sizes.map(|k| (n, k)));
            pairs.map(move |(n, k)| (m, n, k))
        }) {
            let (a, b, held) = (wave(m * k, 7919), wave(k * n, 104_729), wave(m * n, 31));
            let mut turned = vec![0.0; n * k];
            for (i, b) in b.iter().enumerate() {
                turned[i % n * k + i / n] = *b;
            }
            let panels = laid(k, n, |first, out| lay(&b, n, first, out));
            let of_turned = laid(k, n, |first, out| lay_transposed(&turned, k, first, out));
            assert_eq!(panels, of_turned, "{k}×{n}");
            let (a, b) = (Factor::new(&a, m, k), Factor::new(&b, k, n));
            let panels = Panels::new(&panels, k, n);
            for start in [Start::Zero, Start::Destination, Start::Row(&held[..n])] {
                let mut expected = held.clone();
                product(&mut expected, start, a, b);
                let mut wide = held.clone();
                product_in_panels(&mut wide, start, a, panels);
                let mut scalar = held.clone();
                narrow(|| product_in_panels(&mut scalar, start, a, panels));
                let bits = |values: &[f32]| -> Vec<u32> {
                    values.iter().map(|value| value.to_bits()).collect()
                };
                assert_eq!(bits(&wide), bits(&expected), "{m}×{k}×{n}");
                assert_eq!(bits(&scalar), bits(&expected), "{m}×{k}×{n}");
            }
        }
    }

    #[test]
    fn groups_are_all_columns_in_order() {
        for columns in [1, 7, 16, 40, 50, 128, 200, 257] {
            let mut next = 0;
            for group in groups(columns, 32) {
                assert_eq!(group.start, next);
                assert!(group.len() >= 32 || group.end == columns);
                next = group.end;
            }
            assert_eq!(next, columns);
        }
    }
}
