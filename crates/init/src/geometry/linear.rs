use super::axis::{Dimension, Layout, input, out};
use super::{Geometry, GeometryError, Layer};

impl Geometry {
    /// A fully connected layer, `y = W x`.
    ///
    /// # Shapes
    /// `OutIn`: `(fan_out, fan_in)`. `InOut`: `(fan_in, fan_out)`.
    ///
    /// # Errors
    /// [`GeometryError::Empty`] for a zero fan, [`GeometryError::TooLarge`] when the element count
    /// overflows.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Geometry, Layout};
    /// let layer = Geometry::linear(256, 784)?;
    /// assert_eq!((layer.shape(), layer.fan_in(), layer.fan_out()), (&[256, 784][..], 784, 256));
    /// assert_eq!(layer.with_layout(Layout::InOut).shape(), [784, 256]);
    /// # Ok::<(), evenkeel_init::GeometryError>(())
    /// ```
    pub fn linear(fan_out: usize, fan_in: usize) -> Result<Self, GeometryError> {
        Self::new(
            Layer::Linear {
                outputs: fan_out,
                inputs: fan_in,
            },
            Layout::OutIn,
            None,
        )
    }

    /// A vector with one value for each of `outputs`: a bias, or the scale of a norm.
    ///
    /// # Errors
    /// [`GeometryError::Empty`] for no outputs, [`GeometryError::TooLarge`] when the element count
    /// overflows.
    pub fn vector(outputs: usize) -> Result<Self, GeometryError> {
        Self::new(Layer::Vector { outputs }, Layout::OutIn, None)
    }
}

pub(super) fn dimensions(outputs: usize, inputs: usize, layout: Layout) -> Vec<Dimension> {
    match layout {
        Layout::OutIn => vec![out(outputs), input(inputs)],
        Layout::InOut => vec![input(inputs), out(outputs)],
    }
}
