//! Residual multi-layer perceptrons.

use evenkeel_theory::Activation;

use super::error::{ZooError, blocks};
use super::residual::{Branch, norm};
use super::{Surroundings, end};
use crate::graph::{Bias, Graph, GraphBuilder, GraphError, ValueId};
use crate::loss::Loss;

/// What a residual block adds to the trunk `x`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Block {
    /// `W₂ φ(W₁ x + b₁) + b₂`: two linear layers, as in Fixup's analysis.
    #[default]
    TwoLayer,
    /// `W φ(x) + b`: one linear layer, the activation before it.
    ActivationFirst,
    /// `φ(W x + b)`: one linear layer, the activation after it.
    ActivationLast,
}

impl Block {
    /// How many linear layers it has: Fixup's m.
    pub fn layers(self) -> usize {
        match self {
            Self::TwoLayer => 2,
            Self::ActivationFirst | Self::ActivationLast => 1,
        }
    }
}

/// What a residual multi-layer perceptron looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct ResMlpSpec {
    /// Features of one example.
    pub inputs: usize,
    /// Features of the trunk, and within each branch.
    pub width: usize,
    /// How many linear layers lie on the longest path: the stem, those of all blocks, the head.
    /// 2 + blocks · layers a block, so it is even where a block has two.
    pub depth: usize,
    /// Features of the output.
    pub outputs: usize,
    /// The activation of the blocks.
    pub activation: Activation,
    /// What a block is.
    pub block: Block,
    /// Whether linear layers have a bias.
    pub bias: Bias,
    /// What stands around the layers.
    pub surroundings: Surroundings,
    /// What the network is trained for, if anything.
    pub loss: Option<Loss>,
}

impl ResMlpSpec {
    /// Two-layer blocks with biases, nothing around them, and softmax cross-entropy.
    pub fn new(
        inputs: usize,
        width: usize,
        depth: usize,
        outputs: usize,
        activation: Activation,
    ) -> Self {
        Self {
            inputs,
            width,
            depth,
            outputs,
            activation,
            block: Block::default(),
            bias: Bias::Yes,
            surroundings: Surroundings::default(),
            loss: Some(Loss::SoftmaxCrossEntropy),
        }
    }

    /// How many residual blocks there are: Fixup's L.
    ///
    /// # Errors
    ///
    /// [`ZooError::Depth`] for a depth that blocks of this kind cannot make.
    pub fn blocks(&self) -> Result<usize, ZooError> {
        let rule = match self.block.layers() {
            1 => "a stem and a head stand around at least one layer",
            _ => "a stem and a head stand around blocks of two layers, so depths are even",
        };
        blocks(
            "residual perceptron",
            self.depth,
            2,
            self.block.layers(),
            rule,
        )
    }
}

/// The residual multi-layer perceptron of `spec`: a linear `stem` to the width, blocks on a trunk
/// that nothing but their sums changes, and a linear `head`.
///
/// Its input is `x`. Block `i` has the layers `blocks.i.fc1`, `blocks.i.fc2`, the activation
/// `blocks.i.act` and the sum `blocks.i.sum`.
///
/// # Errors
///
/// [`ZooError::Depth`] for a depth that its blocks cannot make; [`GraphError::Size`] for a size of
/// 0 or too large.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, zoo};
///
/// let spec = zoo::ResMlpSpec::new(784, 16, 10_000, 10, Activation::relu());
/// assert_eq!(spec.blocks()?, 4_999);
/// let graph = zoo::resmlp(&spec)?;
/// assert_eq!(graph.parameter_count(), 784 * 16 + 16 + 9_998 * (16 * 16 + 16) + 16 * 10 + 10);
///
/// let odd = zoo::ResMlpSpec { depth: 31, ..spec };
/// let message = zoo::resmlp(&odd).unwrap_err().to_string();
/// assert!(message.ends_with("the nearest are 30 and 32"));
/// # Ok::<(), evenkeel_net::zoo::ZooError>(())
/// ```
pub fn resmlp(spec: &ResMlpSpec) -> Result<Graph, ZooError> {
    let blocks = spec.blocks()?;
    let mut builder = GraphBuilder::new();
    let x = builder.input("x", &[spec.inputs])?;
    let mut trunk = builder.linear(x, "stem", spec.width, spec.bias)?;
    for index in 0..blocks {
        trunk = block(&mut builder, spec, index, trunk)?;
    }
    let trunk = norm(&mut builder, spec.surroundings, trunk, "norm")?;
    let output = builder.linear(trunk, "head", spec.outputs, spec.bias)?;
    end(&mut builder, output, spec.loss)?;
    Ok(builder.finish()?)
}

fn block(
    builder: &mut GraphBuilder,
    spec: &ResMlpSpec,
    index: usize,
    trunk: ValueId,
) -> Result<ValueId, GraphError> {
    let mut branch = Branch::new(builder, format!("blocks.{index}"), spec.surroundings);
    let x = match spec.block {
        Block::TwoLayer => {
            let x = linear(&mut branch, spec, trunk, 1)?;
            let x = branch.norm(x, 1)?;
            let x = branch.activation(x, "act", &spec.activation)?;
            let x = linear(&mut branch, spec, x, 2)?;
            branch.norm(x, 2)?
        }
        Block::ActivationFirst => {
            let x = branch.norm(trunk, 1)?;
            let x = branch.activation(x, "act", &spec.activation)?;
            linear(&mut branch, spec, x, 1)?
        }
        Block::ActivationLast => {
            let x = linear(&mut branch, spec, trunk, 1)?;
            let x = branch.norm(x, 1)?;
            branch.activation(x, "act", &spec.activation)?
        }
    };
    branch.join(trunk, x)
}

fn linear(
    branch: &mut Branch<'_>,
    spec: &ResMlpSpec,
    x: ValueId,
    number: usize,
) -> Result<ValueId, GraphError> {
    let x = branch.before(x)?;
    let name = format!("{}.fc{number}", branch.name);
    let bias = branch.layer_bias(spec.bias);
    branch.builder.linear(x, &name, spec.width, bias)
}
