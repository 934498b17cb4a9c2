use super::Scheme;
use super::family::Family;
use super::moments::Moments;
use super::pattern::{Pattern, Place};
use crate::number::Plain;
use crate::{Geometry, InitError};

/// Ones (times a gain) on the diagonal of each block's matrix, at the centre tap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Identity {
    gain: f64,
    on: On,
}

/// The kind of layer that the scheme's name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Matrix,
    Convolution,
}

impl Identity {
    pub(super) fn parameters(&self) -> Vec<String> {
        vec![format!("gain={}", Plain(self.gain))]
    }

    pub(super) fn pattern(
        &self,
        scheme: &Scheme,
        geometry: &Geometry,
    ) -> Result<Diagonal, InitError> {
        scheme.require_finite("gain", self.gain)?;
        match (self.on, geometry.kernel().is_empty()) {
            (On::Matrix, true) if geometry.has_fans() => {}
            (On::Convolution, false) => {}
            (On::Matrix, _) => {
                return Err(scheme.unsuited("a matrix without a kernel (dirac has one)", geometry));
            }
            (On::Convolution, true) => {
                return Err(scheme.unsuited("a convolution (identity suits others)", geometry));
            }
        }
        Ok(Diagonal::new(self.gain, geometry))
    }
}

/// `value` where output and input channel agree, at the centre tap; 0 elsewhere.
#[derive(Debug)]
pub(super) struct Diagonal {
    value: f64,
    centre: usize,
    moments: Moments,
}

impl Diagonal {
    pub(super) fn new(value: f64, geometry: &Geometry) -> Self {
        let moments = geometry.blocks().iter().map(|block| {
            let share = block.rows.min(block.columns) as f64 / block.len() as f64;
            (
                block.len(),
                Moments::raw(value * share, value * value * share),
            )
        });
        Self {
            value,
            centre: geometry.centre(),
            moments: Moments::pooled(moments),
        }
    }
}

impl Pattern for Diagonal {
    fn value(&self, place: Place) -> f64 {
        if place.row == place.column && place.tap == self.centre {
            self.value
        } else {
            0.0
        }
    }

    fn largest(&self) -> f64 {
        self.value.abs()
    }

    fn moments(&self) -> Moments {
        self.moments
    }
}

impl Scheme {
    /// The identity matrix, times `gain`: output i is input i.
    ///
    /// # Shapes
    /// Matrices; where they are not square, ones as far as the diagonal goes. Each gate, expert or
    /// packed projection is an identity of its own (on a recurrent weight, the IRNN of Le, Jaitly
    /// and Hinton, 2015).
    ///
    /// # Scale
    /// Nothing is random. The mean square of the elements is gain²/max(outputs, inputs).
    ///
    /// # Errors
    /// On preparing: a gain that is not finite; a vector or a convolution.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Geometry, Scheme, Seed};
    /// let eye = Scheme::identity(1.0).tensor::<f32>(&Geometry::linear(2, 3)?, Seed(0), "w")?;
    /// assert_eq!(eye, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    pub fn identity(gain: f64) -> Self {
        Self::new(
            "identity",
            Family::Identity(Identity {
                gain,
                on: On::Matrix,
            }),
        )
    }

    /// A convolution that passes its input through, times `gain`: channel i of each group to
    /// channel i of that group.
    ///
    /// # Shapes
    /// Convolutions of any kernel, groups, and transposed; as many channels as inputs and outputs
    /// both have, the others 0. The tap is ⌊k/2⌋ along each kernel axis.
    ///
    /// # Scale
    /// Nothing is random. The mean square of the elements is
    /// gain²/(max(outputs, inputs)/groups·∏kernel).
    ///
    /// # Errors
    /// On preparing: a gain that is not finite; a layer without a kernel.
    ///
    /// # Source
    /// Zagoruyko and Komodakis, *DiracNets*, 2017; PyTorch's `dirac_`.
    pub fn dirac(gain: f64) -> Self {
        Self::new(
            "dirac",
            Family::Identity(Identity {
                gain,
                on: On::Convolution,
            }),
        )
    }
}
