//! Copies of images into runs, and back.

use super::geometry::{Axis, Geometry, Stretch};
use crate::graph::PaddingMode;
use crate::matrix::Accumulate;
use crate::simd::{Kernel, vectorized};

/// Copies one slice to another of its length, which is often shorter than what a call of the
/// system's own copying takes: two pieces that may overlap are all that a row of a small image needs.
#[inline(always)]
fn copy(to: &mut [f32], from: &[f32]) {
    match from.len() {
        16.. => pieces::<16>(to, from),
        8.. => pieces::<8>(to, from),
        4.. => pieces::<4>(to, from),
        2.. => pieces::<2>(to, from),
        _ => pieces::<1>(to, from),
    }
}

/// Copies pieces of `N` values, the last of them so that it ends where the slices end.
#[inline(always)]
fn pieces<const N: usize>(to: &mut [f32], from: &[f32]) {
    for (to, from) in to
        .as_chunks_mut::<N>()
        .0
        .iter_mut()
        .zip(from.as_chunks::<N>().0)
    {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        *to = *from;
    }
}

/// Adds one slice to another of its length.
#[inline(always)]
fn add(to: &mut [f32], from: &[f32]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// Each run with the place of its channel's plane and with its stretches.
#[inline(always)]
fn for_each_run(geometry: &Geometry, mut work: impl FnMut(usize, usize, &[Stretch])) {
    let plane = geometry.input[1] * geometry.input[2];
    let mut run = 0;
    for channel in 0..geometry.input[0] {
        for stretches in &geometry.stretches {
            work(run, channel * plane, stretches);
            run += 1;
        }
    }
}

/// Copies the images of a few examples into their runs, with zeros around them.
pub(super) fn pad(geometry: &Geometry, input: &[f32], padded: &mut [f32]) {
    padded.fill(0.0);
    vectorized(Pad {
        geometry,
        input,
        padded,
    });
}

struct Pad<'a> {
    geometry: &'a Geometry,
    input: &'a [f32],
    padded: &'a mut [f32],
}

impl Kernel for Pad<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let geometry = self.geometry;
        let (run_len, image) = (geometry.run(), geometry.image());
        for_each_run(geometry, |run, plane, stretches| {
            let run = &mut self.padded[run * run_len..(run + 1) * run_len];
            let inputs = self.input.chunks_exact(geometry.input_len());
            for (example, input) in inputs.enumerate() {
                let from = &input[plane..];
                let to = &mut run[example * image..(example + 1) * image];
                for stretch in stretches {
                    let to = &mut to[stretch.position..stretch.position + stretch.len];
                    let from = &from[stretch.place..];
                    if stretch.step == 1 {
                        copy(to, &from[..stretch.len]);
                    } else {
                        for (to, &from) in to.iter_mut().zip(from.iter().step_by(stretch.step)) {
                            *to = from;
                        }
                    }
                }
            }
        });
    }
}

/// Adds up, or writes, the gradient by each input from that by its copies.
pub(super) fn unpad(geometry: &Geometry, padded: &[f32], accumulate: Accumulate, out: &mut [f32]) {
    // Where each input has exactly one copy, that is written; else copies are added to zeros.
    let [rows, columns] = &geometry.axes;
    let once = |axis: &Axis| axis.stride == 1 && axis.mode == PaddingMode::Zero;
    let whole = |axis: &Axis| axis.pitch >= axis.padding + axis.size;
    let write = accumulate == Accumulate::Overwrite
        && [rows, columns].iter().all(|axis| once(axis) && whole(axis));
    if accumulate == Accumulate::Overwrite && !write {
        out.fill(0.0);
    }
    let copies = if write {
        Accumulate::Overwrite
    } else {
        Accumulate::Add
    };
    vectorized(Unpad {
        geometry,
        padded,
        copies,
        out,
    });
}

struct Unpad<'a> {
    geometry: &'a Geometry,
    padded: &'a [f32],
    copies: Accumulate,
    out: &'a mut [f32],
}

impl Kernel for Unpad<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let geometry = self.geometry;
        let (run_len, image) = (geometry.run(), geometry.image());
        for_each_run(geometry, |run, plane, stretches| {
            let run = &self.padded[run * run_len..(run + 1) * run_len];
            let outs = self.out.chunks_exact_mut(geometry.input_len());
            for (example, out) in outs.enumerate() {
                let to = &mut out[plane..];
                let from = &run[example * image..(example + 1) * image];
                for stretch in stretches {
                    let from = &from[stretch.position..stretch.position + stretch.len];
                    let to = &mut to[stretch.place..];
                    match (self.copies, stretch.step) {
                        (Accumulate::Overwrite, _) => copy(&mut to[..stretch.len], from),
                        (Accumulate::Add, 1) => add(&mut to[..stretch.len], from),
                        (Accumulate::Add, step) => {
                            for (to, &from) in to.iter_mut().step_by(step).zip(from) {
                                *to += from;
                            }
                        }
                    }
                }
            }
        });
    }
}

/// Copies the results out of their runs.
pub(super) fn take_result(geometry: &Geometry, result: &[f32], out: &mut [f32]) {
    vectorized(TakeResult {
        geometry,
        result,
        out,
    });
}

struct TakeResult<'a> {
    geometry: &'a Geometry,
    result: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for TakeResult<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let geometry = self.geometry;
        let [_, height, width] = geometry.output;
        let (run_len, image, pitch) = (geometry.run(), geometry.image(), geometry.axes[1].pitch);
        let outs = self.out.chunks_exact_mut(geometry.output_len());
        for (example, out) in outs.enumerate() {
            let planes = out.chunks_exact_mut(height * width);
            for (plane, run) in planes.zip(self.result.chunks_exact(run_len)) {
                let rows = plane.chunks_exact_mut(width);
                for (row, from) in rows.zip(run[example * image..].chunks(pitch)) {
                    copy(row, &from[..width]);
                }
            }
        }
    }
}

/// Copies the gradients of a few examples' results to the positions of those results, with zeros
/// everywhere else.
pub(super) fn place_gradient(geometry: &Geometry, gradient: &[f32], placed: &mut [f32]) {
    placed.fill(0.0);
    vectorized(PlaceGradient {
        geometry,
        gradient,
        placed,
    });
}

struct PlaceGradient<'a> {
    geometry: &'a Geometry,
    gradient: &'a [f32],
    placed: &'a mut [f32],
}

impl Kernel for PlaceGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let geometry = self.geometry;
        let [_, height, width] = geometry.output;
        let (run_len, image, pitch) = (
            geometry.gradient_run(),
            geometry.image(),
            geometry.axes[1].pitch,
        );
        let gradients = self.gradient.chunks_exact(geometry.output_len());
        for (example, gradient) in gradients.enumerate() {
            let planes = gradient.chunks_exact(height * width);
            for (plane, run) in planes.zip(self.placed.chunks_exact_mut(run_len)) {
                let to = &mut run[geometry.reach() + example * image..];
                let rows = plane.chunks_exact(width);
                for (row, to) in rows.zip(to.chunks_mut(pitch)) {
                    copy(&mut to[..width], row);
                }
            }
        }
    }
}
