//! What can be wrong with a pass.

use crate::loss::Loss;

/// Why a pass cannot run, or its result cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The number of inputs is not the graph's.
    #[error("{got} inputs given: the network has {expected}")]
    InputCount {
        /// Inputs of the graph.
        expected: usize,
        /// Inputs given.
        got: usize,
    },
    /// An input is not whole examples, or not as many as the first.
    #[error(
        "input `{name}` has {got} values: give {features} for each example, as many examples for every input, at least 1 and at most {batch}"
    )]
    InputLength {
        /// The input.
        name: String,
        /// Values of one example.
        features: usize,
        /// The largest batch.
        batch: usize,
        /// Values given.
        got: usize,
    },
    /// The network has no loss.
    #[error("the network has no loss: call `predict`, or end its graph with a loss")]
    NoLoss,
    /// The targets are not of the kind that the loss compares with.
    #[error(
        "{loss:?} was given targets of another kind: values go with MeanSquaredError, classes with SoftmaxCrossEntropy and Hinge"
    )]
    TargetKind {
        /// The loss.
        loss: Loss,
    },
    /// The number of targets does not match the examples.
    #[error("{got} target values given: {expected} go with the examples given")]
    TargetLength {
        /// Targets wanted.
        expected: usize,
        /// Targets given.
        got: usize,
    },
    /// A class is outside the network's classes.
    #[error("example {example} has class {class}: the network has classes 0 to {last}")]
    Class {
        /// 0-based example.
        example: usize,
        /// Its class.
        class: u8,
        /// The last class there is.
        last: usize,
    },
    /// A batch has one value of a channel, which has no variance.
    #[error(
        "`{layer}` has a single value in each channel: batch normalisation trains on 2 examples or more; use `evaluate` or `predict` for one"
    )]
    OneValue {
        /// The layer.
        layer: String,
    },
    /// The network is planned for forward passes only.
    #[error("the network is planned for forward passes only: make it with Mode::Training")]
    NotTraining,
    /// There is no forward pass to go back from, or look at.
    #[error("no forward pass to go by: run one first (a backward pass uses its values up)")]
    NoForward,
    /// The forward pass computed no loss.
    #[error(
        "the latest forward pass had no targets: run `forward`, or give `backward_from` the gradient of the output"
    )]
    NoSeed,
    /// No gradients are held.
    #[error("no gradients: run a backward pass first (a forward pass discards them)")]
    NoGradients,
    /// The gradient of the output is not as long as the output.
    #[error("{got} gradient values given: the output of the latest forward pass has {expected}")]
    GradientLength {
        /// Values of the output.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// No parameter has this name.
    #[error("no parameter is named `{name}`: a layer's are LAYER.weight and LAYER.bias")]
    UnknownParameter {
        /// The name.
        name: String,
    },
    /// No buffer has this name.
    #[error(
        "no buffer is named `{name}`: batch normalisation's are LAYER.running_mean and LAYER.running_var"
    )]
    UnknownBuffer {
        /// The name.
        name: String,
    },
    /// No value has this name.
    #[error("no value is named `{name}`: values are named as their inputs and layers")]
    UnknownValue {
        /// The name.
        name: String,
    },
    /// A value was overwritten within the pass.
    #[error("value `{name}` is not kept after the pass: look at it with a tap")]
    NotKept {
        /// The name.
        name: String,
    },
}
