use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evenkeel_lab::train::{NetKind, Recomputation, ScheduleSpec};
use evenkeel_net::{Recipe, RecipeError};

use super::SourceArguments;
use crate::nearest;

/// Train one network on the digits: any depth, any initialisation, watched on its way.
///
/// Prints the memory that the run needs before it begins, then a live line. Writes results.json,
/// report.html, figures/*.svg and a checkpoint into the output folder. The same command ends in the
/// same bits on any number of threads. Ctrl-C finishes the step and writes a checkpoint; --resume
/// goes on from it as if nothing had happened. A loss or a gradient that is no longer finite ends
/// the run with the layer that it came from.
#[derive(Debug, Args)]
#[command(after_help = "\
Recipes (--init): any scheme of `evenkeel sample`, as kaiming_normal or orthogonal(gain=1.05), and
  fixup, skipinit, rezero, sqrt-half, near-critical, gaussian-critical, lsuv, lsuv-course,
  weight-norm, batch-norm

The learning rate, where none is given (L layers, momentum m):
  sgd, fixup                     0.3 (1 - m), in residual networks
  sgd, skipinit and rezero       min(0.5, 20/L) (1 - m), in residual networks
  sgd, everything else           min(0.5, 2.5/L) (1 - m)
  adam, adamw                    min(0.001, 0.03/L)

μP (--mup BASE_WIDTH), with r = --width/BASE_WIDTH; at BASE_WIDTH itself it changes nothing:
  adam, adamw   hidden and output weights learn at --lr/r, everything else at --lr
  sgd           input weights and hidden biases learn at --lr·r, output weights at --lr/r,
                everything else at --lr
  both          hidden weights begin 1/√r as large as --init makes them at BASE_WIDTH, output
                weights 1/r, all else as large; weight decay takes the share that it takes there

Examples:
  evenkeel train                                             a perceptron of 5 layers, one epoch
  evenkeel train --depth 30 --init xavier_normal --steps 600 a deep one that stalls
  evenkeel train --net resmlp --depth 1000 --width 16 --init fixup --batch 64
  evenkeel train --optimizer adamw --schedule cosine --warmup 100 --epochs 5
  evenkeel train --width 64 --optimizer adam --lr 0.01       tune --lr where it is cheap ...
  evenkeel train --width 1024 --optimizer adam --lr 0.01 --mup 64   ... and use it where it is not
  evenkeel train --resume evenkeel-train                     go on after Ctrl-C or a kill
  evenkeel train --net resmlp --depth 5000 --width 100 --batch 512 --init fixup --recompute on

Exit status: 0, 1 when the run broke (a loss or gradient that is not finite), 2 on an error, 130
when it was stopped with Ctrl-C.")]
pub(crate) struct TrainArguments {
    /// Which network
    #[arg(long, value_enum, default_value = "mlp")]
    pub(crate) net: NetChoice,
    /// Weight layers on the longest path
    #[arg(long, value_name = "L", default_value_t = 5)]
    pub(crate) depth: usize,
    /// Features of a hidden layer; channels, in a convolutional network
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub(crate) width: usize,
    /// Activation: a name such as tanh, gelu, leaky_relu(0.1), or an expression in x
    #[arg(
        long,
        value_name = "A",
        default_value = "relu",
        allow_hyphen_values = true
    )]
    pub(crate) activation: String,
    /// How weights begin, and what that needs around the layers
    #[arg(long, value_name = "RECIPE", default_value = "kaiming_normal", value_parser = parse_recipe)]
    pub(crate) init: Recipe,
    /// How a step is made
    #[arg(long, value_enum, default_value = "sgd")]
    pub(crate) optimizer: OptimizerChoice,
    /// Learning rate at its peak [default: by the recipe, see below]
    #[arg(long, value_name = "X")]
    pub(crate) lr: Option<f64>,
    /// Width that --lr was tuned at: μP carries it over to --width, layer by layer, see below
    #[arg(long, value_name = "BASE_WIDTH")]
    pub(crate) mup: Option<usize>,
    /// Momentum of sgd
    #[arg(long, value_name = "X", default_value_t = 0.9)]
    pub(crate) momentum: f64,
    /// Nesterov's momentum in place of the plain one
    #[arg(long)]
    pub(crate) nesterov: bool,
    /// Weight decay [default: 0; 0.01 for adamw]
    #[arg(long, value_name = "X")]
    pub(crate) weight_decay: Option<f64>,
    /// How the learning rate falls: constant, step:EVERY:FACTOR, cosine or cosine:FLOOR
    #[arg(long, value_name = "S", default_value = "constant", value_parser = parse_schedule)]
    pub(crate) schedule: ScheduleSpec,
    /// Steps of linear warm-up
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) warmup: u64,
    /// Scale gradients so that their norm, of all together, is at most this
    #[arg(long, value_name = "X")]
    pub(crate) clip: Option<f64>,
    /// Images of a step
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub(crate) batch: usize,
    /// Times through the training images [default: 1]
    #[arg(long, value_name = "N", conflicts_with = "steps")]
    pub(crate) epochs: Option<u64>,
    /// Steps, in place of --epochs
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u64>,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// Threads; they change the time, never a bit [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Compute activations again in the backward pass: memory as √depth, a second forward pass, the same bits
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub(crate) recompute: RecomputeChoice,
    /// Where results, report and checkpoint go
    #[arg(long, value_name = "DIR", default_value = "evenkeel-train")]
    pub(crate) out: PathBuf,
    /// Write a checkpoint after every so many steps, besides those at the ends of epochs and of the run
    #[arg(long, value_name = "N")]
    pub(crate) checkpoint_every: Option<NonZeroU64>,
    /// Go on from the checkpoint in this folder, with the settings it was begun with
    #[arg(long, value_name = "DIR", conflicts_with_all = SETTINGS)]
    pub(crate) resume: Option<PathBuf>,
    /// Begin anew where the folder holds the checkpoint of a run that is not at its end
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the results as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecomputeChoice {
    /// Where it is faster: narrow layers whose activations outgrow the caches
    Auto,
    /// Always: for depths that do not fit otherwise
    On,
    /// Never
    Off,
}

impl From<RecomputeChoice> for Recomputation {
    fn from(choice: RecomputeChoice) -> Self {
        match choice {
            RecomputeChoice::Auto => Self::Auto,
            RecomputeChoice::On => Self::On,
            RecomputeChoice::Off => Self::Off,
        }
    }
}

/// What a checkpoint knows, and no command can change.
const SETTINGS: [&str; 20] = [
    "net",
    "depth",
    "width",
    "activation",
    "init",
    "optimizer",
    "lr",
    "mup",
    "momentum",
    "nesterov",
    "weight_decay",
    "schedule",
    "warmup",
    "clip",
    "batch",
    "epochs",
    "steps",
    "seed",
    "out",
    "force",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NetChoice {
    /// Linear layers
    Mlp,
    /// Residual blocks of linear layers
    Resmlp,
    /// Convolutions
    Cnn,
    /// Residual blocks of convolutions
    Rescnn,
}

impl From<NetChoice> for NetKind {
    fn from(choice: NetChoice) -> Self {
        match choice {
            NetChoice::Mlp => Self::Mlp,
            NetChoice::Resmlp => Self::ResMlp,
            NetChoice::Cnn => Self::Cnn,
            NetChoice::Rescnn => Self::ResCnn,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerChoice {
    /// Stochastic gradient descent
    Sgd,
    /// Adam
    Adam,
    /// Adam with decoupled weight decay
    Adamw,
}

fn parse_recipe(text: &str) -> Result<Recipe, String> {
    text.parse().map_err(|error: RecipeError| {
        let hint = match &error {
            RecipeError::Unknown { given, known } => nearest::hint(given, known.split(", ")),
            _ => None,
        };
        hint.map_or_else(|| error.to_string(), |hint| format!("{error}\n{hint}"))
    })
}

fn parse_schedule(text: &str) -> Result<ScheduleSpec, String> {
    text.parse()
        .map_err(|error: evenkeel_lab::train::TrainError| error.to_string())
}
