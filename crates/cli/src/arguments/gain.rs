//! The arguments of `evenkeel gain`.

use clap::Args;

/// Tell the gain that an activation asks of the weights, and what follows from it.
///
/// With weights of variance gain²/fan_in the signal keeps its mean square from layer to layer. The
/// activation is a name (see --all), or any expression in x; its expectations are integrated to about
/// 12 digits.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel gain gelu                    the gain of GELU, and how deep it carries
  evenkeel gain 'leaky_relu(0.2)'       a name with its parameter
  evenkeel gain 'x*sigmoid(1.702*x)'    any expression: + - * / ^, max, min, clamp, exp, tanh, …
  evenkeel gain 'where(x < 0, 0, x^2)'  with cases
  evenkeel gain tanh --q 0.5            at another variance of the preactivations
  evenkeel gain --all                   every named activation, beside PyTorch's calculate_gain

Exit status: 0, or 2 on an error.")]
pub(crate) struct GainArguments {
    /// Activation: a name such as gelu or leaky_relu(0.1), or an expression in x
    #[arg(
        value_name = "NAME|EXPR",
        required_unless_present = "all",
        allow_hyphen_values = true
    )]
    pub(crate) activation: Option<String>,
    /// Every named activation in one table, beside PyTorch's calculate_gain
    #[arg(long, conflicts_with = "activation")]
    pub(crate) all: bool,
    /// Variance of the preactivations
    #[arg(
        long,
        value_name = "Q",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    pub(crate) q: f64,
    /// Print JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}
