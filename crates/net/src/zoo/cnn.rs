//! Plain convolutional networks.

use evenkeel_theory::Activation;

use super::error::ZooError;
use super::residual::norm;
use super::{Surroundings, end};
use crate::graph::{
    Bias, Convolution, Extent, Graph, GraphBuilder, GraphError, PaddingMode, Pool, ValueId,
};
use crate::loss::Loss;

/// How the image shrinks where a stage begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Downsample {
    /// The stage's first convolution has stride 2.
    #[default]
    Stride,
    /// A 2×2 max pool comes before it.
    MaxPool,
    /// A 2×2 average pool comes before it.
    AveragePool,
}

/// What a plain convolutional network looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct CnnSpec {
    /// Channels, height and width of one example.
    pub input: [usize; 3],
    /// Channels of every convolution.
    pub channels: usize,
    /// How many weight layers there are: 3×3 convolutions, and the linear head as the last.
    pub depth: usize,
    /// Into how many stages of equal length the convolutions fall (the last takes what is left);
    /// each but the first halves the image.
    pub stages: usize,
    /// How it halves it.
    pub downsample: Downsample,
    /// What lies around an image where a kernel reaches beyond it.
    pub padding_mode: PaddingMode,
    /// Features of the output.
    pub outputs: usize,
    /// What follows each convolution.
    pub activation: Activation,
    /// Whether layers have a bias.
    pub bias: Bias,
    /// What stands around the layers.
    pub surroundings: Surroundings,
    /// What the network is trained for, if anything.
    pub loss: Option<Loss>,
}

impl CnnSpec {
    /// Two strided stages of zero-padded convolutions with biases, and softmax cross-entropy.
    pub fn new(
        input: [usize; 3],
        channels: usize,
        depth: usize,
        outputs: usize,
        activation: Activation,
    ) -> Self {
        Self {
            input,
            channels,
            depth,
            stages: 2,
            downsample: Downsample::default(),
            padding_mode: PaddingMode::Zero,
            outputs,
            activation,
            bias: Bias::Yes,
            surroundings: Surroundings::default(),
            loss: Some(Loss::SoftmaxCrossEntropy),
        }
    }
}

/// The plain convolutional network of `spec`: 3×3 convolutions and activations, a global average
/// over the image, and a linear `head`.
///
/// Its input is `x`. Its convolutions are `conv0`, `conv1`, …, its activations `act0`, `act1`, …
///
/// # Errors
///
/// [`GraphError::NoDepth`] for a depth of 0; [`GraphError::Size`] and [`GraphError::Setting`] for
/// sizes of 0, too large, or an image that stages have shrunk to nothing.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, zoo};
///
/// let graph = zoo::cnn(&zoo::CnnSpec::new([1, 28, 28], 16, 9, 10, Activation::relu()))?;
/// let shape = |name: &str| {
///     let value = graph.values().iter().find(|value| value.name() == name);
///     value.map(|value| value.shape().axes().to_vec())
/// };
/// assert_eq!(shape("conv3"), Some(vec![16, 28, 28]));
/// assert_eq!(shape("conv4"), Some(vec![16, 14, 14]));
/// assert_eq!(shape("head"), Some(vec![10]));
/// # Ok::<(), zoo::ZooError>(())
/// ```
pub fn cnn(spec: &CnnSpec) -> Result<Graph, ZooError> {
    let convolutions = spec.depth.checked_sub(1).ok_or(GraphError::NoDepth)?;
    let stage = convolutions.div_ceil(spec.stages.max(1)).max(1);
    let mut builder = GraphBuilder::new();
    let mut x = builder.input("x", &spec.input)?;
    for layer in 0..convolutions {
        let first_of_stage = layer > 0 && layer.is_multiple_of(stage);
        x = hidden_layer(&mut builder, spec, layer, first_of_stage, x)?;
    }
    let x = builder.global_average_pool(x, "pool")?;
    let output = builder.linear(x, "head", spec.outputs, spec.bias)?;
    end(&mut builder, output, spec.loss)?;
    Ok(builder.finish()?)
}

fn hidden_layer(
    builder: &mut GraphBuilder,
    spec: &CnnSpec,
    layer: usize,
    first_of_stage: bool,
    mut x: ValueId,
) -> Result<ValueId, GraphError> {
    let bias = match spec.surroundings {
        Surroundings::BatchNorm => Bias::No,
        _ => spec.bias,
    };
    let mut convolution = Convolution::new(spec.channels, [3, 3])
        .with_padding_mode(spec.padding_mode)
        .with_bias(bias);
    if first_of_stage {
        let name = format!("pool{layer}");
        match spec.downsample {
            Downsample::Stride => convolution = convolution.with_stride([2, 2]),
            Downsample::MaxPool => x = builder.max_pool(x, &name, &Pool::new([2, 2]))?,
            Downsample::AveragePool => x = builder.average_pool(x, &name, &Pool::new([2, 2]))?,
        }
    }
    let x = builder.convolution(x, &format!("conv{layer}"), &convolution)?;
    let x = norm(builder, spec.surroundings, x, &format!("bn{layer}"))?;
    let x = builder.activation(x, &format!("act{layer}"), &spec.activation)?;
    match spec.surroundings {
        Surroundings::Shift => builder.bias(x, &format!("act{layer}.shift"), Extent::Tensor),
        _ => Ok(x),
    }
}
