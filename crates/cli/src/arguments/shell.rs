//! The arguments of the commands that help a shell and a reader along.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Print a shell's completions of every command and option.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(evenkeel completions bash)               in ~/.bashrc
  evenkeel completions zsh > ~/.zfunc/_evenkeel     with ~/.zfunc in fpath
  evenkeel completions fish > ~/.config/fish/completions/evenkeel.fish

Exit status: 0, or 2 on an error.")]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Print the manual page, or write one for every command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  evenkeel man | man -l -                       read the page of evenkeel itself
  evenkeel man --out ~/.local/share/man/man1    then: man evenkeel-train

Exit status: 0, or 2 on an error.")]
pub(crate) struct ManArguments {
    /// Write a page for every command into this folder, in place of printing one
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
