//! Sums of slices, value by value.
//!
//! Small as they are, a deep narrow network spends a sixth of its time here unless they are
//! compiled for the machine's vectors.

use crate::simd::{Kernel, vectorized};

/// `out = a + b`.
pub(crate) fn sum(out: &mut [f32], a: &[f32], b: &[f32]) {
    vectorized(Sum { out, a, b });
}

/// `out += values`.
pub(crate) fn add(out: &mut [f32], values: &[f32]) {
    vectorized(Add { out, values });
}

/// Adds each row of `rows`, which are as long as `out`, in order.
pub(crate) fn add_rows(out: &mut [f32], rows: &[f32]) {
    if !out.is_empty() {
        vectorized(AddRows { out, rows });
    }
}

struct Sum<'a> {
    out: &'a mut [f32],
    a: &'a [f32],
    b: &'a [f32],
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((out, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *out = a + b;
        }
    }
}

struct Add<'a> {
    out: &'a mut [f32],
    values: &'a [f32],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (out, &value) in self.out.iter_mut().zip(self.values) {
            *out += value;
        }
    }
}

/// Columns whose sums are held in registers while the rows go by.
const COLUMNS: usize = 64;

struct AddRows<'a> {
    out: &'a mut [f32],
    rows: &'a [f32],
}

impl Kernel for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { out, rows } = self;
        let (mut column, all) = (0, out.len());
        column = stretches::<COLUMNS>(out, rows, column, all);
        column = stretches::<16>(out, rows, column, all);
        for (column, out) in out.iter_mut().enumerate().skip(column) {
            for row in rows.chunks_exact(all) {
                *out += row[column];
            }
        }
    }
}

/// The sums of as many stretches of `N` columns from `column` on as there are; where they end.
#[inline(always)]
fn stretches<const N: usize>(
    out: &mut [f32],
    rows: &[f32],
    mut column: usize,
    all: usize,
) -> usize {
    while column + N <= all {
        let mut sums = [0.0; N];
        sums.copy_from_slice(&out[column..column + N]);
        for row in rows.chunks_exact(all) {
            let row = &row[column..column + N];
            for lane in 0..N {
                sums[lane] += row[lane];
            }
        }
        out[column..column + N].copy_from_slice(&sums);
        column += N;
    }
    column
}

#[cfg(test)]
mod tests {
    use super::{add, add_rows, sum};
    use crate::testing::narrow;

    fn wave(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| (i * 7919 % 2003) as f32 / 1001.0 - 1.0)
            .collect()
    }

    #[test]
    fn columns_are_summed_row_after_row_at_every_width() {
        for columns in [1, 3, 15, 16, 17, 50, 64, 81, 128, 200] {
            for rows in [0, 1, 2, 33] {
                let (start, values) = (wave(columns), wave(rows * columns));
                let mut expected = start.clone();
                for row in values.chunks_exact(columns) {
                    for (out, value) in expected.iter_mut().zip(row) {
                        *out += value;
                    }
                }
                let (mut wide, mut scalar) = (start.clone(), start);
                add_rows(&mut wide, &values);
                narrow(|| add_rows(&mut scalar, &values));
                assert_eq!(wide, expected, "{rows} rows of {columns}");
                assert_eq!(scalar, expected, "{rows} rows of {columns}");
            }
        }
    }

    #[test]
    fn sums_are_value_by_value() {
        let (a, b) = (wave(37), wave(40)[3..].to_vec());
        let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let mut out = vec![f32::NAN; 37];
        sum(&mut out, &a, &b);
        assert_eq!(out, expected);
        out.copy_from_slice(&a);
        add(&mut out, &b);
        assert_eq!(out, expected);
    }
}
