//! What is timed, and the networks for it.

use std::error::Error;

use evenkeel_net::{
    Activation, Bias, Graph, GraphBuilder, GraphError, ParameterSpec, Recompute, Role, zoo,
};

/// A network and what is done with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) net: Net,
    /// Features of an example, or the side of an image of one channel.
    pub(crate) inputs: usize,
    pub(crate) width: usize,
    pub(crate) depth: usize,
    pub(crate) outputs: usize,
    pub(crate) batch: usize,
    pub(crate) update: Update,
    pub(crate) taps: Taps,
    /// As [`Recompute::advised`] has it where nothing else is asked for.
    pub(crate) recompute: Option<Recompute>,
}

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Net {
    /// Linear layers, with this between them.
    Mlp(Nonlinearity),
    /// `depth` times x + relu(W x + b), then a linear layer.
    Residual,
    /// Four convolutions.
    Cnn,
    /// `depth` convolutions, each near the identity.
    DeepCnn,
    /// CIFAR's residual network with batch normalisation.
    Cifar,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Nonlinearity {
    Relu,
    Tanh,
    Gelu,
}

/// Whether the weights are changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Update {
    None,
    Sgd,
}

/// Whether statistics of every tensor are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Taps {
    None,
    All,
}

impl Case {
    /// From arguments of the form `key=value`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let net = match text(arguments, "net")? {
            "mlp" => Net::Mlp(Nonlinearity::Relu),
            "residual" => Net::Residual,
            "cnn" => Net::Cnn,
            "deep_cnn" => Net::DeepCnn,
            "resnet" => Net::Cifar,
            other => {
                let known = "mlp, residual, cnn, deep_cnn and resnet";
                return Err(format!("net={other}: there are {known}").into());
            }
        };
        let inputs = match net {
            Net::Mlp(_) | Net::Residual => number(arguments, "inputs")?,
            Net::Cnn | Net::DeepCnn | Net::Cifar => number(arguments, "side")?,
        };
        let update = match text(arguments, "update").unwrap_or("sgd") {
            "sgd" => Update::Sgd,
            "none" => Update::None,
            other => return Err(format!("update={other}: there are sgd and none").into()),
        };
        let taps = match text(arguments, "taps").unwrap_or("none") {
            "none" => Taps::None,
            "all" => Taps::All,
            other => return Err(format!("taps={other}: there are none and all").into()),
        };
        let recompute = match text(arguments, "recompute").unwrap_or("advised") {
            "advised" => None,
            "nothing" => Some(Recompute::Nothing),
            "sqrt" => Some(Recompute::Sqrt),
            other => {
                let known = "advised, nothing and sqrt";
                return Err(format!("recompute={other}: there are {known}").into());
            }
        };
        Ok(Self {
            net,
            inputs,
            width: number(arguments, "width")?,
            depth: number(arguments, "depth")?,
            outputs: number(arguments, "outputs")?,
            batch: number(arguments, "batch")?,
            update,
            taps,
            recompute,
        })
    }

    pub(crate) fn graph(&self) -> Result<Graph, GraphError> {
        match self.net {
            Net::Mlp(nonlinearity) => {
                let activation = match nonlinearity {
                    Nonlinearity::Relu => Activation::relu(),
                    Nonlinearity::Tanh => Activation::tanh(),
                    Nonlinearity::Gelu => Activation::gelu(),
                };
                let (depth, outputs) = (self.depth, self.outputs);
                let spec = zoo::MlpSpec::new(self.inputs, self.width, depth, outputs, activation);
                zoo::mlp(&spec)
            }
            Net::Residual => self.residual(),
            Net::Cnn => self.cnn(),
            Net::DeepCnn => self.deep_cnn(),
            Net::Cifar => self.resnet(),
        }
    }

    fn residual(&self) -> Result<Graph, GraphError> {
        let mut builder = GraphBuilder::new();
        let mut trunk = builder.input("x", &[self.inputs])?;
        for layer in 0..self.depth {
            let branch = builder.linear(trunk, &format!("fc{layer}"), self.width, Bias::Yes)?;
            let branch = builder.activation(branch, &format!("act{layer}"), &Activation::relu())?;
            trunk = builder.add(trunk, branch, &format!("sum{layer}"))?;
        }
        let logits = builder.linear(trunk, "head", self.outputs, Bias::Yes)?;
        builder.softmax_cross_entropy(logits, "loss")?;
        builder.finish()
    }

    /// Sets a parameter to values that neither explode nor become subnormal, which would be
    /// timed instead: Kaiming's second moment, little enough in a deep residual network, and
    /// beside the identity in a deep plain one.
    pub(crate) fn fill(&self, spec: &ParameterSpec, values: &mut [f32], noise: &mut Noise) {
        let axes = spec.shape().axes();
        let hidden = axes.len() == 4 && axes[1] > 1;
        let scale = match self.net {
            Net::Mlp(_) | Net::Cnn | Net::Cifar => 1.0,
            Net::Residual => 0.01,
            Net::DeepCnn if hidden => 1e-3,
            Net::DeepCnn => 1.0,
        };
        match spec.role() {
            Role::Weight { fan_in, .. } => {
                let bound = scale * (6.0 / fan_in as f32).sqrt();
                values
                    .iter_mut()
                    .for_each(|w| *w = bound * noise.next_value());
            }
            Role::Scale => values.fill(1.0),
            _ => values.fill(0.0),
        }
        if self.net == Net::DeepCnn {
            towards_identity(axes, values);
        }
    }

    /// Floating-point operations of a step's matrix products, where all layers are linear.
    pub(crate) fn work(&self, graph: &Graph) -> f64 {
        let weights = graph
            .parameters()
            .iter()
            .filter_map(|spec| match spec.role() {
                Role::Weight { fan_in, fan_out } => {
                    Some((2 * fan_in * fan_out * self.batch) as f64)
                }
                _ => None,
            });
        let each: Vec<f64> = weights.collect();
        // Forward, weight gradient, and, but for the first layer, input gradient.
        3.0 * each.iter().sum::<f64>() - each[0]
    }
}

/// Adds 1 in the middle of each kernel from a channel to itself; the first layer, which has no such
/// kernels, gets positive ones, so that ReLU leaves its channels as they are.
fn towards_identity(axes: &[usize], kernels: &mut [f32]) {
    let &[_, inputs, height, width] = axes else {
        return;
    };
    if inputs == 1 {
        kernels.iter_mut().for_each(|w| *w = w.abs());
        return;
    }
    let places = height * width;
    let own = kernels.chunks_exact_mut(places).step_by(inputs + 1);
    own.for_each(|kernel| kernel[places / 2] += 1.0);
}

/// Spread-out values from −1 to 1, the same in every run.
pub(crate) struct Noise(pub(crate) u32);

impl Noise {
    pub(crate) fn next_value(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 as f32 / (1u32 << 31) as f32 - 1.0
    }
}

fn text<'a>(arguments: &'a [String], key: &str) -> Result<&'a str, String> {
    let mut pairs = arguments.iter().filter_map(|text| text.split_once('='));
    let found = pairs.find(|&(name, _)| name == key);
    found.map_or_else(
        || Err(format!("{key}=VALUE is missing")),
        |(_, value)| Ok(value),
    )
}

/// The value of the argument `key=VALUE`.
pub(crate) fn number(arguments: &[String], key: &str) -> Result<usize, Box<dyn Error>> {
    let text = text(arguments, key)?;
    text.parse()
        .map_err(|error| format!("{key}={text}: {error}").into())
}
