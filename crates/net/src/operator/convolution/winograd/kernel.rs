//! Transformed kernels, as the gathering reads them.

use super::{PLACES, WINDOW};
use crate::operator::Direction;
use crate::operator::convolution::gather::{Sizes, tile_rows};

/// Taps of a kernel, and of each axis of it.
const TAPS: usize = 9;
const SIDE: usize = 3;

/// Channels of the target in a tile, at most.
pub(super) const ROWS: usize = 6;

/// Values of the transformed weight of all groups.
pub(in super::super) fn laid(sizes: Sizes, groups: usize) -> usize {
    groups * sizes.terms * sizes.targets * PLACES
}

/// Writes a weight's kernels transformed, `G w Gᵀ`: for each group, for each tile of the target's
/// channels, for each place of a window, for each channel of the source, the tile's channels.
pub(in super::super) fn lay(sizes: Sizes, direction: Direction, weight: &[f32], out: &mut [f32]) {
    let Sizes { terms, targets, .. } = sizes;
    let groups = weight.chunks_exact(sizes.weights());
    for (weight, out) in groups.zip(out.chunks_exact_mut(laid(sizes, 1))) {
        let kernels = weight.as_chunks::<TAPS>().0;
        let (mut first, mut rest) = (0, out);
        while first < targets {
            let rows = tile_rows::<ROWS>(targets - first);
            let (tile, after) = rest.split_at_mut(rows * terms * PLACES);
            for row in 0..rows {
                for term in 0..terms {
                    let transformed = match direction {
                        Direction::Forward => transform(&kernels[(first + row) * terms + term]),
                        Direction::Backward => {
                            let mut kernel = kernels[term * targets + first + row];
                            kernel.reverse();
                            transform(&kernel)
                        }
                    };
                    for (place, value) in transformed.as_flattened().iter().enumerate() {
                        tile[(place * terms + term) * rows + row] = *value;
                    }
                }
            }
            (first, rest) = (first + rows, after);
        }
    }
}

/// `G w Gᵀ`.
fn transform(kernel: &[f32; TAPS]) -> [[f32; WINDOW]; WINDOW] {
    let kernel = kernel.as_chunks::<SIDE>().0;
    let columns: [_; SIDE] = std::array::from_fn(|at| spread([0, 1, 2].map(|row| kernel[row][at])));
    std::array::from_fn(|row| spread(columns.map(|column| column[row])))
}

/// `G` times a column.
fn spread([first, middle, last]: [f32; SIDE]) -> [f32; WINDOW] {
    let (outer, middle) = (0.5 * (first + last), 0.5 * middle);
    [first, outer + middle, outer - middle, last]
}

/// `Gᵀ m G`: a kernel's gradient.
pub(super) fn gradient(sums: [[f32; WINDOW]; WINDOW]) -> [f32; TAPS] {
    let rows = sums.map(collect);
    let columns: [_; SIDE] = std::array::from_fn(|at| collect(rows.map(|row| row[at])));
    std::array::from_fn(|tap| columns[tap % SIDE][tap / SIDE])
}

/// `Gᵀ` times a column.
fn collect([first, sum, difference, last]: [f32; WINDOW]) -> [f32; SIDE] {
    let (outer, middle) = (0.5 * (sum + difference), 0.5 * (sum - difference));
    [first + outer, middle, outer + last]
}
