//! Rules: which scheme a checkpoint's tensors get, by their names.

mod assign;
mod error;
mod file;
mod layer;
mod pattern;

pub use assign::{Assignment, TensorShape};
pub(crate) use assign::{Decisions, Form, Listing, Seen};
pub use error::RulesError;
pub(crate) use layer::{Experts, Kind, LayerTable, Parts};

use crate::{Framework, Layout, Reading, Scheme};
use pattern::Pattern;

/// An ordered list of rules. The first that matches a tensor's name decides; a tensor that none
/// matches is an error.
///
/// # Example
/// ```
/// use evenkeel_init::{Rules, TensorShape};
/// let rules = Rules::from_toml(r#"
///     [[rule]]
///     match = "*.bias"
///     scheme = "zeros"
///
///     [[rule]]
///     match = "conv*.weight"
///     layer = "convolution"
///     groups = 2
///     scheme = "kaiming_normal"
///     with = { activation = "relu", fan = "fan_out" }
/// "#)?;
/// let tensors = [
///     TensorShape::new("conv1.weight", &[8, 3, 3, 3]),
///     TensorShape::new("conv1.bias", &[8]),
/// ];
/// let assigned = rules.assign(&tensors)?;
/// assert_eq!(assigned[0].geometry.fan_out(), 4 * 9);
/// assert_eq!(assigned[1].scheme.to_string(), "zeros");
/// # Ok::<(), evenkeel_init::RulesError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    idle: Idle,
}

/// What a rule means that decides about no tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Idle {
    /// A slip: somebody wrote it for a tensor.
    Refused,
    /// Nothing: the list is made for many models.
    Allowed,
}

/// Names, and what the tensors that bear them get.
#[derive(Clone, Debug)]
pub struct Rule {
    pattern: Pattern,
    rank: Option<usize>,
    reading: Option<Reading>,
    layout: Layout,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    Scheme(Scheme),
    Framework(Framework),
}

impl Rules {
    /// These rules, in this order. A rule that decides about no tensor is refused when assigning.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            idle: Idle::Refused,
        }
    }

    /// These rules, some of which may find nothing to decide.
    pub fn lenient(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            idle: Idle::Allowed,
        }
    }

    /// Every tensor as a framework's layers leave it: their kind is told from names and shapes.
    pub fn of_framework(framework: Framework) -> Self {
        Self::lenient(vec![Rule::of_framework(Pattern::any(), framework)])
    }

    /// The rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Rule {
    /// Tensors whose whole name matches a glob: `*` any characters, dots too, `?` one, `[ab]` one
    /// of these, `{a,b}` either.
    ///
    /// # Errors
    /// [`RulesError::Pattern`] for a glob that is none.
    pub fn glob(pattern: &str, scheme: Scheme) -> Result<Self, RulesError> {
        Ok(Self::new(Pattern::glob(pattern)?, Values::Scheme(scheme)))
    }

    /// Tensors in whose name a regular expression is found.
    ///
    /// # Errors
    /// [`RulesError::Pattern`] for an expression that is none.
    pub fn regex(pattern: &str, scheme: Scheme) -> Result<Self, RulesError> {
        Ok(Self::new(Pattern::regex(pattern)?, Values::Scheme(scheme)))
    }

    /// Tensors in whose name a regular expression is found, as a framework's layers leave them.
    ///
    /// # Errors
    /// [`RulesError::Pattern`] for an expression that is none.
    pub fn framework(pattern: &str, framework: Framework) -> Result<Self, RulesError> {
        Ok(Self::of_framework(Pattern::regex(pattern)?, framework))
    }

    fn of_framework(pattern: Pattern, framework: Framework) -> Self {
        let layout = match framework {
            Framework::Pytorch => Layout::OutIn,
            Framework::Keras | Framework::Flax => Layout::InOut,
        };
        Self {
            layout,
            ..Self::new(pattern, Values::Framework(framework))
        }
    }

    fn new(pattern: Pattern, values: Values) -> Self {
        Self {
            pattern,
            rank: None,
            reading: None,
            layout: Layout::OutIn,
            values,
        }
    }

    /// The same rule for tensors of this many dimensions only.
    pub fn of_rank(self, rank: usize) -> Self {
        Self {
            rank: Some(rank),
            ..self
        }
    }

    /// The same rule, its tensors read as this kind of layer. Otherwise they are read as they say
    /// themselves ([`TensorShape::read_as`]), or as [`Reading::plain`] has it.
    pub fn read_as(self, reading: Reading, layout: Layout) -> Self {
        Self {
            reading: Some(reading),
            layout,
            ..self
        }
    }

    /// The pattern's text.
    pub fn pattern(&self) -> &str {
        self.pattern.text()
    }

    fn matches(&self, tensor: &Seen<'_>) -> bool {
        self.rank.is_none_or(|rank| rank == tensor.form.shape.len())
            && self.pattern.matches(tensor.name)
    }
}

#[cfg(test)]
mod tests;
