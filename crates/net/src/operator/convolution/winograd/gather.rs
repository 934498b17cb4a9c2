//! Gathers one image from another by windows: the forward pass, and the gradient by the input.
//!
//! Windows are transformed a few tiles at a time, channel by channel, which reads each plane in order;
//! then, for each tile, a few channels of the target are held in registers while those of the source go by.

use pulp::{Simd, WithSimd};

use super::kernel::{ROWS, laid};
use super::tiles::{Tile, Tiles};
use super::{MADE, PLACES, TOGETHER, WINDOW, evenly, made, window};
use crate::blocks::{BLOCK, Vector, vectors, vectors_mut};
use crate::matrix::Accumulate;
use crate::operator::convolution::gather::{self, Sizes, load_all, parts, parts_mut, tile_rows};
use crate::simd::vectorized_with;

/// A window's places of one channel.
type Windowed = [Vector; PLACES];

/// What a gathering is asked for, by windows.
pub(in super::super) struct Gathering<'a> {
    pub(in super::super) by: gather::Gathering<'a>,
    pub(in super::super) tiles: &'a Tiles,
}

/// Sums of a place: those of a tile of channels at the tiles that are gone through at once, two at most.
const SUMS: usize = ROWS * 2;

/// Tiles whose windows are held at once: they fill 256 KiB.
fn together(terms: usize) -> usize {
    (256 / terms).clamp(4, TOGETHER)
}

impl Gathering<'_> {
    /// Values of scratch.
    pub(in super::super) fn scratch(sizes: Sizes) -> usize {
        together(sizes.terms) * sizes.terms * PLACES * BLOCK
    }

    pub(in super::super) fn run(self) {
        vectorized_with(self);
    }
}

impl WithSimd for Gathering<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Six channels of a vector each of two tiles, or of two halves or four quarters of one.
        match S::F32_LANES {
            BLOCK => self.blocks::<S, 2, 1>(simd),
            8 => self.blocks::<S, 1, 2>(simd),
            _ => self.blocks::<S, 1, 4>(simd),
        }
    }
}

impl Gathering<'_> {
    #[inline(always)]
    fn blocks<S: Simd, const P: usize, const V: usize>(self, simd: S) {
        let Self { by, tiles } = self;
        let sizes = Sizes::of(by.geometry, by.direction);
        let groups = by.geometry.groups;
        let weights = laid(sizes, 1);
        let windows = vectors_mut(by.scratch).as_chunks_mut().0;
        let sources = vectors(by.source).chunks_exact(sizes.terms * sizes.source_plane);
        let targets = vectors_mut(by.target).chunks_exact_mut(sizes.targets * sizes.target_plane);
        let mut products = [[[0.0; BLOCK]; SUMS]; PLACES];
        // Groups one after another, block after block.
        for (index, (source, target)) in sources.zip(targets).enumerate() {
            let group = index % groups;
            let first = group * sizes.targets;
            let mut part = Part {
                tiles,
                sizes,
                source,
                weights: &by.laid[group * weights..][..weights],
                bias: by.bias.get(first..first + sizes.targets).unwrap_or(&[]),
                accumulate: by.accumulate,
                windows,
                products: &mut products,
                target,
            };
            part.run::<S, P, V>(simd);
        }
    }
}

/// One group of one block.
struct Part<'a> {
    tiles: &'a Tiles,
    sizes: Sizes,
    source: &'a [Vector],
    weights: &'a [f32],
    bias: &'a [f32],
    accumulate: Accumulate,
    /// For each tile at hand, each of the source's channels.
    windows: &'a mut [Windowed],
    /// For each place, each channel of a tile's at each of the tiles at hand.
    products: &'a mut [[Vector; SUMS]; PLACES],
    target: &'a mut [Vector],
}

impl Part<'_> {
    #[inline(always)]
    fn run<S: Simd, const P: usize, const V: usize>(&mut self, simd: S) {
        for tiles in evenly(self.tiles.count(), together(self.sizes.terms)) {
            let count = tiles.len();
            let together = self.tiles.together(tiles);
            let tiles = &together[..count];
            self.transform(simd, tiles);
            // Where a value's vector is one of the machine's, its writes wait for nothing.
            if S::F32_LANES < BLOCK {
                self.fetch(tiles);
            }
            let (several, rest) = tiles.as_chunks::<P>();
            for (index, tiles) in several.iter().enumerate() {
                self.channels::<S, P, V>(simd, tiles, index * P);
            }
            for (index, tiles) in rest.as_chunks::<1>().0.iter().enumerate() {
                self.channels::<S, 1, V>(simd, tiles, several.len() * P + index);
            }
        }
    }

    /// `Bᵀ d B` of these tiles' windows of every channel.
    #[inline(always)]
    fn transform<S: Simd>(&mut self, simd: S, tiles: &[Tile]) {
        let Sizes {
            terms,
            source_plane,
            ..
        } = self.sizes;
        for (term, plane) in self.source.chunks_exact(source_plane).enumerate() {
            for (slot, tile) in tiles.iter().enumerate() {
                let out = &mut self.windows[slot * terms + term];
                let rows = tile.rows(plane);
                for part in 0..BLOCK / S::F32_LANES {
                    let mut columns = [[simd.splat_f32s(0.0); WINDOW]; WINDOW];
                    for row in 0..WINDOW {
                        let row_made = window(simd, load_all::<S, WINDOW>(simd, rows[row], part));
                        for column in 0..WINDOW {
                            columns[column][row] = row_made[column];
                        }
                    }
                    for column in 0..WINDOW {
                        let column_made = window(simd, columns[column]);
                        for row in 0..WINDOW {
                            S::as_mut_simd_f32s(&mut out[row * WINDOW + column]).0[part] =
                                column_made[row];
                        }
                    }
                }
            }
        }
    }

    /// [`gather::fetch`]es what these tiles write.
    #[inline(always)]
    fn fetch(&self, tiles: &[Tile]) {
        let plane = self.sizes.target_plane;
        let places = tiles.iter().flat_map(|tile| tile.targets);
        let places = places
            .map(|place| place as usize)
            .filter(|&place| place < plane);
        let (first, last) = places.fold((plane, 0), |(first, last), place| {
            (first.min(place), last.max(place + 1))
        });
        for plane in self.target.chunks_exact(plane) {
            gather::fetch(&plane[first..last]);
        }
    }

    /// Every channel of the target at these tiles, whose windows are those from `slot` on.
    #[inline(always)]
    fn channels<S: Simd, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        tiles: &[Tile; P],
        slot: usize,
    ) {
        let (mut first, mut weights) = (0, self.weights);
        while first < self.sizes.targets {
            let rows = tile_rows::<ROWS>(self.sizes.targets - first);
            let (tile, after) = weights.split_at(rows * self.sizes.terms * PLACES);
            match rows {
                6 => self.tile::<S, 6, P, V>(simd, tiles, slot, tile, first),
                4 => self.tile::<S, 4, P, V>(simd, tiles, slot, tile, first),
                2 => self.tile::<S, 2, P, V>(simd, tiles, slot, tile, first),
                _ => self.tile::<S, 1, P, V>(simd, tiles, slot, tile, first),
            }
            (first, weights) = (first + rows, after);
        }
    }

    /// `N` channels at `P` tiles, `V` of the machine's vectors of each at a time.
    #[inline(always)]
    fn tile<S: Simd, const N: usize, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        tiles: &[Tile; P],
        slot: usize,
        weights: &[f32],
        first: usize,
    ) {
        let terms = self.sizes.terms;
        let windows: [&[Windowed]; P] =
            std::array::from_fn(|p| &self.windows[(slot + p) * terms..][..terms]);
        let weights = weights.as_chunks::<N>().0;
        for part in 0..BLOCK / (V * S::F32_LANES) {
            let places = self.products.iter_mut().zip(weights.chunks_exact(terms));
            for (place, (products, weights)) in places.enumerate() {
                let mut sums = [[[simd.splat_f32s(0.0); V]; P]; N];
                for term in 0..terms {
                    let mut values = [[simd.splat_f32s(0.0); V]; P];
                    for p in 0..P {
                        values[p] = parts::<S, V>(&windows[p][term][place])[part];
                    }
                    for row in 0..N {
                        let weight = simd.splat_f32s(weights[term][row]);
                        for p in 0..P {
                            for v in 0..V {
                                let sum = &mut sums[row][p][v];
                                *sum = simd.mul_add_f32s(weight, values[p][v], *sum);
                            }
                        }
                    }
                }
                for row in 0..N {
                    for p in 0..P {
                        parts_mut::<S, V>(&mut products[row * P + p])[part] = sums[row][p];
                    }
                }
            }
        }
        let plane = self.sizes.target_plane;
        for row in 0..N {
            let target = &mut self.target[(first + row) * plane..][..plane];
            let bias = self.bias.get(first + row).copied().unwrap_or(0.0);
            for (p, tile) in tiles.iter().enumerate() {
                let products: [&Vector; PLACES] =
                    std::array::from_fn(|place| &self.products[place][row * P + p]);
                put(simd, products, bias, self.accumulate, tile, target);
            }
        }
    }
}

/// `Aᵀ m A` and the bias, into a channel's plane.
#[inline(always)]
fn put<S: Simd>(
    simd: S,
    products: [&Vector; PLACES],
    bias: f32,
    accumulate: Accumulate,
    tile: &Tile,
    target: &mut [Vector],
) {
    let bias = simd.splat_f32s(bias);
    for part in 0..BLOCK / S::F32_LANES {
        let mut rows = [[simd.splat_f32s(0.0); WINDOW]; MADE];
        for column in 0..WINDOW {
            let mut places = [products[column]; WINDOW];
            for row in 0..WINDOW {
                places[row] = products[row * WINDOW + column];
            }
            let column_made = made(simd, load_all::<S, WINDOW>(simd, places, part));
            for row in 0..MADE {
                rows[row][column] = column_made[row];
            }
        }
        for (row, places) in rows.into_iter().zip(tile.targets.as_chunks::<MADE>().0) {
            let values = made(simd, row);
            for (value, &place) in values.into_iter().zip(places) {
                if let Some(target) = target.get_mut(place as usize) {
                    let target = &mut S::as_mut_simd_f32s(target).0[part];
                    let value = simd.add_f32s(value, bias);
                    *target = match accumulate {
                        Accumulate::Overwrite => value,
                        Accumulate::Add => simd.add_f32s(*target, value),
                    };
                }
            }
        }
    }
}
