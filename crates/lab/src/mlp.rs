//! Multi-layer perceptrons on the data, initialised by name.

use evenkeel_init::{Fan, Geometry, Scheme, Seed};
use evenkeel_net::{Mode, Network, Role, Threads, zoo};

use crate::error::LabError;
use crate::study::Bench;

/// An initialisation of the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Init {
    /// N(0, 1).
    Naive,
    /// N(0, 0.01²).
    Small,
    /// U(±1/√fan_in): the heuristic that Glorot & Bengio call standard.
    Standard,
    /// Xavier uniform, gain 1.
    Xavier,
    /// Kaiming normal, gain √2, fan_in.
    Kaiming,
    /// Orthogonal (Haar), gain 1.
    Orthogonal,
    /// What `torch.nn.Linear` does: U(±1/√fan_in) for weights and biases.
    PyTorch,
}

impl Init {
    /// The key of its colour and its name in `results.json`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Small => "small",
            Self::Standard => "standard",
            Self::Xavier => "xavier",
            Self::Kaiming => "kaiming",
            Self::Orthogonal => "orthogonal",
            Self::PyTorch => "pytorch",
        }
    }

    /// Its name for readers.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Naive => "naive N(0, 1)",
            Self::Small => "naive × 0.01",
            Self::Standard => "standard U(±1/√n)",
            Self::Xavier => "Xavier",
            Self::Kaiming => "Kaiming",
            Self::Orthogonal => "orthogonal",
            Self::PyTorch => "PyTorch's default",
        }
    }

    fn weight(self) -> Scheme {
        match self {
            Self::Naive => Scheme::normal(0.0, 1.0),
            Self::Small => Scheme::normal(0.0, 0.01),
            Self::Standard | Self::PyTorch => Scheme::pytorch_linear_default_weight(),
            Self::Xavier => Scheme::xavier_uniform(1.0),
            Self::Orthogonal => Scheme::orthogonal(1.0),
            Self::Kaiming => Scheme::kaiming_normal(2f64.sqrt(), Fan::In),
        }
    }

    fn bias(self, fan_in: usize) -> Scheme {
        match self {
            Self::PyTorch => Scheme::pytorch_linear_default_bias(fan_in),
            _ => Scheme::zeros(),
        }
    }
}

/// A network of `spec` for batches of `batch` examples, its weights drawn from the streams
/// `PREFIX/PARAMETER`.
///
/// It runs on one thread: experiments run their seeds and initialisations in parallel.
pub(crate) fn network(
    bench: &Bench<'_>,
    spec: &zoo::MlpSpec,
    batch: usize,
    mode: Mode,
    init: Init,
    prefix: &str,
) -> Result<Network, LabError> {
    let mut network = empty(spec, batch, mode)?;
    let mut outcome = Ok(());
    network.initialize(|parameter, values| {
        if outcome.is_ok() {
            let name = format!("{prefix}/{}", parameter.name());
            outcome = fill(init, parameter.role(), bench.seed(), &name, values);
        }
    });
    outcome?;
    Ok(network)
}

fn fill(
    init: Init,
    role: Role,
    seed: Seed,
    name: &str,
    values: &mut [f32],
) -> Result<(), LabError> {
    let (geometry, scheme) = match role {
        Role::Weight { fan_in, fan_out } => (Geometry::linear(fan_out, fan_in)?, init.weight()),
        Role::Bias { fan_in } => (Geometry::linear(values.len(), 1)?, init.bias(fan_in)),
        other => unreachable!("a perceptron has weights and biases, not {other:?}"),
    };
    let prepared = scheme.prepare(&geometry, &seed.stream(name))?;
    Ok(prepared.fill(0..values.len() as u64, values)?)
}

/// A network of `spec` whose parameters are all 0, to be given another's.
pub(crate) fn empty(spec: &zoo::MlpSpec, batch: usize, mode: Mode) -> Result<Network, LabError> {
    Ok(Network::new(zoo::mlp(spec)?, batch, mode, Threads(1))?)
}

/// Gives `to` the parameters of `from`, a network of the same graph.
pub(crate) fn copy_parameters(from: &Network, to: &mut Network) {
    let mut source = from.parameters();
    to.initialize(|_, values| {
        if let Some(parameter) = source.next() {
            values.copy_from_slice(parameter.values);
        }
    });
}
