//! Matrix products in f32, row-major.
//!
//! [`product`] is the one place that calls the `gemm` crate, on one thread: threads are given
//! whole products, cut by shape, so that the bits never depend on how many there are.
//! [`matrix_vector`] and [`vector_matrix`] are our own loops, which allocate nothing.
//!
//! Nothing here changes the floating-point mode of the processor: denormals and infinities are
//! as IEEE 754 says.

#![expect(unsafe_code, reason = "calls the gemm crate, which takes pointers")]

mod direct;
mod panels;
mod transpose;

use std::ops::Range;

pub(crate) use direct::{Start, is_small as is_direct};
pub(crate) use panels::{Panels, groups, lay, lay_transposed};
pub(crate) use transpose::transpose;

use crate::simd::{Kernel, vectorized};

/// How a factor of a product is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// As it is stored.
    Plain,
    /// Rows as columns.
    Transposed,
}

/// What a product does with what its destination held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accumulate {
    /// Writes over it.
    Overwrite,
    /// Adds to it.
    Add,
}

/// A borrowed row-major matrix.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Factor<'a> {
    /// `values` as `rows` × `columns`, row after row.
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
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// Some of its columns.
    pub(crate) fn columns(self, columns: Range<usize>) -> Self {
        assert!(
            columns.end <= self.columns && !columns.is_empty(),
            "the columns are there"
        );
        let first = columns.start * self.column_stride;
        // A factor of no rows has no values to leave out.
        let values = self.values.get(first..).unwrap_or_default();
        Self {
            values,
            columns: columns.len(),
            ..self
        }
    }

    /// The same values, rows as columns.
    pub(crate) fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

impl From<Accumulate> for Start<'_> {
    fn from(accumulate: Accumulate) -> Self {
        match accumulate {
            Accumulate::Overwrite => Self::Zero,
            Accumulate::Add => Self::Destination,
        }
    }
}

/// `out = start + a · b`.
///
/// # Shapes
///
/// `a`: m × k, `b`: k × n, `out`: m × n row-major.
pub(crate) fn product(out: &mut [f32], start: Start<'_>, a: Factor<'_>, b: Factor<'_>) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(b.rows, k, "the factors' inner sizes agree");
    check_destination(out, start, m, n);
    if out.is_empty() {
        return;
    }
    if direct::fits(&a, &b) {
        return direct::product(out, start, a, b);
    }
    let adds = match start {
        Start::Zero => false,
        Start::Destination => true,
        Start::Row(row) => {
            for out in out.chunks_exact_mut(n) {
                out.copy_from_slice(row);
            }
            true
        }
    };
    // SAFETY: `Factor::new` checked that a factor's values fill its shape, `columns` keeps only
    // whole columns of it and `transposed` only renames its axes, so element (i, j), at
    // i·row_stride + j·column_stride, lies inside the values for every i < rows, j < columns; the
    // destination holds m·n values and is borrowed uniquely, so it overlaps neither factor.
    in_product(|| unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            adds,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    });
}

/// Whether a right factor of these sizes is better read in panels, with [`product_in_panels`], on this
/// machine.
pub(crate) fn is_for_panels(rows: usize, columns: usize) -> bool {
    is_direct(rows, columns) && panels::pay()
}

/// `out = start + a · b` with `b` in panels.
///
/// # Shapes
///
/// As [`product`]; `a` lies row after row.
pub(crate) fn product_in_panels(out: &mut [f32], start: Start<'_>, a: Factor<'_>, b: Panels<'_>) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(b.rows, k, "the factors' inner sizes agree");
    assert_eq!(a.column_stride, 1, "the left factor lies row after row");
    check_destination(out, start, m, n);
    direct::product_in_panels(out, start, a, b);
}

fn check_destination(out: &[f32], start: Start<'_>, rows: usize, columns: usize) {
    assert_eq!(
        out.len(),
        rows * columns,
        "the destination holds the product"
    );
    if let Start::Row(row) = start {
        assert_eq!(row.len(), columns, "there is one value for each column");
    }
}

/// Runs the call of the `gemm` crate, which the test of allocations leaves out of its count.
fn in_product(work: impl FnOnce()) {
    #[cfg(test)]
    crate::testing::uncounted(work);
    #[cfg(not(test))]
    work();
}

/// Independent accumulators of a dot product.
const LANES: usize = 16;
/// Rows whose dot products run together, sharing the loads of the vector.
const ROWS: usize = 4;

/// `out = matrix · vector`, `out.len()` rows of `vector.len()` columns.
pub(crate) fn matrix_vector(matrix: &[f32], vector: &[f32], out: &mut [f32]) {
    assert_eq!(matrix.len(), vector.len() * out.len());
    vectorized(MatrixVector {
        matrix,
        vector,
        out,
    });
}

/// `out = matrixᵀ · vector`, `vector.len()` rows of `out.len()` columns.
pub(crate) fn vector_matrix(matrix: &[f32], vector: &[f32], out: &mut [f32]) {
    assert_eq!(matrix.len(), vector.len() * out.len());
    vectorized(VectorMatrix {
        matrix,
        vector,
        out,
    });
}

struct MatrixVector<'a> {
    matrix: &'a [f32],
    vector: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for MatrixVector<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let columns = self.vector.len();
        let mut blocks = self.matrix.chunks_exact(columns * ROWS);
        let mut outs = self.out.chunks_exact_mut(ROWS);
        for (block, out) in (&mut blocks).zip(&mut outs) {
            let rows: [&[f32]; ROWS] =
                std::array::from_fn(|row| &block[row * columns..(row + 1) * columns]);
            out.copy_from_slice(&dots(rows, self.vector));
        }
        let rest = blocks.remainder().chunks_exact(columns);
        for (row, out) in rest.zip(outs.into_remainder()) {
            *out = dots([row], self.vector)[0];
        }
    }
}

/// Dot products of several rows with one vector: lane `l` sums columns `l`, `l + 16`, …, and the
/// lanes are added by halves. The order is the same however many rows run together.
#[inline(always)]
fn dots<const N: usize>(rows: [&[f32]; N], vector: &[f32]) -> [f32; N] {
    let mut sums = [[0.0f32; LANES]; N];
    let whole = vector.len() / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        let x = &vector[start..start + LANES];
        for row in 0..N {
            let w = &rows[row][start..start + LANES];
            for lane in 0..LANES {
                sums[row][lane] += w[lane] * x[lane];
            }
        }
    }
    for row in 0..N {
        for (lane, column) in (whole..vector.len()).enumerate() {
            sums[row][lane] += rows[row][column] * vector[column];
        }
    }
    sums.map(|mut lanes| {
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                lanes[lane] += lanes[lane + half];
            }
            half /= 2;
        }
        lanes[0]
    })
}

struct VectorMatrix<'a> {
    matrix: &'a [f32],
    vector: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for VectorMatrix<'_> {
    type Output = ();

    /// Adds the rows, each times its entry of the vector, in order.
    #[inline(always)]
    fn run(self) {
        self.out.fill(0.0);
        for (row, &x) in self.matrix.chunks_exact(self.out.len()).zip(self.vector) {
            for (out, &w) in self.out.iter_mut().zip(row) {
                *out += w * x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Accumulate, Factor, direct, product};

    fn wave(count: usize, step: usize) -> Vec<f32> {
        let value = |i: usize| (i * step % 2003) as f32 / 1001.0 - 1.0;
        (0..count).map(value).collect()
    }

    /// The shapes that the gemm crate gets, in buffers that end where the matrix does.
    #[test]
    fn general_products_are_the_sums_of_their_terms() {
        let sizes = [1, 3, 17, 65, 130];
        for (m, n, k) in sizes.iter().flat_map(|&m| {
            let pairs = sizes.iter().flat_map(|&n| sizes.map(|k| (n, k)));
            pairs.map(move |(n, k)| (m, n, k))
        }) {
            let (a, b, held) = (wave(m * k, 7919), wave(k * n, 104_729), wave(m * n, 31));
            let lefts = [
                (Factor::new(&a, m, k), (k, 1)),
                (Factor::new(&a, k, m).transposed(), (1, m)),
            ];
            let rights = [
                (Factor::new(&b, k, n), (n, 1)),
                (Factor::new(&b, n, k).transposed(), (1, k)),
            ];
            for ((left, at), (right, bt)) in lefts.into_iter().flat_map(|l| rights.map(|r| (l, r)))
            {
                if direct::fits(&left, &right) {
                    continue;
                }
                for accumulate in [Accumulate::Overwrite, Accumulate::Add] {
                    let mut found = held.clone();
                    product(&mut found, accumulate.into(), left, right);
                    for (index, &found) in found.iter().enumerate() {
                        let (i, j) = (index / n, index % n);
                        let start = f64::from(held[index]) * f64::from(accumulate as u8);
                        let terms = (0..k).map(|p| {
                            f64::from(a[i * at.0 + p * at.1]) * f64::from(b[p * bt.0 + j * bt.1])
                        });
                        let size: f64 = terms.clone().map(f64::abs).sum();
                        let expected = start + terms.sum::<f64>();
                        // k + 1 roundings, each of a partial sum that is no larger than all sizes.
                        let bound = (k + 1) as f64 * f64::from(f32::EPSILON) * (size + start.abs());
                        let apart = (f64::from(found) - expected).abs();
                        assert!(apart <= bound, "{m}×{k}×{n} at {i}, {j}: {apart:e}");
                    }
                }
            }
        }
    }
}
