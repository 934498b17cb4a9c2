use super::axis::{Axis, Dimension, Layout, Role, grouped, input, out, receptive};
use super::{Geometry, GeometryError, Layer};

impl Geometry {
    /// A convolution of 1 to 3 dimensions; see [`Geometry::with_groups`] for grouped ones.
    ///
    /// # Shapes
    /// `OutIn`: `(outputs, inputs/groups, kernel…)`. `InOut`: `(kernel…, inputs/groups, outputs)`.
    /// With r = ∏kernel, fan_in = r·inputs/groups and fan_out = r·outputs/groups.
    ///
    /// # Errors
    /// [`GeometryError::KernelRank`] for other dimensions, [`GeometryError::Empty`] for a zero
    /// length, [`GeometryError::TooLarge`] when the element count overflows.
    pub fn convolution(
        outputs: usize,
        inputs: usize,
        kernel: &[usize],
    ) -> Result<Self, GeometryError> {
        let layer = Layer::Convolution {
            outputs,
            inputs,
            kernel: kernel.to_vec(),
            groups: 1,
        };
        Self::new(layer, Layout::OutIn, None)
    }

    /// A transposed (fractionally strided) convolution of 1 to 3 dimensions.
    ///
    /// # Shapes
    /// `OutIn`, as PyTorch: `(inputs, outputs/groups, kernel…)`. `InOut`, as Flax:
    /// `(kernel…, inputs/groups, outputs)`. Keras stores `(kernel…, outputs, inputs)`: use
    /// [`Geometry::explicit`]. Fans are a convolution's, whatever the axis order; PyTorch and
    /// Keras read them swapped.
    ///
    /// # Scale
    /// At stride s an output meets only `fan_in/∏s` of its taps on average: multiply the gain by
    /// `√∏s` to keep the forward second moment.
    ///
    /// # Errors
    /// As [`Geometry::convolution`].
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::Geometry;
    /// let up = Geometry::transposed_convolution(16, 64, &[4, 4])?;
    /// assert_eq!(up.shape(), [64, 16, 4, 4]);
    /// assert_eq!((up.fan_in(), up.fan_out()), (64 * 16, 16 * 16));
    /// # Ok::<(), evenkeel_init::GeometryError>(())
    /// ```
    pub fn transposed_convolution(
        outputs: usize,
        inputs: usize,
        kernel: &[usize],
    ) -> Result<Self, GeometryError> {
        let kernel = kernel.to_vec();
        let layer = Layer::TransposedConvolution {
            outputs,
            inputs,
            kernel,
            groups: 1,
        };
        Self::new(layer, Layout::OutIn, None)
    }

    /// A depthwise convolution: each of `channels` alone becomes `multiplier` channels.
    ///
    /// # Shapes
    /// `OutIn`: `(channels·multiplier, 1, kernel…)`. `InOut`, as Keras:
    /// `(kernel…, channels, multiplier)`. fan_in = ∏kernel and fan_out = multiplier·∏kernel.
    /// (JAX stores `(kernel…, 1, channels·multiplier)`: a convolution with `channels` groups.)
    ///
    /// # Errors
    /// As [`Geometry::convolution`].
    pub fn depthwise(
        channels: usize,
        multiplier: usize,
        kernel: &[usize],
    ) -> Result<Self, GeometryError> {
        let layer = Layer::Depthwise {
            channels,
            multiplier,
            kernel: kernel.to_vec(),
        };
        Self::new(layer, Layout::OutIn, None)
    }

    /// The same convolution in `groups` independent groups of channels.
    ///
    /// # Errors
    /// [`GeometryError::Groups`] unless `groups` divides inputs and outputs,
    /// [`GeometryError::NotGrouped`] for a layer that is no convolution.
    pub fn with_groups(mut self, groups: usize) -> Result<Self, GeometryError> {
        match &mut self.layer {
            Layer::Convolution { groups: now, .. }
            | Layer::TransposedConvolution { groups: now, .. } => *now = groups,
            other => {
                return Err(GeometryError::NotGrouped {
                    layer: other.clone(),
                });
            }
        }
        Self::new(self.layer, self.layout, self.experts)
    }
}

pub(super) fn check_rank(kernel: &[usize]) -> Result<(), GeometryError> {
    match kernel.len() {
        1..=3 => Ok(()),
        rank => Err(GeometryError::KernelRank { rank }),
    }
}

pub(super) fn check(
    outputs: usize,
    inputs: usize,
    kernel: &[usize],
    groups: usize,
) -> Result<(), GeometryError> {
    check_rank(kernel)?;
    let divides = groups > 0 && outputs.is_multiple_of(groups) && inputs.is_multiple_of(groups);
    if divides {
        Ok(())
    } else {
        Err(GeometryError::Groups {
            groups,
            outputs,
            inputs,
        })
    }
}

pub(super) fn dimensions(
    outputs: usize,
    inputs: usize,
    kernel: &[usize],
    groups: usize,
    layout: Layout,
) -> Vec<Dimension> {
    let outputs = grouped(groups, outputs / groups, Role::Out);
    let inputs = input(inputs / groups);
    match layout {
        Layout::OutIn => [outputs, inputs]
            .into_iter()
            .chain(receptive(kernel))
            .collect(),
        Layout::InOut => receptive(kernel).chain([inputs, outputs]).collect(),
    }
}

pub(super) fn transposed_dimensions(
    outputs: usize,
    inputs: usize,
    kernel: &[usize],
    groups: usize,
    layout: Layout,
) -> Vec<Dimension> {
    match layout {
        // PyTorch keeps the axis order of the convolution that this one transposes.
        Layout::OutIn => [
            grouped(groups, inputs / groups, Role::In),
            out(outputs / groups),
        ]
        .into_iter()
        .chain(receptive(kernel))
        .collect(),
        Layout::InOut => dimensions(outputs, inputs, kernel, groups, layout),
    }
}

pub(super) fn depthwise_dimensions(
    channels: usize,
    multiplier: usize,
    kernel: &[usize],
    layout: Layout,
) -> Vec<Dimension> {
    match layout {
        Layout::OutIn => [grouped(channels, multiplier, Role::Out), input(1)]
            .into_iter()
            .chain(receptive(kernel))
            .collect(),
        Layout::InOut => receptive(kernel)
            .chain([
                Dimension::of(Axis::new(channels, Role::Batch)),
                out(multiplier),
            ])
            .collect(),
    }
}
