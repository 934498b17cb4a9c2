//! Matrices drawn uniformly from all those with orthonormal columns.
//!
//! The Q of a Gaussian matrix's QR factorisation, its R with a positive diagonal, has Haar's
//! distribution. But the factorisation need not be made: reduced by Householder reflectors, what
//! is left of a Gaussian matrix after each step is Gaussian again, independent of the reflectors
//! so far. So the reflectors can be drawn straight away, the k-th from a Gaussian vector of
//! length m − k, and Q be multiplied out of them: half the work, and of all of it matrix products.
//!
//! With xₖ Gaussian, vₖ = (xₖ + sign(x₁)·|xₖ|·e₁) scaled to |vₖ|² = 2, and dₖ = −sign(x₁),
//!
//! Q = (I − v₁v₁ᵀ)·…·(I − vₙvₙᵀ)·diag(d), and the first column of each factor is xₖ/|xₖ|.
//!
//! # Source
//! Stewart, *The efficient generation of random orthogonal matrices with an application to
//! condition estimators*, SIAM J. Numer. Anal. 17, 1980. The signs: Mezzadri, *How to generate
//! random matrices from the classical compact groups*, Notices AMS 54, 2007. Reflectors in blocks,
//! I − V·T·Vᵀ: Schreiber and Van Loan, 1989; their T from VᵀV: Puglisi, 1992.

use rayon::prelude::*;

use super::product::{Onto, Real, View, multiply};
use crate::{Distribution, Stream};

/// Reflectors applied at a time.
const BLOCK: usize = 64;
/// Columns that one task makes: a multiple of `BLOCK`.
pub(super) const PANEL: usize = 256;

/// A matrix of `rows` ≥ `columns` with orthonormal columns, in panels of [`PANEL`] columns, each
/// column after column; the last panel may have fewer. `start` is the first of the
/// `rows`·`columns` numbers of the stream that it is drawn from.
///
/// Work is cut by columns, always alike: the bits do not depend on the threads.
pub(super) fn draw<T: Real>(
    rows: usize,
    columns: usize,
    stream: &Stream,
    start: u64,
) -> Vec<Vec<T>> {
    let blocks: Vec<Reflectors<T>> = (0..columns.div_ceil(BLOCK))
        .into_par_iter()
        .with_max_len(1)
        .map(|block| {
            let first = block * BLOCK;
            Reflectors::draw(rows, first, BLOCK.min(columns - first), stream, start)
        })
        .collect();
    // From the right: the last panels take the most work, and should not be left for the end.
    let mut panels: Vec<Vec<T>> = (0..columns.div_ceil(PANEL))
        .into_par_iter()
        .rev()
        .with_max_len(1)
        .map(|panel| multiplied_out(&blocks, rows, panel * PANEL, columns))
        .collect();
    panels.reverse();
    panels
}

/// `BLOCK` reflectors in a row, as I − V·T·Vᵀ, and their signs.
struct Reflectors<T> {
    /// The first of them, and the first row that V reaches.
    first: usize,
    count: usize,
    /// V from row `first` on, column after column.
    vectors: Vec<T>,
    /// T, `count`×`count`, column after column.
    factor: Vec<T>,
    signs: Vec<T>,
}

impl<T: Real> Reflectors<T> {
    fn draw(rows: usize, first: usize, count: usize, stream: &Stream, start: u64) -> Self {
        let height = rows - first;
        let mut vectors = vec![T::default(); height * count];
        let mut signs = Vec::with_capacity(count);
        for (k, column) in vectors.chunks_exact_mut(height).enumerate() {
            let reflector = &mut column[k..];
            let from = start + ((first + k) * rows + first + k) as u64;
            draw_standard(stream, from, reflector);
            signs.push(make_reflector(reflector));
        }
        let factor = triangular_factor(&vectors, height, count);
        Self {
            first,
            count,
            vectors,
            factor,
            signs,
        }
    }

    /// C ← (I − V·T·Vᵀ)·C for the columns of C, stored `stride` apart from row `first` on.
    fn apply(&self, target: &mut [T], columns: usize, stride: usize, scratch: &mut [T]) {
        let Self {
            count,
            ref vectors,
            ref factor,
            ..
        } = *self;
        let height = vectors.len() / count;
        let v = View::columns(vectors, height, count, height);
        let (inner, turned) = scratch.split_at_mut(scratch.len() / 2);
        let c = View::columns(target, height, columns, stride);
        multiply(Onto::Nothing, inner, count, v.transposed(), c);
        let (t, w) = (
            View::columns(factor, count, count, count),
            View::columns(inner, count, columns, count),
        );
        multiply(Onto::Nothing, turned, count, t, w);
        multiply(
            Onto::Subtract,
            target,
            stride,
            v,
            View::columns(turned, count, columns, count),
        );
    }
}

fn draw_standard<T: Real>(stream: &Stream, start: u64, out: &mut [T]) {
    // Mean 0 and std 1 suit every format, and tensors end below 2⁶³ elements.
    let drawn = Distribution::normal(0.0, 1.0).and_then(|normal| normal.fill(stream, start, out));
    debug_assert!(drawn.is_ok(), "the standard normal can always be drawn");
}

/// Turns a Gaussian vector into its reflector, |v|² = 2, and gives the column's sign.
fn make_reflector<T: Real>(vector: &mut [T]) -> T {
    // Summed in order, in f64, so that the length's own error is of no account.
    let norm = vector
        .iter()
        .fold(0.0, |sum, x| x.to_f64().mul_add(x.to_f64(), sum))
        .sqrt();
    let head = vector[0].to_f64();
    let sign = if head < 0.0 { -1.0 } else { 1.0 };
    if norm == 0.0 {
        // Not in the life of the universe; any direction is as good as another: v = √2·e₁.
        vector[0] = T::from_f64(std::f64::consts::SQRT_2);
        return T::MINUS_ONE;
    }
    // |x + sign·|x|·e₁|² = 2·|x|·(|x| + |x₁|)
    let scale = 1.0 / (norm * (norm + head.abs())).sqrt();
    vector[0] = T::from_f64(head + sign * norm);
    for x in vector.iter_mut() {
        *x = T::from_f64(x.to_f64() * scale);
    }
    T::from_f64(-sign)
}

/// T with T⁻¹ = half the diagonal and the strict upper part of VᵀV.
///
/// In f64, whatever the vectors' format: with this T for the vectors as they were rounded,
/// I − V·T·Vᵀ is orthogonal to f64 precision.
fn triangular_factor<T: Real>(vectors: &[T], height: usize, count: usize) -> Vec<T> {
    let vectors: Vec<f64> = vectors.iter().map(|x| x.to_f64()).collect();
    let v = View::columns(&vectors, height, count, height);
    let mut gram = vec![0.0; count * count];
    multiply(Onto::Nothing, &mut gram, count, v.transposed(), v);
    let half = |i: usize| 0.5 * gram[i * count + i];
    let mut factor = vec![0.0; count * count];
    for column in 0..count {
        let solved = &mut factor[column * count..][..count];
        solved[column] = 1.0 / half(column);
        // Back substitution: half(i)·T(i, column) = −∑ over i < k ≤ column of gram(i, k)·T(k, column).
        for row in (0..column).rev() {
            let products = (row + 1..=column).map(|k| (gram[k * count + row], solved[k]));
            let sum = products.fold(0.0, |sum: f64, (g, t): (f64, f64)| g.mul_add(t, sum));
            solved[row] = -sum / half(row);
        }
    }
    factor.into_iter().map(T::from_f64).collect()
}

/// The columns `from..from + PANEL` (no more than `columns`) of the reflectors' product.
fn multiplied_out<T: Real>(
    blocks: &[Reflectors<T>],
    rows: usize,
    from: usize,
    columns: usize,
) -> Vec<T> {
    let count = PANEL.min(columns - from);
    let mut panel = vec![T::default(); rows * count];
    let mut scratch = vec![T::default(); 2 * BLOCK * PANEL];
    for column in 0..count {
        panel[column * rows + from + column] = T::ONE;
    }
    // The reflector that is furthest right acts first. One that begins below a column's unit leaves
    // it as it is.
    for block in blocks
        .iter()
        .rev()
        .filter(|block| block.first < from + count)
    {
        let skipped = block.first.saturating_sub(from);
        let target = &mut panel[skipped * rows + block.first..];
        block.apply(target, count - skipped, rows, &mut scratch);
    }
    for (column, values) in panel.chunks_exact_mut(rows).enumerate() {
        let index = from + column;
        if blocks[index / BLOCK].signs[index % BLOCK] != T::ONE {
            values
                .iter_mut()
                .for_each(|value| *value = value.fused(T::MINUS_ONE, T::default()));
        }
    }
    panel
}
