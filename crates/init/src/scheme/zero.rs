use super::Scheme;
use super::family::Family;
use super::identity::Diagonal;
use super::moments::Moments;
use super::pattern::{Pattern, Place};
use crate::number::Plain;
use crate::{Geometry, InitError};

/// ZerO: identity where a layer does not widen, a Hadamard matrix where it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Zero {
    gain: f64,
}

impl Zero {
    pub(super) fn parameters(&self) -> Vec<String> {
        vec![format!("gain={}", Plain(self.gain))]
    }

    pub(super) fn pattern(
        &self,
        scheme: &Scheme,
        geometry: &Geometry,
    ) -> Result<Box<dyn Pattern>, InitError> {
        scheme.require_finite("gain", self.gain)?;
        if !geometry.has_fans() {
            return Err(scheme.unsuited("a matrix (a layer with outputs and inputs)", geometry));
        }
        let widens = geometry
            .blocks()
            .iter()
            .any(|block| block.rows > block.columns);
        Ok(if widens {
            Box::new(Hadamard::new(self.gain, geometry))
        } else {
            Box::new(Diagonal::new(self.gain, geometry))
        })
    }
}

/// (−1)^(number of bits that output and input share)/√size for each block that widens; parts that
/// do not widen are identities.
#[derive(Debug)]
struct Hadamard {
    /// By part: the element's size, or nothing where the part is an identity.
    scales: Vec<Option<f64>>,
    gain: f64,
    centre: usize,
    moments: Moments,
}

impl Hadamard {
    fn new(gain: f64, geometry: &Geometry) -> Self {
        let scale = |rows: usize| gain / (rows.next_power_of_two() as f64).sqrt();
        let scales: Vec<Option<f64>> = geometry
            .blocks()
            .iter()
            .map(|block| (block.rows > block.columns).then(|| scale(block.rows)))
            .collect();
        let moments = geometry.blocks().iter().zip(&scales).map(|(block, scale)| {
            let taps = 1.0 / block.receptive as f64;
            let (mean, second) = match scale {
                Some(scale) => (
                    scale * mean_sign(block.rows, block.columns) * taps,
                    scale * scale * taps,
                ),
                None => {
                    let share = taps / block.columns as f64;
                    (gain * share, gain * gain * share)
                }
            };
            (block.len(), Moments::raw(mean, second))
        });
        let moments = Moments::pooled(moments);
        Self {
            scales,
            gain,
            centre: geometry.centre(),
            moments,
        }
    }
}

impl Pattern for Hadamard {
    fn value(&self, place: Place) -> f64 {
        if place.tap != self.centre {
            return 0.0;
        }
        match self.scales[place.part] {
            Some(scale) => sign(place.row, place.column) * scale,
            None if place.row == place.column => self.gain,
            None => 0.0,
        }
    }

    fn largest(&self) -> f64 {
        let of = |scale: &Option<f64>| scale.unwrap_or(self.gain).abs();
        self.scales.iter().map(of).fold(0.0, f64::max)
    }

    fn moments(&self) -> Moments {
        self.moments
    }
}

fn sign(row: usize, column: usize) -> f64 {
    if (row & column).count_ones().is_multiple_of(2) {
        1.0
    } else {
        -1.0
    }
}

/// The mean of `sign` over the upper left `rows`×`columns` corner of the Hadamard matrix.
fn mean_sign(rows: usize, columns: usize) -> f64 {
    let total: f64 = (0..columns).map(|column| column_sum(rows, column)).sum();
    total / (rows as f64 * columns as f64)
}

/// ∑ over row < rows of sign(row, column).
///
/// Rows in blocks of 2ᵇ, b one past the lowest set bit of `column`, cancel; what remains of the
/// last block is +1s up to half of it and −1s after, under the sign of the rows' higher bits.
fn column_sum(rows: usize, column: usize) -> f64 {
    if column == 0 {
        return rows as f64;
    }
    let half = 1_usize << column.trailing_zeros();
    let rest = rows % (2 * half);
    let start = rows - rest;
    let left = rest.min(half) as f64 - rest.saturating_sub(half) as f64;
    left * sign(start, column)
}

impl Scheme {
    /// ZerO, which draws nothing: the identity where a layer keeps or narrows its width, a part of
    /// a Hadamard matrix where it widens, times `gain`.
    ///
    /// W = gain·I*, and where outputs > inputs, W = gain·2^(−m/2)·(the first `inputs` columns and
    /// `outputs` rows of Hₘ), 2ᵐ the next power of two from `outputs` on. Training can then leave
    /// the subspace that identities alone would be caught in.
    ///
    /// # Shapes
    /// Matrices and convolutions (at the centre tap, ⌊k/2⌋ along each kernel axis), block by block.
    ///
    /// # Scale
    /// Nothing is random. Columns have the length gain·√(outputs/2ᵐ) where the layer widens.
    ///
    /// # Errors
    /// On preparing: a gain that is not finite; a vector.
    ///
    /// # Source
    /// Zhao, Schäfer and Anandkumar, *ZerO initialization*, TMLR 2022, algorithm 1. The algorithm
    /// writes the factor 2^(−(m−1)/2), the authors' program uses 2^(−m/2), which keeps lengths; so
    /// does this. For the former, give √2 as the gain.
    pub fn zero_init(gain: f64) -> Self {
        Self::new("zero_init", Family::Zero(Zero { gain }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_sign_is_that_of_counting() {
        for rows in 1..40 {
            for columns in 1..40 {
                let mut sum = 0.0;
                for row in 0..rows {
                    sum += (0..columns).map(|column| sign(row, column)).sum::<f64>();
                }
                let mean = sum / (rows * columns) as f64;
                assert!(
                    (mean_sign(rows, columns) - mean).abs() < 1e-14,
                    "{rows}×{columns}"
                );
            }
        }
    }
}
