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
fn parts(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(most);
    (0..parts).map(move |part| part * count / parts..(part + 1) * count / parts)
}
