use std::path::PathBuf;

use clap::{ArgGroup, Args};
use evenkeel_init::checkpoint::{ByteSize, Part};
use evenkeel_init::{Preset, Threads};

use super::shared::{FloatDtype, parse_threads};

/// Make a whole checkpoint: every tensor by its rule, the same bits on every machine.
///
/// Writes safetensors files, their index when there are several, and manifest.json, which says of
/// every tensor how it was made and the digest of its bytes. Memory does not grow with the model
/// (orthogonal schemes alone hold the tensor that they are making). A file appears under its name when it is whole; after a kill, the same command with --resume goes
/// on. `evenkeel verify` checks the result against its manifest.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("source").required(true),
    after_help = "\
Examples:
  evenkeel init --spec examples/llama-7b.toml --out llama           a 7-billion-parameter model
  evenkeel init --spec examples/llama-7b.toml --dry-run             what it would be
  evenkeel init --like model.safetensors --preset pytorch --out new.safetensors
  evenkeel init --like ~/models/vit --preset vit-timm --dtype f32 --seed 7 --out vit
  evenkeel init --spec model.toml --out /shared/model --shard 2/8   the second of eight machines
  evenkeel init --spec model.toml --out model --resume              go on after a kill

A spec lists tensors, and may hold rules:
  dtype = \"bf16\"
  repeat = { layer = 32 }
  tensor = [
    { name = \"embed.weight\", shape = [32000, 4096], layer = \"embedding\" },
    { name = \"layers.{layer}.{q,k,v}.weight\", shape = [4096, 4096] },
  ]
  [[rule]]
  match = \"*\"
  scheme = \"normal\"
  with = { std = 0.02 }

Exit status: 0, or 2 on an error.")]
pub(crate) struct InitArguments {
    /// Make the tensors that this checkpoint has: a safetensors file, or a folder with its index; only headers are read
    #[arg(long, value_name = "CHECKPOINT", group = "source")]
    pub(crate) like: Option<PathBuf>,
    /// Make the tensors that this file lists
    #[arg(long, value_name = "FILE.toml", group = "source")]
    pub(crate) spec: Option<PathBuf>,
    /// Which tensor is made how: an ordered list, the first match wins [default: those in the spec]
    #[arg(long, value_name = "FILE.toml", conflicts_with = "preset")]
    pub(crate) rules: Option<PathBuf>,
    /// The defaults of a framework or a model: pytorch, keras, flax, gpt2, vit-timm
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<Preset>,
    /// The folder to fill; or one safetensors file, whatever its size
    #[arg(long, value_name = "DIR|FILE", required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,
    /// Store every real-valued tensor in this number format [default: as the source says]
    #[arg(long, value_enum)]
    pub(crate) dtype: Option<FloatDtype>,
    /// The seed
    #[arg(
        long,
        value_name = "S",
        default_value_t = 42,
        allow_negative_numbers = true
    )]
    pub(crate) seed: u64,
    /// Cut the checkpoint into files of at most this size
    #[arg(long, value_name = "SIZE", default_value = "5GB")]
    pub(crate) max_shard_size: ByteSize,
    /// Make only the I-th of N parts, which are whole files; together they are what one machine makes
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    pub(crate) shard: Part,
    /// Keep what is there and whole, and make what is missing or damaged
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    /// Replace what is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print what would be made, and make nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Threads; they change the time, never a byte [default: all cores]
    #[arg(long, value_name = "N", value_parser = parse_threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<Threads>,
    /// Print JSON on standard output, and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}
