use super::axis::{Dimension, Layout, Role, grouped, input};
use super::{Geometry, GeometryError, Layer};

impl Geometry {
    /// The joined gates of a recurrent cell: 4 for an LSTM, 3 for a GRU, 1 for a plain cell.
    ///
    /// # Shapes
    /// `OutIn`, as PyTorch: `(gates·hidden, inputs)`. `InOut`, as Keras: `(inputs, gates·hidden)`.
    /// Each gate is its own matrix: fan_in = inputs, fan_out = hidden; a plain reading of the
    /// shape says gates·hidden. For the recurrent weight, `inputs` is `hidden`.
    ///
    /// # Errors
    /// [`GeometryError::Empty`] for a zero length, [`GeometryError::TooLarge`] when the element
    /// count overflows.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::Geometry;
    /// let lstm = Geometry::recurrent(4, 128, 64)?;
    /// assert_eq!(lstm.shape(), [512, 64]);
    /// assert_eq!((lstm.fan_in(), lstm.fan_out(), lstm.block_count()), (64, 128, 4));
    /// # Ok::<(), evenkeel_init::GeometryError>(())
    /// ```
    pub fn recurrent(gates: usize, hidden: usize, inputs: usize) -> Result<Self, GeometryError> {
        Self::new(
            Layer::Recurrent {
                gates,
                hidden,
                inputs,
            },
            Layout::OutIn,
            None,
        )
    }

    /// The bias of a recurrent cell's joined gates.
    ///
    /// # Shapes
    /// `(gates·hidden)`.
    ///
    /// # Errors
    /// As [`Geometry::recurrent`].
    pub fn gate_bias(gates: usize, hidden: usize) -> Result<Self, GeometryError> {
        Self::new(Layer::GateBias { gates, hidden }, Layout::OutIn, None)
    }
}

pub(super) fn dimensions(
    gates: usize,
    hidden: usize,
    inputs: usize,
    layout: Layout,
) -> Vec<Dimension> {
    let outputs = grouped(gates, hidden, Role::Out);
    match layout {
        Layout::OutIn => vec![outputs, input(inputs)],
        Layout::InOut => vec![input(inputs), outputs],
    }
}
