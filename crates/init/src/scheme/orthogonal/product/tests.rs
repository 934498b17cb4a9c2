use super::*;
use crate::{Distribution, Seed};

fn matrix<T: Real>(name: &str, length: usize) -> Vec<T> {
    let mut values = vec![T::default(); length];
    let normal = Distribution::normal(0.0, 1.0).expect("std 1");
    normal
        .fill(&Seed(5).stream(name), 0, &mut values)
        .expect("in range");
    values
}

/// Shapes about every limit: kernel widths, cuts, tiny results, vectors, outer products.
fn agrees<T: Real>() {
    let sizes = [1, 2, 3, 16, 17, 70];
    let inners = [1, 2, 3, 64, 256, 257, 600];
    for rows in sizes {
        for columns in sizes {
            for inner in inners {
                let (a, b) = (
                    matrix::<T>("a", rows * inner),
                    matrix::<T>("b", inner * columns),
                );
                let c = matrix::<T>("c", rows * columns);
                for onto in [Onto::Nothing, Onto::Subtract] {
                    let right = View::columns(&b, inner, columns, inner);
                    let upright = View::columns(&a, rows, inner, rows);
                    let lying = View::columns(&a, inner, rows, inner).transposed();
                    for left in [upright, lying] {
                        let mut found = c.clone();
                        multiply(onto, &mut found, rows, left, right);
                        let mut expected = c.clone();
                        by_plain_steps(onto, &mut expected, rows, left, right);
                        assert_eq!(found, expected, "{rows}, {columns}, {inner}, {onto:?}");
                    }
                }
            }
        }
    }
}

fn by_plain_steps<T: Real>(
    onto: Onto,
    result: &mut [T],
    stride: usize,
    left: View<'_, T>,
    right: View<'_, T>,
) {
    let inner = left.columns;
    let cut = inner.div_ceil(inner.div_ceil(LONGEST_CUT));
    for from in (0..inner).step_by(cut) {
        let to = inner.min(from + cut);
        let (left, right) = (left.inner_columns(from, to), right.inner_rows(from, to));
        plain(Step::of(onto, from), result, stride, left, right);
    }
}

#[test]
fn blocked_products_have_the_bits_of_the_plain_chain() {
    agrees::<f32>();
    agrees::<f64>();
}
