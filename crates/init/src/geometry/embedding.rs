use super::axis::{Axis, Dimension, Layout, Role, out};
use super::{Geometry, GeometryError, Layer};

impl Geometry {
    /// A table of `entries` vectors of `features`, one looked up at a time.
    ///
    /// # Shapes
    /// `(entries, features)` in every framework. One entry is active, so fan_in = 1: the second
    /// moment that comes out is that of the table itself. fan_out = features. PyTorch's
    /// initialisers read fan_in = features, Keras's fan_in = entries.
    ///
    /// # Errors
    /// [`GeometryError::Empty`] for a zero length, [`GeometryError::TooLarge`] when the element
    /// count overflows.
    pub fn embedding(entries: usize, features: usize) -> Result<Self, GeometryError> {
        Self::new(Layer::Embedding { entries, features }, Layout::OutIn, None)
    }
}

pub(super) fn dimensions(entries: usize, features: usize) -> Vec<Dimension> {
    vec![
        Dimension::of(Axis::new(entries, Role::Lookup)),
        out(features),
    ]
}
