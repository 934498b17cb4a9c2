//! Which units have been anything but zero.

use crate::graph::Shape;
use crate::simd::{Kernel, vectorized};

/// Units of a layer that were zero on every example that was shown.
///
/// A unit is a feature, or a channel of an image with all its places. One that is zero on all of
/// the data passes nothing on and, under ReLU, learns nothing: it is dead, where a zero here and
/// there is what a ReLU is for.
///
/// # Source
///
/// L. Lu, Y. Shin, Y. Su, G. E. Karniadakis (2020), "Dying ReLU and initialization: theory and
/// numerical examples".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadUnits {
    /// Those that were zero throughout.
    pub dead: usize,
    /// All of them.
    pub units: usize,
}

/// Which units of one part of a layer have been alive so far.
#[derive(Clone, Debug)]
pub(super) struct Alive {
    /// Not zero once a unit was; a word each, so that a row is a few vectors.
    seen: Vec<u32>,
    /// Values of a unit.
    plane: usize,
    /// Whether every unit was: nothing is looked at any more then.
    all: bool,
}

impl Alive {
    pub(super) fn new(shape: &Shape) -> Self {
        // An image is channels × height × width; anything else is its features.
        let units = match shape.axes() {
            &[channels, _, _] => channels,
            _ => shape.len(),
        };
        Self {
            seen: vec![0; units],
            plane: shape.len() / units.max(1),
            all: false,
        }
    }

    pub(super) fn update(&mut self, values: &[f32]) {
        let row = self.seen.len() * self.plane;
        for values in values.chunks_exact(row.max(1)) {
            if self.all {
                return;
            }
            if self.plane == 1 {
                let seen = &mut self.seen;
                vectorized(Mark { seen, values });
            } else {
                let planes = values.chunks_exact(self.plane);
                for (seen, plane) in self.seen.iter_mut().zip(planes) {
                    *seen |= u32::from(*seen == 0 && plane.iter().any(|&value| value != 0.0));
                }
            }
            self.all = self.seen.iter().all(|&seen| seen != 0);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (seen, there) in self.seen.iter_mut().zip(&other.seen) {
            *seen |= there;
        }
    }

    pub(super) fn clear(&mut self) {
        self.seen.fill(0);
        self.all = false;
    }

    pub(super) fn dead_units(&self) -> DeadUnits {
        DeadUnits {
            dead: self.seen.iter().filter(|&&seen| seen == 0).count(),
            units: self.seen.len(),
        }
    }
}

struct Mark<'a> {
    seen: &'a mut [u32],
    values: &'a [f32],
}

impl Kernel for Mark<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (seen, value) in self.seen.iter_mut().zip(self.values) {
            // All bits but the sign: of −0 none is left, of NaN some are.
            *seen |= value.to_bits() << 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Alive, DeadUnits};
    use crate::graph::Shape;

    fn dead(alive: &Alive) -> (usize, usize) {
        let DeadUnits { dead, units } = alive.dead_units();
        (dead, units)
    }

    #[test]
    fn a_unit_is_dead_that_was_zero_on_every_example() {
        let mut alive = Alive::new(&Shape::checked(&[3]).unwrap());
        assert_eq!(dead(&alive), (3, 3));
        alive.update(&[0.0, -0.0, 1.0, 0.0, f32::NAN, 0.0]);
        assert_eq!(dead(&alive), (1, 3));
        let mut other = alive.clone();
        other.clear();
        assert_eq!(dead(&other), (3, 3));
        other.update(&[1e-45, 0.0, 0.0]);
        alive.merge(&other);
        assert_eq!(dead(&alive), (0, 3));
    }

    #[test]
    fn a_channel_is_alive_where_any_of_its_places_is() {
        let mut alive = Alive::new(&Shape::checked(&[2, 1, 2]).unwrap());
        alive.update(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0]);
        assert_eq!(dead(&alive), (1, 2));
    }
}
