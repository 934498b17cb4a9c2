//! The command line judged, and nothing done.

use std::ffi::OsString;
use std::io;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::{commands, terminal};

/// Parses the arguments (the command's name comes first) and goes as far with them as the command goes
/// before it touches a file or begins to work: every value is checked, `gain` computes and prints into
/// nothing, `sample` knows the tensor's scale.
///
/// # Errors
/// What would be said on standard error; for `--help` and `--version`, on standard output.
pub fn judge(arguments: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    let arguments = Arguments::try_parse_from(arguments).map_err(|error| error.to_string())?;
    check(&arguments.command).map_err(|error| terminal::complaint(&error))
}

fn check(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Lab(arguments) => commands::lab::check(arguments),
        Command::Data(arguments) => commands::data::check(arguments),
        Command::Sample(arguments) => commands::sample::check(arguments),
        Command::Gain(arguments) => commands::gain::write(arguments, &mut io::sink()),
        Command::Theory(arguments) => commands::theory::check(arguments),
        Command::Train(arguments) => commands::train::check(arguments),
        // What is left is in files.
        Command::Init(_) | Command::Verify(_) | Command::Report(_) => Ok(()),
        Command::Completions(_) | Command::Man(_) => Ok(()),
    }
}
