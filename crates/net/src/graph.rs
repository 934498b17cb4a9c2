//! A network as operators over named values.
//!
//! A [`Graph`] is made by a [`GraphBuilder`], which refuses what cannot be run, and never changes
//! afterwards. It has no tensors and no batch: each value has a static shape for one example. A
//! [`Plan`](crate::Plan) says where its tensors lie for a batch, and a
//! [`Network`](crate::Network) runs it. All of it lies in flat vectors in the order of
//! computation, so that depth costs neither recursion nor a pointer chase.

mod builder;
mod error;
mod shape;

use std::collections::HashMap;
use std::ops::Range;

pub use builder::{BatchNorm, Bias, Convolution, Extent, GraphBuilder, PaddingMode, Pool};
pub use error::GraphError;
pub use shape::Shape;

use crate::blocks::Layout;
use crate::loss::Loss;
use crate::operator::Operator;

/// A value of the graph under construction: what an operator reads or makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueId(pub(crate) usize);

/// What made a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Producer {
    /// The caller: an input of the network.
    Input,
    /// A linear layer.
    Linear,
    /// An activation.
    Activation,
    /// Addition of a constant.
    Shift,
    /// Addition of two values.
    Add,
    /// Multiplication of two values.
    Multiply,
    /// Addition of a learned bias.
    Bias,
    /// Multiplication by a learned scale.
    Scale,
    /// Multiplication by a constant.
    ScaleBy,
    /// All axes made one.
    Flatten,
    /// A convolution.
    Convolution,
    /// The largest value of each window.
    MaxPool,
    /// The mean of each window.
    AveragePool,
    /// The mean of each channel.
    GlobalAveragePool,
    /// Normalisation over the batch.
    BatchNorm,
    /// Normalisation over an example.
    LayerNorm,
    /// Normalisation over groups of channels.
    GroupNorm,
    /// Normalisation by the root of the second moment.
    RmsNorm,
    /// Random dropping of values.
    Dropout,
}

/// A named value: an input, or what an operator makes.
#[derive(Clone, Debug)]
pub struct Value {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) producer: Producer,
    /// How many operators read it, the loss included; one that reads it twice counts twice.
    pub(crate) readers: usize,
}

impl Value {
    /// Its name, unique within the graph.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its shape for one example.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What made it.
    pub fn producer(&self) -> Producer {
        self.producer
    }
}

/// What a parameter is to its layer, from which its initialisation follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The weight of a linear layer, `fan_out × fan_in` row-major: `y = W x + b`; or of a
    /// convolution, `[out, in/groups, height, width]`.
    Weight {
        /// How many values each output is a sum over.
        fan_in: usize,
        /// How many outputs each input feeds.
        fan_out: usize,
    },
    /// What is added to each output of a layer whose weight has this `fan_in`.
    Bias {
        /// The fan-in of the layer, for initialisers that scale a bias by it.
        fan_in: usize,
    },
    /// What each value is multiplied by, alone: begins at 1.
    Scale,
    /// What is added to each value, without a weight of its own layer: begins at 0.
    Offset,
}

/// Name, shape and role of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) role: Role,
    /// First value in the network's parameter (and gradient) storage.
    pub(crate) start: usize,
}

impl ParameterSpec {
    /// Its name, unique within the graph: the layer's with `.weight`, `.bias` or `.scale`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its shape, row-major.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What it is to its layer.
    pub fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.shape.len()
    }
}

/// Name, shape and initial value of a buffer: what is kept with a network but not trained.
#[derive(Clone, Debug, PartialEq)]
pub struct BufferSpec {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// First value in the network's storage of buffers.
    pub(crate) start: usize,
    pub(crate) initial: f32,
}

impl BufferSpec {
    /// Its name, unique within the graph: the layer's with `.running_mean` or `.running_var`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its shape, row-major.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.shape.len()
    }
}

/// An operator with the values it reads and the one it makes.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) operator: Operator,
    pub(crate) inputs: Inputs,
    pub(crate) output: usize,
    /// Its parameters, which follow one another.
    pub(crate) parameters: Range<usize>,
    /// Their values in the network's parameter (and gradient) storage.
    pub(crate) storage: Range<usize>,
}

/// The one or two values that an operator reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inputs {
    One(usize),
    Two(usize, usize),
}

impl Inputs {
    pub(crate) fn first(self) -> usize {
        match self {
            Self::One(first) | Self::Two(first, _) => first,
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        let (first, second) = match self {
            Self::One(first) => (first, None),
            Self::Two(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second)
    }
}

/// A finished network of operators over named values.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, Bias, GraphBuilder};
///
/// let mut builder = GraphBuilder::new();
/// let x = builder.input("x", &[784])?;
/// let h = builder.linear(x, "fc0", 50, Bias::Yes)?;
/// let h = builder.activation(h, "act0", &Activation::relu())?;
/// let logits = builder.linear(h, "head", 10, Bias::Yes)?;
/// builder.softmax_cross_entropy(logits, "loss")?;
/// let graph = builder.finish()?;
/// assert_eq!(graph.parameter_count(), 784 * 50 + 50 + 50 * 10 + 10);
/// # Ok::<(), evenkeel_net::GraphError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) values: Vec<Value>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) parameters: Vec<ParameterSpec>,
    pub(crate) inputs: Vec<usize>,
    pub(crate) output: usize,
    pub(crate) loss: Option<Loss>,
    pub(crate) buffers: Vec<BufferSpec>,
    /// Numbers that layers keep of the whole batch.
    pub(crate) statistics: usize,
    /// Values that dropout makes.
    pub(crate) dropouts: Vec<usize>,
    value_names: HashMap<String, usize>,
    parameter_names: HashMap<String, usize>,
    buffer_names: HashMap<String, usize>,
}

impl Graph {
    /// Every value, inputs included, in the order of computation.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Every parameter, in the order of computation.
    pub fn parameters(&self) -> &[ParameterSpec] {
        &self.parameters
    }

    /// Every buffer, in the order of computation.
    pub fn buffers(&self) -> &[BufferSpec] {
        &self.buffers
    }

    pub(crate) fn buffer_count(&self) -> usize {
        self.buffers.last().map_or(0, |last| last.range().end)
    }

    /// How many values the parameters have in all.
    pub fn parameter_count(&self) -> usize {
        self.parameters.last().map_or(0, |last| last.range().end)
    }

    /// The inputs, in the order in which they were declared.
    pub fn inputs(&self) -> impl Iterator<Item = &Value> {
        self.inputs.iter().map(|&index| &self.values[index])
    }

    /// What the network computes: what the loss reads, or else the last operator's value.
    pub fn output(&self) -> &Value {
        &self.values[self.output]
    }

    /// The loss, if there is one.
    pub fn loss(&self) -> Option<Loss> {
        self.loss
    }

    /// What the layer makes that a parameter belongs to.
    pub(crate) fn producer_of(&self, parameter: usize) -> Producer {
        // Nodes stand in the order of their parameters.
        let node = self
            .nodes
            .partition_point(|node| node.parameters.end <= parameter);
        self.values[self.nodes[node].output].producer
    }

    pub(crate) fn value_index(&self, name: &str) -> Option<usize> {
        self.value_names.get(name).copied()
    }

    pub(crate) fn parameter_index(&self, name: &str) -> Option<usize> {
        self.parameter_names.get(name).copied()
    }

    /// The parameter of this name, if there is one.
    pub(crate) fn parameter(&self, name: &str) -> Option<&ParameterSpec> {
        self.parameter_index(name)
            .map(|index| &self.parameters()[index])
    }

    pub(crate) fn buffer_index(&self, name: &str) -> Option<usize> {
        self.buffer_names.get(name).copied()
    }

    pub(crate) fn features(&self, value: usize) -> usize {
        self.values[value].shape.len()
    }

    /// How a value, and its gradient, lie in a lane.
    pub(crate) fn layout(&self, value: usize) -> Layout {
        Layout::of(&self.values[value].shape)
    }
}
