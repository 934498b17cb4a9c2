//! Gathers one image from another: a convolution's forward pass, and the gradient by its input.
//!
//! A few places of the target and a few of its channels are held in registers while the source's
//! channels and the kernel's taps go by. Each value is one chain of fused multiply-adds in that
//! order, so that its bits depend neither on the vectors' width nor on who else is computed.

use pulp::{Simd, WithSimd};

use super::geometry::Geometry;
use super::places::{Class, Place, Tap};
use super::winograd;
use crate::blocks::{BLOCK, Vector, vectors, vectors_mut};
use crate::matrix::Accumulate;
use crate::operator::Direction;
use crate::simd::vectorized_with;

/// Taps of a kernel of 3 × 3.
const NINE: usize = 9;

/// `target[n] = bias[n] + Σ_{c, tap} w[n, c, tap] · source[c]`, block by block.
pub(super) struct Gathering<'a> {
    pub(super) geometry: &'a Geometry,
    pub(super) direction: Direction,
    pub(super) weight: &'a [f32],
    /// The weight as windows are multiplied with it, where they are gone by.
    pub(super) laid: &'a [f32],
    /// One a channel of the target, or none.
    pub(super) bias: &'a [f32],
    pub(super) source: &'a [f32],
    pub(super) accumulate: Accumulate,
    /// As many as [`Gathering::scratch`] tells.
    pub(super) scratch: &'a mut [f32],
    pub(super) target: &'a mut [f32],
}

impl Gathering<'_> {
    /// Values of scratch: the weight as tiles read it, or windows.
    pub(super) fn scratch(geometry: &Geometry, direction: Direction) -> usize {
        match geometry.tiles(direction) {
            Some(_) => winograd::Gathering::scratch(Sizes::of(geometry, direction)),
            None => geometry.weights(),
        }
    }

    pub(super) fn run(self) {
        match self.geometry.tiles(self.direction) {
            Some(tiles) => winograd::Gathering { by: self, tiles }.run(),
            None => vectorized_with(self),
        }
    }
}

impl WithSimd for Gathering<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many channels as registers hold sums of: 24 of 32 whole vectors, with three places each,
        // 12 of 16 halves and 16 of 32 quarters, with one place.
        match S::F32_LANES {
            BLOCK => self.blocks::<S, 8, 1>(simd),
            8 => self.blocks::<S, 6, 2>(simd),
            _ => self.blocks::<S, 4, 4>(simd),
        }
    }
}

/// Sizes of one group of a pass.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Channels of the source and of the target.
    pub(super) terms: usize,
    pub(super) targets: usize,
    pub(super) source_plane: usize,
    pub(super) target_plane: usize,
    pub(super) taps: usize,
}

impl Sizes {
    pub(super) fn of(geometry: &Geometry, direction: Direction) -> Self {
        let (inputs, outputs) = (geometry.inputs(), geometry.outputs());
        let planes = (geometry.input_plane(), geometry.output_plane());
        let (terms, targets, (source_plane, target_plane)) = match direction {
            Direction::Forward => (inputs, outputs, planes),
            Direction::Backward => (outputs, inputs, (planes.1, planes.0)),
        };
        Self {
            terms,
            targets,
            source_plane,
            target_plane,
            taps: geometry.taps,
        }
    }

    /// Values of a group's weight.
    pub(super) fn weights(self) -> usize {
        self.terms * self.targets * self.taps
    }
}

/// The channels of the target as tiles of `R`, 4, 2 and 1 of them: the next of so many that are left.
/// Eight are four and four where six and two could be: two rows have too few sums to hide how long each
/// takes.
#[inline(always)]
pub(super) fn tile_rows<const R: usize>(left: usize) -> usize {
    match left {
        8 if R < 8 => 4,
        _ if left >= R => R,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

impl Gathering<'_> {
    #[inline(always)]
    fn blocks<S: Simd, const R: usize, const V: usize>(self, simd: S) {
        let Self {
            geometry,
            direction,
            ..
        } = self;
        let sizes = Sizes::of(geometry, direction);
        let classes = match direction {
            Direction::Forward => &geometry.forward,
            Direction::Backward => &geometry.backward,
        };
        let groups = self.scratch.chunks_exact_mut(sizes.weights());
        for (packed, weight) in groups.zip(self.weight.chunks_exact(sizes.weights())) {
            pack::<R>(sizes, direction, weight, packed);
        }
        let sources = vectors(self.source).chunks_exact(sizes.terms * sizes.source_plane);
        let targets = vectors_mut(self.target).chunks_exact_mut(sizes.targets * sizes.target_plane);
        // Groups one after another, block after block.
        for (index, (source, target)) in sources.zip(targets).enumerate() {
            let group = index % geometry.groups;
            let first = group * sizes.targets;
            let mut part = Part {
                sizes,
                source,
                weights: &self.scratch[group * sizes.weights()..][..sizes.weights()],
                bias: self.bias.get(first..first + sizes.targets).unwrap_or(&[]),
                accumulate: self.accumulate,
                target,
            };
            for class in classes {
                part.class::<S, R, V>(simd, class);
            }
        }
    }
}

/// Lays a group's weight as tiles read it: for each tile of the target's channels, for each channel
/// of the source and tap, the tile's channels.
#[inline(always)]
fn pack<const R: usize>(sizes: Sizes, direction: Direction, weight: &[f32], packed: &mut [f32]) {
    let Sizes {
        terms,
        targets,
        taps,
        ..
    } = sizes;
    // From one channel of the target to the next, and of the source.
    let (target_stride, term_stride) = match direction {
        Direction::Forward => (terms * taps, taps),
        Direction::Backward => (taps, targets * taps),
    };
    let (mut first, mut rest) = (0, packed);
    while first < targets {
        let rows = tile_rows::<R>(targets - first);
        let (packed, after) = rest.split_at_mut(rows * terms * taps);
        for (term, packed) in packed.chunks_exact_mut(rows * taps).enumerate() {
            let weight = &weight[first * target_stride + term * term_stride..];
            match rows {
                8 => pack_rows::<8>(weight, target_stride, packed),
                6 => pack_rows::<6>(weight, target_stride, packed),
                4 => pack_rows::<4>(weight, target_stride, packed),
                2 => pack_rows::<2>(weight, target_stride, packed),
                _ => pack_rows::<1>(weight, target_stride, packed),
            }
        }
        (first, rest) = (first + rows, after);
    }
}

/// `N` rows' taps, a row `stride` after another, tap by tap.
#[inline(always)]
fn pack_rows<const N: usize>(weight: &[f32], stride: usize, packed: &mut [f32]) {
    let packed = packed.as_chunks_mut::<N>().0;
    let rows: [&[f32]; N] = std::array::from_fn(|row| &weight[row * stride..][..packed.len()]);
    for (tap, packed) in packed.iter_mut().enumerate() {
        *packed = std::array::from_fn(|row| rows[row][tap]);
    }
}

/// One group of one block.
struct Part<'a> {
    sizes: Sizes,
    source: &'a [Vector],
    weights: &'a [f32],
    bias: &'a [f32],
    accumulate: Accumulate,
    target: &'a mut [Vector],
}

impl Part<'_> {
    /// Every place of a class, a few at a time where one is a whole vector.
    #[inline(always)]
    fn class<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, class: &Class) {
        let mut rest = &*class.places;
        if V == 1 {
            let (threes, after) = rest.as_chunks::<3>();
            for places in threes {
                self.places::<S, R, 3, V, 0>(simd, &class.taps, places);
            }
            rest = after;
            if let Some((places, after)) = rest.split_first_chunk::<2>() {
                self.places::<S, R, 2, V, 0>(simd, &class.taps, places);
                rest = after;
            }
        } else if self.sizes.taps == NINE && class.meets_all(NINE) {
            for places in rest.as_chunks::<1>().0 {
                self.places::<S, R, 1, V, NINE>(simd, &class.taps, places);
            }
            return;
        }
        for places in rest.as_chunks::<1>().0 {
            self.places::<S, R, 1, V, 0>(simd, &class.taps, places);
        }
    }

    /// Every channel at these places, with `T` taps that are all of the kernel's, or with any where `T`
    /// is 0.
    #[inline(always)]
    fn places<S: Simd, const R: usize, const P: usize, const V: usize, const T: usize>(
        &mut self,
        simd: S,
        taps: &[Tap],
        places: &[Place; P],
    ) {
        let mut first = 0;
        while first < self.sizes.targets {
            let rows = tile_rows::<R>(self.sizes.targets - first);
            match rows {
                8 => self.tile::<S, 8, P, V, T>(simd, taps, places, first),
                6 => self.tile::<S, 6, P, V, T>(simd, taps, places, first),
                4 => self.tile::<S, 4, P, V, T>(simd, taps, places, first),
                2 => self.tile::<S, 2, P, V, T>(simd, taps, places, first),
                _ => self.tile::<S, 1, P, V, T>(simd, taps, places, first),
            }
            first += rows;
        }
    }

    /// `N` channels at `P` places, `V` of the machine's vectors of each at a time.
    #[inline(always)]
    fn tile<S: Simd, const N: usize, const P: usize, const V: usize, const T: usize>(
        &mut self,
        simd: S,
        taps: &[Tap],
        places: &[Place; P],
        first: usize,
    ) {
        let Sizes {
            terms,
            source_plane,
            target_plane,
            taps: kernel,
            ..
        } = self.sizes;
        let weights = &self.weights[first * terms * kernel..][..N * terms * kernel];
        let weights = weights.as_chunks::<N>().0.chunks_exact(kernel);
        let bias = self
            .bias
            .get(first..)
            .and_then(|bias| bias.first_chunk::<N>());
        for part in 0..BLOCK / (V * S::F32_LANES) {
            let mut sums = [[[simd.splat_f32s(0.0); V]; P]; N];
            if let Some(bias) = bias {
                for row in 0..N {
                    sums[row] = [[simd.splat_f32s(bias[row]); V]; P];
                }
            }
            for (source, weights) in self.source.chunks_exact(source_plane).zip(weights.clone()) {
                if T > 0 {
                    // Of a number that the compiler knows, so that nothing is counted.
                    let taps: &[Tap; T] = taps.first_chunk().expect("there are all taps");
                    let weights: &[[f32; N]; T] = weights.first_chunk().expect("all taps");
                    for (tap, weights) in taps.iter().zip(weights) {
                        let values = read::<S, P, V>(source, places, tap, part);
                        sums = multiply_add::<S, N, P, V>(simd, sums, weights, values);
                    }
                } else {
                    for tap in taps {
                        let weights = &weights[tap.tap as usize];
                        let values = read::<S, P, V>(source, places, tap, part);
                        sums = multiply_add::<S, N, P, V>(simd, sums, weights, values);
                    }
                }
            }
            // Indices are constants wherever a sum is touched, so that all of them stay in
            // registers until here.
            let mut made = [[[0.0; BLOCK]; P]; N];
            for row in 0..N {
                for place in 0..P {
                    parts_mut::<S, V>(&mut made[row][place])[0] = sums[row][place];
                }
            }
            let planes = self.target[first * target_plane..].chunks_exact_mut(target_plane);
            for (target, made) in planes.zip(&made) {
                for (place, made) in places.iter().zip(made) {
                    let target = &mut parts_mut::<S, V>(&mut target[place.target as usize])[part];
                    let made = parts::<S, V>(made)[0];
                    for v in 0..V {
                        target[v] = match self.accumulate {
                            Accumulate::Overwrite => made[v],
                            Accumulate::Add => simd.add_f32s(target[v], made[v]),
                        };
                    }
                }
            }
        }
    }
}

/// What a tap meets from some places of the target.
#[inline(always)]
fn read<S: Simd, const P: usize, const V: usize>(
    source: &[Vector],
    places: &[Place; P],
    tap: &Tap,
    part: usize,
) -> [[S::f32s; V]; P] {
    std::array::from_fn(|place| {
        let at = places[place].base + tap.distance;
        parts::<S, V>(&source[at as usize])[part]
    })
}

#[inline(always)]
fn multiply_add<S: Simd, const N: usize, const P: usize, const V: usize>(
    simd: S,
    mut sums: [[[S::f32s; V]; P]; N],
    weights: &[f32; N],
    values: [[S::f32s; V]; P],
) -> [[[S::f32s; V]; P]; N] {
    for row in 0..N {
        let weight = simd.splat_f32s(weights[row]);
        for place in 0..P {
            for v in 0..V {
                let sum = &mut sums[row][place][v];
                *sum = simd.mul_add_f32s(weight, values[place][v], *sum);
            }
        }
    }
    sums
}

/// Reads vectors in the order in which they lie, so that they are near when they are needed: fetched here
/// and there, each would be waited for.
#[inline(always)]
pub(super) fn fetch(vectors: &[Vector]) {
    for vector in vectors {
        std::hint::black_box(vector[0]);
    }
}

/// A vector of sixteen as the machine's vectors, `V` at a time.
#[inline(always)]
pub(super) fn parts<S: Simd, const V: usize>(vector: &Vector) -> &[[S::f32s; V]] {
    S::as_simd_f32s(vector).0.as_chunks().0
}

/// [`parts`], to be written.
#[inline(always)]
pub(super) fn parts_mut<S: Simd, const V: usize>(vector: &mut Vector) -> &mut [[S::f32s; V]] {
    S::as_mut_simd_f32s(vector).0.as_chunks_mut().0
}

/// [`load`] of several. Not by `from_fn` or `map`: where vectors go through their calls, those are not
/// always inlined, and what is not is not compiled for the machine's vectors.
#[inline(always)]
pub(super) fn load_all<S: Simd, const N: usize>(
    simd: S,
    vectors: [&Vector; N],
    part: usize,
) -> [S::f32s; N] {
    let mut loaded = [simd.splat_f32s(0.0); N];
    for index in 0..N {
        loaded[index] = load::<S>(vectors[index], part);
    }
    loaded
}

/// Some of a vector's values, as many as the machine's have.
#[inline(always)]
pub(super) fn load<S: Simd>(vector: &Vector, part: usize) -> S::f32s {
    S::as_simd_f32s(vector).0[part]
}
