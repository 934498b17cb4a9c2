//! Residual convolutional networks in the manner of CIFAR's ResNets and of Wide ResNets.

use evenkeel_theory::Activation;

use super::error::{ZooError, blocks};
use super::residual::{Branch, norm};
use super::{Surroundings, end};
use crate::graph::{Bias, Convolution, Graph, GraphBuilder, GraphError, ValueId};
use crate::loss::Loss;

/// Stages: the channels double and the image halves from each to the next.
const STAGES: usize = 3;

/// Convolutions of a block.
const LAYERS: usize = 2;

/// What a residual convolutional network looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct ResCnnSpec {
    /// Channels, height and width of one example.
    pub input: [usize; 3],
    /// Channels of the first stage: 16 in CIFAR's ResNets, 16·k in a WRN of widening k.
    pub channels: usize,
    /// Weight layers on the longest path: the stem, two in each of 3n blocks, the head. 6n + 2.
    /// (A WRN's own count is 6n + 4: it counts the two shortcuts too.)
    pub depth: usize,
    /// Features of the output.
    pub outputs: usize,
    /// The activation of the blocks.
    pub activation: Activation,
    /// Whether layers have a bias.
    pub bias: Bias,
    /// What stands around the layers.
    pub surroundings: Surroundings,
    /// What the network is trained for, if anything.
    pub loss: Option<Loss>,
}

impl ResCnnSpec {
    /// With biases, nothing around the layers, and softmax cross-entropy.
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
            outputs,
            activation,
            bias: Bias::Yes,
            surroundings: Surroundings::default(),
            loss: Some(Loss::SoftmaxCrossEntropy),
        }
    }

    /// How many residual blocks each stage has: n.
    ///
    /// # Errors
    ///
    /// [`ZooError::Depth`] for a depth that is not 6n + 2.
    pub fn blocks_per_stage(&self) -> Result<usize, ZooError> {
        let rule = "a stem and a head stand around three stages of n blocks of two layers: 6n + 2";
        blocks(
            "residual convolutional network",
            self.depth,
            2,
            STAGES * LAYERS,
            rule,
        )
    }
}

/// The residual convolutional network of `spec`: a 3×3 `stem`, three stages of blocks
/// `φ(shortcut(x) + conv₂ φ(conv₁ x))`, a global average over the image, and a linear `head`.
///
/// Where the channels double the shortcut is a 1×1 convolution of stride 2 (the ResNet paper's
/// option B). Block `i` has the layers `blocks.i.conv1`, `blocks.i.conv2` and, there,
/// `blocks.i.shortcut`.
///
/// # Errors
///
/// [`ZooError::Depth`] for a depth that is not 6n + 2; [`GraphError::Size`] for a size of 0 or too
/// large.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, Role, zoo};
///
/// let spec = zoo::ResCnnSpec::new([3, 32, 32], 16, 20, 10, Activation::relu());
/// let graph = zoo::rescnn(&spec)?;
/// let weights = graph.parameters().iter().filter(|p| matches!(p.role(), Role::Weight { .. }));
/// // ResNet-20, and two shortcuts.
/// assert_eq!(weights.count(), 20 + 2);
/// # Ok::<(), zoo::ZooError>(())
/// ```
///
/// # Source
///
/// K. He, X. Zhang, S. Ren and J. Sun (2016), *Deep residual learning*, §4.2; S. Zagoruyko and
/// N. Komodakis (2016), *Wide residual networks*.
pub fn rescnn(spec: &ResCnnSpec) -> Result<Graph, ZooError> {
    let per_stage = spec.blocks_per_stage()?;
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &spec.input)?;
    let bias = match spec.surroundings {
        Surroundings::BatchNorm => Bias::No,
        _ => spec.bias,
    };
    let stem = Convolution::new(spec.channels, [3, 3]).with_bias(bias);
    let x = builder.convolution(x, "stem", &stem)?;
    let x = norm(&mut builder, spec.surroundings, x, "bn")?;
    let mut trunk = builder.activation(x, "act", &spec.activation)?;
    for index in 0..STAGES * per_stage {
        let stage = index / per_stage;
        let at = Place {
            index,
            channels: spec.channels << stage,
            widens: stage > 0 && index.is_multiple_of(per_stage),
        };
        trunk = block(&mut builder, spec, &at, trunk)?;
    }
    let x = builder.global_average_pool(trunk, "pool")?;
    let output = builder.linear(x, "head", spec.outputs, spec.bias)?;
    end(&mut builder, output, spec.loss)?;
    Ok(builder.finish()?)
}

/// A block's number, its channels, and whether the image halves and the channels double there.
struct Place {
    index: usize,
    channels: usize,
    widens: bool,
}

fn block(
    builder: &mut GraphBuilder,
    spec: &ResCnnSpec,
    at: &Place,
    trunk: ValueId,
) -> Result<ValueId, GraphError> {
    let stride = if at.widens { [2, 2] } else { [1, 1] };
    let mut branch = Branch::new(builder, format!("blocks.{}", at.index), spec.surroundings);
    let bias = branch.layer_bias(spec.bias);
    let convolution = Convolution::new(at.channels, [3, 3]).with_bias(bias);

    let x = branch.before(trunk)?;
    let name = format!("{}.conv1", branch.name);
    let strided = convolution.with_stride(stride);
    let x = branch.builder.convolution(x, &name, &strided)?;
    let x = branch.norm(x, 1)?;
    let x = branch.activation(x, "act1", &spec.activation)?;
    let x = branch.before(x)?;
    let name = format!("{}.conv2", branch.name);
    let x = branch.builder.convolution(x, &name, &convolution)?;
    let x = branch.norm(x, 2)?;

    let trunk = if at.widens {
        let name = format!("{}.shortcut", branch.name);
        let shortcut = Convolution::new(at.channels, [1, 1])
            .with_stride(stride)
            .with_bias(bias);
        let trunk = branch.builder.convolution(trunk, &name, &shortcut)?;
        branch.norm(trunk, 3)?
    } else {
        trunk
    };
    let sum = branch.join(trunk, x)?;
    let name = format!("{}.act2", branch.name);
    branch.builder.activation(sum, &name, &spec.activation)
}
