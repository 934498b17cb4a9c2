//! The gradient of a convolution by its weight.
//!
//! A few outputs times a few columns (an input's channel and a tap) are held in registers while the
//! places go by, each sum as sixteen: one for each example of a block. Those are added by halves at
//! the end, so that no order depends on the width of the machine's vectors.

mod images;

use pulp::{Simd, WithSimd};

use super::gather::{self, Sizes};
use super::geometry::Geometry;
use super::halves::by_halves;
use super::places::{Class, Run};
use super::winograd;
use crate::blocks::{BLOCK, Vector, vectors};
use crate::operator::Direction;
use crate::simd::vectorized_with;
use images::{Images, load_sums, store_sums};

/// Columns of a tile: all of a kernel of 3 × 3.
const COLUMNS: usize = 9;
/// Places whose values the nearest cache keeps while a tile passes over them several times.
const NEAR_PLACES: usize = 64;

/// Stands where a class has no such tap: beyond any image, wherever it is counted from.
const ABSENT: i32 = i32::MIN / 2;

/// Which columns a tile has of each class: the distances of `channels` channels' taps, or of some
/// of one channel's taps.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// Channels that a tile spans.
    channels: usize,
    /// Tiles that a channel is cut into.
    cuts: usize,
    /// For each class, for each cut, the distance of every column.
    distances: Box<[[i32; COLUMNS]]>,
    /// All places, each run with the index of its class.
    runs: Box<[(usize, Run)]>,
}

impl Columns {
    pub(super) fn new(classes: &[Class], taps: usize, plane: usize) -> Self {
        let channels = (COLUMNS / taps).max(1);
        let cuts = (channels * taps).div_ceil(COLUMNS);
        let distance = |class: &Class, column: usize| {
            let (channel, tap) = (column / taps, column % taps);
            let met = class.taps.iter().find(|met| met.tap as usize == tap);
            let moved = |tap: &super::places::Tap| tap.distance + (channel * plane) as i32;
            met.filter(|_| channel < channels).map_or(ABSENT, moved)
        };
        let classes_of = classes.iter().enumerate();
        let runs = classes_of
            .flat_map(|(index, class)| class.runs().into_iter().map(move |run| (index, run)));
        let each = classes.iter().flat_map(|class| {
            (0..cuts).map(move |cut| std::array::from_fn(|at| distance(class, cut * COLUMNS + at)))
        });
        Self {
            channels,
            cuts,
            distances: each.collect(),
            runs: runs.collect(),
        }
    }

    /// Distances of one cut's columns, class after class.
    #[inline(always)]
    fn of_cut(&self, cut: usize) -> impl Iterator<Item = &[i32; COLUMNS]> {
        self.distances[cut..].iter().step_by(self.cuts)
    }

    /// Distances of one cut's columns in one class.
    #[inline(always)]
    fn of_class(&self, class: usize, cut: usize) -> &[i32; COLUMNS] {
        &self.distances[class * self.cuts + cut]
    }
}

/// `sums[o, c, tap] = Σ_places gradient[o] · input[c]` over the examples of some blocks.
pub(super) struct WeightGradient<'a> {
    pub(super) geometry: &'a Geometry,
    /// Examples of the last block; any before it are whole.
    pub(super) last: usize,
    pub(super) input: &'a [f32],
    pub(super) gradient: &'a [f32],
    /// As many as [`WeightGradient::scratch`] tells.
    pub(super) scratch: &'a mut [f32],
    pub(super) sums: &'a mut [f32],
}

impl WeightGradient<'_> {
    /// Values of scratch.
    pub(super) fn scratch(geometry: &Geometry) -> usize {
        match geometry.gradient_tiles {
            Some(_) => winograd::WeightGradient::scratch(Sizes::of(geometry, Direction::Forward)),
            None => 0,
        }
    }

    pub(super) fn run(self) {
        match &self.geometry.gradient_tiles {
            Some(tiles) => winograd::WeightGradient { by: self, tiles }.run(),
            None => {
                self.sums.fill(0.0);
                vectorized_with(self);
            }
        }
    }
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // As many sums as registers hold: of three outputs and all columns, or of four outputs and
        // three columns at a time.
        match S::F32_LANES {
            BLOCK => self.groups::<S, 3, COLUMNS>(simd),
            _ => self.groups::<S, 4, 3>(simd),
        }
    }
}

/// Outputs of the next tile of up to `R`, of so many that are left: none of one where it can be avoided.
fn tile_rows<const R: usize>(left: usize) -> usize {
    if left == R + 1 { left / 2 } else { R.min(left) }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn groups<S: Simd, const R: usize, const C: usize>(&mut self, simd: S) {
        let outputs = self.geometry.outputs();
        for group in 0..self.geometry.groups {
            let mut output = 0;
            while output < outputs {
                let rows = tile_rows::<R>(outputs - output);
                let first = group * outputs + output;
                match rows {
                    4 if R == 4 => self.outputs::<S, 4, C>(simd, group, first),
                    3 => self.outputs::<S, 3, C>(simd, group, first),
                    2 => self.outputs::<S, 2, C>(simd, group, first),
                    _ => self.outputs::<S, 1, C>(simd, group, first),
                }
                output += rows;
            }
        }
    }

    /// All columns of `N` outputs.
    #[inline(always)]
    fn outputs<S: Simd, const N: usize, const C: usize>(
        &mut self,
        simd: S,
        group: usize,
        output: usize,
    ) {
        let geometry = self.geometry;
        let columns = &geometry.columns;
        let width = columns.channels * geometry.taps;
        let is_first = output == group * geometry.outputs();
        let mut channel = 0;
        while channel < geometry.inputs() {
            if is_first {
                self.fetch(group * geometry.inputs() + channel);
            }
            for cut in 0..columns.cuts {
                let tile = Tile {
                    channel: group * geometry.inputs() + channel,
                    end: (group + 1) * geometry.inputs(),
                    output,
                    cut,
                };
                let first = channel * geometry.taps + cut * COLUMNS;
                let last = (channel * geometry.taps + width).min(geometry.inner());
                let count = COLUMNS.min(last - first);
                self.tile::<S, N, C>(simd, tile, first, count);
            }
            channel += columns.channels;
        }
    }

    /// Reads a tile's channels from memory, where the forward pass left them long ago, in the order
    /// in which they lie: the tiles, which go by classes of places, would wait for each.
    #[inline(always)]
    fn fetch(&self, channel: usize) {
        let geometry = self.geometry;
        let plane = geometry.input_plane();
        let end = (channel + geometry.columns.channels).min(geometry.input[0]);
        for block in vectors(self.input).chunks_exact(geometry.input_len()) {
            gather::fetch(&block[channel * plane..end * plane]);
        }
    }

    /// `count` columns from `first` on of `N` outputs.
    #[inline(always)]
    fn tile<S: Simd, const N: usize, const C: usize>(
        &mut self,
        simd: S,
        tile: Tile,
        first: usize,
        count: usize,
    ) {
        let blocks = self.input.len() / (BLOCK * self.geometry.input_len());
        let whole = if self.last == BLOCK {
            blocks
        } else {
            blocks - 1
        };
        for (blocks, examples) in [(0..whole, BLOCK), (whole..blocks, self.last)] {
            if blocks.is_empty() {
                continue;
            }
            let mut vectors = [[[0.0; BLOCK]; COLUMNS]; N];
            for block in blocks {
                self.block::<S, N, C>(simd, tile, block, &mut vectors);
            }
            if examples < BLOCK {
                for vector in vectors.as_flattened_mut() {
                    vector[examples..].fill(0.0);
                }
            }
            let inner = self.geometry.inner();
            for (row, vectors) in vectors.iter().enumerate() {
                let sums = &mut self.sums[(tile.output + row) * inner + first..][..count];
                for (sum, vector) in sums.iter_mut().zip(vectors) {
                    *sum += by_halves(simd, vector);
                }
            }
        }
    }

    /// Adds what the places of a block make, for each example apart.
    #[inline(always)]
    fn block<S: Simd, const N: usize, const C: usize>(
        &self,
        simd: S,
        tile: Tile,
        block: usize,
        sums: &mut [[Vector; COLUMNS]; N],
    ) {
        let geometry = self.geometry;
        let (input_plane, plane) = (geometry.input_plane(), geometry.output_plane());
        let input = &vectors(self.input)[block * geometry.input_len()..];
        let gradient = &vectors(self.gradient)[block * geometry.output_len()..];
        let images = Images {
            input: &input[tile.channel * input_plane..tile.end * input_plane],
            gradients: std::array::from_fn(|row| &gradient[(tile.output + row) * plane..][..plane]),
        };
        if C == COLUMNS {
            for part in 0..BLOCK / S::F32_LANES {
                let mut made = load_sums::<S, N, C>(simd, sums, (part, 0));
                let distances = geometry.columns.of_cut(tile.cut);
                for (class, distances) in geometry.forward.iter().zip(distances) {
                    let distances = distances.first_chunk().expect("all columns");
                    for &place in &class.places {
                        made = images.place::<S, C>(simd, made, distances, place, part);
                    }
                }
                store_sums::<S, N, C>(made, sums, (part, 0));
            }
            return;
        }
        let mut rest = &*geometry.columns.runs;
        while !rest.is_empty() {
            let (near, after) = rest.split_at(near(rest));
            for part in 0..BLOCK / S::F32_LANES {
                // Not by steps of `C`: the compiler would not see how many there are.
                for pass in 0..COLUMNS / C {
                    let at = (part, pass * C);
                    let mut made = load_sums::<S, N, C>(simd, sums, at);
                    for &(class, run) in near {
                        let distances = geometry.columns.of_class(class, tile.cut);
                        let distances: &[i32; C] =
                            distances[pass * C..].first_chunk().expect("C divides");
                        if distances.iter().all(|&distance| distance == ABSENT) {
                            continue;
                        }
                        made = images.run::<S, C>(simd, made, distances, run, part);
                    }
                    store_sums::<S, N, C>(made, sums, at);
                }
            }
            rest = after;
        }
    }
}

/// How many of the runs the nearest cache keeps while a tile passes over them several times.
fn near(runs: &[(usize, Run)]) -> usize {
    let mut places = 0;
    let within = runs.iter().take_while(|(_, run)| {
        let fits = places < NEAR_PLACES;
        places += run.count as usize;
        fits
    });
    within.count()
}

/// Where a tile lies.
#[derive(Clone, Copy)]
struct Tile {
    /// Its first channel of the input, and the end of its group's.
    channel: usize,
    end: usize,
    /// Its first output.
    output: usize,
    cut: usize,
}
