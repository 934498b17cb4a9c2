//! Any scheme of `evenkeel-init`, by its textual name, for every weight layer alike.

use std::fmt;

use evenkeel_init::{InitError, Parameters, Scheme, Seed};
use evenkeel_theory::{Activation, Gain};

use super::RecipeError;
use super::weights::{Size, draw};
use crate::graph::{ParameterSpec, Role};
use crate::network::Network;

/// A scheme of `evenkeel-init` and its parameters.
///
/// Kaiming's and the orthogonal schemes take the forward gain of the network's activation unless
/// they are given one; Xavier's has its published gain of 1. Biases are 0, but for
/// `pytorch_default_weight`, whose layers have PyTorch's biases.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedScheme {
    name: &'static str,
    /// Boxed: twenty choices, almost all of them absent.
    parameters: Box<Parameters>,
}

/// Schemes whose gain is the activation's.
const TAKE_GAIN: [&str; 5] = [
    "kaiming_normal",
    "kaiming_uniform",
    "kaiming_truncated_normal",
    "orthogonal",
    "delta_orthogonal",
];

/// Schemes of convolutions, with what stands for them in a linear layer.
const OF_CONVOLUTIONS: [(&str, &str); 2] =
    [("delta_orthogonal", "orthogonal"), ("dirac", "identity")];

impl NamedScheme {
    /// The scheme of this name.
    ///
    /// # Errors
    ///
    /// [`RecipeError::Init`] for a name that is none, and for parameters that it does not take or
    /// that it needs.
    pub fn new(name: &str, parameters: Parameters) -> Result<Self, RecipeError> {
        let name = Scheme::named(name, &parameters)?.name();
        let parameters = Box::new(parameters);
        Ok(Self { name, parameters })
    }

    /// Those that need no parameters, in the order of `evenkeel-init`.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Scheme::names().filter_map(|name| Self::new(name, Parameters::default()).ok())
    }

    pub(super) fn initialize(
        &self,
        network: &mut Network,
        activation: &Activation,
        seed: Seed,
    ) -> Result<(), RecipeError> {
        let drawing = self.drawing(activation)?;
        super::fill(network, |parameter, values| {
            match parameter.role() {
                Role::Weight { .. } => draw(drawing.of(parameter), parameter, seed, values)?,
                Role::Bias { fan_in } if drawing.draws_biases() => {
                    let scheme = Scheme::pytorch_linear_default_bias(fan_in);
                    draw(&scheme, parameter, seed, values)?;
                }
                role => values.fill(super::at_rest(role)),
            }
            Ok(())
        })
    }

    /// What the layers of a network with this activation are drawn from.
    pub(super) fn drawing(&self, activation: &Activation) -> Result<Drawing, RecipeError> {
        let gain = match (self.parameters.gain, &self.parameters.activation) {
            (None, None) if TAKE_GAIN.contains(&self.name) => Some(Gain::of(activation)?.forward),
            (gain, _) => gain,
        };
        let parameters = Parameters {
            gain,
            ..(*self.parameters).clone()
        };
        let scheme = Scheme::named(self.name, &parameters)?;
        let flat = OF_CONVOLUTIONS
            .iter()
            .find(|(name, _)| *name == self.name)
            .map(|(_, flat)| Scheme::named(flat, &parameters))
            .transpose()?;
        Ok(Drawing { scheme, flat })
    }
}

/// What the layers of a network are drawn from.
pub(super) struct Drawing {
    scheme: Scheme,
    /// What stands for it in a linear layer.
    flat: Option<Scheme>,
}

impl Drawing {
    /// One scheme for every weight.
    pub(super) fn by(scheme: Scheme) -> Self {
        Self { scheme, flat: None }
    }

    pub(super) fn name(&self) -> &'static str {
        self.scheme.name()
    }

    /// The scheme of a weight.
    fn of(&self, weight: &ParameterSpec) -> &Scheme {
        match &self.flat {
            Some(flat) if weight.shape().axes().len() == 2 => flat,
            _ => &self.scheme,
        }
    }

    /// How large the values of a weight are.
    pub(super) fn size(&self, weight: &ParameterSpec) -> Result<Size, InitError> {
        Size::of(self.of(weight), weight)
    }

    /// Whether biases are PyTorch's, and not 0.
    pub(super) fn draws_biases(&self) -> bool {
        self.name() == "pytorch_default_weight"
    }
}

impl fmt::Display for NamedScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let given = serde_json::to_value(&*self.parameters).unwrap_or_default();
        let given: Vec<String> = given
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| match value.as_str() {
                Some(text) => format!("{name}={text}"),
                None => format!("{name}={value}"),
            })
            .collect();
        if given.is_empty() {
            return Ok(());
        }
        write!(f, "({})", given.join(", "))
    }
}

/// `name`, or `name(parameter=value, …)`.
pub(super) fn parse(text: &str) -> Result<NamedScheme, RecipeError> {
    let syntax = || RecipeError::Syntax { given: text.into() };
    let (name, inside) = match text.split_once('(') {
        None => (text, ""),
        Some((name, rest)) => (name, rest.strip_suffix(')').ok_or_else(syntax)?),
    };
    let mut given = serde_json::Map::new();
    for pair in inside.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(syntax)?;
        let value = value.trim();
        // A number where it is one, a word elsewhere.
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        given.insert(key.trim().to_owned(), value);
    }
    let parameters = serde_json::from_value(given.into()).map_err(|error: serde_json::Error| {
        RecipeError::Parameter {
            scheme: name.trim().into(),
            reason: error.to_string(),
        }
    })?;
    NamedScheme::new(name.trim(), parameters)
}
