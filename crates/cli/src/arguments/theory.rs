//! The arguments of `evenkeel theory`.

use std::path::PathBuf;

use clap::Args;

/// Tell how far a signal and its gradient travel in a plain network, before anything is run.
///
/// The network is h = W φ(h) + b, with W of variance σ_w²/fan_in and b of variance σ_b². Without
/// --sigma-w2 and --critical the weights are at the activation's gain, σ_w² = gain².
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel theory gelu                                  at the gain of GELU
  evenkeel theory tanh --sigma-w2 1.5 --sigma-b2 0.05   fixed points, phase, depth scales
  evenkeel theory tanh --sigma-b2 0.05 --critical       the edge of chaos at this bias
  evenkeel theory relu --depth 100 --width 512          with the spread that this width brings
  evenkeel theory tanh --critical --sigma-b2 0.05 --out drawings

Exit status: 0, or 2 on an error.")]
pub(crate) struct TheoryArguments {
    /// Activation: a name such as gelu or leaky_relu(0.1), or an expression in x
    #[arg(value_name = "ACT", allow_hyphen_values = true)]
    pub(crate) activation: String,
    /// The weights' variance times fan-in [default: the activation's gain, squared]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) sigma_w2: Option<f64>,
    /// The biases' variance
    #[arg(
        long,
        value_name = "Y",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub(crate) sigma_b2: f64,
    /// Put the weights on the edge of chaos for this --sigma-b2
    #[arg(long, conflicts_with = "sigma_w2")]
    pub(crate) critical: bool,
    /// Number of layers: what is left of the signal along them
    #[arg(long, value_name = "L", allow_negative_numbers = true)]
    pub(crate) depth: Option<usize>,
    /// Units in a layer: how far real networks stray, and how often a layer is dead
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) width: Option<usize>,
    /// Print JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the variance map, the correlation map and the phase diagram as SVG files into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
