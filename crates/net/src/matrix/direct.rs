//! Products whose factors are read where they lie.
//!
//! A general product packs its factors into panels first, which a layer on a lane of 32 to 128
//! examples has not enough arithmetic to pay for: at a width of 16 it takes longer than the product,
//! at 256 a sixth of it. Here a block of the destination is held in registers, and for each inner
//! index the block's rows of the left factor are multiplied with a stretch of the right factor's
//! row.
//!
//! Each value is one chain of fused multiply-adds over the inner index, in order, so its bits
//! depend neither on the width of the vectors nor on how the destination is cut.

mod block;
mod left;
mod right;

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::Factor;
use super::panels::{self, Cut, Panels};
use crate::simd::vectorized_with;
use block::{block, near_block};
use left::{Bands, Columns, Left, Rows, band_rows};
use right::{Lie, Right};

/// Sizes below which this is as fast as the general product or faster, on 64 to 128 rows. Above,
/// a column of the right factor takes a page of memory for each value, and packing pays.
const COLUMNS: usize = 1024;
const INNER: usize = 1024;
/// Columns up to which a panel has two vectors at most: with less code to get through before it, a
/// product of 16 × 16 on 32 rows takes a twentieth less.
const FEW_COLUMNS: usize = 32;
/// Columns from which on a panel's rows lie so far apart that few of them share the nearest cache,
/// whose places repeat every four KiB: it pays to lay a panel together first, where registers hold
/// so small a block of the destination that the panel is read over and over.
const FAR_COLUMNS: usize = 128;
/// Rows of a block where registers hold so small a one.
const FEW_ROWS: usize = 6;
/// Inner indices up to which a left factor that lies column after column is laid in bands, where panels
/// are laid together: each of its columns takes a place in the nearest cache for a few values of
/// each band.
const FEW_INNER: usize = 256;
/// Values of a left factor that are laid in bands at a time: 32 KiB, which the second cache passes on
/// in order.
const BANDS: usize = 8 << 10;
/// Values of a panel that is laid together: 24 KiB, which the nearest cache keeps.
const PANEL: usize = 6 << 10;

/// Whether a product is one for this module: by its shape alone.
pub(super) fn fits(a: &Factor<'_>, b: &Factor<'_>) -> bool {
    let whole = b.column_stride == 1 && (a.column_stride == 1 || a.row_stride == 1);
    whole && is_small(b.rows, b.columns)
}

/// Whether a right factor of these sizes is one for this module.
pub(crate) fn is_small(rows: usize, columns: usize) -> bool {
    columns < COLUMNS && rows < INNER
}

/// What a product is added to.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Nothing.
    Zero,
    /// What the destination held.
    Destination,
    /// The same row on every row.
    Row(&'a [f32]),
}

/// `out = start + a · b` for factors that [`fits`] accepts.
pub(super) fn product(out: &mut [f32], start: Start<'_>, a: Factor<'_>, b: Factor<'_>) {
    let b = Right {
        values: b.values,
        lie: Lie::Rows,
        stride: b.row_stride,
        first: 0,
        inner: b.rows,
        columns: b.columns,
    };
    if a.column_stride == 1 {
        let left = Rows {
            values: a.values,
            stride: a.row_stride,
        };
        run(out, start, left, a.rows, b);
    } else {
        let left = Columns {
            values: a.values,
            stride: a.column_stride,
        };
        if b.columns >= FAR_COLUMNS && (1..=FEW_INNER).contains(&b.inner) {
            vectorized_with(FarColumns(Direct {
                out,
                start,
                left,
                rows: a.rows,
                right: b,
            }));
        } else {
            run(out, start, left, a.rows, b);
        }
    }
}

/// `out = start + a · b` for a left factor that lies row after row, and a right one in panels.
pub(super) fn product_in_panels(out: &mut [f32], start: Start<'_>, a: Factor<'_>, b: Panels<'_>) {
    let left = Rows {
        values: a.values,
        stride: a.row_stride,
    };
    let b = Right {
        values: b.values,
        lie: Lie::Panels(Cut::of_this_machine()),
        stride: b.columns,
        first: 0,
        inner: b.rows,
        columns: b.columns,
    };
    run(out, start, left, a.rows, b);
}

fn run<L: Left>(out: &mut [f32], start: Start<'_>, left: L, rows: usize, right: Right<'_>) {
    if right.columns <= FEW_COLUMNS {
        vectorized_with(Direct::<L, 2> {
            out,
            start,
            left,
            rows,
            right,
        });
    } else {
        vectorized_with(Direct::<L, 3> {
            out,
            start,
            left,
            rows,
            right,
        });
    }
}

/// A product whose left factor lies column after column, and whose right one is wide.
struct FarColumns<'a>(Direct<'a, Columns<'a>, 3>);

impl WithSimd for FarColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 16 {
            return self.0.with_simd(simd);
        }
        let Direct {
            out,
            start,
            left,
            rows,
            right,
        } = self.0;
        let mut memory = [0.0; BANDS];
        let most = BANDS / right.inner / FEW_ROWS * FEW_ROWS;
        for first in (0..rows).step_by(most) {
            let rows = most.min(rows - first);
            Direct::<Bands<'_>, 2> {
                out: &mut out[first * right.columns..][..rows * right.columns],
                start,
                left: left.in_bands::<FEW_ROWS>(first, rows, right.inner, &mut memory),
                rows,
                right,
            }
            .with_simd(simd);
        }
    }
}

/// With panels of up to `C` vectors of columns.
struct Direct<'a, L, const C: usize> {
    out: &'a mut [f32],
    start: Start<'a>,
    left: L,
    rows: usize,
    right: Right<'a>,
}

impl<L: Left, const C: usize> WithSimd for Direct<'_, L, C> {
    type Output = ();

    /// Blocks of as many accumulators as the instruction set has registers for, beside three vectors
    /// of the right factor and one of the left: 24 of 32, and 12 of 16. Fewer would not hide the
    /// latency of a fused multiply-add.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 16 {
            self.panels::<S, 8, C>(simd);
        } else {
            self.panels::<S, FEW_ROWS, 2>(simd);
        }
    }
}

impl<L: Left, const MOST: usize> Direct<'_, L, MOST> {
    /// The destination in panels of `C` vectors of columns, with `R` rows at a time: a panel of the
    /// right factor stays in the nearest caches while all rows pass.
    #[inline(always)]
    fn panels<S: Simd, const R: usize, const C: usize>(self, simd: S) {
        let Self {
            out,
            start,
            left,
            rows,
            right,
        } = self;
        let is_far = S::F32_LANES < 16
            && matches!(right.lie, Lie::Rows)
            && right.columns >= FAR_COLUMNS
            && rows >= 4 * R;
        let mut memory;
        let mut together: Option<&mut [f32]> = None;
        if is_far {
            memory = [0.0; PANEL];
            together = Some(&mut memory);
        }
        let (mut part, mut end) = right.part(0);
        let mut column = 0;
        while column < right.columns {
            if column == end {
                (part, end) = right.part(column);
            }
            let vectors = panels::vectors(end - column, S::F32_LANES, C);
            match (vectors, &mut together) {
                (_, Some(together)) if vectors == C => {
                    far_panel::<S, L, R, C>(simd, out, start, left, rows, part, column, together);
                }
                // The last columns do not fill a vector.
                (0, _) => {
                    let rows = 0..rows;
                    return panel::<S, L, R, 0, false>(simd, out, start, left, rows, part, column);
                }
                _ if vectors == C && part.stride == C * S::F32_LANES => {
                    panel::<S, L, R, C, true>(simd, out, start, left, 0..rows, part, column);
                }
                (1, _) => panel::<S, L, R, 1, false>(simd, out, start, left, 0..rows, part, column),
                (2, _) => panel::<S, L, R, 2, false>(simd, out, start, left, 0..rows, part, column),
                _ => panel::<S, L, R, C, false>(simd, out, start, left, 0..rows, part, column),
            }
            column += vectors * S::F32_LANES;
        }
    }
}

/// `C` vectors of columns whose rows lie far apart: the first band of rows lays them together as it
/// reads them, as many as `together` holds. What a value has come to is put down in between, which
/// rounds nothing.
#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "those of a panel, and its memory"
)]
fn far_panel<S: Simd, L: Left, const R: usize, const C: usize>(
    simd: S,
    out: &mut [f32],
    mut start: Start<'_>,
    left: L,
    rows: usize,
    right: Right<'_>,
    column: usize,
    together: &mut [f32],
) {
    let width = C * S::F32_LANES;
    let most = together.len() / width;
    for index in (0..right.inner).step_by(most) {
        let inner = most.min(right.inner - index);
        let together = &mut together[..inner * width];
        let left = left.after(index);
        let far = Right {
            values: &right.values[index * right.stride..],
            inner,
            ..right
        };
        let band = &mut out[..R * right.columns];
        block::<S, L, R, C, true, true>(simd, band, start, left, 0, far, column, together);
        let near = Right {
            values: together,
            stride: width,
            first: column,
            ..far
        };
        panel::<S, L, R, C, true>(simd, out, start, left, R..rows, near, column);
        start = Start::Destination;
    }
}

/// `C` vectors of columns, or, with none, the columns after the last whole vector; with `IS_NEAR` set
/// the right factor's rows have no other columns between them.
#[inline(always)]
fn panel<S: Simd, L: Left, const R: usize, const C: usize, const IS_NEAR: bool>(
    simd: S,
    out: &mut [f32],
    start: Start<'_>,
    left: L,
    rows: Range<usize>,
    right: Right<'_>,
    column: usize,
) {
    let Range {
        start: mut row,
        end,
    } = rows;
    while row < end {
        let rows = band_rows::<R>(end - row);
        match rows {
            _ if rows == R => {
                band::<S, L, R, C, IS_NEAR>(simd, out, start, left, row, right, column)
            }
            4 => band::<S, L, 4, C, IS_NEAR>(simd, out, start, left, row, right, column),
            2 => band::<S, L, 2, C, IS_NEAR>(simd, out, start, left, row, right, column),
            _ => band::<S, L, 1, C, IS_NEAR>(simd, out, start, left, row, right, column),
        }
        row += rows;
    }
}

/// Some rows of a panel.
#[inline(always)]
fn band<S: Simd, L: Left, const R: usize, const C: usize, const IS_NEAR: bool>(
    simd: S,
    out: &mut [f32],
    start: Start<'_>,
    left: L,
    row: usize,
    right: Right<'_>,
    column: usize,
) {
    let out = &mut out[row * right.columns..][..R * right.columns];
    if IS_NEAR {
        near_block::<S, L, R, C>(simd, out, start, left, row, right, column);
    } else if C == 0 {
        block::<S, L, R, 1, false, false>(simd, out, start, left, row, right, column, &mut []);
    } else if C == 3 && R < 4 {
        // The compiler does not keep three vectors of so few rows in registers.
        block::<S, L, R, 2, true, false>(simd, out, start, left, row, right, column, &mut []);
        let last = column + 2 * S::F32_LANES;
        block::<S, L, R, 1, true, false>(simd, out, start, left, row, right, last, &mut []);
    } else {
        block::<S, L, R, C, true, false>(simd, out, start, left, row, right, column, &mut []);
    }
}

#[cfg(test)]
mod tests {
    use super::{Factor, Start, fits, product};
    use crate::testing::narrow;

    fn wave(count: usize, step: usize) -> Vec<f32> {
        let value = |i: usize| (i * step % 2003) as f32 / 1001.0 - 1.0;
        (0..count).map(value).collect()
    }

    /// The definition: one chain of fused multiply-adds for each value.
    fn chain(start: f32, terms: impl Iterator<Item = (f32, f32)>) -> f32 {
        terms.fold(start, |sum, (a, b)| a.mul_add(b, sum))
    }

    #[test]
    fn every_value_is_one_chain_of_fused_multiply_adds() {
        let sizes = [1, 2, 3, 4, 5, 8, 11, 15, 16, 17, 31, 32, 33, 48, 50, 64];
        // The last are laid together, one of them in two parts, and of another the left factor.
        let far = [(24, 128, 3), (25, 150, 16), (31, 144, 400), (70, 130, 130)];
        let near = sizes.iter().flat_map(|&m| {
            let pairs = sizes.iter().flat_map(|&n| [1, 7, 16, 128].map(|k| (n, k)));
            pairs.map(move |(n, k)| (m, n, k))
        });
        for (m, n, k) in near.chain(far) {
            let (a, b, held) = (wave(m * k, 7919), wave(k * n, 104_729), wave(m * n, 31));
            let right = Factor::new(&b, k, n);
            let plain = Factor::new(&a, m, k);
            let turned = Factor::new(&a, k, m).transposed();
            assert!(fits(&plain, &right) && fits(&turned, &right));
            for start in [Start::Zero, Start::Destination, Start::Row(&held[..n])] {
                for (left, at) in [(plain, (k, 1)), (turned, (1, m))] {
                    let mut wide = held.clone();
                    product(&mut wide, start, left, right);
                    let mut scalar = held.clone();
                    narrow(|| product(&mut scalar, start, left, right));
                    for (index, (wide, scalar)) in wide.iter().zip(&scalar).enumerate() {
                        let (i, j) = (index / n, index % n);
                        let from = match start {
                            Start::Zero => 0.0,
                            Start::Destination => held[index],
                            Start::Row(row) => row[j],
                        };
                        let terms = (0..k).map(|p| (a[i * at.0 + p * at.1], b[p * n + j]));
                        let expected = chain(from, terms).to_bits();
                        assert_eq!(wide.to_bits(), expected, "{m}×{k}×{n} at {i}, {j}");
                        assert_eq!(scalar.to_bits(), expected, "{m}×{k}×{n} at {i}, {j}");
                    }
                }
            }
        }
    }
}
