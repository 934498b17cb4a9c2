//! Rows as columns, in tiles.

use pulp::{Simd, WithSimd};

use crate::simd::{Instructions, vectorized_with};

/// Rows and columns of a tile: a cache line of f32.
const TILE: usize = 16;
/// Rows and columns that are turned within quarters of vectors.
const QUARTER: usize = 4;

/// Rows `first..` of the transpose of `matrix`, which has `columns` columns; as many as `out`
/// holds.
pub(crate) fn transpose(matrix: &[f32], columns: usize, first: usize, out: &mut [f32]) {
    vectorized_with(Transpose {
        matrix,
        columns,
        first,
        out,
    });
}

struct Transpose<'a> {
    matrix: &'a [f32],
    columns: usize,
    first: usize,
    out: &'a mut [f32],
}

impl WithSimd for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            matrix,
            columns,
            first,
            out,
        } = self;
        let by = Tiles(Instructions::of::<S>());
        let rows = matrix.len() / columns;
        let whole = rows / TILE * TILE;
        // Tiles in the order in which they are read: a weight comes from farther away than it goes to.
        for top in (0..whole).step_by(TILE) {
            let from = &matrix[top * columns..][..TILE * columns];
            for (tile, band) in out.chunks_exact_mut(TILE * rows).enumerate() {
                by.turn(from, columns, first + tile * TILE, band, rows, top);
            }
        }
        for (tile, band) in out.chunks_mut(TILE * rows).enumerate() {
            let left = first + tile * TILE;
            let width = band.len() / rows;
            let turned = if width == TILE { whole } else { 0 };
            for (row, values) in matrix.chunks_exact(columns).enumerate().skip(turned) {
                for (column, value) in values[left..left + width].iter().enumerate() {
                    band[column * rows + row] = *value;
                }
            }
        }
    }
}

/// How a tile is turned: with the shuffles of AVX-512 or AVX2, or value by value. (Of a tile in plain
/// loops compilers make a load and a store for each value.)
#[derive(Clone, Copy)]
struct Tiles(Instructions);

impl Tiles {
    /// One whole tile: from column `left` of rows of `columns` values to row `top` of columns of `rows`.
    #[inline(always)]
    fn turn(
        self,
        from: &[f32],
        columns: usize,
        left: usize,
        to: &mut [f32],
        rows: usize,
        top: usize,
    ) {
        // Not by `from_fn`, as nothing that takes a closure is sure to be compiled for these vectors.
        let mut tile = [&[0.0; TILE]; TILE];
        for (values, row) in tile.iter_mut().zip(from.chunks_exact(columns)) {
            *values = row[left..].first_chunk().expect("a tile is within the row");
        }
        let quarters = to.chunks_exact_mut(QUARTER * rows);
        for (quarter, to) in quarters.enumerate() {
            let turned = match self.0 {
                #[cfg(target_arch = "x86_64")]
                Instructions::V4(v4) => v4::columns(v4, tile, QUARTER * quarter),
                #[cfg(target_arch = "x86_64")]
                Instructions::V3(v3) => v3::columns(v3, tile, QUARTER * quarter),
                Instructions::Any => by_value(tile, QUARTER * quarter),
            };
            for (values, to) in turned.iter().zip(to.chunks_exact_mut(rows)) {
                to[top..top + TILE].copy_from_slice(values);
            }
        }
    }
}

/// Four columns of a tile, from column `left` on.
#[inline(always)]
fn by_value(rows: [&[f32; TILE]; TILE], left: usize) -> [[f32; TILE]; QUARTER] {
    let mut columns = [[0.0; TILE]; QUARTER];
    for (column, values) in columns.iter_mut().enumerate() {
        for (value, row) in values.iter_mut().zip(rows) {
            *value = row[left + column];
        }
    }
    columns
}

/// Four values of a row, from column `left` on.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn quarter(row: &[f32; TILE], left: usize) -> core::arch::x86_64::__m128 {
    pulp::cast(row.as_chunks::<QUARTER>().0[left / QUARTER])
}

/// [`by_value`] with a column in a vector.
#[cfg(target_arch = "x86_64")]
mod v4 {
    use core::arch::x86_64::__m512;

    use pulp::cast;
    use pulp::x86::V4;

    use super::{QUARTER, TILE, quarter};

    #[inline(always)]
    pub(super) fn columns(
        simd: V4,
        rows: [&[f32; TILE]; TILE],
        left: usize,
    ) -> [[f32; TILE]; QUARTER] {
        let avx = simd.avx512f;
        // Rows 0, 4, 8 and 12 in the quarters of the first, and so on.
        let mut apart: [__m512; QUARTER] = [cast([0.0f32; TILE]); QUARTER];
        for (row, apart) in apart.iter_mut().enumerate() {
            let first = avx._mm512_castps128_ps512(quarter(rows[row], left));
            let two = avx._mm512_insertf32x4::<1>(first, quarter(rows[row + 4], left));
            let three = avx._mm512_insertf32x4::<2>(two, quarter(rows[row + 8], left));
            *apart = avx._mm512_insertf32x4::<3>(three, quarter(rows[row + 12], left));
        }
        let [a, b, c, d] = apart;
        let (ab, ab_after) = (avx._mm512_unpacklo_ps(a, b), avx._mm512_unpackhi_ps(a, b));
        let (cd, cd_after) = (avx._mm512_unpacklo_ps(c, d), avx._mm512_unpackhi_ps(c, d));
        [
            cast(avx._mm512_shuffle_ps::<0x44>(ab, cd)),
            cast(avx._mm512_shuffle_ps::<0xEE>(ab, cd)),
            cast(avx._mm512_shuffle_ps::<0x44>(ab_after, cd_after)),
            cast(avx._mm512_shuffle_ps::<0xEE>(ab_after, cd_after)),
        ]
    }
}

/// [`by_value`] with a column in two vectors.
#[cfg(target_arch = "x86_64")]
mod v3 {
    use core::arch::x86_64::__m256;

    use pulp::cast;
    use pulp::x86::V3;

    use super::{QUARTER, TILE, quarter};

    #[inline(always)]
    pub(super) fn columns(
        simd: V3,
        rows: [&[f32; TILE]; TILE],
        left: usize,
    ) -> [[f32; TILE]; QUARTER] {
        let mut columns = [[[0.0f32; TILE / 2]; 2]; QUARTER];
        for half in 0..2 {
            let turned = half_columns(simd, rows, TILE / 2 * half, left);
            for (column, turned) in columns.iter_mut().zip(turned) {
                column[half] = cast(turned);
            }
        }
        cast(columns)
    }

    /// Eight rows of four columns.
    #[inline(always)]
    fn half_columns(
        simd: V3,
        rows: [&[f32; TILE]; TILE],
        top: usize,
        left: usize,
    ) -> [__m256; QUARTER] {
        let avx = simd.avx;
        let mut apart: [__m256; QUARTER] = [cast([0.0f32; TILE / 2]); QUARTER];
        for (row, apart) in apart.iter_mut().enumerate() {
            let (first, second) = (rows[top + row], rows[top + row + 4]);
            *apart = avx._mm256_set_m128(quarter(second, left), quarter(first, left));
        }
        let [a, b, c, d] = apart;
        let (ab, ab_after) = (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b));
        let (cd, cd_after) = (avx._mm256_unpacklo_ps(c, d), avx._mm256_unpackhi_ps(c, d));
        [
            avx._mm256_shuffle_ps::<0x44>(ab, cd),
            avx._mm256_shuffle_ps::<0xEE>(ab, cd),
            avx._mm256_shuffle_ps::<0x44>(ab_after, cd_after),
            avx._mm256_shuffle_ps::<0xEE>(ab_after, cd_after),
        ]
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::{Transpose, transpose};
    use crate::testing::narrow;

    #[test]
    fn rows_become_columns() {
        for (rows, columns) in [
            (1, 1),
            (16, 16),
            (48, 32),
            (17, 31),
            (40, 70),
            (5, 16),
            (16, 5),
        ] {
            let matrix: Vec<f32> = (0..rows * columns).map(|value| value as f32).collect();
            for first in [0, columns / 3] {
                let wide = (columns - first) * rows;
                let expected: Vec<f32> = (0..wide)
                    .map(|at| matrix[at % rows * columns + first + at / rows])
                    .collect();
                let mut turned = vec![f32::NAN; wide];
                transpose(&matrix, columns, first, &mut turned);
                assert_eq!(turned, expected, "{rows}×{columns} from {first}");
                turned.fill(f32::NAN);
                narrow(|| transpose(&matrix, columns, first, &mut turned));
                assert_eq!(turned, expected, "{rows}×{columns} from {first}, by value");
                #[cfg(target_arch = "x86_64")]
                if let Some(v3) = pulp::x86::V3::try_new() {
                    turned.fill(f32::NAN);
                    Transpose {
                        matrix: &matrix,
                        columns,
                        first,
                        out: &mut turned,
                    }
                    .with_simd(v3);
                    assert_eq!(turned, expected, "{rows}×{columns} from {first}, AVX2");
                }
            }
        }
    }
}
