use safetensors::{Dtype as StoredDtype, SafeTensorError};
use thiserror::Error;

use crate::{Geometry, InitError};

/// A checkpoint that cannot be planned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No tensor.
    #[error("there is no tensor to make")]
    Empty,
    /// Two tensors of one name.
    #[error(
        "two tensors are named {name:?}; a name decides a tensor's random numbers and its place, so it must be unique"
    )]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A name that the format keeps for itself.
    #[error("no tensor can be named \"__metadata__\" in a safetensors file")]
    ReservedName,
    /// A scheme that does not fit its tensor.
    #[error("tensor {name:?}, by {rule}: {source}")]
    Scheme {
        /// The tensor.
        name: String,
        /// The rule that chose the scheme.
        rule: String,
        /// What is wrong.
        source: Box<InitError>,
    },
    /// A geometry of another size than the tensor.
    #[error("tensor {name:?} of shape {shape:?} cannot be a {geometry}")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// What the layer would be.
        geometry: Box<Geometry>,
    },
    /// A number format in which nothing but zeros can be made.
    #[error(
        "tensor {name:?} is stored as {dtype}, in which evenkeel makes zeros only, but {scheme} was chosen; \
         give it the scheme zeros by a rule, or store it as F64, F32, BF16 or F16 (--dtype does so for real numbers)"
    )]
    Dtype {
        /// The tensor.
        name: String,
        /// Its number format.
        dtype: StoredDtype,
        /// The scheme.
        scheme: String,
    },
    /// Bytes past what can be counted, or a header longer than the format allows.
    #[error("file {file:?} cannot be laid out: {source}")]
    Layout {
        /// The file.
        file: String,
        /// What the format's library says.
        source: SafeTensorError,
    },
    /// Bytes past what can be counted.
    #[error("the sizes of the tensors overflow; check the shapes")]
    Overflow,
}
