//! What a tile's sums take from the images, place after place or a run of places at once.

use pulp::Simd;

use super::super::gather::load;
use super::super::places::{Place, Run};
use super::COLUMNS;
use crate::blocks::Vector;

/// Places of a run from which on it pays to find its columns once for all of them.
const LONG: usize = 5;
/// Places that a loop goes through at a time: its own instructions cost as much as the arithmetic's
/// where a core's other half is busy.
const STEP: usize = 2;

/// Sums of a tile, in one of the machine's vectors of each, by columns from one on.
#[inline(always)]
pub(super) fn load_sums<S: Simd, const N: usize, const C: usize>(
    simd: S,
    sums: &[[Vector; COLUMNS]; N],
    (part, column): (usize, usize),
) -> [[S::f32s; C]; N] {
    let mut loaded = [[simd.splat_f32s(0.0); C]; N];
    for row in 0..N {
        for c in 0..C {
            loaded[row][c] = load::<S>(&sums[row][column + c], part);
        }
    }
    loaded
}

/// Puts back what [`load_sums`] has given.
#[inline(always)]
pub(super) fn store_sums<S: Simd, const N: usize, const C: usize>(
    made: [[S::f32s; C]; N],
    sums: &mut [[Vector; COLUMNS]; N],
    (part, column): (usize, usize),
) {
    for row in 0..N {
        for c in 0..C {
            S::as_mut_simd_f32s(&mut sums[row][column + c]).0[part] = made[row][c];
        }
    }
}

/// What a tile reads of a block: its channels of the input, and its outputs' gradients.
pub(super) struct Images<'a, const N: usize> {
    pub(super) input: &'a [Vector],
    pub(super) gradients: [&'a [Vector]; N],
}

impl<const N: usize> Images<'_, N> {
    /// Adds what one place makes in those of the columns that it meets.
    #[inline(always)]
    pub(super) fn place<S: Simd, const C: usize>(
        &self,
        simd: S,
        mut sums: [[S::f32s; C]; N],
        distances: &[i32; C],
        Place { target, base }: Place,
        part: usize,
    ) -> [[S::f32s; C]; N] {
        let gradients: [S::f32s; N] =
            std::array::from_fn(|row| load::<S>(&self.gradients[row][target as usize], part));
        for c in 0..C {
            let at = (base + distances[c]) as usize;
            if let Some(value) = self.input.get(at) {
                let value = load::<S>(value, part);
                for row in 0..N {
                    sums[row][c] = simd.mul_add_f32s(gradients[row], value, sums[row][c]);
                }
            }
        }
        sums
    }

    /// Adds what the places of a run make, looking for each one's columns.
    #[inline(always)]
    fn one_by_one<S: Simd, const C: usize>(
        &self,
        simd: S,
        mut sums: [[S::f32s; C]; N],
        distances: &[i32; C],
        run: Run,
        part: usize,
    ) -> [[S::f32s; C]; N] {
        for index in 0..run.count {
            sums = self.place::<S, C>(simd, sums, distances, run.at(index), part);
        }
        sums
    }

    /// Adds what the places of a run make, in order.
    #[inline(always)]
    pub(super) fn run<S: Simd, const C: usize>(
        &self,
        simd: S,
        mut sums: [[S::f32s; C]; N],
        distances: &[i32; C],
        run: Run,
        part: usize,
    ) -> [[S::f32s; C]; N] {
        let count = run.count as usize;
        if count < LONG {
            return self.one_by_one::<S, C>(simd, sums, distances, run, part);
        }
        let values: [&[Vector]; C] = std::array::from_fn(|c| {
            let first = (run.first.base + distances[c]) as usize;
            let last = first.saturating_add(count);
            self.input.get(first..last).unwrap_or_default()
        });
        if values.iter().any(|values| values.is_empty()) {
            return self.one_by_one::<S, C>(simd, sums, distances, run, part);
        }
        // Sliced to one length, so that no read is checked.
        let values: [&[Vector]; C] = std::array::from_fn(|c| &values[c][..count]);
        let first = run.first.target as usize;
        let gradients: [&[Vector]; N] =
            std::array::from_fn(|row| &self.gradients[row][first..][..count]);
        let steps = count / STEP;
        let value_steps: [&[[Vector; STEP]]; C] =
            std::array::from_fn(|c| &values[c].as_chunks().0[..steps]);
        let gradient_steps: [&[[Vector; STEP]]; N] =
            std::array::from_fn(|row| &gradients[row].as_chunks().0[..steps]);
        for step in 0..steps {
            for index in 0..STEP {
                let gradients = std::array::from_fn(|row| &gradient_steps[row][step][index]);
                let values = std::array::from_fn(|c| &value_steps[c][step][index]);
                sums = add::<S, N, C>(simd, sums, gradients, values, part);
            }
        }
        for index in steps * STEP..count {
            let gradients = std::array::from_fn(|row| &gradients[row][index]);
            let values = std::array::from_fn(|c| &values[c][index]);
            sums = add::<S, N, C>(simd, sums, gradients, values, part);
        }
        sums
    }
}

/// Adds the products of each gradient with each value.
#[inline(always)]
fn add<S: Simd, const N: usize, const C: usize>(
    simd: S,
    mut sums: [[S::f32s; C]; N],
    gradients: [&Vector; N],
    values: [&Vector; C],
    part: usize,
) -> [[S::f32s; C]; N] {
    let values: [S::f32s; C] = std::array::from_fn(|c| load::<S>(values[c], part));
    for row in 0..N {
        let gradient = load::<S>(gradients[row], part);
        for c in 0..C {
            sums[row][c] = simd.mul_add_f32s(gradient, values[c], sums[row][c]);
        }
    }
    sums
}
