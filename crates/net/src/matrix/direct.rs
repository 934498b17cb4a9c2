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

use pulp::{Simd, WithSimd};

use super::Factor;
use crate::simd::vectorized_with;

/// Sizes below which this is as fast as the general product or faster, on 64 to 128 rows. Above,
/// a column of the right factor takes a page of memory for each value, and packing pays.
const COLUMNS: usize = 1024;
const INNER: usize = 1024;
/// Columns up to which a panel has two vectors at most: with less code to get through before it, a
/// product of 16 × 16 on 32 rows takes a twentieth less.
const FEW_COLUMNS: usize = 32;

/// Whether a product is one for this module: by its shape alone.
pub(super) fn fits(a: &Factor<'_>, b: &Factor<'_>) -> bool {
    let small = b.columns < COLUMNS && b.rows < INNER;
    small && b.column_stride == 1 && (a.column_stride == 1 || a.row_stride == 1)
}

/// What a product is added to.
#[derive(Clone, Copy)]
pub(super) enum Start<'a> {
    /// Nothing.
    Zero,
    /// What the destination held.
    Destination,
    /// The same row on every row.
    Row(&'a [f32]),
}

/// `out = start + a · b` for factors that [`fits`] accepts.
pub(super) fn product(out: &mut [f32], start: Start<'_>, a: Factor<'_>, b: Factor<'_>) {
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
        run(out, start, left, a.rows, b);
    }
}

fn run<L: Left>(out: &mut [f32], start: Start<'_>, left: L, rows: usize, b: Factor<'_>) {
    let right = Right {
        values: b.values,
        stride: b.row_stride,
        inner: b.rows,
        columns: b.columns,
    };
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

/// The left factor.
trait Left: Copy {
    type Band<const R: usize>: Band<R>;

    /// Rows `first..first + R`, of `inner` values each.
    fn band<const R: usize>(self, first: usize, inner: usize) -> Self::Band<R>;
}

/// Some neighbouring rows of the left factor.
trait Band<const R: usize>: Copy {
    /// What row `row` holds at an inner index.
    fn at(self, row: usize, index: usize) -> f32;
}

/// Stored row after row.
#[derive(Clone, Copy)]
struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Left for Rows<'a> {
    type Band<const R: usize> = [&'a [f32]; R];

    #[inline(always)]
    fn band<const R: usize>(self, first: usize, inner: usize) -> [&'a [f32]; R] {
        // Not by `from_fn`: the compiler would lose sight of all having one length, and check
        // every read.
        let mut rows = [&self.values[..0]; R];
        for (row, values) in rows.iter_mut().enumerate() {
            *values = &self.values[(first + row) * self.stride..][..inner];
        }
        rows
    }
}

impl<const R: usize> Band<R> for [&[f32]; R] {
    #[inline(always)]
    fn at(self, row: usize, index: usize) -> f32 {
        self[row][index]
    }
}

/// Stored column after column.
#[derive(Clone, Copy)]
struct Columns<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Left for Columns<'a> {
    type Band<const R: usize> = Self;

    #[inline(always)]
    fn band<const R: usize>(self, first: usize, _inner: usize) -> Self {
        Self {
            values: &self.values[first..],
            ..self
        }
    }
}

impl<const R: usize> Band<R> for Columns<'_> {
    #[inline(always)]
    fn at(self, row: usize, index: usize) -> f32 {
        self.values[index * self.stride..][..R][row]
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

/// The right factor, row after row.
#[derive(Clone, Copy)]
struct Right<'a> {
    values: &'a [f32],
    stride: usize,
    inner: usize,
    columns: usize,
}

impl<L: Left, const C: usize> WithSimd for Direct<'_, L, C> {
    type Output = ();

    /// Blocks of as many accumulators as the instruction set has registers for, beside three vectors
    /// of the right factor and one of the left: 24 of 32, and 12 of 16. Fewer would not hide the
    /// latency of a fused multiply-add.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 16 {
            self.panels::<S, 8>(simd);
        } else {
            self.panels::<S, 4>(simd);
        }
    }
}

impl<L: Left, const C: usize> Direct<'_, L, C> {
    /// The destination in panels of `C` vectors of columns, with `R` rows at a time: a panel of the
    /// right factor stays in the nearest caches while all rows pass.
    #[inline(always)]
    fn panels<S: Simd, const R: usize>(self, simd: S) {
        let Self {
            out,
            start,
            left,
            rows,
            right,
        } = self;
        let mut column = 0;
        while column < right.columns {
            let vectors = (right.columns - column) / S::F32_LANES;
            // Four are two and two.
            let taken = if vectors == 4 { 2 } else { vectors.min(C) };
            match taken {
                0 => return panel::<S, L, R, 0>(simd, out, start, left, rows, right, column),
                1 => panel::<S, L, R, 1>(simd, out, start, left, rows, right, column),
                2 => panel::<S, L, R, 2>(simd, out, start, left, rows, right, column),
                _ => panel::<S, L, R, C>(simd, out, start, left, rows, right, column),
            }
            column += taken * S::F32_LANES;
        }
    }
}

/// `C` vectors of columns, or, with none, the columns after the last whole vector.
#[inline(always)]
fn panel<S: Simd, L: Left, const R: usize, const C: usize>(
    simd: S,
    out: &mut [f32],
    start: Start<'_>,
    left: L,
    rows: usize,
    right: Right<'_>,
    column: usize,
) {
    let mut row = 0;
    while row + R <= rows {
        band::<S, L, R, C>(simd, out, start, left, row, right, column);
        row += R;
    }
    while row + 4 <= rows {
        band::<S, L, 4, C>(simd, out, start, left, row, right, column);
        row += 4;
    }
    while row + 2 <= rows {
        band::<S, L, 2, C>(simd, out, start, left, row, right, column);
        row += 2;
    }
    if row < rows {
        band::<S, L, 1, C>(simd, out, start, left, row, right, column);
    }
}

/// Some rows of a panel.
#[inline(always)]
fn band<S: Simd, L: Left, const R: usize, const C: usize>(
    simd: S,
    out: &mut [f32],
    start: Start<'_>,
    left: L,
    row: usize,
    right: Right<'_>,
    column: usize,
) {
    let out = &mut out[row * right.columns..][..R * right.columns];
    if C == 0 {
        block::<S, L, R, 1, false>(simd, out, start, left, row, right, column);
    } else if C == 3 && R < 4 {
        // The compiler does not keep three vectors of so few rows in registers.
        block::<S, L, R, 2, true>(simd, out, start, left, row, right, column);
        let last = column + 2 * S::F32_LANES;
        block::<S, L, R, 1, true>(simd, out, start, left, row, right, last);
    } else {
        block::<S, L, R, C, true>(simd, out, start, left, row, right, column);
    }
}

/// `R` rows and `C` vectors of columns, which are whole or, with `IS_WHOLE` not set, what is left of one.
#[inline(always)]
fn block<S: Simd, L: Left, const R: usize, const C: usize, const IS_WHOLE: bool>(
    simd: S,
    out: &mut [f32],
    start: Start<'_>,
    left: L,
    row: usize,
    right: Right<'_>,
    column: usize,
) {
    let width = if IS_WHOLE {
        C * S::F32_LANES
    } else {
        right.columns - column
    };
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    match start {
        Start::Zero => {}
        Start::Destination => {
            for (r, sums) in sums.iter_mut().enumerate() {
                let out = &out[r * right.columns + column..][..width];
                *sums = load::<S, C, IS_WHOLE>(simd, out);
            }
        }
        Start::Row(row) => sums = [load::<S, C, IS_WHOLE>(simd, &row[column..][..width]); R],
    }
    let inner = right.inner;
    let left = left.band::<R>(row, inner);
    for index in 0..inner {
        let right = &right.values[index * right.stride + column..][..width];
        let right = load::<S, C, IS_WHOLE>(simd, right);
        for (r, sums) in sums.iter_mut().enumerate() {
            let left = simd.splat_f32s(left.at(r, index));
            for (sum, &right) in sums.iter_mut().zip(&right) {
                *sum = simd.mul_add_f32s(left, right, *sum);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let out = &mut out[r * right.columns + column..][..width];
        if IS_WHOLE {
            let (out, _) = S::as_mut_simd_f32s(out);
            out[..C].copy_from_slice(sums);
        } else {
            simd.partial_store_f32s(out, sums[0]);
        }
    }
}

/// `values` as `C` whole vectors, or as one that they do not fill.
#[inline(always)]
fn load<S: Simd, const C: usize, const IS_WHOLE: bool>(simd: S, values: &[f32]) -> [S::f32s; C] {
    if IS_WHOLE {
        let (vectors, _) = S::as_simd_f32s(values);
        std::array::from_fn(|c| vectors[c])
    } else {
        [simd.partial_load_f32s(values); C]
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
        for (m, n, k) in sizes.iter().flat_map(|&m| {
            let pairs = sizes.iter().flat_map(|&n| [1, 7, 16, 128].map(|k| (n, k)));
            pairs.map(move |(n, k)| (m, n, k))
        }) {
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
