//! The `evenkeel` command. Results go to standard output, everything else to standard error.
//! Exit status: 0 fine, 1 a finding where a command judges, 2 an error, 130 stopped with Ctrl-C.
//!
//! A library for its own binary and for its fuzz target: it promises nothing to anyone else. The crates
//! that it stands on, `evenkeel-init` and the others, are the ones to build on.

#![doc(hidden)]

mod arguments;
mod commands;
mod judge;
mod nearest;
mod terminal;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

pub use judge::judge;

/// Does what the process's arguments say.
pub fn main() -> ExitCode {
    let command = Arguments::parse().command;
    terminal::dress();
    let outcome = match command {
        Command::Lab(arguments) => commands::lab::run(&arguments),
        Command::Data(arguments) => commands::data::run(&arguments),
        Command::Sample(arguments) => commands::sample::run(&arguments),
        Command::Init(arguments) => commands::init::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::Gain(arguments) => commands::gain::run(&arguments),
        Command::Theory(arguments) => commands::theory::run(&arguments),
        Command::Train(arguments) => commands::train::run(&arguments),
        Command::Report(arguments) => commands::report::run(&arguments),
        Command::Completions(arguments) => commands::completions::run(&arguments),
        Command::Man(arguments) => commands::man::run(&arguments),
    };
    match outcome {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::from(2)
        }
    }
}

/// How a command ended that did what it was asked to.
enum Outcome {
    /// Nothing to report.
    Fine,
    /// It judged, and something did not hold.
    Finding,
    /// It was told to stop before its end, and can be gone on with.
    Interrupted,
}

/// A reader that has seen enough (`| head`) is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
