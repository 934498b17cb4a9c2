use thiserror::Error;

use super::packed::MOST_PARTS;
use super::{Layer, Role};

/// A layer that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// A dimension of length 0.
    #[error(
        "{layer}: every dimension must be at least 1; a tensor without elements has nothing to initialise"
    )]
    Empty {
        /// The layer.
        layer: Layer,
    },
    /// The element count overflows what memory can address.
    #[error("{layer}: the number of elements overflows; check the shape")]
    TooLarge {
        /// The layer.
        layer: Layer,
    },
    /// A convolution's groups do not divide its channels.
    #[error(
        "{groups} groups do not divide {outputs} outputs and {inputs} inputs; \
         choose groups that divide both"
    )]
    Groups {
        /// Groups asked for.
        groups: usize,
        /// Output channels.
        outputs: usize,
        /// Input channels.
        inputs: usize,
    },
    /// Groups of a layer that has none.
    #[error("{layer} has no groups; only convolutions do")]
    NotGrouped {
        /// The layer.
        layer: Layer,
    },
    /// A kernel that is not 1- to 3-dimensional.
    #[error("a kernel has 1 to 3 dimensions, not {rank}; give other layers by explicit axes")]
    KernelRank {
        /// Dimensions given.
        rank: usize,
    },
    /// Query heads that key-value heads do not divide.
    #[error(
        "{heads} query heads cannot share {key_value_heads} key-value heads evenly; choose a divisor \
         of the query heads, and as many groups where they are packed by head"
    )]
    Heads {
        /// Query heads.
        heads: usize,
        /// Key-value heads.
        key_value_heads: usize,
    },
    /// More parts of a packed projection than are read.
    #[error(
        "a packed projection has at most {MOST_PARTS} parts, not {parts}; \
         give more equal ones as a stack of experts, one matrix after another"
    )]
    TooManyParts {
        /// Parts asked for.
        parts: usize,
    },
    /// Experts stacked twice.
    #[error("already a stack of {experts} experts; give deeper stacks by explicit batch axes")]
    AlreadyStacked {
        /// Experts of the stack.
        experts: usize,
    },
    /// A tensor's shape has the wrong number of dimensions for its layer.
    #[error("a {layer} has {expected} dimensions, but the shape {shape:?} has {}", shape.len())]
    Rank {
        /// The layer that the shape was read as.
        layer: &'static str,
        /// Dimensions that it has.
        expected: &'static str,
        /// The shape given.
        shape: Vec<usize>,
    },
    /// A dimension that must split into equal or given parts does not.
    #[error("dimension {length} of shape {shape:?} does not split into {what}")]
    Split {
        /// The shape given.
        shape: Vec<usize>,
        /// The dimension that must split.
        length: usize,
        /// What it must split into.
        what: String,
    },
    /// An explicit axis of a role that needs more than a length.
    #[error("role {role:?} cannot be given by explicit axes; use Geometry::packed")]
    ExplicitParts {
        /// The role.
        role: Role,
    },
    /// A name that stands for nothing.
    #[error("no {what} is named {name:?}; known are {known}")]
    Unknown {
        /// What the name was to stand for.
        what: &'static str,
        /// The name.
        name: String,
        /// The names there are.
        known: &'static str,
    },
}
