//! The gradient of a convolution by its weight, by windows.
//!
//! For a few tiles at a time, windows of the input and what the gradient is spread to are laid place by
//! place; then, for each place, a few outputs times a few inputs are held in registers while the tiles
//! go by, each sum as sixteen: one for each example of a block. Those are added by halves, so that no
//! order depends on the width of the machine's vectors.

use pulp::{Simd, WithSimd};

use super::kernel::gradient;
use super::tiles::{Tile, Tiles};
use super::{MADE, PLACES, TOGETHER, WINDOW, evenly, spread, window};
use crate::blocks::{BLOCK, Vector, vectors, vectors_mut};
use crate::operator::Direction;
use crate::operator::convolution::gather::{Sizes, load, load_all};
use crate::operator::convolution::weight_gradient::{self, by_halves};
use crate::simd::vectorized_with;

/// Outputs whose sums registers hold.
const ROWS: usize = 4;
/// Sums of a tile at most.
const SUMS: usize = ROWS * 6;

/// What a weight's gradient is summed of, by windows.
pub(in super::super) struct WeightGradient<'a> {
    pub(in super::super) by: weight_gradient::WeightGradient<'a>,
    pub(in super::super) tiles: &'a Tiles,
}

/// Vectors from one place of some channels' windows to the next: one more than there are, so that places
/// do not share the same few of the nearest cache's.
fn place_stride(channels: usize) -> usize {
    channels * TOGETHER + 1
}

impl WeightGradient<'_> {
    /// Values of scratch.
    pub(in super::super) fn scratch(sizes: Sizes) -> usize {
        let vectors = WINDOW * (place_stride(sizes.terms) + place_stride(sizes.targets));
        vectors * BLOCK + PLACES * sizes.terms * sizes.targets
    }

    pub(in super::super) fn run(self) {
        vectorized_with(self);
    }
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many inputs as registers hold sums of, four outputs of each.
        match S::F32_LANES {
            BLOCK => self.groups::<S, 6>(simd),
            _ => self.groups::<S, 3>(simd),
        }
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn groups<S: Simd, const C: usize>(self, simd: S) {
        let Self { by, tiles } = self;
        let groups = by.geometry.groups;
        let sizes = Sizes::of(by.geometry, Direction::Forward);
        let (windows, rest) =
            vectors_mut(by.scratch).split_at_mut(WINDOW * place_stride(sizes.terms));
        let (spreads, rest) = rest.split_at_mut(WINDOW * place_stride(sizes.targets));
        let pairs = sizes.terms * sizes.targets;
        let products = &mut rest.as_flattened_mut()[..PLACES * pairs];
        let (inputs, gradients) = (vectors(by.input), vectors(by.gradient));
        let (input_len, gradient_len) = (
            sizes.terms * sizes.source_plane,
            sizes.targets * sizes.target_plane,
        );
        let blocks = inputs.len() / (input_len * groups);
        for (group, sums) in by.sums.chunks_exact_mut(sizes.weights()).enumerate() {
            products.fill(0.0);
            for block in 0..blocks {
                let index = block * groups + group;
                let mut part = Part {
                    tiles,
                    sizes,
                    examples: if block + 1 == blocks { by.last } else { BLOCK },
                    input: &inputs[index * input_len..][..input_len],
                    gradient: &gradients[index * gradient_len..][..gradient_len],
                    windows,
                    spreads,
                    products,
                };
                part.run::<S, C>(simd);
            }
            for (pair, sums) in sums.as_chunks_mut().0.iter_mut().enumerate() {
                let product = |place: usize| products[place * pairs + pair];
                *sums = gradient(std::array::from_fn(|row| {
                    std::array::from_fn(|column| product(row * WINDOW + column))
                }));
            }
        }
    }
}

/// One group of one block.
struct Part<'a> {
    tiles: &'a Tiles,
    sizes: Sizes,
    examples: usize,
    input: &'a [Vector],
    gradient: &'a [Vector],
    /// A row's places of the windows of the tiles at hand: place by place, for each channel, each tile.
    windows: &'a mut [Vector],
    /// What the gradients are spread to there.
    spreads: &'a mut [Vector],
    /// For each place, each output with each input.
    products: &'a mut [f32],
}

impl Part<'_> {
    #[inline(always)]
    fn run<S: Simd, const C: usize>(&mut self, simd: S) {
        for tiles in evenly(self.tiles.count(), TOGETHER) {
            let count = tiles.len();
            let together = self.tiles.together(tiles);
            let tiles = &together[..count];
            // Row by row, so that what is laid stays near.
            self.row::<S, C, 0>(simd, tiles);
            self.row::<S, C, 1>(simd, tiles);
            self.row::<S, C, 2>(simd, tiles);
            self.row::<S, C, 3>(simd, tiles);
        }
    }

    /// What these tiles make at the places of row `R`.
    #[inline(always)]
    fn row<S: Simd, const C: usize, const R: usize>(&mut self, simd: S, tiles: &[Tile]) {
        let Sizes {
            terms,
            targets,
            source_plane,
            target_plane,
            ..
        } = self.sizes;
        for (channel, plane) in self.input.chunks_exact(source_plane).enumerate() {
            for (slot, tile) in tiles.iter().enumerate() {
                // The row of Bᵀ d.
                let [first, second] = [[0, 2], [1, 2], [2, 1], [3, 1]][R];
                let (first, second) = (tile.row(plane, first), tile.row(plane, second));
                let out = &mut self.windows[channel * TOGETHER + slot..];
                for part in 0..BLOCK / S::F32_LANES {
                    let mut row = load_all::<S, WINDOW>(simd, first, part);
                    let second = load_all::<S, WINDOW>(simd, second, part);
                    for column in 0..WINDOW {
                        row[column] = match R {
                            1 => simd.add_f32s(row[column], second[column]),
                            _ => simd.sub_f32s(row[column], second[column]),
                        };
                    }
                    put::<S>(window(simd, row), part, out, place_stride(terms));
                }
            }
        }
        for (channel, plane) in self.gradient.chunks_exact(target_plane).enumerate() {
            for (slot, tile) in tiles.iter().enumerate() {
                let [first, second] = tile.made(plane);
                let out = &mut self.spreads[channel * TOGETHER + slot..];
                for part in 0..BLOCK / S::F32_LANES {
                    // The row of A g.
                    let mut row = load_all::<S, MADE>(simd, first, part);
                    let second = load_all::<S, MADE>(simd, second, part);
                    for column in 0..MADE {
                        row[column] = match R {
                            0 => row[column],
                            1 => simd.add_f32s(row[column], second[column]),
                            2 => simd.sub_f32s(row[column], second[column]),
                            _ => second[column],
                        };
                    }
                    put::<S>(spread(simd, row), part, out, place_stride(targets));
                }
            }
        }
        let pairs = terms * targets;
        for column in 0..WINDOW {
            let product = Product {
                windows: &self.windows[column * place_stride(terms)..],
                spreads: &self.spreads[column * place_stride(targets)..],
                tiles: tiles.len(),
                examples: self.examples,
                terms,
            };
            let sums = &mut self.products[(R * WINDOW + column) * pairs..][..pairs];
            product.add::<S, C>(simd, targets, sums);
        }
    }
}

/// Writes a row's places, `stride` vectors apart.
#[inline(always)]
fn put<S: Simd>(row: [S::f32s; WINDOW], part: usize, out: &mut [Vector], stride: usize) {
    for column in 0..WINDOW {
        S::as_mut_simd_f32s(&mut out[column * stride]).0[part] = row[column];
    }
}

/// One place's product of outputs by inputs, over tiles and examples.
#[derive(Clone, Copy)]
struct Product<'a> {
    windows: &'a [Vector],
    spreads: &'a [Vector],
    tiles: usize,
    examples: usize,
    terms: usize,
}

impl Product<'_> {
    #[inline(always)]
    fn add<S: Simd, const C: usize>(self, simd: S, targets: usize, sums: &mut [f32]) {
        let products = &mut [[0.0; BLOCK]; SUMS];
        let mut target = 0;
        while target < targets {
            let rows = if targets - target >= ROWS { ROWS } else { 1 };
            let mut term = 0;
            while term < self.terms {
                // The fewest tiles, as even as can be.
                let left = self.terms - term;
                let columns = left.div_ceil(left.div_ceil(C));
                let at = (target, term);
                match (rows, columns) {
                    (ROWS, 6) if C == 6 => self.tile::<S, ROWS, 6>(simd, at, products, sums),
                    (ROWS, 5) if C == 6 => self.tile::<S, ROWS, 5>(simd, at, products, sums),
                    (ROWS, 4) if C == 6 => self.tile::<S, ROWS, 4>(simd, at, products, sums),
                    (ROWS, 3) => self.tile::<S, ROWS, 3>(simd, at, products, sums),
                    (ROWS, 2) => self.tile::<S, ROWS, 2>(simd, at, products, sums),
                    (ROWS, _) => self.tile::<S, ROWS, 1>(simd, at, products, sums),
                    _ => {
                        for term in term..term + columns {
                            self.tile::<S, 1, 1>(simd, (target, term), products, sums);
                        }
                    }
                }
                term += columns;
            }
            target += rows;
        }
    }

    /// `N` outputs by `C` inputs.
    #[inline(always)]
    fn tile<S: Simd, const N: usize, const C: usize>(
        self,
        simd: S,
        (target, term): (usize, usize),
        products: &mut [Vector; SUMS],
        sums: &mut [f32],
    ) {
        let tiles = self.tiles;
        let windows: [&[Vector]; C] =
            std::array::from_fn(|c| &self.windows[(term + c) * TOGETHER..][..tiles]);
        let spreads: [&[Vector]; N] =
            std::array::from_fn(|n| &self.spreads[(target + n) * TOGETHER..][..tiles]);
        for part in 0..BLOCK / S::F32_LANES {
            let mut made = [[simd.splat_f32s(0.0); C]; N];
            for tile in 0..tiles {
                let mut at_tile = [simd.splat_f32s(0.0); C];
                for c in 0..C {
                    at_tile[c] = load::<S>(&windows[c][tile], part);
                }
                for n in 0..N {
                    let spread = load::<S>(&spreads[n][tile], part);
                    for c in 0..C {
                        made[n][c] = simd.mul_add_f32s(spread, at_tile[c], made[n][c]);
                    }
                }
            }
            for n in 0..N {
                for c in 0..C {
                    S::as_mut_simd_f32s(&mut products[n * C + c]).0[part] = made[n][c];
                }
            }
        }
        if self.examples < BLOCK {
            for product in products.iter_mut() {
                product[self.examples..].fill(0.0);
            }
        }
        for n in 0..N {
            for c in 0..C {
                sums[(target + n) * self.terms + term + c] += by_halves(simd, &products[n * C + c]);
            }
        }
    }
}
