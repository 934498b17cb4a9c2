use rayon::prelude::*;

use super::matrix::Matrix;
use super::product::{Onto, Real, View, multiply};
use crate::Element;

/// How far a tensor's blocks are from orthogonal, measured on the values as they are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// max|QᵀQ − I| over all blocks, the products and sums in f64. Q is the block without its
    /// gain, rounded to the tensor's format; where a block has more columns than rows, QQᵀ.
    pub deviation: f64,
    /// Blocks that were measured.
    pub blocks: usize,
}

/// Vectors that one task multiplies with all others.
const TILE: usize = 128;

/// max|QᵀQ − I| of the short side's vectors, rounded to `T`.
pub(super) fn deviation<T: Element, R: Real>(
    matrix: &Matrix<R>,
    rows: usize,
    columns: usize,
) -> f64 {
    let (long, short) = (rows.max(columns), rows.min(columns));
    let at = |along: usize, vector: usize| {
        if rows >= columns {
            matrix.at(along, vector)
        } else {
            matrix.at(vector, along)
        }
    };
    let rounded: Vec<f64> = (0..short)
        .into_par_iter()
        .flat_map_iter(|vector| {
            (0..long).map(move |along| T::from_f64(at(along, vector).to_f64()).to_f64())
        })
        .collect();
    (0..short.div_ceil(TILE))
        .into_par_iter()
        .map(|tile| tile_deviation(&rounded, long, short, tile * TILE))
        .reduce(|| 0.0, worse)
}

/// The vectors `first..first + TILE` against themselves and all after them.
fn tile_deviation(vectors: &[f64], long: usize, short: usize, first: usize) -> f64 {
    let (count, others) = (TILE.min(short - first), short - first);
    let from = &vectors[first * long..];
    let mut gram = vec![0.0; count * others];
    let these = View::columns(from, long, count, long);
    let all = View::columns(from, long, others, long);
    multiply(Onto::Nothing, &mut gram, count, these.transposed(), all);
    for i in 0..count {
        gram[i * count + i] -= 1.0;
    }
    gram.iter().map(|x| x.abs()).fold(0.0, worse)
}

/// The larger, or NaN where either is: `f64::max` would drop it.
pub(super) fn worse(a: f64, b: f64) -> f64 {
    if b <= a || a.is_nan() { a } else { b }
}
