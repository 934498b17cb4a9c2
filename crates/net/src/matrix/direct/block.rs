//! A block of the destination in registers: its rows of the left factor, inner index after inner index,
//! times a stretch of the right factor's row.

use pulp::Simd;

use super::Start;
use super::left::{Band, Left, STEP};
use super::right::Right;

/// `R` rows and `C` vectors of columns, which are whole or, with `IS_WHOLE` not set, what is left of one;
/// with `LAYS` set it leaves what it reads of the right factor in `together`.
#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "those of a panel, and its memory"
)]
pub(super) fn block<
    S: Simd,
    L: Left,
    const R: usize,
    const C: usize,
    const IS_WHOLE: bool,
    const LAYS: bool,
>(
    simd: S,
    out: &mut [f32],
    start: Start<'_>,
    left: L,
    row: usize,
    right: Right<'_>,
    column: usize,
    together: &mut [f32],
) {
    let width = if IS_WHOLE {
        C * S::F32_LANES
    } else {
        right.columns - column
    };
    let mut sums = begin::<S, R, C, IS_WHOLE>(simd, out, start, right.columns, column, width);
    let inner = right.inner;
    let left = left.band::<R>(row, inner);
    let stride = right.stride;
    let values = &right.values[column - right.first..];
    let (together, _) = S::as_mut_simd_f32s(together);
    let together: &mut [[S::f32s; C]] = together.as_chunks_mut().0;
    // Among 32 registers the compiler loads steps so far ahead that sums must leave theirs.
    let steps = if S::F32_LANES < 16 { inner / STEP } else { 0 };
    for step in 0..steps {
        let rows = &values[step * STEP * stride..][..(STEP - 1) * stride + width];
        for k in 0..STEP {
            let right = load::<S, C, IS_WHOLE>(simd, &rows[k * stride..][..width]);
            if LAYS {
                together[step * STEP + k] = right;
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                add_product(simd, sums, left.in_step(r, step, k), &right);
            }
        }
    }
    for index in steps * STEP..inner {
        let right = load::<S, C, IS_WHOLE>(simd, &values[index * stride..][..width]);
        if LAYS {
            together[index] = right;
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            add_product(simd, sums, left.at(r, index), &right);
        }
    }
    end::<S, R, C, IS_WHOLE>(simd, out, sums, right.columns, column, width);
}

/// [`block`] of whole vectors, where the right factor's rows have no other columns between them.
#[inline(always)]
pub(super) fn near_block<S: Simd, L: Left, const R: usize, const C: usize>(
    simd: S,
    out: &mut [f32],
    start: Start<'_>,
    left: L,
    row: usize,
    right: Right<'_>,
    column: usize,
) {
    let (width, inner, columns) = (C * S::F32_LANES, right.inner, right.columns);
    let mut sums = begin::<S, R, C, true>(simd, out, start, columns, column, width);
    let left = left.band::<R>(row, inner);
    let (vectors, _) = S::as_simd_f32s(&right.values[..inner * width]);
    let right: &[[S::f32s; C]] = &vectors.as_chunks().0[..inner];
    let steps: &[[[S::f32s; C]; STEP]] = &right.as_chunks().0[..inner / STEP];
    for (step, right) in steps.iter().enumerate() {
        for (k, right) in right.iter().enumerate() {
            for (r, sums) in sums.iter_mut().enumerate() {
                add_product(simd, sums, left.in_step(r, step, k), right);
            }
        }
    }
    for (index, right) in right.iter().enumerate().skip(inner / STEP * STEP) {
        for (r, sums) in sums.iter_mut().enumerate() {
            add_product(simd, sums, left.at(r, index), right);
        }
    }
    end::<S, R, C, true>(simd, out, sums, columns, column, width);
}

/// Adds `left · right` to one row's sums.
#[inline(always)]
fn add_product<S: Simd, const C: usize>(
    simd: S,
    sums: &mut [S::f32s; C],
    left: f32,
    right: &[S::f32s; C],
) {
    let left = simd.splat_f32s(left);
    for (sum, &right) in sums.iter_mut().zip(right) {
        *sum = simd.mul_add_f32s(left, right, *sum);
    }
}

/// What a block of `width` columns begins with.
#[inline(always)]
fn begin<S: Simd, const R: usize, const C: usize, const IS_WHOLE: bool>(
    simd: S,
    out: &[f32],
    start: Start<'_>,
    columns: usize,
    column: usize,
    width: usize,
) -> [[S::f32s; C]; R] {
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    match start {
        Start::Zero => {}
        Start::Destination => {
            for (r, sums) in sums.iter_mut().enumerate() {
                let out = &out[r * columns + column..][..width];
                *sums = load::<S, C, IS_WHOLE>(simd, out);
            }
        }
        Start::Row(row) => sums = [load::<S, C, IS_WHOLE>(simd, &row[column..][..width]); R],
    }
    sums
}

/// Puts a block of `width` columns down.
#[inline(always)]
fn end<S: Simd, const R: usize, const C: usize, const IS_WHOLE: bool>(
    simd: S,
    out: &mut [f32],
    sums: [[S::f32s; C]; R],
    columns: usize,
    column: usize,
    width: usize,
) {
    for (r, sums) in sums.iter().enumerate() {
        let out = &mut out[r * columns + column..][..width];
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
