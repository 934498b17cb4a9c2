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
use crate::operator::convolution::halves::{Halves, place};
use crate::operator::convolution::weight_gradient;
use crate::simd::vectorized_with;

/// Outputs whose sums registers hold.
const ROWS: usize = 4;
/// Inputs at most, with the machine's widest vectors and with others.
const WIDE: usize = 4;
const NARROW: usize = 3;
/// Sums of a tile at most.
const SUMS: usize = ROWS * WIDE;

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
        (vectors + PLACES * Pairs::count(sizes.targets, sizes.terms, NARROW)) * BLOCK
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
            BLOCK => self.groups::<S, WIDE>(simd),
            _ => self.groups::<S, NARROW>(simd),
        }
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn groups<S: Simd, const C: usize>(self, simd: S) {
        let Self { by, tiles } = self;
        let groups = by.geometry.groups;
        let halves = Halves::with::<S>();
        let sizes = Sizes::of(by.geometry, Direction::Forward);
        let (windows, rest) =
            vectors_mut(by.scratch).split_at_mut(WINDOW * place_stride(sizes.terms));
        let (spreads, rest) = rest.split_at_mut(WINDOW * place_stride(sizes.targets));
        let count = Pairs::count(sizes.targets, sizes.terms, C);
        let products = &mut rest[..PLACES * count];
        let (inputs, gradients) = (vectors(by.input), vectors(by.gradient));
        let (input_len, gradient_len) = (
            sizes.terms * sizes.source_plane,
            sizes.targets * sizes.target_plane,
        );
        let blocks = inputs.len() / (input_len * groups);
        for (group, sums) in by.sums.chunks_exact_mut(sizes.weights()).enumerate() {
            products.fill([0.0; BLOCK]);
            for block in 0..blocks {
                let index = block * groups + group;
                let mut part = Part {
                    tiles,
                    sizes,
                    halves,
                    examples: if block + 1 == blocks { by.last } else { BLOCK },
                    input: &inputs[index * input_len..][..input_len],
                    gradient: &gradients[index * gradient_len..][..gradient_len],
                    windows,
                    spreads,
                    products,
                };
                part.run::<S, C>(simd);
            }
            let kernels = sums.as_chunks_mut().0;
            for (index, pairs) in Pairs::all::<C>(sizes.targets, sizes.terms).enumerate() {
                for pair in 0..pairs.rows * pairs.columns {
                    let (row, column) = (pair / pairs.columns, pair % pairs.columns);
                    let mut windows = [[0.0; WINDOW]; WINDOW];
                    for (at, window) in windows.as_flattened_mut().iter_mut().enumerate() {
                        *window = products[at * count + index][place(pair)];
                    }
                    kernels[(pairs.target + row) * sizes.terms + pairs.term + column] =
                        gradient(windows);
                }
            }
        }
    }
}

/// One group of one block.
struct Part<'a> {
    tiles: &'a Tiles,
    sizes: Sizes,
    halves: Halves,
    examples: usize,
    input: &'a [Vector],
    gradient: &'a [Vector],
    /// A row's places of the windows of the tiles at hand: place by place, for each channel, each tile.
    windows: &'a mut [Vector],
    /// What the gradients are spread to there.
    spreads: &'a mut [Vector],
    /// For each place, the sums of each of [`Pairs`].
    products: &'a mut [Vector],
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
        let count = self.products.len() / PLACES;
        for column in 0..WINDOW {
            let product = Product {
                windows: self.windows[column * place_stride(terms)..].as_chunks().0,
                spreads: self.spreads[column * place_stride(targets)..].as_chunks().0,
                halves: self.halves,
                tiles: tiles.len(),
                examples: self.examples,
                terms,
            };
            let sums = &mut self.products[(R * WINDOW + column) * count..][..count];
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
    /// For each channel, the tiles.
    windows: &'a [[Vector; TOGETHER]],
    spreads: &'a [[Vector; TOGETHER]],
    halves: Halves,
    tiles: usize,
    examples: usize,
    terms: usize,
}

impl Product<'_> {
    #[inline(always)]
    fn add<S: Simd, const C: usize>(self, simd: S, targets: usize, sums: &mut [Vector]) {
        // Those beyond a tile's are zero.
        let products = &mut [[0.0; BLOCK]; SUMS];
        for (pairs, sums) in Pairs::all::<C>(targets, self.terms).zip(sums) {
            match (pairs.rows, pairs.columns) {
                (ROWS, 4) if C == 4 => self.tile::<S, ROWS, 4>(simd, pairs, products, sums),
                (ROWS, 3) => self.tile::<S, ROWS, 3>(simd, pairs, products, sums),
                (ROWS, 2) => self.tile::<S, ROWS, 2>(simd, pairs, products, sums),
                (ROWS, _) => self.tile::<S, ROWS, 1>(simd, pairs, products, sums),
                (_, 4) if C == 4 => self.tile::<S, 1, 4>(simd, pairs, products, sums),
                (_, 3) => self.tile::<S, 1, 3>(simd, pairs, products, sums),
                (_, 2) => self.tile::<S, 1, 2>(simd, pairs, products, sums),
                _ => self.tile::<S, 1, 1>(simd, pairs, products, sums),
            }
        }
    }

    /// `N` outputs by `C` inputs.
    #[inline(always)]
    fn tile<S: Simd, const N: usize, const C: usize>(
        self,
        simd: S,
        pairs: Pairs,
        products: &mut [Vector; SUMS],
        sums: &mut Vector,
    ) {
        let windows = self.windows[pairs.term..].first_chunk::<C>();
        let spreads = self.spreads[pairs.target..].first_chunk::<N>();
        let (Some(windows), Some(spreads)) = (windows, spreads) else {
            unreachable!("there are as many channels")
        };
        for part in 0..BLOCK / S::F32_LANES {
            let mut made = [[simd.splat_f32s(0.0); C]; N];
            // Of a number that the compiler knows is not beyond the arrays.
            for tile in 0..self.tiles.min(TOGETHER) {
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
        for (sum, product) in sums.iter_mut().zip(self.halves.sum(simd, products)) {
            *sum += product;
        }
    }
}

/// Outputs and inputs whose sums registers hold.
#[derive(Clone, Copy)]
struct Pairs {
    target: usize,
    /// [`ROWS`] or one.
    rows: usize,
    term: usize,
    columns: usize,
}

impl Pairs {
    /// Each output with each input, `C` inputs at most at a time.
    #[inline(always)]
    fn all<const C: usize>(targets: usize, terms: usize) -> impl Iterator<Item = Self> {
        let of_target = move |target: usize, rows: usize| {
            evenly(terms, C).map(move |columns| Self {
                target,
                rows,
                term: columns.start,
                columns: columns.len(),
            })
        };
        let whole = targets / ROWS * ROWS;
        let tiles = (0..whole)
            .step_by(ROWS)
            .flat_map(move |target| of_target(target, ROWS));
        tiles.chain((whole..targets).flat_map(move |target| of_target(target, 1)))
    }

    /// How many of these there are.
    fn count(targets: usize, terms: usize, most: usize) -> usize {
        (targets / ROWS + targets % ROWS) * terms.div_ceil(most)
    }
}
