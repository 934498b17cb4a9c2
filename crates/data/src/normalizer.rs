//! Normalising by the training part, and by nothing else.

use std::fmt;

use rayon::prelude::*;

use crate::{PIXEL_LEVELS, Part, PixelStatistics, Role, Training};

/// Shifts and scales pixels by the mean and standard deviation of the *training* part.
///
/// b ↦ (b/256 − m)/s, with b the byte, m and s mean and standard deviation of the training pixels
/// ([`PIXEL_LEVELS`] says why 256). Where the training pixels are all equal s is 0 and 1 is taken in its
/// place, so that the result is 0 and not NaN.
///
/// Fitting on another part does not compile:
///
/// ```compile_fail,E0308
/// # let sizes = evenkeel_data::strokes::Sizes { train: 10, valid: 10, test: 10 };
/// # let dataset = evenkeel_data::strokes::generate_sized(42, sizes).unwrap();
/// evenkeel_data::Normalizer::fit(&dataset.valid);
/// ```
///
/// # Example
///
/// ```
/// # use evenkeel_data::{Normalizer, strokes};
/// let sizes = strokes::Sizes { train: 1000, valid: 100, test: 100 };
/// let dataset = strokes::generate_sized(42, sizes)?;
/// let train = Normalizer::fit(&dataset.train).apply(&dataset.train);
/// assert!(train.statistics().mean.abs() < 1e-6);
/// assert!((train.statistics().std - 1.0).abs() < 1e-6);
/// # Ok::<(), evenkeel_data::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalizer {
    training: PixelStatistics,
}

impl Normalizer {
    /// Takes mean and standard deviation from the training part.
    pub fn fit(part: &Part<Training>) -> Self {
        Self {
            training: part.statistics(),
        }
    }

    /// The statistics of the training part that this normaliser subtracts and divides by.
    pub fn training(&self) -> PixelStatistics {
        self.training
    }

    /// The part's pixels normalised by the training statistics: each the f64 value rounded to f32.
    pub fn apply<R: Role>(&self, part: &Part<R>) -> NormalizedPart {
        let table = self.table();
        let bytes = part.images().pixels().par_iter().with_min_len(1 << 16);
        NormalizedPart {
            pixels: bytes.map(|&byte| table[usize::from(byte)]).collect(),
            labels: part.labels().to_vec(),
            count: part.count(),
            features: part.images().features(),
        }
    }

    /// What each of the 256 bytes becomes.
    fn table(&self) -> [f32; 256] {
        let PixelStatistics { mean, std } = self.training;
        let divisor = if std == 0.0 { 1.0 } else { std };
        std::array::from_fn(|byte| ((byte as f64 / PIXEL_LEVELS - mean) / divisor) as f32)
    }
}

/// A part ready for a network.
#[derive(Clone, PartialEq)]
pub struct NormalizedPart {
    /// Normalised pixels, `[count, features]`, the last axis fastest.
    pub pixels: Vec<f32>,
    /// One digit an example.
    pub labels: Vec<u8>,
    /// Examples.
    pub count: usize,
    /// Pixels an example.
    pub features: usize,
}

/// Without the pixels and labels, of which there may be millions.
impl fmt::Debug for NormalizedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut part = f.debug_struct("NormalizedPart");
        part.field("count", &self.count)
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}

impl NormalizedPart {
    /// Mean and (population) standard deviation over every value, measured in f64.
    pub fn statistics(&self) -> PixelStatistics {
        PixelStatistics::of_values(&self.pixels)
    }

    /// The pixels of example `index`, or `None` past the last.
    pub fn example(&self, index: usize) -> Option<&[f32]> {
        let start = index.checked_mul(self.features)?;
        self.pixels.get(start..start.checked_add(self.features)?)
    }

    /// Copies the examples named by `indices` one after the other: `pixels` becomes
    /// `[indices.len(), features]` and `labels` `[indices.len()]`. Both keep their allocation.
    ///
    /// # Panics
    ///
    /// When an index is not below `count`; those of [`Batches`](crate::Batches) made for `count`
    /// always are.
    pub fn gather(&self, indices: &[usize], pixels: &mut Vec<f32>, labels: &mut Vec<u8>) {
        pixels.clear();
        labels.clear();
        for &index in indices {
            pixels.extend_from_slice(&self.pixels[index * self.features..][..self.features]);
            labels.push(self.labels[index]);
        }
    }
}

/// Whether `value` is within `threshold` of 0: |value| < threshold.
///
/// The lesson asks this of the normalised mean with a threshold of 10⁻³. NaN is near nothing.
///
/// ```
/// assert!(evenkeel_data::near_zero(-0.0009, 1e-3));
/// assert!(!evenkeel_data::near_zero(-0.0058, 1e-3));
/// assert!(!evenkeel_data::near_zero(f64::NAN, 1e-3));
/// ```
pub fn near_zero(value: f64, threshold: f64) -> bool {
    value.abs() < threshold
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Images, Validation};

    fn part<R: Role>(bytes: &[u8]) -> Part<R> {
        let images = Images::new(bytes.len() / 2, 1, 2, bytes.to_vec()).unwrap();
        Part::new(images, (0..bytes.len() as u8 / 2).collect()).unwrap()
    }

    #[test]
    fn other_parts_are_normalised_by_the_training_part() {
        let normalizer = Normalizer::fit(&part::<Training>(&[0, 255, 0, 255]));
        // Training mean and std are both 255/512.
        let valid = normalizer.apply(&part::<Validation>(&[255, 255, 0, 255]));
        assert_eq!(valid.pixels, [1.0, 1.0, -1.0, 1.0]);
        assert_eq!((valid.count, valid.features), (2, 2));
        assert_eq!(valid.statistics().mean, 0.5);
    }

    #[test]
    fn constant_pixels_become_zeros() {
        let constant = part::<Training>(&[9, 9, 9, 9]);
        let normalized = Normalizer::fit(&constant).apply(&constant);
        assert_eq!(normalized.pixels, [0.0; 4]);
    }

    #[test]
    fn gather_copies_the_named_examples() {
        let train = part::<Training>(&[0, 255, 255, 255, 0, 0]);
        let normalized = Normalizer::fit(&train).apply(&train);
        let (mut pixels, mut labels) = (vec![7.0; 9], vec![7; 9]);
        normalized.gather(&[2, 0], &mut pixels, &mut labels);
        assert_eq!(labels, [2, 0]);
        assert_eq!(pixels[..2], normalized.pixels[4..]);
        assert_eq!(pixels[2..], normalized.pixels[..2]);
        assert_eq!(normalized.example(2), Some(&normalized.pixels[4..]));
        assert_eq!(normalized.example(3), None);
    }
}
