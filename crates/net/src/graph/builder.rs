//! Builds a graph, checking each layer as it is added.

mod convolution;
mod elementwise;
mod normalization;

use std::collections::HashMap;

pub use convolution::{Convolution, PaddingMode, Pool};
pub use elementwise::Extent;
use evenkeel_theory::Activation;
pub use normalization::BatchNorm;

use super::{
    BufferSpec, Graph, GraphError, Inputs, Node, ParameterSpec, Producer, Role, Shape, Value,
    ValueId,
};
use crate::loss::Loss;
use crate::operator::{self, Operator};

/// Whether a layer adds a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bias {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// Builds a [`Graph`], layer by layer, in the order of computation.
///
/// # Errors
///
/// Each method refuses an empty or repeated name, a value of another builder, a shape that does
/// not chain, and a layer after the loss, with the [`GraphError`] that says what to do.
#[derive(Clone, Debug, Default)]
pub struct GraphBuilder {
    values: Vec<Value>,
    nodes: Vec<Node>,
    parameters: Vec<ParameterSpec>,
    inputs: Vec<usize>,
    loss: Option<(Loss, String, usize)>,
    buffers: Vec<BufferSpec>,
    statistics: usize,
    dropouts: Vec<usize>,
    value_names: HashMap<String, usize>,
    parameter_names: HashMap<String, usize>,
    buffer_names: HashMap<String, usize>,
}

impl GraphBuilder {
    /// A builder with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// An input of the network, with the shape of one example.
    pub fn input(&mut self, name: &str, axes: &[usize]) -> Result<ValueId, GraphError> {
        let shape = shape(name, axes)?;
        let id = self.value(name, shape, Producer::Input)?;
        self.inputs.push(id.0);
        Ok(id)
    }

    /// `y = W x + b`, or without `b`.
    ///
    /// # Shapes
    ///
    /// `input` is `[fan_in]`, the value made is `[outputs]`; the parameters are `NAME.weight`,
    /// `[outputs, fan_in]`, and `NAME.bias`, `[outputs]`.
    pub fn linear(
        &mut self,
        input: ValueId,
        name: &str,
        outputs: usize,
        bias: Bias,
    ) -> Result<ValueId, GraphError> {
        let x = self.read(input, name)?;
        let [fan_in] = *x.shape.axes() else {
            return Err(GraphError::Shape {
                layer: name.into(),
                producer: x.name.clone(),
                expected: "one axis".into(),
                got: x.shape.clone(),
                remedy: "declare the input flat, as one axis, or flatten it",
            });
        };
        let made = shape(name, &[outputs])?;
        let weight_shape = shape(name, &[outputs, fan_in])?;
        let weight = Role::Weight {
            fan_in,
            fan_out: outputs,
        };
        let mut parameters = vec![Learned::new("weight", weight_shape, weight)];
        if bias == Bias::Yes {
            parameters.push(Learned::new("bias", made.clone(), Role::Bias { fan_in }));
        }
        let operator = Operator::Linear(operator::Linear {
            inputs: fan_in,
            outputs,
            bias,
        });
        let inputs = Inputs::One(input.0);
        self.layer(name, operator, inputs, (made, Producer::Linear), parameters)
    }

    /// `y = φ(x)`, value by value.
    pub fn activation(
        &mut self,
        input: ValueId,
        name: &str,
        activation: &Activation,
    ) -> Result<ValueId, GraphError> {
        let operator = Operator::Activation(operator::Elementwise::new(activation));
        self.elementwise(input, name, operator, Producer::Activation)
    }

    /// `y = x + c` with a constant `c`, as in "ReLU − 0.5".
    pub fn shift(
        &mut self,
        input: ValueId,
        name: &str,
        constant: f64,
    ) -> Result<ValueId, GraphError> {
        self.read(input, name)?;
        let constant = finite(name, constant)?;
        let operator = Operator::Shift(operator::Shift { constant });
        self.elementwise(input, name, operator, Producer::Shift)
    }

    /// `y = a + b`, as where a residual branch joins its trunk. Both have one shape.
    pub fn add(&mut self, a: ValueId, b: ValueId, name: &str) -> Result<ValueId, GraphError> {
        let made = self.same_shape(a, b, name)?;
        let (operator, inputs) = (Operator::Add(operator::Add), Inputs::Two(a.0, b.0));
        self.layer(name, operator, inputs, (made, Producer::Add), Vec::new())
    }

    /// The mean over the batch and over all values of `(prediction − target)²`.
    ///
    /// # Shapes
    ///
    /// `prediction` has any shape; the targets are as many values for each example.
    pub fn mean_squared_error(
        &mut self,
        prediction: ValueId,
        name: &str,
    ) -> Result<(), GraphError> {
        self.read(prediction, name)?;
        self.finish_with(Loss::MeanSquaredError, prediction, name)
    }

    /// The mean over the batch of `−log softmax(logits)[class]`.
    ///
    /// # Shapes
    ///
    /// `logits` is `[classes]`; the targets are one class for each example.
    pub fn softmax_cross_entropy(&mut self, logits: ValueId, name: &str) -> Result<(), GraphError> {
        self.one_value_a_class(logits, name)?;
        self.finish_with(Loss::SoftmaxCrossEntropy, logits, name)
    }

    /// The mean over the batch of `Σ_{j ≠ class} max(0, 1 − x_class + x_j) / classes`, the
    /// multi-class hinge loss with a margin of 1.
    ///
    /// # Shapes
    ///
    /// `outputs` is `[classes]`; the targets are one class for each example.
    ///
    /// # Source
    ///
    /// K. Crammer and Y. Singer (2001) and J. Weston and C. Watkins (1999), in the latter's sum
    /// over classes; scaled as `torch.nn.MultiMarginLoss`.
    pub fn hinge(&mut self, outputs: ValueId, name: &str) -> Result<(), GraphError> {
        self.one_value_a_class(outputs, name)?;
        self.finish_with(Loss::Hinge, outputs, name)
    }

    fn one_value_a_class(&self, read: ValueId, name: &str) -> Result<(), GraphError> {
        let value = self.read(read, name)?;
        if value.shape.axes().len() != 1 {
            return Err(GraphError::Shape {
                layer: name.into(),
                producer: value.name.clone(),
                expected: "one axis, a logit for each class".into(),
                got: value.shape.clone(),
                remedy: "end with a linear layer of as many outputs as there are classes",
            });
        }
        Ok(())
    }

    /// A layer that makes a value of its input's shape, without parameters.
    fn elementwise(
        &mut self,
        input: ValueId,
        name: &str,
        operator: Operator,
        producer: Producer,
    ) -> Result<ValueId, GraphError> {
        let made = self.read(input, name)?.shape.clone();
        let inputs = Inputs::One(input.0);
        self.layer(name, operator, inputs, (made, producer), Vec::new())
    }

    /// The one shape that two values have.
    fn same_shape(&self, a: ValueId, b: ValueId, name: &str) -> Result<Shape, GraphError> {
        let first = self.read(a, name)?;
        let second = self.read(b, name)?;
        if first.shape != second.shape {
            return Err(GraphError::Shape {
                layer: name.into(),
                producer: second.name.clone(),
                expected: format!("{} as `{}` has", first.shape, first.name),
                got: second.shape.clone(),
                remedy: "give both branches the same width",
            });
        }
        Ok(first.shape.clone())
    }

    /// Adds a layer whose inputs have been read, with its value and its parameters, or nothing.
    fn layer(
        &mut self,
        name: &str,
        operator: Operator,
        inputs: Inputs,
        (made, producer): (Shape, Producer),
        parameters: Vec<Learned>,
    ) -> Result<ValueId, GraphError> {
        self.check_room(name, &parameters)?;
        let id = self.value(name, made, producer)?;
        let first = self.parameters.len();
        let start = self.storage_end();
        for parameter in parameters {
            self.parameter(name, parameter);
        }
        for input in inputs.iter() {
            self.values[input].readers += 1;
        }
        self.nodes.push(Node {
            operator,
            inputs,
            output: id.0,
            parameters: first..self.parameters.len(),
            storage: start..self.storage_end(),
        });
        Ok(id)
    }

    /// The finished graph.
    pub fn finish(mut self) -> Result<Graph, GraphError> {
        let last = self.nodes.last().ok_or(GraphError::NoLayers)?.output;
        let output = self.loss.as_ref().map_or(last, |&(_, _, read)| read);
        self.values[output].readers += usize::from(self.loss.is_some());
        Ok(Graph {
            values: self.values,
            nodes: self.nodes,
            parameters: self.parameters,
            inputs: self.inputs,
            output,
            loss: self.loss.map(|(loss, _, _)| loss),
            buffers: self.buffers,
            statistics: self.statistics,
            dropouts: self.dropouts,
            value_names: self.value_names,
            parameter_names: self.parameter_names,
            buffer_names: self.buffer_names,
        })
    }

    /// The value that layer `layer` is about to read.
    fn read(&self, id: ValueId, layer: &str) -> Result<&Value, GraphError> {
        self.open(layer)?;
        self.values
            .get(id.0)
            .ok_or_else(|| GraphError::ForeignValue {
                layer: layer.into(),
            })
    }

    fn open(&self, layer: &str) -> Result<(), GraphError> {
        match &self.loss {
            Some((_, loss, _)) => Err(GraphError::AfterLoss {
                layer: layer.into(),
                loss: loss.clone(),
            }),
            None => Ok(()),
        }
    }

    fn value(
        &mut self,
        name: &str,
        shape: Shape,
        producer: Producer,
    ) -> Result<ValueId, GraphError> {
        self.open(name)?;
        if name.is_empty() {
            return Err(GraphError::NoName);
        }
        let index = self.values.len();
        if self.value_names.contains_key(name) {
            return Err(GraphError::DuplicateName { name: name.into() });
        }
        self.value_names.insert(name.into(), index);
        self.values.push(Value {
            name: name.into(),
            shape,
            producer,
            readers: 0,
        });
        Ok(ValueId(index))
    }

    /// That the parameters so far and those of `layer` fit in memory's address range together.
    fn check_room(&self, layer: &str, parameters: &[Learned]) -> Result<(), GraphError> {
        let total = parameters
            .iter()
            .try_fold(self.storage_end(), |sum, parameter| {
                sum.checked_add(parameter.shape.len())
            });
        match total {
            Some(total) if total <= isize::MAX as usize / size_of::<f32>() => Ok(()),
            _ => Err(GraphError::TooManyParameters {
                layer: layer.into(),
            }),
        }
    }

    fn storage_end(&self) -> usize {
        self.parameters.last().map_or(0, |last| last.range().end)
    }

    fn parameter(&mut self, layer: &str, learned: Learned) {
        let index = self.parameters.len();
        let start = self.storage_end();
        let name = format!("{layer}.{}", learned.suffix);
        self.parameter_names.insert(name.clone(), index);
        self.parameters.push(ParameterSpec {
            name,
            shape: learned.shape,
            role: learned.role,
            start,
        });
    }

    fn finish_with(&mut self, loss: Loss, read: ValueId, name: &str) -> Result<(), GraphError> {
        if name.is_empty() {
            return Err(GraphError::NoName);
        }
        if self.value_names.contains_key(name) {
            return Err(GraphError::DuplicateName { name: name.into() });
        }
        self.loss = Some((loss, name.into(), read.0));
        Ok(())
    }
}

fn shape(layer: &str, axes: &[usize]) -> Result<Shape, GraphError> {
    let refused = || GraphError::Size {
        layer: layer.into(),
        axes: axes.into(),
    };
    Shape::checked(axes).ok_or_else(refused)
}

/// A constant as the engine holds it.
fn finite(layer: &str, constant: f64) -> Result<f32, GraphError> {
    let rounded = constant as f32;
    if rounded.is_finite() {
        return Ok(rounded);
    }
    Err(GraphError::Constant {
        layer: layer.into(),
        got: constant.to_string(),
    })
}

/// A parameter that a layer is about to bring.
struct Learned {
    suffix: &'static str,
    shape: Shape,
    role: Role,
}

impl Learned {
    fn new(suffix: &'static str, shape: Shape, role: Role) -> Self {
        Self {
            suffix,
            shape,
            role,
        }
    }
}
