//! What can be wrong with a graph.

use super::Shape;

/// Why a graph cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A value or layer has no name.
    #[error("a layer without a name: give each input and layer a name of its own")]
    NoName,
    /// Two values or layers have one name.
    #[error("two layers are named `{name}`: give each input and layer a name of its own")]
    DuplicateName {
        /// The name given twice.
        name: String,
    },
    /// A layer reads a value that this builder did not make.
    #[error("layer `{layer}` reads a value of another graph: pass what this builder returned")]
    ForeignValue {
        /// The layer that reads it.
        layer: String,
    },
    /// The shapes of two layers do not chain.
    #[error(
        "layer `{layer}` cannot follow `{producer}`: it needs {expected} and gets {got}; {remedy}"
    )]
    Shape {
        /// The layer that reads the value.
        layer: String,
        /// The layer or input that made the value.
        producer: String,
        /// What shape is needed.
        expected: String,
        /// The value's shape.
        got: Shape,
        /// What to do.
        remedy: &'static str,
    },
    /// An axis is 0, or the shape does not fit in memory's address range.
    #[error(
        "`{layer}` has the shape {axes:?}: every axis must be at least 1, and the product must fit in memory"
    )]
    Size {
        /// The input or layer.
        layer: String,
        /// The axes asked for.
        axes: Vec<usize>,
    },
    /// The parameters together do not fit in memory's address range.
    #[error(
        "with `{layer}` the parameters no longer fit in memory's address range: make layers narrower or fewer"
    )]
    TooManyParameters {
        /// The layer at which they no longer fit.
        layer: String,
    },
    /// A layer's setting is out of its range.
    #[error("layer `{layer}`: {setting} is {got}: it must be {expected}")]
    Setting {
        /// The layer.
        layer: String,
        /// Which of its settings.
        setting: &'static str,
        /// What it is.
        got: String,
        /// What it may be.
        expected: String,
    },
    /// A constant is not finite as f32.
    #[error("layer `{layer}`: the constant {got} is not a finite f32; give one")]
    Constant {
        /// The layer.
        layer: String,
        /// The constant, as text.
        got: String,
    },
    /// Something follows the loss.
    #[error(
        "`{layer}` follows the loss `{loss}`: the loss must be the last layer, and the only one"
    )]
    AfterLoss {
        /// The layer that follows.
        layer: String,
        /// The loss.
        loss: String,
    },
    /// A network's depth is 0.
    #[error("a depth of 0: a network needs at least 1 linear layer")]
    NoDepth,
    /// There is no layer.
    #[error("a graph without layers: add at least one before `finish`")]
    NoLayers,
}
