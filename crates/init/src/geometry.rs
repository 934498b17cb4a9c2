//! What a layer is and how its framework stores it, so that fans come out right.
//!
//! A weight tensor's shape alone does not say how many inputs an output sums over: the same four
//! numbers are a convolution in PyTorch, another in Keras, a transposed one, or a grouped one.
//! A [`Geometry`] holds the layer, its layout and the shape, and every count is read from it.
//!
//! A tensor is described by its *axes*, slowest first, each with a [`Role`]. Axes of role
//! [`Role::Batch`] (groups, experts, gates, the three of a packed query-key-value projection)
//! count independent *blocks*; within a block the layer is one matrix of `rows` outputs by
//! `columns` inputs with a kernel of `receptive` taps.

mod axis;
mod error;
mod fan;
mod layer;
mod read;
mod runs;

mod convolution;
mod embedding;
mod explicit;
mod linear;
mod packed;
mod recurrent;

use std::fmt;

pub use axis::{Axis, Layout, Role};
pub use error::GeometryError;
pub use fan::{Block, Fan};
pub use layer::Layer;
pub use packed::Packing;
pub use read::Reading;
pub(crate) use runs::{Moves, Run};

use axis::Dimension;

/// The layer that a tensor belongs to, its layout and its shape.
///
/// # Example
/// ```
/// use evenkeel_init::{Geometry, Layout};
///
/// // A PyTorch convolution, 32 to 64 channels in 4 groups, 3 by 3.
/// let conv = Geometry::convolution(64, 32, &[3, 3])?.with_groups(4)?;
/// assert_eq!(conv.shape(), [64, 8, 3, 3]);
/// assert_eq!((conv.fan_in(), conv.fan_out()), (8 * 9, 16 * 9));
///
/// // The same layer as JAX and Keras store it.
/// let conv = conv.with_layout(Layout::InOut);
/// assert_eq!(conv.shape(), [3, 3, 8, 64]);
/// assert_eq!((conv.fan_in(), conv.fan_out()), (8 * 9, 16 * 9));
/// # Ok::<(), evenkeel_init::GeometryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    layer: Layer,
    layout: Layout,
    experts: Option<usize>,
    shape: Vec<usize>,
    /// Every axis in storage order, stored dimensions split where a framework packs several in one.
    axes: Vec<Axis>,
    /// `axes` with neighbours of one role joined: what walking over the tensor needs.
    walk: Vec<Axis>,
    /// Lengths of the receptive axes in storage order.
    kernel: Vec<usize>,
    /// Lengths along the one axis of role [`Role::Parts`]; empty where there is none.
    parts: Vec<usize>,
    /// What each part's blocks look like; one entry where there are no parts.
    blocks: Vec<Block>,
    /// Product of the batch axes: how many blocks there are of each part.
    batch: usize,
    length: usize,
}

impl Geometry {
    pub(crate) fn new(
        layer: Layer,
        layout: Layout,
        experts: Option<usize>,
    ) -> Result<Self, GeometryError> {
        layer.check()?;
        let mut dimensions = layer.dimensions(layout);
        if let Some(experts) = experts {
            dimensions.insert(0, Dimension::of(Axis::new(experts, Role::Batch)));
        }
        Self::assemble(layer, layout, experts, &dimensions)
    }

    fn assemble(
        layer: Layer,
        layout: Layout,
        experts: Option<usize>,
        dimensions: &[Dimension],
    ) -> Result<Self, GeometryError> {
        let too_large = || GeometryError::TooLarge {
            layer: layer.clone(),
        };
        let mut shape = Vec::with_capacity(dimensions.len());
        for dimension in dimensions {
            if dimension.axes().iter().any(|axis| axis.length == 0) {
                return Err(GeometryError::Empty {
                    layer: layer.clone(),
                });
            }
            shape.push(dimension.length().ok_or_else(too_large)?);
        }
        let axes: Vec<Axis> = dimensions
            .iter()
            .flat_map(|d| d.axes().iter().copied())
            .collect();
        // 2^63 bytes of the widest element bound every byte count that is made from `length`.
        let length = fan::product(shape.iter().copied())
            .filter(|length| *length <= isize::MAX as usize / size_of::<f64>())
            .ok_or_else(too_large)?;
        let parts = layer.parts().to_vec();
        let kernel = axis::lengths(&axes, Role::Receptive).collect();
        // Factors of `length`, so they cannot overflow.
        let batch = axis::lengths(&axes, Role::Batch).product();
        let blocks = fan::blocks(&axes, &parts);
        let walk = axis::joined(&axes);
        Ok(Self {
            layer,
            layout,
            experts,
            shape,
            axes,
            walk,
            kernel,
            parts,
            blocks,
            batch,
            length,
        })
    }

    /// The same layer stored in another framework's layout.
    ///
    /// Layers whose stored shape every framework agrees on (embeddings, vectors) and those that
    /// were given by explicit axes keep their shape.
    pub fn with_layout(self, layout: Layout) -> Self {
        // Only the order of the axes changes, so what was checked once stays checked.
        let rebuilt = Self::new(self.layer.clone(), layout, self.experts);
        rebuilt.unwrap_or(self)
    }

    /// A stack of `experts` independent copies of the layer along a new first axis.
    ///
    /// # Shapes
    /// `[experts, …the layer's own shape]`; fans are those of one expert.
    ///
    /// # Errors
    /// [`GeometryError::Empty`] for no experts, [`GeometryError::TooLarge`] when the element count
    /// overflows, [`GeometryError::AlreadyStacked`] for a stack of stacks.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::Geometry;
    /// let experts = Geometry::linear(128, 64)?.with_experts(8)?;
    /// assert_eq!(experts.shape(), [8, 128, 64]);
    /// assert_eq!(experts.fan_in(), 64); // a naive reading of the shape says 128 · 64
    /// # Ok::<(), evenkeel_init::GeometryError>(())
    /// ```
    pub fn with_experts(self, experts: usize) -> Result<Self, GeometryError> {
        match self.experts {
            Some(before) => Err(GeometryError::AlreadyStacked { experts: before }),
            None => Self::new(self.layer, self.layout, Some(experts)),
        }
    }

    /// The layer.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// How the layer is stored.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The tensor's shape as it is stored, slowest axis first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Every axis, slowest first; a stored dimension that packs several is split into them.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many elements the tensor has.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a geometry is never empty: building refuses"
    )]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Kernel taps of one block: the product of the receptive axes, 1 where there are none.
    pub fn receptive(&self) -> usize {
        self.blocks[0].receptive
    }

    /// Lengths of the receptive axes, in storage order.
    pub fn kernel(&self) -> &[usize] {
        &self.kernel
    }

    /// How many independent blocks the tensor holds: groups, experts, gates, packed projections.
    pub fn block_count(&self) -> usize {
        self.batch * self.blocks.len()
    }

    /// The blocks' shapes, one for each part. All blocks are alike, and there is one entry, except
    /// where a packed projection joins parts of different sizes, as grouped-query attention does.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub(crate) fn batch(&self) -> usize {
        self.batch
    }

    /// The flat index of the kernel's centre tap, `⌊k/2⌋` along each receptive axis.
    pub(crate) fn centre(&self) -> usize {
        self.kernel
            .iter()
            .fold(0, |flat, length| flat * length + length / 2)
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(experts) = self.experts {
            write!(f, "{experts} × ")?;
        }
        write!(f, "{} {:?} {}", self.layer, self.shape, self.layout)
    }
}

#[cfg(test)]
mod tests;
