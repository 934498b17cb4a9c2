//! Matrix products with the same bits on every machine.
//!
//! `gemm`'s kernels differ in width from machine to machine, but each gives every element of a
//! product the same chain of operations: from 0, one fused multiply-add for each step along the
//! inner dimension, in order, and one addition to what was there; as long as that dimension is
//! not cut in pieces to suit the caches, which never happens up to 512 steps. So it is cut here,
//! always alike. Shapes that `gemm` treats by other means (vectors, outer products, tiny results)
//! and machines without fused multiply-add take [`plain`], which is that chain spelled out.

#![expect(unsafe_code, reason = "calls the gemm crate, which takes pointers")]

use crate::Element;

/// Most steps along the inner dimension in one product: `gemm` cuts at no less than 512.
const LONGEST_CUT: usize = 256;
/// Results of up to this many elements may take `gemm`'s kernels for tiny ones.
const TINY: usize = 256;

/// The formats that matrices are computed in.
pub(super) trait Real: Element {
    const ONE: Self;
    const MINUS_ONE: Self;

    fn fused(self, times: Self, plus: Self) -> Self;
}

macro_rules! real {
    ($type:ty) => {
        impl Real for $type {
            const ONE: Self = 1.0;
            const MINUS_ONE: Self = -1.0;

            fn fused(self, times: Self, plus: Self) -> Self {
                self.mul_add(times, plus)
            }
        }
    };
}

real!(f32);
real!(f64);

/// What a product does with what its result held before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Onto {
    /// C = A·B
    Nothing,
    /// C − A·B
    Subtract,
}

/// A matrix within a slice: element (i, j) is `values[i·row_stride + j·column_stride]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T: Real> View<'a, T> {
    /// A matrix stored column after column, `stride` apart.
    ///
    /// # Panics
    /// If the last element lies outside `values`: every later access is checked by this.
    pub(super) fn columns(values: &'a [T], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(
            within(values.len(), rows, columns, stride),
            "a view reaches past its slice"
        );
        Self {
            values,
            rows,
            columns,
            row_stride: 1,
            column_stride: stride,
        }
    }

    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    fn at(&self, row: usize, column: usize) -> T {
        self.values[row * self.row_stride + column * self.column_stride]
    }

    /// The part of the columns `from..to`.
    fn inner_columns(self, from: usize, to: usize) -> Self {
        let values = &self.values[from * self.column_stride..];
        Self {
            values,
            columns: to - from,
            ..self
        }
    }

    /// The part of the rows `from..to`.
    fn inner_rows(self, from: usize, to: usize) -> Self {
        let values = &self.values[from * self.row_stride..];
        Self {
            values,
            rows: to - from,
            ..self
        }
    }
}

fn within(length: usize, rows: usize, columns: usize, stride: usize) -> bool {
    rows == 0 || columns == 0 || ((columns - 1) * stride + rows <= length && stride >= rows)
}

/// C ← A·B, or C ← C − A·B, with C stored column after column, `stride` apart.
///
/// # Panics
/// If the shapes do not match.
pub(super) fn multiply<T: Real>(
    onto: Onto,
    result: &mut [T],
    stride: usize,
    left: View<'_, T>,
    right: View<'_, T>,
) {
    assert_eq!(left.columns, right.rows, "inner dimensions differ");
    assert!(
        within(result.len(), left.rows, right.columns, stride),
        "the result does not fit"
    );
    let inner = left.columns;
    let cuts = inner.div_ceil(LONGEST_CUT).max(1);
    // Even pieces: none so short that it would be an outer product.
    let cut = inner.div_ceil(cuts).max(1);
    for from in (0..inner).step_by(cut) {
        let to = inner.min(from + cut);
        let (left, right) = (left.inner_columns(from, to), right.inner_rows(from, to));
        let step = Step::of(onto, from);
        if blocked_suits(&left, &right) {
            blocked(step, result, stride, left, right);
        } else {
            plain(step, result, stride, left, right);
        }
    }
}

/// How one cut of the inner dimension enters the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Set,
    Add,
    Subtract,
}

impl Step {
    fn of(onto: Onto, from: usize) -> Self {
        match onto {
            Onto::Subtract => Self::Subtract,
            Onto::Nothing if from == 0 => Self::Set,
            Onto::Nothing => Self::Add,
        }
    }
}

/// Whether `gemm` works through this product by the chain that [`plain`] spells out.
fn blocked_suits<T: Real>(left: &View<'_, T>, right: &View<'_, T>) -> bool {
    let (rows, columns) = (left.rows, right.columns);
    has_fused() && rows > 1 && columns > 1 && left.columns > 2 && rows * columns > TINY
}

/// Whether `gemm` has kernels with fused multiply-add here.
fn has_fused() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        std::arch::is_x86_feature_detected!("fma")
    }
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    {
        cfg!(target_arch = "aarch64")
    }
}

fn plain<T: Real>(
    step: Step,
    result: &mut [T],
    stride: usize,
    left: View<'_, T>,
    right: View<'_, T>,
) {
    for column in 0..right.columns {
        for row in 0..left.rows {
            let mut sum = T::default();
            for k in 0..left.columns {
                sum = left.at(row, k).fused(right.at(k, column), sum);
            }
            let value = &mut result[row + column * stride];
            *value = match step {
                Step::Set => sum,
                Step::Add => sum.fused(T::ONE, *value),
                Step::Subtract => sum.fused(T::MINUS_ONE, *value),
            };
        }
    }
}

fn blocked<T: Real>(
    step: Step,
    result: &mut [T],
    stride: usize,
    left: View<'_, T>,
    right: View<'_, T>,
) {
    let (read, factor) = match step {
        Step::Set => (false, T::ONE),
        Step::Add => (true, T::ONE),
        Step::Subtract => (true, T::MINUS_ONE),
    };
    // SAFETY: `View`'s constructor and `multiply` checked that every element that these shapes and
    // strides reach lies within the slices; `inner_rows` and `inner_columns` only narrow them. The
    // result is borrowed mutably, so that it overlaps neither factor.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            result.as_mut_ptr(),
            stride as isize,
            1,
            read,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            T::ONE,
            factor,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests;
