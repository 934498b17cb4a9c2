//! Any network of the zoo.

use evenkeel_theory::Activation;

use super::{
    CnnSpec, MlpSpec, ResCnnSpec, ResMlpSpec, Surroundings, ZooError, cnn, mlp, rescnn, resmlp,
};
use crate::graph::Graph;

/// Any network of the zoo, by its numbers.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, zoo};
///
/// let spec = zoo::ResMlpSpec::new(784, 16, 100, 10, Activation::relu());
/// let net = zoo::NetSpec::from(spec).with_surroundings(zoo::Surroundings::BranchScalar);
/// let graph = net.graph()?;
/// assert!(graph.parameters().iter().any(|p| p.name() == "blocks.48.multiplier.scale"));
/// # Ok::<(), zoo::ZooError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NetSpec {
    /// A multi-layer perceptron.
    Mlp(MlpSpec),
    /// A residual multi-layer perceptron.
    ResMlp(ResMlpSpec),
    /// A plain convolutional network.
    Cnn(CnnSpec),
    /// A residual convolutional network.
    ResCnn(ResCnnSpec),
}

impl NetSpec {
    /// Builds it.
    ///
    /// # Errors
    ///
    /// Those of the network's own function.
    pub fn graph(&self) -> Result<Graph, ZooError> {
        match self {
            Self::Mlp(spec) => Ok(mlp(spec)?),
            Self::ResMlp(spec) => resmlp(spec),
            Self::Cnn(spec) => cnn(spec),
            Self::ResCnn(spec) => rescnn(spec),
        }
    }

    /// Its weight layers, as its own spec counts them.
    pub fn depth(&self) -> usize {
        match self {
            Self::Mlp(spec) => spec.depth,
            Self::ResMlp(spec) => spec.depth,
            Self::Cnn(spec) => spec.depth,
            Self::ResCnn(spec) => spec.depth,
        }
    }

    /// Its activation.
    pub fn activation(&self) -> &Activation {
        match self {
            Self::Mlp(spec) => &spec.activation,
            Self::ResMlp(spec) => &spec.activation,
            Self::Cnn(spec) => &spec.activation,
            Self::ResCnn(spec) => &spec.activation,
        }
    }

    /// The same network with something else around its layers.
    #[must_use]
    pub fn with_surroundings(mut self, surroundings: Surroundings) -> Self {
        match &mut self {
            Self::Mlp(spec) => spec.surroundings = surroundings,
            Self::ResMlp(spec) => spec.surroundings = surroundings,
            Self::Cnn(spec) => spec.surroundings = surroundings,
            Self::ResCnn(spec) => spec.surroundings = surroundings,
        }
        self
    }
}

impl From<MlpSpec> for NetSpec {
    fn from(spec: MlpSpec) -> Self {
        Self::Mlp(spec)
    }
}

impl From<ResMlpSpec> for NetSpec {
    fn from(spec: ResMlpSpec) -> Self {
        Self::ResMlp(spec)
    }
}

impl From<CnnSpec> for NetSpec {
    fn from(spec: CnnSpec) -> Self {
        Self::Cnn(spec)
    }
}

impl From<ResCnnSpec> for NetSpec {
    fn from(spec: ResCnnSpec) -> Self {
        Self::ResCnn(spec)
    }
}
