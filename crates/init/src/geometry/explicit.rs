use super::{Axis, Geometry, GeometryError, Layer, Layout, Role};

impl Geometry {
    /// Any other layer, by its axes, slowest first; no axes make a scalar.
    ///
    /// # Shapes
    /// The axes' lengths. fan_in is the product of the [`Role::In`] and [`Role::Receptive`]
    /// lengths, fan_out that of [`Role::Out`] and [`Role::Receptive`]; [`Role::Batch`] axes count
    /// in neither.
    ///
    /// # Errors
    /// [`GeometryError::Empty`] for a zero length, [`GeometryError::TooLarge`] when the
    /// element count overflows, [`GeometryError::ExplicitParts`] for [`Role::Parts`].
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Axis, Geometry, Role};
    /// // Flax's attention keeps heads apart: (features, heads, head_size).
    /// let query = Geometry::explicit(&[
    ///     Axis::new(768, Role::In),
    ///     Axis::new(12, Role::Out),
    ///     Axis::new(64, Role::Out),
    /// ])?;
    /// assert_eq!((query.fan_in(), query.fan_out()), (768, 768));
    ///
    /// // Keras's Conv2DTranspose: (height, width, outputs, inputs).
    /// let up = Geometry::explicit(&[
    ///     Axis::new(3, Role::Receptive),
    ///     Axis::new(3, Role::Receptive),
    ///     Axis::new(16, Role::Out),
    ///     Axis::new(64, Role::In),
    /// ])?;
    /// assert_eq!((up.fan_in(), up.fan_out()), (64 * 9, 16 * 9));
    /// # Ok::<(), evenkeel_init::GeometryError>(())
    /// ```
    pub fn explicit(axes: &[Axis]) -> Result<Self, GeometryError> {
        Self::new(
            Layer::Explicit {
                axes: axes.to_vec(),
            },
            Layout::OutIn,
            None,
        )
    }
}

pub(super) fn check(axes: &[Axis]) -> Result<(), GeometryError> {
    match axes.iter().find(|axis| axis.role == Role::Parts) {
        Some(axis) => Err(GeometryError::ExplicitParts { role: axis.role }),
        None => Ok(()),
    }
}
