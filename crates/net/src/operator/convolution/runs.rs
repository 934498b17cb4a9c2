//! Copies of images into runs, and back.

use super::geometry::{Axis, Geometry, Stretch};
use crate::graph::PaddingMode;
use crate::matrix::Accumulate;

/// Values that are worth a call of the system's own copying.
const LONG: usize = 32;

/// Copies one slice to another of its length, which may be very short.
#[inline(always)]
fn copy(to: &mut [f32], from: &[f32]) {
    if from.len() >= LONG {
        to.copy_from_slice(from);
    } else {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from;
        }
    }
}

/// Each run with the place of its channel's plane and with its stretches.
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
    let (run_len, image) = (geometry.run(), geometry.image());
    padded.fill(0.0);
    for_each_run(geometry, |run, plane, stretches| {
        let run = &mut padded[run * run_len..(run + 1) * run_len];
        for (example, input) in input.chunks_exact(geometry.input_len()).enumerate() {
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

/// Adds up, or writes, the gradient by each input from that by its copies.
pub(super) fn unpad(geometry: &Geometry, padded: &[f32], accumulate: Accumulate, out: &mut [f32]) {
    let (run_len, image) = (geometry.run(), geometry.image());
    // Where each input has exactly one copy, that is written; else copies are added to zeros.
    let [rows, columns] = &geometry.axes;
    let once = |axis: &Axis| axis.stride == 1 && axis.mode == PaddingMode::Zero;
    let whole = |axis: &Axis| axis.pitch >= axis.padding + axis.size;
    let write = accumulate == Accumulate::Overwrite
        && [rows, columns].iter().all(|axis| once(axis) && whole(axis));
    if accumulate == Accumulate::Overwrite && !write {
        out.fill(0.0);
    }
    for_each_run(geometry, |run, plane, stretches| {
        let run = &padded[run * run_len..(run + 1) * run_len];
        for (example, out) in out.chunks_exact_mut(geometry.input_len()).enumerate() {
            let to = &mut out[plane..];
            let from = &run[example * image..(example + 1) * image];
            for stretch in stretches {
                let from = &from[stretch.position..stretch.position + stretch.len];
                let to = &mut to[stretch.place..];
                if write {
                    copy(&mut to[..stretch.len], from);
                } else {
                    for (to, &from) in to.iter_mut().step_by(stretch.step).zip(from) {
                        *to += from;
                    }
                }
            }
        }
    });
}

/// Copies the results out of their runs.
pub(super) fn take_result(geometry: &Geometry, result: &[f32], out: &mut [f32]) {
    let [_, height, width] = geometry.output;
    let (run_len, image, pitch) = (geometry.run(), geometry.image(), geometry.axes[1].pitch);
    for (example, out) in out.chunks_exact_mut(geometry.output_len()).enumerate() {
        let planes = out.chunks_exact_mut(height * width);
        for (plane, run) in planes.zip(result.chunks_exact(run_len)) {
            let rows = plane.chunks_exact_mut(width);
            for (row, from) in rows.zip(run[example * image..].chunks(pitch)) {
                copy(row, &from[..width]);
            }
        }
    }
}

/// Copies the gradients of a few examples' results to the positions of those results, with zeros
/// everywhere else.
pub(super) fn place_gradient(geometry: &Geometry, gradient: &[f32], placed: &mut [f32]) {
    let [_, height, width] = geometry.output;
    let (run_len, image, pitch) = (
        geometry.gradient_run(),
        geometry.image(),
        geometry.axes[1].pitch,
    );
    placed.fill(0.0);
    for (example, gradient) in gradient.chunks_exact(geometry.output_len()).enumerate() {
        let planes = gradient.chunks_exact(height * width);
        for (plane, run) in planes.zip(placed.chunks_exact_mut(run_len)) {
            let to = &mut run[geometry.reach() + example * image..];
            let rows = plane.chunks_exact(width);
            for (row, to) in rows.zip(to.chunks_mut(pitch)) {
                copy(&mut to[..width], row);
            }
        }
    }
}
