use super::Scheme;
use super::family::Family;
use super::moments::Moments;
use super::pattern::{Pattern, Place};
use crate::{Geometry, InitError};

/// The kernel of linear interpolation along each axis, from channel i to channel i.
#[derive(Debug)]
pub(super) struct Bilinear {
    /// The interpolation's weight of each tap.
    weights: Vec<f64>,
    moments: Moments,
}

impl Bilinear {
    pub(super) fn new(scheme: &Scheme, geometry: &Geometry) -> Result<Self, InitError> {
        if geometry.kernel().is_empty() {
            return Err(scheme.unsuited("a convolution (most often a transposed one)", geometry));
        }
        let weights: Vec<f64> = (0..geometry.receptive())
            .map(|tap| weight(tap, geometry.kernel()))
            .collect();
        let sum: f64 = weights.iter().sum();
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        let moments = geometry.blocks().iter().map(|block| {
            let channels = block.rows.min(block.columns) as f64 / block.len() as f64;
            (
                block.len(),
                Moments::raw(sum * channels, squares * channels),
            )
        });
        let moments = Moments::pooled(moments);
        Ok(Self { weights, moments })
    }
}

/// The product over the axes of the triangle of half-width ⌈k/2⌉ about the kernel's middle.
fn weight(tap: usize, kernel: &[usize]) -> f64 {
    let mut rest = tap;
    kernel.iter().rev().fold(1.0, |product, length| {
        let (at, middle) = ((rest % length) as f64, (*length as f64 - 1.0) / 2.0);
        rest /= length;
        product * (1.0 - (at - middle).abs() / length.div_ceil(2) as f64)
    })
}

impl Pattern for Bilinear {
    fn value(&self, place: Place) -> f64 {
        if place.row == place.column {
            self.weights[place.tap]
        } else {
            0.0
        }
    }

    fn largest(&self) -> f64 {
        // Weights of an interpolation.
        1.0
    }

    fn moments(&self) -> Moments {
        self.moments
    }
}

impl Scheme {
    /// The kernel that enlarges an image by linear interpolation along each axis, channel by
    /// channel.
    ///
    /// W(c, c, x…) = ∏ (1 − |x − (k − 1)/2|/⌈k/2⌉). A transposed convolution with kernel 2s − s mod 2
    /// and stride s enlarges s times.
    ///
    /// # Shapes
    /// Convolutions of 1 to 3 dimensions, transposed or not, of any groups; channels that outputs
    /// and inputs do not share stay 0.
    ///
    /// # Scale
    /// Nothing is random.
    ///
    /// # Errors
    /// On preparing: a layer without a kernel.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Geometry, Scheme, Seed};
    /// let twice = Geometry::transposed_convolution(1, 1, &[4])?;
    /// let kernel = Scheme::bilinear().tensor::<f32>(&twice, Seed(0), "up.weight")?;
    /// assert_eq!(kernel, [0.25, 0.75, 0.75, 0.25]);
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    ///
    /// # Source
    /// Long, Shelhamer and Darrell, *Fully convolutional networks for semantic segmentation*, CVPR
    /// 2015, section 4.
    pub fn bilinear() -> Self {
        Self::new("bilinear", Family::Bilinear)
    }
}
