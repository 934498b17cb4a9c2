use std::path::PathBuf;

use clap::{Args, ValueEnum};
use evenkeel_init::Threads;

use super::shared::{FloatDtype, LayoutChoice, parse_threads};

/// Make one tensor, write it, and show that it is what was asked for.
///
/// Prints the layer's fans, the mean and standard deviation that the scheme intends beside those of
/// the values, the extremes, and a histogram. Value i depends only on the seed, the name, the scheme
/// and the layer: any range of any tensor can be made alone, with the same bits.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel sample --scheme kaiming_normal --shape 512x784 --out w.safetensors
  evenkeel sample --scheme xavier_uniform --activation tanh --shape 512x784
  evenkeel sample --scheme kaiming_normal --mode fan_out --layer conv --groups 4 --shape 64x8x3x3 --dtype bf16
  evenkeel sample --scheme normal --with std=0.02 --shape 50257x768 --layer embedding --name wte.weight
  evenkeel sample --scheme orthogonal --shape 1024x1024 --range 0..4096

Exit status: 0, or 2 on an error.")]
pub(crate) struct SampleArguments {
    /// The scheme's name, such as kaiming_normal; a wrong one lists them all
    #[arg(long, value_name = "NAME")]
    pub(crate) scheme: String,
    /// The gain, for the schemes that take one
    #[arg(
        long,
        value_name = "G",
        conflicts_with = "activation",
        allow_negative_numbers = true
    )]
    pub(crate) gain: Option<f64>,
    /// The activation whose gain is taken: a name such as tanh, or a formula in x
    #[arg(long, value_name = "A")]
    pub(crate) activation: Option<String>,
    /// Which fan the variance is divided by, for the schemes that take one
    #[arg(long, value_enum)]
    pub(crate) mode: Option<Mode>,
    /// The scheme's other parameters, as in a rules file: std=0.02,mean=1
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub(crate) with: Option<String>,
    /// The shape as stored, such as 512x784 or 64x8x3x3
    #[arg(long, value_name = "SHAPE", value_parser = parse_shape)]
    pub(crate) shape: Dimensions,
    /// What layer the tensor belongs to [default: by its dimensions: 1 vector, 2 linear, more conv]
    #[arg(long, value_enum)]
    pub(crate) layer: Option<LayerChoice>,
    /// Groups of a convolution; channels of a depthwise one
    #[arg(long, value_name = "G", allow_negative_numbers = true)]
    pub(crate) groups: Option<usize>,
    /// Parts of a packed projection: a number of equal ones, up to 1024, or the size of each
    #[arg(long, value_name = "N|A,B,…")]
    pub(crate) parts: Option<String>,
    /// Gates of a recurrent cell
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) gates: Option<usize>,
    /// How the axes are stored
    #[arg(long, value_enum, default_value = "oi")]
    pub(crate) layout: LayoutChoice,
    /// The number format
    #[arg(long, value_enum, default_value = "f32")]
    pub(crate) dtype: FloatDtype,
    /// The seed
    #[arg(
        long,
        value_name = "S",
        default_value_t = 42,
        allow_negative_numbers = true
    )]
    pub(crate) seed: u64,
    /// The tensor's name; with the seed it decides every value
    #[arg(long, value_name = "T", default_value = "weight")]
    pub(crate) name: String,
    /// Only these elements, counted in storage order from 0, the last not included
    #[arg(long, value_name = "A..B", value_parser = parse_range)]
    pub(crate) range: Option<Elements>,
    /// The safetensors file to write; without it the tensor is only shown
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// Threads; they change the time, never a value [default: all cores]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<Threads>,
    /// Print JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which fan divides, by the field's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Inputs of an output: keeps the forward signal
    #[value(name = "fan_in")]
    In,
    /// Outputs of an input: keeps the backward signal
    #[value(name = "fan_out")]
    Out,
    /// Their mean
    #[value(name = "fan_avg")]
    Average,
    /// Their geometric mean
    #[value(name = "fan_geo_avg")]
    GeometricMean,
}

/// A kind of layer, by the field's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum LayerChoice {
    /// A matrix
    Linear,
    /// A convolution, in 1 to 3 dimensions
    #[value(alias = "convolution")]
    Conv,
    /// A transposed convolution
    #[value(alias = "transposed_convolution")]
    ConvTranspose,
    /// A depthwise convolution
    Depthwise,
    /// A table of vectors
    Embedding,
    /// Several projections in one matrix, such as queries, keys and values
    Packed,
    /// The gates of a recurrent cell in one matrix
    Recurrent,
    /// The biases of a recurrent cell's gates
    GateBias,
    /// A bias, or a norm's scale
    Vector,
}

/// A shape on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dimensions(pub(crate) Vec<usize>);

/// A range of elements on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elements(pub(crate) std::ops::Range<u64>);

fn parse_shape(text: &str) -> Result<Dimensions, String> {
    let dimensions = text
        .split(['x', '×', ','])
        .map(|part| part.trim().parse().ok());
    let dimensions: Option<Vec<usize>> = dimensions.collect();
    dimensions
        .map(Dimensions)
        .ok_or_else(|| "write the dimensions with x between them, as 512x784".to_owned())
}

fn parse_range(text: &str) -> Result<Elements, String> {
    text.split_once("..")
        .and_then(|(start, end)| Some(start.trim().parse().ok()?..end.trim().parse().ok()?))
        .filter(|range: &std::ops::Range<u64>| range.start < range.end)
        .map(Elements)
        .ok_or_else(|| "write the first element and one past the last, as 0..1000".to_owned())
}
