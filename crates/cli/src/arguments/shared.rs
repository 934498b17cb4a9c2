//! What the commands that make weights have in common.

use clap::ValueEnum;
use evenkeel_init::Threads;

/// A number format that weights are made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FloatDtype {
    /// IEEE 754 double precision
    F64,
    /// IEEE 754 single precision
    F32,
    /// bfloat16
    Bf16,
    /// IEEE 754 half precision
    F16,
}

/// How the axes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutChoice {
    /// Outputs first, as PyTorch stores them
    Oi,
    /// Outputs last, as Keras and JAX store them
    Io,
}

pub(crate) fn parse_threads(text: &str) -> Result<Threads, String> {
    text.parse()
        .ok()
        .and_then(Threads::new)
        .ok_or_else(|| format!("--threads is {text}; it must be a number of 1 or more"))
}
