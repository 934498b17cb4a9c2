//! The command line. These comments are the help.

mod gain;
mod init;
mod report;
mod sample;
mod shared;
mod shell;
mod theory;
mod train;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use evenkeel_theory::Activation;

pub(crate) use gain::GainArguments;
pub(crate) use init::InitArguments;
pub(crate) use report::{FormatChoice, ReportArguments};
pub(crate) use sample::{LayerChoice, Mode, SampleArguments};
pub(crate) use shared::{FloatDtype, LayoutChoice};
pub(crate) use shell::{CompletionsArguments, ManArguments};
pub(crate) use theory::TheoryArguments;
pub(crate) use train::{OptimizerChoice, TrainArguments};
pub(crate) use verify::VerifyArguments;

/// Initialise deep networks and prove that their signal survives.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Lab(LabArguments),
    Data(DataArguments),
    Sample(Box<SampleArguments>),
    Init(Box<InitArguments>),
    Verify(VerifyArguments),
    Gain(GainArguments),
    Theory(TheoryArguments),
    Train(Box<TrainArguments>),
    Report(ReportArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
}

/// Run the lesson on initialisation: measure every step, set the known answer beside it, write a report.
///
/// Writes report.html (open it in a browser; it needs no network), figures/*.svg and results.json
/// into the output folder. The same seed gives the same results on any number of threads.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel lab                          the whole lesson on MNIST
  evenkeel lab --quick                  a first look within ten seconds
  evenkeel lab --only explode,vanish    two experiments
  evenkeel lab --only xavier --depth 200 --width 256 --activation tanh
  evenkeel lab --list                   what experiments there are

Exit status: 0 when everything agrees with the known answers, 1 when something does not, 2 on an error.")]
pub(crate) struct LabArguments {
    /// List the experiments and stop
    #[arg(long)]
    pub(crate) list: bool,
    /// Fewer seeds and steps: a first look within ten seconds
    #[arg(long)]
    pub(crate) quick: bool,
    /// Run only these experiments (ids from --list, separated by commas)
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    #[command(flatten)]
    pub(crate) source: SourceArguments,
    /// Where the report, the figures and results.json go
    #[arg(long, value_name = "DIR", default_value = "evenkeel-report")]
    pub(crate) out: PathBuf,
    /// Number of layers, for the experiments that take one
    #[arg(long, value_name = "L", allow_negative_numbers = true)]
    pub(crate) depth: Option<usize>,
    /// Units in a layer, for the experiments that take it
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) width: Option<usize>,
    /// Activation, for the experiments that take one: a name such as tanh, gelu, leaky_relu(0.1)
    #[arg(long, value_name = "A", value_parser = parse_activation)]
    pub(crate) activation: Option<Activation>,
    /// Threads; they change the time, never a result [default: all cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,
    /// Print the results as JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which data, and where from.
#[derive(Clone, Debug, Args)]
pub(crate) struct SourceArguments {
    /// Data to use: MNIST, the built-in strokes, or MNIST where it can be had and strokes elsewhere
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) data: DataChoice,
    /// Folder that holds MNIST's four files [default: $EVENKEEL_DATA, then the cache, then a download]
    #[arg(long, value_name = "D")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The seed of every random number, the drawn digits included
    #[arg(
        long,
        value_name = "N",
        default_value_t = 42,
        allow_negative_numbers = true
    )]
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataChoice {
    /// MNIST where it can be had, strokes elsewhere
    Auto,
    /// MNIST, or an error
    Mnist,
    /// Digits drawn by evenkeel itself, in MNIST's shapes; needs no network
    Strokes,
}

/// Show, fetch, verify and draw the data.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel data                         what there is, and where
  evenkeel data fetch                   download MNIST into the cache
  evenkeel data verify                  check every file against its SHA-256
  evenkeel data samples --data strokes  draw a contact sheet of the drawn digits")]
pub(crate) struct DataArguments {
    #[command(subcommand)]
    pub(crate) action: Option<DataAction>,
    /// Folder that holds MNIST's four files [default: $EVENKEEL_DATA, then the cache]
    #[arg(long, value_name = "D", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print JSON on standard output, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataAction {
    /// Show where MNIST's files are looked for and what is there (the default)
    Status,
    /// Download the files that are missing into the cache, each checked by its SHA-256
    Fetch,
    /// Check every file that is there against its SHA-256; exit status 1 when one is damaged
    Verify,
    /// Draw a contact sheet of samples as a PNG picture
    Samples {
        /// Data to draw
        #[arg(long, value_enum, default_value = "auto")]
        data: DataChoice,
        /// The seed of the drawn digits
        #[arg(
            long,
            value_name = "N",
            default_value_t = 42,
            allow_negative_numbers = true
        )]
        seed: u64,
        /// How many samples of each digit
        #[arg(long, value_name = "N", default_value_t = 12)]
        count: usize,
        /// The picture's file
        #[arg(long, value_name = "FILE", default_value = "samples.png")]
        out: PathBuf,
    },
}

fn parse_activation(text: &str) -> Result<Activation, String> {
    Activation::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
