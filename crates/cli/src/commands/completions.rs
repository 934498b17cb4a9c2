//! `evenkeel completions`: what a shell completes, from the definitions that the parser uses.

use std::io::{self, Write};

use clap::CommandFactory;

use crate::Outcome;
use crate::arguments::{Arguments, CompletionsArguments};

pub(crate) fn run(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    // Into memory first: the generator panics where a reader has gone away.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Outcome::Fine)
}
