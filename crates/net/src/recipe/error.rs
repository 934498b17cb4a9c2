//! What can be wrong with a recipe.

use evenkeel_init::InitError;
use evenkeel_theory::{GainError, MeanFieldError};

use crate::zoo::ZooError;

/// Why a recipe cannot make a network, or set its weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// There is no recipe of this name.
    #[error("there is no recipe `{given}`; the recipes are {known}")]
    Unknown {
        /// What was asked for.
        given: String,
        /// The names that there are.
        known: String,
    },
    /// A recipe's text has parentheses that do not close, or no `name=value` in them.
    #[error("`{given}` is no recipe: write a name, or name(parameter=value, …)")]
    Syntax {
        /// What was given.
        given: String,
    },
    /// A scheme's parameter has no such value.
    #[error("{scheme}: {reason}")]
    Parameter {
        /// The scheme.
        scheme: String,
        /// What is wrong.
        reason: String,
    },
    /// A recipe for residual networks, on another.
    #[error("{recipe} sets the branches of residual networks, and this one has none: {remedy}")]
    NoBranches {
        /// The recipe.
        recipe: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A branch that ends with an activation, whose last layer would be 0.
    #[error(
        "{recipe} begins with branches of 0, and {activation} has no slope there, so a branch that ends \
         with it would stay 0: take another block"
    )]
    DeadBranch {
        /// The recipe.
        recipe: &'static str,
        /// The activation.
        activation: String,
    },
    /// A recipe that looks at the data, without any.
    #[error("{recipe} is set by what a batch of data does in the network: give one")]
    NeedsData {
        /// The recipe.
        recipe: &'static str,
    },
    /// A batch that is no whole number of examples, or none.
    #[error("a batch of {got} values: give whole examples of {features} values, at least {least}")]
    Batch {
        /// Values given.
        got: usize,
        /// Values of one example.
        features: usize,
        /// The fewest examples.
        least: usize,
    },
    /// A layer whose output does not vary over the batch, or is not finite.
    #[error(
        "`{layer}`: its output has a standard deviation of {got} over the batch, which no scale makes 1; \
         give more examples or another activation"
    )]
    NoSpread {
        /// The layer.
        layer: String,
        /// The standard deviation.
        got: f64,
    },
    /// A layer whose statistics did not settle.
    #[error(
        "`{layer}`: after {rounds} rounds its output has mean {mean} and standard deviation {std}; \
         give more examples"
    )]
    NotSettled {
        /// The layer.
        layer: String,
        /// Rounds taken.
        rounds: usize,
        /// The mean.
        mean: f64,
        /// The standard deviation.
        std: f64,
    },
    /// μP's base is not the same network at another width.
    #[error(
        "parameter `{parameter}` has no match in the base: give the same layers at the width that was tuned"
    )]
    Base {
        /// The parameter.
        parameter: String,
    },
    /// A scheme whose weights have a mean that μP has no scale for.
    #[error(
        "{recipe} gives `{parameter}` a mean of {mean} at this width, and what the layer makes would grow with \
         the width under μP: take a recipe whose weights have mean 0, as kaiming_normal"
    )]
    Mean {
        /// The recipe.
        recipe: &'static str,
        /// The weight.
        parameter: String,
        /// Its mean.
        mean: f64,
    },
    /// The critical line of an activation does not reach the variance that the depth asks for.
    #[error(
        "{activation} is not on the edge of chaos at a variance of {q}: take tanh, or another activation \
         that is odd about 0"
    )]
    NoEdge {
        /// The activation.
        activation: String,
        /// The variance.
        q: f64,
    },
    /// The network cannot be.
    #[error(transparent)]
    Zoo(#[from] ZooError),
    /// A weight cannot be drawn.
    #[error(transparent)]
    Init(#[from] InitError),
    /// An activation has no gain.
    #[error(transparent)]
    Gain(#[from] GainError),
    /// An activation has no edge of chaos.
    #[error(transparent)]
    MeanField(#[from] MeanFieldError),
}
