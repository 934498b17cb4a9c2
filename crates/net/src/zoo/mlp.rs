//! Multi-layer perceptrons.

use evenkeel_theory::Activation;

use super::residual::norm;
use super::{Surroundings, end};
use crate::graph::{Bias, Extent, Graph, GraphBuilder, GraphError, ValueId};
use crate::loss::Loss;

/// What a multi-layer perceptron looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct MlpSpec {
    /// Features of one example.
    pub inputs: usize,
    /// Features of each hidden layer.
    pub width: usize,
    /// How many linear layers there are, the last included: a depth of 1 has no hidden layer.
    pub depth: usize,
    /// Features of the output.
    pub outputs: usize,
    /// What follows each linear layer but the last.
    pub activation: Activation,
    /// What is added after each activation, as in "ReLU − 0.5"; 0 adds nothing, at no cost.
    pub shift: f64,
    /// Whether linear layers have a bias.
    pub bias: Bias,
    /// What stands around the layers.
    pub surroundings: Surroundings,
    /// What the network is trained for, if anything.
    pub loss: Option<Loss>,
}

impl MlpSpec {
    /// With biases, no shift, and softmax cross-entropy.
    pub fn new(
        inputs: usize,
        width: usize,
        depth: usize,
        outputs: usize,
        activation: Activation,
    ) -> Self {
        let (shift, bias, loss) = (0.0, Bias::Yes, Some(Loss::SoftmaxCrossEntropy));
        Self {
            inputs,
            width,
            depth,
            outputs,
            activation,
            shift,
            bias,
            surroundings: Surroundings::default(),
            loss,
        }
    }
}

/// The multi-layer perceptron of `spec`.
///
/// Its input is `x`, its linear layers are `fc0`, `fc1`, …, its activations `act0`, `act1`, …,
/// its shifts `shift0`, …, its loss `loss`.
///
/// # Errors
///
/// [`GraphError::NoDepth`] for a depth of 0, [`GraphError::Size`] for a size of 0 or too large,
/// [`GraphError::Constant`] for a shift that is not a finite f32.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, zoo};
///
/// let graph = zoo::mlp(&zoo::MlpSpec::new(784, 512, 3, 10, Activation::tanh()))?;
/// let names: Vec<_> = graph.values().iter().map(|value| value.name()).collect();
/// assert_eq!(names, ["x", "fc0", "act0", "fc1", "act1", "fc2"]);
/// # Ok::<(), evenkeel_net::GraphError>(())
/// ```
pub fn mlp(spec: &MlpSpec) -> Result<Graph, GraphError> {
    let last = spec.depth.checked_sub(1).ok_or(GraphError::NoDepth)?;
    let mut builder = GraphBuilder::new();
    let mut value = builder.input("x", &[spec.inputs])?;
    for layer in 0..last {
        value = hidden_layer(&mut builder, spec, layer, value)?;
    }
    let output = builder.linear(value, &format!("fc{last}"), spec.outputs, spec.bias)?;
    end(&mut builder, output, spec.loss)?;
    builder.finish()
}

fn hidden_layer(
    builder: &mut GraphBuilder,
    spec: &MlpSpec,
    layer: usize,
    x: ValueId,
) -> Result<ValueId, GraphError> {
    let bias = match spec.surroundings {
        Surroundings::BatchNorm => Bias::No,
        _ => spec.bias,
    };
    let x = builder.linear(x, &format!("fc{layer}"), spec.width, bias)?;
    let x = norm(builder, spec.surroundings, x, &format!("bn{layer}"))?;
    let x = builder.activation(x, &format!("act{layer}"), &spec.activation)?;
    let x = match spec.surroundings {
        Surroundings::Shift => builder.bias(x, &format!("act{layer}.shift"), Extent::Tensor)?,
        _ => x,
    };
    if spec.shift == 0.0 {
        return Ok(x);
    }
    builder.shift(x, &format!("shift{layer}"), spec.shift)
}
