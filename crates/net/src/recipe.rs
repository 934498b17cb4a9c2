//! Recipes: what weights begin with, and what a network needs around its layers for it. One file
//! each.
//!
//! A [`Recipe`] is told apart by its text: the name of a scheme of `evenkeel-init`, or one of those
//! below. It [builds](Recipe::build) the network that it needs from a
//! [`NetSpec`](crate::zoo::NetSpec), [initialises](Recipe::initialize) it, at
//! [μP's scale](Recipe::initialize_mup) where that is asked for, and says which parameters learn at
//! [another rate](Recipe::multipliers).
//!
//! | recipe | weights | around them | source |
//! |---|---|---|---|
//! | a scheme's name | that scheme's, in every layer | nothing | `evenkeel-init` |
//! | `fixup` | He's; branches × L^(−1/(2m−2)), their last layers and the head 0 | scalar biases and multipliers, learning at a tenth of the rate | arXiv 1901.09321 |
//! | `skipinit` | He's | `x + α f(x)`, α = 0 | arXiv 2002.10444 |
//! | `rezero` | Xavier's | `x + α f(x)`, α = 0 | arXiv 2003.04887 |
//! | `sqrt-half` | each layer keeps its input's second moment | `√½ (x + f(x))` | Balduzzi et al., arXiv 1702.08591 |
//! | `batch-norm` | He's | batch normalisation | arXiv 1502.03167 |
//! | `near-critical` | orthogonal (delta-orthogonal in convolutions), on the critical line at a small q* | nothing | arXiv 1711.04735, 1806.05393 |
//! | `gaussian-critical` | Gaussian, at the same point | nothing | arXiv 1611.01232 |
//! | `lsuv` | orthonormal, then unit variance of each pre-activation on a batch | nothing | arXiv 1511.06422 |
//! | `lsuv-course` | He's, then mean 0 and standard deviation 1 after each activation on a batch | a learned shift after each activation | fast.ai course v3, notebook 07a |
//! | `weight-norm` | random directions, then each unit's pre-activation of mean 0 and standard deviation 1 on a batch | nothing | arXiv 1602.07868 |

mod batch_norm;
mod branch_scalar;
mod error;
mod fixup;
mod gaussian_critical;
mod layer_by_layer;
mod lsuv;
mod lsuv_course;
mod mup;
mod near_critical;
mod re_zero;
mod scheme;
mod skip_init;
mod sqrt_half;
mod structure;
mod weight_norm;
mod weights;

use std::fmt;
use std::str::FromStr;

use evenkeel_init::Seed;

pub use error::RecipeError;
pub use fixup::branch_scale as fixup_branch_scale;
pub use near_critical::{near_critical_point, near_critical_variance};
pub use scheme::NamedScheme;

use crate::graph::{Graph, ParameterSpec, Role};
use crate::network::Network;
use crate::zoo::{Block, NetSpec, Surroundings};

/// What a network's weights begin with, and what stands around its layers for it.
///
/// # Example
///
/// Fixup's classifier is 0, so that ten classes begin at a loss of exactly ln 10:
///
/// ```
/// use evenkeel_init::Seed;
/// use evenkeel_net::{Activation, Mode, Network, NoTap, Recipe, Targets, Threads, zoo};
///
/// let spec = zoo::ResMlpSpec::new(4, 8, 100, 10, Activation::relu()).into();
/// let recipe: Recipe = "fixup".parse()?;
/// let mut network = Network::new(recipe.build(&spec)?, 2, Mode::Training, Threads(1))?;
/// recipe.initialize(&mut network, &spec, Seed(1), None)?;
/// let loss = network.forward(&[&[1.0; 8]], Targets::Classes(&[3, 7]), &NoTap)?;
/// assert!((loss - 10f64.ln()).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Recipe {
    /// One scheme of `evenkeel-init` for every weight.
    Scheme(NamedScheme),
    /// Zhang, Dauphin & Ma (2019).
    Fixup,
    /// De & Smith (2020).
    SkipInit,
    /// Bachlechner et al. (2020).
    ReZero,
    /// Residual sums times √½.
    SqrtHalf,
    /// Ioffe & Szegedy (2015), with He's weights.
    BatchNorm,
    /// Orthogonal on the critical line: Pennington et al. (2017), Xiao et al. (2018).
    NearCritical,
    /// Gaussian at the same point.
    GaussianCritical,
    /// Mishkin & Matas (2016).
    Lsuv,
    /// The course's form of it.
    LsuvCourse,
    /// Salimans & Kingma (2016).
    WeightNorm,
}

/// What a recipe sets weights by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Needs {
    /// A seed alone.
    Seed,
    /// A seed and a batch of examples.
    Data,
}

/// The recipes that are more than a scheme, by name.
const NAMED: [(&str, Recipe); 10] = [
    ("fixup", Recipe::Fixup),
    ("skipinit", Recipe::SkipInit),
    ("rezero", Recipe::ReZero),
    ("sqrt-half", Recipe::SqrtHalf),
    ("batch-norm", Recipe::BatchNorm),
    ("near-critical", Recipe::NearCritical),
    ("gaussian-critical", Recipe::GaussianCritical),
    ("lsuv", Recipe::Lsuv),
    ("lsuv-course", Recipe::LsuvCourse),
    ("weight-norm", Recipe::WeightNorm),
];

impl Recipe {
    /// Every recipe that needs no parameters: those named here, then `evenkeel-init`'s schemes.
    pub fn all() -> Vec<Self> {
        let named = NAMED.iter().map(|(_, recipe)| recipe.clone());
        named.chain(NamedScheme::all().map(Self::Scheme)).collect()
    }

    /// What it sets weights by.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Lsuv | Self::LsuvCourse | Self::WeightNorm => Needs::Data,
            _ => Needs::Seed,
        }
    }

    /// What it puts around the layers of a network.
    pub fn surroundings(&self) -> Surroundings {
        match self {
            Self::Fixup => Surroundings::FixupScalars,
            Self::SkipInit | Self::ReZero => Surroundings::BranchScalar,
            Self::SqrtHalf => Surroundings::HalfVariance,
            Self::BatchNorm => Surroundings::BatchNorm,
            Self::LsuvCourse => Surroundings::Shift,
            Self::Scheme(_)
            | Self::NearCritical
            | Self::GaussianCritical
            | Self::Lsuv
            | Self::WeightNorm => Surroundings::Nothing,
        }
    }

    /// The network of `spec` with what this recipe needs around its layers, in place of what the
    /// spec says.
    ///
    /// # Errors
    ///
    /// [`RecipeError::Zoo`] for a network that cannot be; [`RecipeError::DeadBranch`] for Fixup on
    /// blocks that end with an activation that is flat at 0.
    pub fn build(&self, spec: &NetSpec) -> Result<Graph, RecipeError> {
        if let (Self::Fixup, NetSpec::ResMlp(net)) = (self, spec)
            && net.block == Block::ActivationLast
            && net.activation.value(0.0) == 0.0
            && net.activation.breakpoints().contains(&0.0)
        {
            return Err(RecipeError::DeadBranch {
                recipe: "fixup",
                activation: net.activation.to_string(),
            });
        }
        Ok(spec
            .clone()
            .with_surroundings(self.surroundings())
            .graph()?)
    }

    /// Sets every parameter of `network`, which [`Recipe::build`] made of `spec`.
    ///
    /// A value is a function of the seed, the parameter's name and its place, and, where the recipe
    /// [needs](Recipe::needs) it, of `batch`: whole examples, one after another.
    ///
    /// # Errors
    ///
    /// [`RecipeError`]: a recipe for residual networks on another; no batch where one is needed;
    /// an activation without gain; a layer that the recipe's scheme does not suit.
    pub fn initialize(
        &self,
        network: &mut Network,
        spec: &NetSpec,
        seed: Seed,
        batch: Option<&[f32]>,
    ) -> Result<(), RecipeError> {
        let activation = spec.activation();
        let data = |recipe| batch.ok_or(RecipeError::NeedsData { recipe });
        match self {
            Self::Scheme(scheme) => scheme.initialize(network, activation, seed),
            Self::Fixup => fixup::initialize(network, activation, seed),
            Self::SkipInit => skip_init::initialize(network, activation, seed),
            Self::ReZero => re_zero::initialize(network, seed),
            Self::SqrtHalf => sqrt_half::initialize(network, activation, seed),
            Self::BatchNorm => batch_norm::initialize(network, activation, seed),
            Self::NearCritical => {
                let law = near_critical::Law::Orthogonal;
                near_critical::initialize(law, network, activation, spec.depth(), seed)
            }
            Self::GaussianCritical => {
                gaussian_critical::initialize(network, activation, spec.depth(), seed)
            }
            Self::Lsuv => lsuv::initialize(network, seed, data("lsuv")?),
            Self::LsuvCourse => {
                lsuv_course::initialize(network, activation, seed, data("lsuv-course")?)
            }
            Self::WeightNorm => weight_norm::initialize(network, seed, data("weight-norm")?),
        }
    }

    /// Parameters whose learning rate is multiplied, by name: Fixup's scalars by 0.1.
    pub fn multipliers(&self, graph: &Graph) -> Vec<(String, f64)> {
        match self {
            Self::Fixup => fixup::multipliers(graph),
            _ => Vec::new(),
        }
    }
}

impl FromStr for Recipe {
    type Err = RecipeError;

    fn from_str(text: &str) -> Result<Self, RecipeError> {
        let text = text.trim();
        if let Some((_, recipe)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(recipe.clone());
        }
        match scheme::parse(text) {
            Ok(scheme) => Ok(Self::Scheme(scheme)),
            Err(RecipeError::Init(evenkeel_init::InitError::UnknownScheme { name, known })) => {
                let named: Vec<_> = NAMED.iter().map(|(name, _)| *name).collect();
                Err(RecipeError::Unknown {
                    given: name,
                    known: format!("{}, {known}", named.join(", ")),
                })
            }
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(scheme) => scheme.fmt(f),
            _ => {
                let named = NAMED.iter().find(|(_, recipe)| recipe == self);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        }
    }
}

/// Where a parameter that is no weight begins: scales at 1, biases and offsets at 0.
fn at_rest(role: Role) -> f32 {
    match role {
        Role::Scale => 1.0,
        _ => 0.0,
    }
}

/// Gives each parameter to `set`, up to the first error.
fn fill(
    network: &mut Network,
    mut set: impl FnMut(&ParameterSpec, &mut [f32]) -> Result<(), RecipeError>,
) -> Result<(), RecipeError> {
    let mut outcome = Ok(());
    network.initialize(|parameter, values| {
        if outcome.is_ok() {
            outcome = set(parameter, values);
        }
    });
    outcome
}

/// The learned scalars that stand alone, around the layers.
fn scalars(graph: &Graph) -> impl Iterator<Item = &ParameterSpec> {
    graph.parameters().iter().filter(|parameter| {
        matches!(parameter.role(), Role::Scale | Role::Offset) && parameter.shape().len() == 1
    })
}
