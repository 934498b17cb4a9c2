//! The three products of a convolution, over runs.
//!
//! Sums are fused multiply-adds, which are rounded once whatever the vectors' width: the bits
//! are the same on every machine.

use pulp::{Simd, WithSimd};

use super::geometry::{Geometry, TILE};
use crate::simd::vectorized_with;

/// Partial sums of a dot product, whatever the vectors' width.
const LANES: usize = 16;
/// Vectors side by side in a tile of positions.
const VECTORS: usize = 2;
/// Channels that are computed together, sharing each load of the run.
const ROWS: usize = 8;

/// The first vector of `values`.
#[inline(always)]
fn load<S: Simd>(values: &[f32]) -> S::f32s {
    S::as_simd_f32s(&values[..S::F32_LANES]).0[0]
}

/// Cuts `count` channels into tiles of 8, 4, 2 and 1.
fn for_each_tile(count: usize, mut work: impl FnMut(usize, usize)) {
    let mut first = 0;
    while first < count {
        let left = count - first;
        let rows = [ROWS, 4, 2, 1].into_iter().find(|&rows| rows <= left);
        let rows = rows.unwrap_or(1);
        work(first, rows);
        first += rows;
    }
}

/// The weight as the forward reads it: for each group and tile of outputs, for each term of the
/// sum, the tile's outputs.
pub(super) fn pack_forward(geometry: &Geometry, weight: &[f32], packed: &mut [f32]) {
    let inner = geometry.inner();
    let outputs = geometry.output[0] / geometry.groups;
    let groups = weight.chunks_exact(outputs * inner);
    for (weight, packed) in groups.zip(packed.chunks_exact_mut(outputs * inner)) {
        for_each_tile(outputs, |first, rows| {
            let packed = &mut packed[first * inner..(first + rows) * inner];
            for (term, packed) in packed.chunks_exact_mut(rows).enumerate() {
                for (row, packed) in packed.iter_mut().enumerate() {
                    *packed = weight[(first + row) * inner + term];
                }
            }
        });
    }
}

/// The weight as the gradient by the input reads it: for each group and phase and tile of
/// channels, for each output and tap of that phase, the tile's channels.
pub(super) fn pack_backward(geometry: &Geometry, weight: &[f32], packed: &mut [f32]) {
    let (taps, inner) = (geometry.taps.len(), geometry.inner());
    let outputs = geometry.output[0] / geometry.groups;
    let channels = geometry.input[0] / geometry.groups;
    let mut packed = packed.iter_mut();
    for weight in weight.chunks_exact(outputs * inner) {
        for phase in 0..geometry.phases() {
            for_each_tile(channels, |first, rows| {
                for weight in weight.chunks_exact(inner) {
                    for (tap, _) in taps_of(geometry, phase) {
                        for channel in first..first + rows {
                            if let Some(packed) = packed.next() {
                                *packed = weight[channel * taps + tap];
                            }
                        }
                    }
                }
            });
        }
    }
}

/// The taps of one phase, with how far each moves its run.
fn taps_of(geometry: &Geometry, phase: usize) -> impl Iterator<Item = (usize, usize)> {
    let taps = geometry.taps.iter().enumerate();
    taps.filter(move |(_, tap)| tap.phase == phase)
        .map(|(index, tap)| (index, tap.shift))
}

/// Positions to compute, in steps of as many as a tile of these vectors has.
#[inline(always)]
fn tiles<S: Simd>(positions: usize) -> impl Iterator<Item = usize> {
    const {
        assert!(
            TILE.is_multiple_of(VECTORS * LANES),
            "runs hold whole tiles"
        )
    }
    (0..positions).step_by(VECTORS * S::F32_LANES)
}

/// `result[o] = bias[o] + Σ weight · run`.
pub(super) fn forward(
    geometry: &Geometry,
    examples: usize,
    packed: &[f32],
    bias: &[f32],
    padded: &[f32],
    result: &mut [f32],
) {
    vectorized_with(Forward {
        geometry,
        examples,
        packed,
        bias,
        padded,
        result,
    });
}

struct Forward<'a> {
    geometry: &'a Geometry,
    examples: usize,
    packed: &'a [f32],
    bias: &'a [f32],
    padded: &'a [f32],
    result: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let geometry = self.geometry;
        let (run, inner) = (geometry.run(), geometry.inner());
        let outputs = geometry.output[0] / geometry.groups;
        let channels = geometry.input[0] / geometry.groups;
        let group_len = channels * geometry.phases() * run;
        for group in 0..geometry.groups {
            let padded = &self.padded[group * group_len..];
            let weights = &self.packed[group * outputs * inner..(group + 1) * outputs * inner];
            for position in tiles::<S>(geometry.used(self.examples)) {
                let terms = Terms::Inputs {
                    geometry,
                    padded: &padded[position..],
                };
                let mut first = 0;
                while first < outputs {
                    let rows = tile_rows(outputs - first);
                    let weights = &weights[first * inner..(first + rows) * inner];
                    let output = group * outputs + first;
                    let bias = self.bias.get(output..output + rows).unwrap_or(&[]);
                    let out = &mut self.result[output * run + position..];
                    tile(simd, rows, weights, bias, terms, run, out);
                    first += rows;
                }
            }
        }
    }
}

/// `result[c, phase] = Σ weight · gradient`.
pub(super) fn input_gradient(
    geometry: &Geometry,
    examples: usize,
    packed: &[f32],
    placed: &[f32],
    result: &mut [f32],
) {
    vectorized_with(InputGradient {
        geometry,
        examples,
        packed,
        placed,
        result,
    });
}

struct InputGradient<'a> {
    geometry: &'a Geometry,
    examples: usize,
    packed: &'a [f32],
    placed: &'a [f32],
    result: &'a mut [f32],
}

impl WithSimd for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let geometry = self.geometry;
        let run = geometry.run();
        let outputs = geometry.output[0] / geometry.groups;
        let channels = geometry.input[0] / geometry.groups;
        let end = self.examples * geometry.image();
        let mut rest = self.packed;
        for group in 0..geometry.groups {
            let first = group * outputs * geometry.gradient_run() + geometry.reach();
            for phase in 0..geometry.phases() {
                let terms = geometry.back[phase].len() * outputs;
                let (weights, after) = rest.split_at(terms * channels);
                rest = after;
                for position in tiles::<S>(end) {
                    let gradients = Terms::Gradients {
                        geometry,
                        phase,
                        outputs,
                        placed: self.placed,
                        first: first + position,
                    };
                    let mut channel = 0;
                    while channel < channels {
                        let rows = tile_rows(channels - channel);
                        let weights = &weights[channel * terms..(channel + rows) * terms];
                        let target = (group * channels + channel) * geometry.phases() + phase;
                        let out = &mut self.result[target * run + position..];
                        let stride = run * geometry.phases();
                        tile(simd, rows, weights, &[], gradients, stride, out);
                        channel += rows;
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn tile_rows(left: usize) -> usize {
    if left >= ROWS {
        ROWS
    } else if left >= 4 {
        4
    } else if left >= 2 {
        2
    } else {
        1
    }
}

/// What the weights of a tile are multiplied by, term after term.
#[derive(Clone, Copy)]
enum Terms<'a> {
    /// Each channel's run, moved by each tap.
    Inputs {
        geometry: &'a Geometry,
        padded: &'a [f32],
    },
    /// Each output's gradient, moved back by each tap of a phase.
    Gradients {
        geometry: &'a Geometry,
        phase: usize,
        outputs: usize,
        placed: &'a [f32],
        first: usize,
    },
}

/// `out[row] = bias[row] + Σ_terms weights[term, row] · term` for one tile of positions.
#[inline(always)]
fn tile<S: Simd>(
    simd: S,
    rows: usize,
    weights: &[f32],
    bias: &[f32],
    terms: Terms<'_>,
    stride: usize,
    out: &mut [f32],
) {
    match rows {
        ROWS => tile_of::<S, ROWS>(simd, weights, bias, terms, stride, out),
        4 => tile_of::<S, 4>(simd, weights, bias, terms, stride, out),
        2 => tile_of::<S, 2>(simd, weights, bias, terms, stride, out),
        _ => tile_of::<S, 1>(simd, weights, bias, terms, stride, out),
    }
}

type Sums<S, const N: usize> = [[<S as Simd>::f32s; VECTORS]; N];

#[expect(
    clippy::manual_memcpy,
    reason = "constant indices keep the sums in registers"
)]
#[inline(always)]
fn tile_of<S: Simd, const N: usize>(
    simd: S,
    weights: &[f32],
    bias: &[f32],
    terms: Terms<'_>,
    stride: usize,
    out: &mut [f32],
) {
    // Indices are constants wherever a sum is touched, so that all of them stay in registers.
    let mut sums: Sums<S, N> = [[simd.splat_f32s(0.0); VECTORS]; N];
    if let Ok(bias) = <&[f32; N]>::try_from(bias) {
        for row in 0..N {
            sums[row] = [simd.splat_f32s(bias[row]); VECTORS];
        }
    }
    let mut weights = weights.chunks_exact(N);
    match terms {
        Terms::Inputs { geometry, padded } => {
            let channel_len = geometry.phases() * geometry.run();
            let channels = geometry.input[0] / geometry.groups;
            for channel in 0..channels {
                let padded = &padded[channel * channel_len..];
                for (&at, weights) in geometry.places.iter().zip(&mut weights) {
                    sums = multiply_add::<S, N>(simd, sums, weights, &padded[at..]);
                }
            }
        }
        Terms::Gradients {
            geometry,
            phase,
            outputs,
            placed,
            first,
        } => {
            let run = geometry.gradient_run();
            for output in 0..outputs {
                let placed = &placed[first - geometry.reach() + output * run..];
                for (&at, weights) in geometry.back[phase].iter().zip(&mut weights) {
                    sums = multiply_add::<S, N>(simd, sums, weights, &placed[at..]);
                }
            }
        }
    }
    for row in 0..N {
        let out = &mut out[row * stride..row * stride + VECTORS * S::F32_LANES];
        let out = S::as_mut_simd_f32s(out).0;
        for vector in 0..VECTORS {
            out[vector] = sums[row][vector];
        }
    }
}

#[inline(always)]
fn multiply_add<S: Simd, const N: usize>(
    simd: S,
    mut sums: Sums<S, N>,
    weights: &[f32],
    values: &[f32],
) -> Sums<S, N> {
    let values = S::as_simd_f32s(&values[..VECTORS * S::F32_LANES]).0;
    let values: [S::f32s; VECTORS] = std::array::from_fn(|vector| values[vector]);
    for row in 0..N {
        let weight = simd.splat_f32s(weights[row]);
        for vector in 0..VECTORS {
            sums[row][vector] = simd.mul_add_f32s(weight, values[vector], sums[row][vector]);
        }
    }
    sums
}

/// `out[o, c, tap] += Σ_positions gradient[o] · run[c] moved by tap`.
pub(super) fn weight_gradient(
    geometry: &Geometry,
    examples: usize,
    padded: &[f32],
    placed: &[f32],
    out: &mut [f32],
) {
    vectorized_with(WeightGradient {
        geometry,
        examples,
        padded,
        placed,
        out,
    });
}

struct WeightGradient<'a> {
    geometry: &'a Geometry,
    examples: usize,
    padded: &'a [f32],
    placed: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // Sixteen partial sums are one vector of the widest, and several of narrower ones.
        match S::F32_LANES {
            LANES => self.all::<S, 4, 1>(simd),
            8 => self.all::<S, 2, 2>(simd),
            4 => self.all::<S, 1, 4>(simd),
            _ => self.all::<S, 1, LANES>(simd),
        }
    }
}

#[expect(
    clippy::needless_range_loop,
    reason = "constant indices keep the sums in registers"
)]
impl WeightGradient<'_> {
    /// Every output's gradient, `N` outputs at a time, with partial sums in `V` vectors.
    #[inline(always)]
    fn all<S: Simd, const N: usize, const V: usize>(&mut self, simd: S) {
        let geometry = self.geometry;
        let outputs = geometry.output[0] / geometry.groups;
        for group in 0..geometry.groups {
            let mut output = 0;
            while output < outputs {
                let at = group * outputs + output;
                if outputs - output >= N {
                    self.outputs::<S, N, V>(simd, group, at);
                    output += N;
                } else {
                    self.outputs::<S, 1, V>(simd, group, at);
                    output += 1;
                }
            }
        }
    }

    /// All terms of `N` outputs' gradients.
    #[inline(always)]
    fn outputs<S: Simd, const N: usize, const V: usize>(
        &mut self,
        simd: S,
        group: usize,
        output: usize,
    ) {
        let inner = self.geometry.inner();
        let mut term = 0;
        while term < inner {
            if inner - term >= 4 {
                self.block::<S, N, 4, V>(simd, group, output, term);
                term += 4;
            } else {
                self.block::<S, N, 1, V>(simd, group, output, term);
                term += 1;
            }
        }
    }

    #[inline(always)]
    fn block<S: Simd, const N: usize, const M: usize, const V: usize>(
        &mut self,
        simd: S,
        group: usize,
        output: usize,
        term: usize,
    ) {
        let geometry = self.geometry;
        let len = geometry.used(self.examples).next_multiple_of(LANES);
        let gradients: [&[f32]; N] = std::array::from_fn(|row| {
            let first = (output + row) * geometry.gradient_run() + geometry.reach();
            &self.placed[first..first + len]
        });
        let runs: [&[f32]; M] = std::array::from_fn(|column| {
            let (taps, channels) = (geometry.taps.len(), geometry.input[0] / geometry.groups);
            let channel = (term + column) / taps;
            let first = (group * channels + channel) * geometry.phases() * geometry.run()
                + geometry.places[(term + column) % taps];
            &self.padded[first..first + len]
        });
        let mut sums = [[[simd.splat_f32s(0.0); V]; M]; N];
        for start in (0..len).step_by(LANES) {
            for vector in 0..V {
                let at = start + vector * S::F32_LANES;
                let values: [S::f32s; M] =
                    std::array::from_fn(|column| load::<S>(&runs[column][at..]));
                for row in 0..N {
                    let gradient = load::<S>(&gradients[row][at..]);
                    for column in 0..M {
                        let sum = &mut sums[row][column][vector];
                        *sum = simd.mul_add_f32s(gradient, values[column], *sum);
                    }
                }
            }
        }
        let inner = geometry.inner();
        for row in 0..N {
            for column in 0..M {
                self.out[(output + row) * inner + term + column] +=
                    by_halves(simd, sums[row][column]);
            }
        }
    }
}

/// The sum of sixteen partial sums, the second half of them on the first until one is left: as
/// `reduce_sum_f32s` goes on within a vector, so that the order does not depend on its width.
#[inline(always)]
fn by_halves<S: Simd, const V: usize>(simd: S, mut vectors: [S::f32s; V]) -> f32 {
    let mut half = V / 2;
    while half > 0 {
        for vector in 0..half {
            vectors[vector] = simd.add_f32s(vectors[vector], vectors[vector + half]);
        }
        half /= 2;
    }
    simd.reduce_sum_f32s(vectors[0])
}
