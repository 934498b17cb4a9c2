//! Convolutions of 3 × 3 taps, stride 1, by fewer products: Winograd's F(2 × 2, 3 × 3).
//!
//! Two by two places of the target take 36 products of each channel directly; of a window of 4 × 4
//! places of the source and a kernel, both transformed, they take 16:
//!
//! `Y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A`
//!
//! ```text
//!      ⎡1  0 −1  0⎤        ⎡1  0  0⎤        ⎡1  0⎤
//! Bᵀ = ⎢0  1  1  0⎥    G = ⎢½  ½  ½⎥    A = ⎢1  1⎥
//!      ⎢0 −1  1  0⎥        ⎢½ −½  ½⎥        ⎢1 −1⎥
//!      ⎣0 −1  0  1⎦        ⎣0  0  1⎦        ⎣0  1⎦
//! ```
//!
//! with sums over channels taken before the last transform (Lavin and Gray, *Fast Algorithms for
//! Convolutional Neural Networks*, 2016; the signs of the last row are moved from A to B). Y is
//! bilinear in w and d, so that the gradient by the weight is `Gᵀ [(A g Aᵀ) ⊙ (Bᵀ d B)] G` summed
//! over windows; that by the input is the convolution of g with the kernel turned around.
//!
//! The transforms only add and halve: errors stay within a few times those of the direct sum. What
//! is beyond the image is zero in a window.

mod gather;
mod kernel;
mod tiles;
mod weight_gradient;

pub(super) use gather::Gathering;
pub(super) use kernel::{laid, lay};
pub(super) use tiles::Tiles;
pub(super) use weight_gradient::WeightGradient;

use std::ops::Range;

use pulp::Simd;

/// Places along an axis of a window, and of what is made of it.
const WINDOW: usize = 4;
const MADE: usize = 2;
/// Places of a window, for each of which there is a matrix of channels by channels.
pub(super) const PLACES: usize = WINDOW * WINDOW;

/// `Bᵀ` times a column.
#[inline(always)]
fn window<S: Simd>(simd: S, d: [S::f32s; WINDOW]) -> [S::f32s; WINDOW] {
    [
        simd.sub_f32s(d[0], d[2]),
        simd.add_f32s(d[1], d[2]),
        simd.sub_f32s(d[2], d[1]),
        simd.sub_f32s(d[3], d[1]),
    ]
}

/// `Aᵀ` times a column.
#[inline(always)]
fn made<S: Simd>(simd: S, m: [S::f32s; WINDOW]) -> [S::f32s; MADE] {
    let (sum, difference) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    [simd.add_f32s(m[0], sum), simd.add_f32s(difference, m[3])]
}

/// `A` times a column.
#[inline(always)]
fn spread<S: Simd>(simd: S, [first, second]: [S::f32s; MADE]) -> [S::f32s; WINDOW] {
    [
        first,
        simd.add_f32s(first, second),
        simd.sub_f32s(first, second),
        second,
    ]
}

/// Tiles that are gone through together at most.
const TOGETHER: usize = 16;

/// `count` tiles in the fewest parts of at most `most`, as even as can be.
fn evenly(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(most);
    (0..parts).map(move |part| part * count / parts..(part + 1) * count / parts)
}

#[cfg(test)]
mod tests {
    use super::super::gather::{Gathering, Sizes};
    use super::super::geometry::{Geometry, Request};
    use super::super::weight_gradient::WeightGradient;
    use super::{evenly, laid, lay};
    use crate::blocks::{BLOCK, examples_of_last};
    use crate::graph::PaddingMode;
    use crate::matrix::Accumulate;
    use crate::operator::Direction;
    use crate::testing::narrow;

    struct Case {
        input: [usize; 3],
        outputs: usize,
        padding: [usize; 2],
        mode: PaddingMode,
        groups: usize,
        examples: usize,
    }

    /// Odd sizes, borders of all kinds, tiles of 6, 4, 2 and 1 channels, and blocks that are not full.
    fn cases() -> [Case; 6] {
        let case = |input, outputs, padding, mode, groups, examples| Case {
            input,
            outputs,
            padding,
            mode,
            groups,
            examples,
        };
        let (zero, circular) = (PaddingMode::Zero, PaddingMode::Circular);
        [
            case([16, 12, 14], 16, [1, 1], zero, 1, 19),
            case([64, 7, 7], 64, [1, 1], zero, 1, 16),
            case([9, 29, 31], 13, [0, 2], zero, 1, 5),
            case([16, 13, 24], 21, [1, 1], circular, 1, 16),
            case([24, 14, 15], 40, [3, 0], zero, 2, 33),
            case([16, 20, 20], 18, [4, 3], circular, 1, 16),
        ]
    }

    impl Case {
        fn geometry(&self) -> Geometry {
            let request = Request {
                input: self.input,
                outputs: self.outputs,
                kernel: [3, 3],
                stride: [1, 1],
                padding: self.padding,
                mode: self.mode,
                dilation: [1, 1],
                groups: self.groups,
            };
            Geometry::new(&request).expect("the kernel fits")
        }

        fn blocks(&self) -> usize {
            self.examples.div_ceil(BLOCK)
        }
    }

    /// Between −1 and 1.
    fn values(len: usize, mut state: u32) -> Vec<f32> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(|_| next()).collect()
    }

    fn largest(values: &[f32]) -> f32 {
        values.iter().map(|value| value.abs()).fold(0.0, f32::max)
    }

    /// Runs `by_windows` and `direct`, with wide and with narrow vectors, and compares each value with
    /// what rounding may make of sums as large as `size`. Errors grow like a random walk's steps: a few
    /// half units in the last place of what could be summed up at most.
    fn compare(by_windows: impl Fn() -> Vec<f32>, direct: &[f32], size: f32) {
        let made = by_windows();
        let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|v| v.to_bits()).collect() };
        assert_eq!(bits(&made), bits(&narrow(&by_windows)));
        let worst = made
            .iter()
            .zip(direct)
            .map(|(made, direct)| (made - direct).abs());
        let worst = worst.fold(0.0, f32::max);
        let bound = 2.0 * f32::EPSILON * size;
        assert!(worst <= bound, "{worst:e} is over {bound:e}");
        // Zeros, doubled values and neighbours' values would not pass.
        assert!(largest(direct) > 1000.0 * bound, "{bound:e}");
    }

    #[test]
    fn windows_gather_what_the_direct_sum_does() {
        for case in cases() {
            let geometry = case.geometry();
            let blocks = case.blocks();
            let weight = values(geometry.weights(), 1);
            for direction in [Direction::Forward, Direction::Backward] {
                let sizes = Sizes::of(&geometry, direction);
                let is_known = case.padding == [1, 1] || case.mode == PaddingMode::Zero;
                let goes_by_windows = geometry.tiles(direction).is_some();
                assert_eq!(
                    goes_by_windows,
                    direction == Direction::Forward || is_known,
                    "{:?} {direction:?}",
                    case.input
                );
                let groups = geometry.groups * blocks * BLOCK;
                let source = values(sizes.terms * sizes.source_plane * groups, 2);
                let before = values(sizes.targets * sizes.target_plane * groups, 3);
                let bias = match direction {
                    Direction::Forward => values(sizes.targets * geometry.groups, 4),
                    Direction::Backward => Vec::new(),
                };
                let mut kernels = vec![0.0; laid(sizes, geometry.groups)];
                lay(sizes, direction, &weight, &mut kernels);
                let run = |geometry: &Geometry, accumulate| {
                    let mut target = before.clone();
                    let mut scratch = vec![f32::NAN; Gathering::scratch(geometry, direction)];
                    let gathering = Gathering {
                        geometry,
                        direction,
                        weight: &weight,
                        laid: &kernels,
                        bias: &bias,
                        source: &source,
                        accumulate,
                        scratch: &mut scratch,
                        target: &mut target,
                    };
                    gathering.run();
                    target
                };
                let mut direct = geometry.clone();
                (direct.forward_tiles, direct.backward_tiles) = (None, None);
                // Weights are a half on average.
                let size = 0.5 * (sizes.terms * sizes.taps) as f32;
                for accumulate in [Accumulate::Overwrite, Accumulate::Add] {
                    compare(
                        || run(&geometry, accumulate),
                        &run(&direct, accumulate),
                        size,
                    );
                }
            }
        }
    }

    #[test]
    fn windows_sum_the_gradient_that_the_direct_sum_does() {
        for case in cases() {
            let geometry = case.geometry();
            assert!(geometry.gradient_tiles.is_some(), "{:?}", case.input);
            let blocks = case.blocks();
            let mut input = values(geometry.input_len() * blocks * BLOCK, 5);
            let mut gradient = values(geometry.output_len() * blocks * BLOCK, 6);
            // What lies where there is no example may be anything.
            let last = examples_of_last(case.examples);
            for (values, len) in [
                (&mut input, geometry.input_len()),
                (&mut gradient, geometry.output_len()),
            ] {
                for vector in values[(blocks - 1) * BLOCK * len..].chunks_exact_mut(BLOCK) {
                    vector[last..].fill(f32::NAN);
                }
            }
            let run = |geometry: &Geometry| {
                let mut sums = vec![f32::NAN; geometry.weights()];
                let mut scratch = vec![f32::NAN; WeightGradient::scratch(geometry)];
                let gradient = WeightGradient {
                    geometry,
                    last,
                    input: &input,
                    gradient: &gradient,
                    scratch: &mut scratch,
                    sums: &mut sums,
                };
                gradient.run();
                sums
            };
            let mut direct = geometry.clone();
            direct.gradient_tiles = None;
            // Windows and what gradients are spread to are sums of four: each twice as large, their products
            // four times.
            let terms = (case.examples * geometry.output_plane()) as f32;
            compare(|| run(&geometry), &run(&direct), 4.0 * terms.sqrt());
        }
    }

    #[test]
    fn parts_are_even_and_leave_nothing_out() {
        for (count, most) in [(1, 16), (16, 16), (17, 16), (49, 16), (196, 12)] {
            let all: Vec<_> = evenly(count, most).collect();
            assert_eq!(all.len(), count.div_ceil(most));
            assert!(all.iter().all(|part| (1..=most).contains(&part.len())));
            let places: Vec<usize> = all.into_iter().flatten().collect();
            assert_eq!(places, (0..count).collect::<Vec<_>>());
        }
    }
}
