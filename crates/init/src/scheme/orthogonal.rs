mod certificate;
mod haar;
mod matrices;
mod matrix;
mod product;

pub use certificate::Certificate;
pub(super) use matrices::Matrices;

use super::Scheme;
use super::family::Family;
use crate::number::Plain;
use crate::{Geometry, InitError, Stream};

impl Scheme {
    /// A matrix drawn uniformly (by Haar's measure) from all those with orthonormal rows or
    /// columns, times `gain`.
    ///
    /// W·Wᵀ = gain²·I where there are no more outputs than inputs, else Wᵀ·W = gain²·I: the layer
    /// keeps every length, or every gradient's length, exactly rather than on average.
    ///
    /// # Shapes
    /// Any layer with inputs. A kernel's taps count as inputs: the matrix is outputs ×
    /// (inputs·∏kernel). Independent blocks (groups, gates, packed projections, experts) each get
    /// a matrix of their own.
    ///
    /// # Scale
    /// std = gain/√max(outputs, inputs·∏kernel).
    ///
    /// # Precision
    /// Computed in f64 for f64 tensors, in f32 for f32, bf16 and f16 ones and then rounded.
    /// [`Prepared::certificate`](super::Prepared::certificate) measures what comes out. The first
    /// fill of any range computes the whole, on the threads that it was given, and keeps it: twice
    /// the tensor's bytes in f32 (or f64) while it works, once afterwards.
    ///
    /// # Errors
    /// On preparing: a negative or NaN gain; a tensor without inputs.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Geometry, Scheme, Seed};
    /// let layer = Geometry::linear(2, 64)?;
    /// let w = Scheme::orthogonal(1.0).tensor::<f32>(&layer, Seed(0), "weight")?;
    /// let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    /// let (first, second) = w.split_at(64);
    /// assert!((dot(first, first) - 1.0).abs() < 1e-6 && dot(first, second).abs() < 1e-6);
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    ///
    /// # Source
    /// Saxe, McClelland and Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep
    /// linear neural networks*, ICLR 2014. How it is drawn: Stewart, 1980. PyTorch and JAX take
    /// R's signs away from QR's Q, to the same distribution.
    pub fn orthogonal(gain: f64) -> Self {
        let orthogonal = Orthogonal {
            gain,
            kernel: Kernel::Flattened,
        };
        Self::new("orthogonal", Family::Orthogonal(orthogonal))
    }

    /// A convolution whose kernel is an orthogonal matrix of channels at its centre tap, and 0
    /// elsewhere.
    ///
    /// As a linear map of whole images it keeps lengths as the matrix does, whatever the kernel;
    /// random kernels of full support do not.
    ///
    /// # Shapes
    /// Convolutions, transposed convolutions, depthwise ones; any channels, kernel and groups. The
    /// centre tap is ⌊k/2⌋ along each kernel axis. Where there are fewer outputs than inputs rows
    /// are orthonormal, else columns.
    ///
    /// # Scale
    /// std = gain/√(max(outputs, inputs)·∏kernel) over the whole tensor.
    ///
    /// # Errors
    /// On preparing: a negative or NaN gain; a layer without a kernel.
    ///
    /// # Source
    /// Xiao et al., *Dynamical isometry and a mean field theory of CNNs*, ICML 2018, algorithm 1,
    /// which has outputs ≥ inputs; the other case is its transpose.
    pub fn delta_orthogonal(gain: f64) -> Self {
        let orthogonal = Orthogonal {
            gain,
            kernel: Kernel::Centre,
        };
        Self::new("delta_orthogonal", Family::Orthogonal(orthogonal))
    }
}

/// What becomes of a convolution's taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    /// They are inputs like others.
    Flattened,
    /// All but the centre one are 0.
    Centre,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Orthogonal {
    gain: f64,
    kernel: Kernel,
}

impl Orthogonal {
    pub(super) fn parameters(&self) -> Vec<String> {
        vec![format!("gain={}", Plain(self.gain))]
    }

    pub(super) fn matrices(
        &self,
        scheme: &Scheme,
        geometry: &Geometry,
        stream: &Stream,
    ) -> Result<Matrices, InitError> {
        scheme.require_non_negative("gain", self.gain)?;
        if !geometry.has_fans() {
            return Err(scheme.unsuited("a matrix (a layer with outputs and inputs)", geometry));
        }
        if self.kernel == Kernel::Centre && geometry.kernel().is_empty() {
            return Err(scheme.unsuited("a convolution", geometry));
        }
        Ok(Matrices::new(*self, geometry, stream))
    }
}
