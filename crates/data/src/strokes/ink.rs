//! Lines become grey pixels.

use super::SIDE;
use super::hand::{Dot, Hand, Line};
use crate::random::SplitMix64;

/// Far from every line: deeper in the white than any soft edge reaches.
const NO_INK: f32 = f32::INFINITY;

/// Lays the lines on a 28×28 image as MNIST's makers did: scaled so that the larger side, with the
/// line's thickness, fills the hand's size (about 20 pixels), the centre of mass in the middle.
pub(super) fn lay(lines: &[Line], hand: &Hand, random: &mut SplitMix64, image: &mut [u8]) {
    let lines = fit(lines, hand);
    let mut depths = [NO_INK; SIDE * SIDE];
    for line in &lines {
        for pair in line.windows(2) {
            stamp(pair[0], pair[1], hand, &mut depths);
        }
    }
    for (pixel, &depth) in image.iter_mut().zip(&depths) {
        if depth < NO_INK {
            *pixel = grey(depth, hand, random);
        }
    }
}

/// The ink of a pixel `depth` pixels outside the line's edge (inside where negative). Paper takes
/// ink unevenly, and never where there is none.
fn grey(depth: f32, hand: &Hand, random: &mut SplitMix64) -> u8 {
    let cover = (0.5 - depth / hand.softness).clamp(0.0, 1.0);
    let grain = 1.0 + 0.06 * random.bell();
    (255.0 * (cover * hand.darkness * grain).min(1.0)) as u8
}

/// The lines in pixels, in their place.
fn fit(lines: &[Line], hand: &Hand) -> Vec<Line> {
    let mut low = (f32::INFINITY, f32::INFINITY);
    let mut high = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for dot in lines.iter().flatten() {
        low = (low.0.min(dot.x), low.1.min(dot.y));
        high = (high.0.max(dot.x), high.1.max(dot.y));
    }
    let extent = (high.0 - low.0).max(high.1 - low.1);
    let scale = (hand.size - 2.0 * hand.radius) / extent;
    let (centre_x, centre_y) = centre_of_mass(lines);
    let middle = SIDE as f32 / 2.0;
    let place = |dot: &Dot| Dot {
        x: (dot.x - centre_x) * scale + middle + hand.offset.0,
        y: (dot.y - centre_y) * scale + middle + hand.offset.1,
        pressure: dot.pressure,
    };
    lines
        .iter()
        .map(|line| line.iter().map(place).collect())
        .collect()
}

/// Each piece of line weighs its length.
fn centre_of_mass(lines: &[Line]) -> (f32, f32) {
    let (mut x, mut y, mut mass) = (0.0, 0.0, 0.0);
    for pair in lines.iter().flat_map(|line| line.windows(2)) {
        let (dx, dy) = (pair[1].x - pair[0].x, pair[1].y - pair[0].y);
        let length = (dx * dx + dy * dy).sqrt();
        x += length * 0.5 * (pair[0].x + pair[1].x);
        y += length * 0.5 * (pair[0].y + pair[1].y);
        mass += length;
    }
    (x / mass, y / mass)
}

/// Keeps for each pixel near the piece from `a` to `b` how far it lies outside the nearest edge.
/// Pixel (column, row) is seen at its centre (column + ½, row + ½).
fn stamp(a: Dot, b: Dot, hand: &Hand, depths: &mut [f32; SIDE * SIDE]) {
    let reach = hand.radius * a.pressure.max(b.pressure) + 0.5 * hand.softness;
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    // A piece of no length is a dot: any `along` will do.
    let per_length2 = 1.0 / (dx * dx + dy * dy).max(1e-12);
    for row in pixels(a.y.min(b.y) - reach, a.y.max(b.y) + reach) {
        let py = row as f32 + 0.5 - a.y;
        for column in pixels(a.x.min(b.x) - reach, a.x.max(b.x) + reach) {
            let px = column as f32 + 0.5 - a.x;
            let along = ((px * dx + py * dy) * per_length2).clamp(0.0, 1.0);
            let (ox, oy) = (px - along * dx, py - along * dy);
            let radius = hand.radius * (a.pressure + (b.pressure - a.pressure) * along);
            let depth = (ox * ox + oy * oy).sqrt() - radius;
            let nearest = &mut depths[row * SIDE + column];
            *nearest = nearest.min(depth);
        }
    }
}

/// The pixels of the image whose centres lie between `from` and `to`.
fn pixels(from: f32, to: f32) -> std::ops::Range<usize> {
    // A float beyond the image saturates: below 0 it becomes 0, above it is cut to the side.
    let first = (from + 0.5) as usize;
    let end = (to + 0.5) as usize;
    first.min(SIDE)..end.min(SIDE)
}
