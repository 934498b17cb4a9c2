use super::{Axis, Geometry, GeometryError, Layer, Layout, Packing, Role};

/// As what layer a stored shape is to be read: what the shape alone does not say.
///
/// # Example
/// ```
/// use evenkeel_init::{Layout, Reading};
/// let conv = Reading::Convolution { groups: 4 }.geometry(&[64, 8, 3, 3], Layout::OutIn)?;
/// assert_eq!((conv.fan_in(), conv.fan_out()), (72, 144));
/// # Ok::<(), evenkeel_init::GeometryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reading {
    /// [`Geometry::linear`].
    Linear,
    /// [`Geometry::convolution`] with these groups.
    Convolution {
        /// Groups, 1 for a plain one.
        groups: usize,
    },
    /// [`Geometry::transposed_convolution`] with these groups.
    TransposedConvolution {
        /// Groups, 1 for a plain one.
        groups: usize,
    },
    /// [`Geometry::depthwise`].
    Depthwise {
        /// Outputs of each channel.
        multiplier: usize,
    },
    /// [`Geometry::embedding`].
    Embedding,
    /// [`Geometry::packed`]: sizes of the parts (of one head group) and how they lie.
    Packed {
        /// Outputs of each part.
        parts: Vec<usize>,
        /// How the parts lie.
        packing: Packing,
    },
    /// [`Geometry::packed`] in this many equal parts: 3 for query, key and value, 2 for the gate
    /// and the up projection of a gated feed-forward layer.
    PackedEvenly {
        /// How many parts.
        parts: usize,
    },
    /// [`Geometry::recurrent`] with these gates.
    Recurrent {
        /// Gates.
        gates: usize,
    },
    /// [`Geometry::gate_bias`] with these gates.
    GateBias {
        /// Gates.
        gates: usize,
    },
    /// [`Geometry::vector`].
    Vector,
    /// [`Geometry::explicit`]: the role of each dimension.
    Explicit {
        /// Roles, slowest dimension first.
        roles: Vec<Role>,
    },
    /// [`Geometry::with_experts`]: the first dimension counts experts.
    Experts {
        /// As what the dimensions after the first are to be read.
        of: Box<Reading>,
    },
}

impl Reading {
    /// What a shape most plainly is: no dimensions a scalar, 1 a vector, 2 linear, 3 to 5 a
    /// convolution without groups.
    ///
    /// # Errors
    /// [`GeometryError::Rank`] for other numbers of dimensions.
    pub fn plain(shape: &[usize]) -> Result<Self, GeometryError> {
        match shape.len() {
            0 => Ok(Self::Explicit { roles: vec![] }),
            1 => Ok(Self::Vector),
            2 => Ok(Self::Linear),
            3..=5 => Ok(Self::Convolution { groups: 1 }),
            _ => Err(rank("plain layer", "0 to 5", shape)),
        }
    }

    /// The geometry of a tensor of this `shape`.
    ///
    /// # Errors
    /// [`GeometryError::Rank`] when the shape has too many or too few dimensions,
    /// [`GeometryError::Split`] when a dimension does not split as it must, and what the layer's
    /// own constructor refuses.
    pub fn geometry(&self, shape: &[usize], layout: Layout) -> Result<Geometry, GeometryError> {
        let layer = match self {
            Self::Experts { of } => {
                let (experts, rest) = shape
                    .split_first()
                    .ok_or_else(|| rank("stack", "2 or more", shape))?;
                return of.geometry(rest, layout)?.with_experts(*experts);
            }
            Self::Linear => {
                let (outputs, inputs) = matrix("linear layer", shape, layout)?;
                Layer::Linear { outputs, inputs }
            }
            Self::Convolution { groups } => convolution(shape, *groups, layout)?,
            Self::TransposedConvolution { groups } => transposed(shape, *groups, layout)?,
            Self::Depthwise { multiplier } => depthwise(shape, *multiplier, layout)?,
            Self::Embedding => match *shape {
                [entries, features] => Layer::Embedding { entries, features },
                _ => return Err(rank("embedding", "2", shape)),
            },
            Self::Packed { parts, packing } => packed(shape, parts.clone(), *packing, layout)?,
            Self::PackedEvenly { parts } => {
                super::packed::check_count(*parts)?;
                let (outputs, _) = matrix("packed projection", shape, layout)?;
                let each = split(shape, outputs, *parts, "equal parts")?;
                packed(shape, vec![each; *parts], Packing::Blocked, layout)?
            }
            Self::Recurrent { gates } => {
                let (outputs, inputs) = matrix("recurrent layer", shape, layout)?;
                let hidden = split(shape, outputs, *gates, "gates")?;
                Layer::Recurrent {
                    gates: *gates,
                    hidden,
                    inputs,
                }
            }
            Self::GateBias { gates } => {
                let hidden = split(shape, vector(shape)?, *gates, "gates")?;
                Layer::GateBias {
                    gates: *gates,
                    hidden,
                }
            }
            Self::Vector => Layer::Vector {
                outputs: vector(shape)?,
            },
            Self::Explicit { roles } if roles.len() == shape.len() => {
                let axes = shape
                    .iter()
                    .zip(roles)
                    .map(|(n, role)| Axis::new(*n, *role))
                    .collect();
                Layer::Explicit { axes }
            }
            Self::Explicit { .. } => {
                return Err(rank("layer of these axes", "one role a dimension", shape));
            }
        };
        Geometry::new(layer, layout, None)
    }
}

fn rank(layer: &'static str, expected: &'static str, shape: &[usize]) -> GeometryError {
    GeometryError::Rank {
        layer,
        expected,
        shape: shape.to_vec(),
    }
}

fn vector(shape: &[usize]) -> Result<usize, GeometryError> {
    match *shape {
        [outputs] => Ok(outputs),
        _ => Err(rank("vector", "1", shape)),
    }
}

/// (outputs, inputs) of a matrix.
fn matrix(
    layer: &'static str,
    shape: &[usize],
    layout: Layout,
) -> Result<(usize, usize), GeometryError> {
    match (shape, layout) {
        ([outputs, inputs], Layout::OutIn) | ([inputs, outputs], Layout::InOut) => {
            Ok((*outputs, *inputs))
        }
        _ => Err(rank(layer, "2", shape)),
    }
}

fn split(shape: &[usize], length: usize, parts: usize, what: &str) -> Result<usize, GeometryError> {
    if parts > 0 && length.is_multiple_of(parts) {
        return Ok(length / parts);
    }
    Err(GeometryError::Split {
        shape: shape.to_vec(),
        length,
        what: format!("{parts} {what}"),
    })
}

/// The two channel dimensions as they are stored, and the kernel.
fn channels(
    layer: &'static str,
    shape: &[usize],
    layout: Layout,
) -> Result<(usize, usize, Vec<usize>), GeometryError> {
    match (shape, layout) {
        ([first, second, kernel @ ..], Layout::OutIn)
        | ([kernel @ .., first, second], Layout::InOut)
            if (1..=3).contains(&kernel.len()) =>
        {
            Ok((*first, *second, kernel.to_vec()))
        }
        _ => Err(rank(layer, "3 to 5", shape)),
    }
}

fn times(length: usize, groups: usize) -> usize {
    // An overflow saturates to a length that building the geometry refuses as too large.
    length.saturating_mul(groups)
}

fn convolution(shape: &[usize], groups: usize, layout: Layout) -> Result<Layer, GeometryError> {
    let (first, second, kernel) = channels("convolution", shape, layout)?;
    let (outputs, inputs) = match layout {
        Layout::OutIn => (first, second),
        Layout::InOut => (second, first),
    };
    Ok(Layer::Convolution {
        outputs,
        inputs: times(inputs, groups),
        kernel,
        groups,
    })
}

fn transposed(shape: &[usize], groups: usize, layout: Layout) -> Result<Layer, GeometryError> {
    let (first, second, kernel) = channels("transposed convolution", shape, layout)?;
    let (outputs, inputs) = match layout {
        Layout::OutIn => (times(second, groups), first),
        Layout::InOut => (second, times(first, groups)),
    };
    Ok(Layer::TransposedConvolution {
        outputs,
        inputs,
        kernel,
        groups,
    })
}

fn depthwise(shape: &[usize], multiplier: usize, layout: Layout) -> Result<Layer, GeometryError> {
    let (first, second, kernel) = channels("depthwise convolution", shape, layout)?;
    let (channels, one, expected) = match layout {
        Layout::OutIn => (
            split(shape, first, multiplier, "outputs a channel")?,
            second,
            1,
        ),
        Layout::InOut => (first, second, multiplier),
    };
    if one != expected {
        let what = format!("one of {expected}, as a depthwise convolution stores it");
        return Err(GeometryError::Split {
            shape: shape.to_vec(),
            length: one,
            what,
        });
    }
    Ok(Layer::Depthwise {
        channels,
        multiplier,
        kernel,
    })
}

fn packed(
    shape: &[usize],
    parts: Vec<usize>,
    packing: Packing,
    layout: Layout,
) -> Result<Layer, GeometryError> {
    let (outputs, inputs) = matrix("packed projection", shape, layout)?;
    let layer = Layer::Packed {
        parts,
        inputs,
        packing,
    };
    let stored = Geometry::new(layer.clone(), layout, None)?;
    if stored.shape() != shape {
        let what = layer.to_string();
        return Err(GeometryError::Split {
            shape: shape.to_vec(),
            length: outputs,
            what,
        });
    }
    Ok(layer)
}
