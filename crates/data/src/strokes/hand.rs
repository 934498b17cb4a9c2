//! The hand that writes: one drawn for each image, and what it makes of a glyph.

use super::glyphs::Glyph;
use crate::random::SplitMix64;

/// How one image is written: the same for all strokes of its digit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand {
    /// Standard deviation of each point's place, in digit heights.
    unrest: f32,
    /// Standard deviation of each stroke's place as a whole: the pen was lifted between.
    slip: f32,
    /// How far x leans per height: the tangent of the slant.
    slant: f32,
    /// Turn of the whole, in radians.
    turn: f32,
    /// Factor on the width.
    width: f32,
    /// Sway of the lines: amplitude, and phase, of a sine in x along y and in y along x.
    sway: [(f32, f32); 2],
    /// Half the thickness of a line, in pixels.
    pub(super) radius: f32,
    /// Width of the line's soft edge, in pixels.
    pub(super) softness: f32,
    /// Grey of full ink, 0 to 1.
    pub(super) darkness: f32,
    /// Height or width that the digit fills, whichever is larger, in pixels.
    pub(super) size: f32,
    /// Where the digit's centre of mass lies off the image's middle, in pixels.
    pub(super) offset: (f32, f32),
}

/// A point of a line, with the pen's pressure there as a factor on the radius.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dot {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) pressure: f32,
}

/// A line from point to point.
pub(super) type Line = Vec<Dot>;

/// Straight pieces between two points of a glyph: more cannot be told apart at 28 pixels.
const PIECES: u32 = 5;

impl Hand {
    pub(super) fn draw(random: &mut SplitMix64) -> Self {
        // The spreads below were set by eye, against a sheet of MNIST, and by a small network:
        // 784-50-10 should end near 98%, a point above what it has on MNIST.
        // Most hands are careful, few are careless: the cube of a uniform.
        let careless = random.unit();
        let careless = careless * careless * careless;
        let loose = 1.0 + careless;
        Self {
            unrest: 0.022 + 0.042 * careless,
            slip: 0.010 * loose,
            slant: 0.14 + 0.20 * loose * random.bell(),
            turn: 0.09 * loose * random.bell(),
            width: 1.10 + 0.15 * loose * random.bell(),
            sway: [(); 2].map(|()| {
                (
                    0.022 * loose * random.bell(),
                    random.between(0.0, core::f32::consts::TAU),
                )
            }),
            radius: 1.32 + 0.30 * random.bell(),
            softness: random.between(0.9, 1.4),
            // Half the pens are fully black.
            darkness: random.between(0.92, 1.08).min(1.0),
            size: 20.0 - 1.2 * random.unit() * loose,
            offset: (0.50 * loose * random.bell(), 0.50 * loose * random.bell()),
        }
    }

    /// The lines of `glyph` as this hand writes them, in digit heights; where on the paper they
    /// land is not decided yet.
    pub(super) fn write(&self, glyph: &Glyph, random: &mut SplitMix64) -> Vec<Line> {
        let mut unrest = || self.unrest * random.bell();
        let points: Vec<(f32, f32)> = glyph
            .points
            .iter()
            .map(|&(x, y)| (x + unrest(), y + unrest()))
            .collect();
        let (sin, cos) = (libm::sinf(self.turn), libm::cosf(self.turn));
        let place = |(x, y): (f32, f32)| {
            let (x, y) = self.swayed(x, y);
            let (x, y) = (x * self.width + self.slant * (0.5 - y), y);
            (cos * x - sin * y, sin * x + cos * y)
        };
        let strokes = glyph.strokes.iter().map(|stroke| {
            let slip = (self.slip * random.bell(), self.slip * random.bell());
            let corner = |&i: &usize| (points[i].0 + slip.0, points[i].1 + slip.1);
            let corners: Vec<(f32, f32)> = stroke.iter().map(corner).collect();
            let pressure = [1.0 + 0.10 * random.bell(), 1.0 + 0.14 * random.bell()];
            line(&corners, pressure, place)
        });
        strokes.collect()
    }

    fn swayed(&self, x: f32, y: f32) -> (f32, f32) {
        let [(along_y, phase_y), (along_x, phase_x)] = self.sway;
        // About three quarters of a wave over the digit's height, half a wave over its width.
        (
            x + along_y * libm::sinf(4.7 * y + phase_y),
            y + along_x * libm::sinf(4.7 * x + phase_x),
        )
    }
}

/// The smooth curve through `corners`, cut into straight pieces; the pressure goes evenly from
/// `from` to `to`.
fn line(
    corners: &[(f32, f32)],
    [from, to]: [f32; 2],
    place: impl Fn((f32, f32)) -> (f32, f32),
) -> Line {
    let at = |i: usize| corners[i.min(corners.len() - 1)];
    let last = (corners.len() - 1) as f32 * PIECES as f32;
    let mut line = Line::with_capacity(corners.len() * PIECES as usize);
    let mut push = |point: (f32, f32), index: u32| {
        let ((x, y), along) = (place(point), index as f32 / last);
        line.push(Dot {
            x,
            y,
            pressure: from + (to - from) * along,
        });
    };
    for piece in 0..corners.len() - 1 {
        let neighbours = [
            at(piece.saturating_sub(1)),
            at(piece),
            at(piece + 1),
            at(piece + 2),
        ];
        for step in 0..PIECES {
            let index = piece as u32 * PIECES + step;
            push(catmull_rom(neighbours, step as f32 / PIECES as f32), index);
        }
    }
    push(at(corners.len() - 1), (corners.len() as u32 - 1) * PIECES);
    line
}

/// The cubic from `b` to `c` whose slope at each is half the way between its neighbours.
///
/// Source: Catmull, Rom, "A class of local interpolating splines", 1974 (uniform, tension 1/2).
fn catmull_rom([a, b, c, d]: [(f32, f32); 4], t: f32) -> (f32, f32) {
    let axis = |a: f32, b: f32, c: f32, d: f32| {
        let linear = c - a;
        let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
        let cube = 3.0 * (b - c) + d - a;
        b + 0.5 * t * (linear + t * (square + t * cube))
    };
    (axis(a.0, b.0, c.0, d.0), axis(a.1, b.1, c.1, d.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_goes_through_its_points() {
        let corners = [(0.0, 0.0), (1.0, 2.0), (3.0, 1.0), (2.0, -1.0)];
        let line = line(&corners, [1.0, 2.0], |point| point);
        for (i, corner) in corners.iter().enumerate() {
            let dot = line[i * PIECES as usize];
            assert!((dot.x - corner.0).abs() < 1e-6 && (dot.y - corner.1).abs() < 1e-6);
        }
        assert_eq!(line.len(), 3 * PIECES as usize + 1);
        assert_eq!(
            (line[0].pressure, line.last().unwrap().pressure),
            (1.0, 2.0)
        );
    }

    #[test]
    fn points_on_a_straight_line_stay_on_it() {
        let corners = [(0.0, 0.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0)];
        let line = line(&corners, [1.0, 1.0], |point| point);
        assert!(line.iter().all(|dot| (dot.y - 2.0 * dot.x).abs() < 1e-5));
    }
}
