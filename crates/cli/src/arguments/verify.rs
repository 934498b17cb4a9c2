use std::path::PathBuf;

use clap::Args;
use evenkeel_init::Threads;

use super::shared::parse_threads;

/// Check that a checkpoint equals its manifest, bit for bit.
///
/// Reads every byte: of each file its length, its header and the digest of every tensor, and the
/// index. Names whatever differs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel verify llama                  a folder that `evenkeel init` filled
  evenkeel verify new.safetensors        one file, with new.manifest.json beside it
  evenkeel verify llama --json

Exit status: 0 when all is equal, 1 when something differs, 2 on an error.")]
pub(crate) struct VerifyArguments {
    /// The folder, the file, or the manifest
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// Threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<Threads>,
    /// Print JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}
