use std::fmt;

use super::axis::{Axis, Dimension, Layout, Role, grouped, out};
use super::{GeometryError, Packing, convolution, embedding, explicit, linear, packed, recurrent};

/// What a layer is, apart from how it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layer {
    /// `y = W x`.
    Linear {
        /// Outputs.
        outputs: usize,
        /// Inputs.
        inputs: usize,
    },
    /// A convolution.
    Convolution {
        /// Output channels.
        outputs: usize,
        /// Input channels.
        inputs: usize,
        /// Kernel lengths.
        kernel: Vec<usize>,
        /// Groups.
        groups: usize,
    },
    /// A transposed convolution.
    TransposedConvolution {
        /// Output channels.
        outputs: usize,
        /// Input channels.
        inputs: usize,
        /// Kernel lengths.
        kernel: Vec<usize>,
        /// Groups.
        groups: usize,
    },
    /// A depthwise convolution: each channel alone becomes `multiplier` channels.
    Depthwise {
        /// Input channels.
        channels: usize,
        /// Outputs of each.
        multiplier: usize,
        /// Kernel lengths.
        kernel: Vec<usize>,
    },
    /// A table of vectors, one looked up at a time.
    Embedding {
        /// Entries of the table.
        entries: usize,
        /// Length of each vector.
        features: usize,
    },
    /// Several projections of one input, joined along the outputs.
    Packed {
        /// Outputs of each part.
        parts: Vec<usize>,
        /// Inputs.
        inputs: usize,
        /// How the parts lie.
        packing: Packing,
    },
    /// The gates of a recurrent cell, joined along the outputs.
    Recurrent {
        /// Gates.
        gates: usize,
        /// Units of each gate.
        hidden: usize,
        /// Inputs.
        inputs: usize,
    },
    /// The bias of a recurrent cell's gates.
    GateBias {
        /// Gates.
        gates: usize,
        /// Units of each gate.
        hidden: usize,
    },
    /// A vector with one value for each output: a bias, or a norm's scale.
    Vector {
        /// Outputs.
        outputs: usize,
    },
    /// Anything else, by its axes.
    Explicit {
        /// The axes, slowest first.
        axes: Vec<Axis>,
    },
}

impl Layer {
    /// Parts of different sizes along one axis; none for most layers.
    pub(super) fn parts(&self) -> &[usize] {
        match self {
            Self::Packed { parts, .. } => parts,
            _ => &[],
        }
    }

    pub(super) fn check(&self) -> Result<(), GeometryError> {
        match self {
            Self::Convolution {
                outputs,
                inputs,
                kernel,
                groups,
            }
            | Self::TransposedConvolution {
                outputs,
                inputs,
                kernel,
                groups,
            } => convolution::check(*outputs, *inputs, kernel, *groups),
            Self::Depthwise { kernel, .. } => convolution::check_rank(kernel),
            Self::Packed { parts, packing, .. } => packed::check(self, parts, *packing),
            Self::Explicit { axes } => explicit::check(axes),
            _ => Ok(()),
        }
    }

    /// The stored dimensions, slowest first.
    pub(super) fn dimensions(&self, layout: Layout) -> Vec<Dimension> {
        match self {
            Self::Linear { outputs, inputs } => linear::dimensions(*outputs, *inputs, layout),
            Self::Convolution {
                outputs,
                inputs,
                kernel,
                groups,
            } => convolution::dimensions(*outputs, *inputs, kernel, *groups, layout),
            Self::TransposedConvolution {
                outputs,
                inputs,
                kernel,
                groups,
            } => convolution::transposed_dimensions(*outputs, *inputs, kernel, *groups, layout),
            Self::Depthwise {
                channels,
                multiplier,
                kernel,
            } => convolution::depthwise_dimensions(*channels, *multiplier, kernel, layout),
            Self::Embedding { entries, features } => embedding::dimensions(*entries, *features),
            Self::Packed {
                parts,
                inputs,
                packing,
            } => packed::dimensions(parts, *inputs, *packing, layout),
            Self::Recurrent {
                gates,
                hidden,
                inputs,
            } => recurrent::dimensions(*gates, *hidden, *inputs, layout),
            Self::GateBias { gates, hidden } => vec![grouped(*gates, *hidden, Role::Out)],
            Self::Vector { outputs } => vec![out(*outputs)],
            Self::Explicit { axes } => axes.iter().copied().map(Dimension::of).collect(),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear { outputs, inputs } => write!(f, "linear {inputs} → {outputs}"),
            Self::Convolution {
                outputs,
                inputs,
                kernel,
                groups,
            } => {
                write!(
                    f,
                    "convolution {inputs} → {outputs}, kernel {kernel:?}, groups {groups}"
                )
            }
            Self::TransposedConvolution {
                outputs,
                inputs,
                kernel,
                groups,
            } => write!(
                f,
                "transposed convolution {inputs} → {outputs}, kernel {kernel:?}, groups {groups}"
            ),
            Self::Depthwise {
                channels,
                multiplier,
                kernel,
            } => {
                write!(
                    f,
                    "depthwise convolution {channels} × {multiplier}, kernel {kernel:?}"
                )
            }
            Self::Embedding { entries, features } => {
                write!(f, "embedding of {entries} entries × {features}")
            }
            Self::Packed {
                parts,
                inputs,
                packing,
            } => {
                write!(f, "packed projection {inputs} → {parts:?} {packing}")
            }
            Self::Recurrent {
                gates,
                hidden,
                inputs,
            } => {
                write!(f, "recurrent {inputs} → {gates} gates × {hidden}")
            }
            Self::GateBias { gates, hidden } => write!(f, "bias of {gates} gates × {hidden}"),
            Self::Vector { outputs } => write!(f, "vector of {outputs}"),
            Self::Explicit { axes } => {
                let axes: Vec<_> = axes
                    .iter()
                    .map(|a| format!("{:?} {}", a.role, a.length))
                    .collect();
                write!(f, "axes ({})", axes.join(", "))
            }
        }
    }
}
