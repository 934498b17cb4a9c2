//! `evenkeel man`: the manual, from the definitions that the parser uses.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::output;
use crate::Outcome;
use crate::arguments::{Arguments, ManArguments};
use crate::commands::weights::counted;

pub(crate) fn run(arguments: &ManArguments) -> anyhow::Result<Outcome> {
    // `evenkeel help lab` is no command of its own.
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut out = io::stdout().lock();
    let Some(folder) = &arguments.out else {
        out.write_all(&page(&manual(command))?)?;
        return Ok(Outcome::Fine);
    };
    let mut pages = Vec::new();
    collect(command, &mut pages);
    let _folder = output::prepare(folder, &[], &[])?;
    for man in &pages {
        output::write(&folder.join(man.get_filename()), &page(man)?)?;
    }
    writeln!(
        out,
        "{} in {}",
        counted(pages.len(), "page"),
        folder.display()
    )?;
    Ok(Outcome::Fine)
}

/// A command's page, then those of what stands below it.
fn collect(command: Command, pages: &mut Vec<Man>) {
    let below: Vec<Command> = command.get_subcommands().cloned().collect();
    pages.push(manual(command));
    for command in below {
        collect(command, pages);
    }
}

fn manual(command: Command) -> Man {
    let source = concat!("evenkeel ", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).manual("evenkeel")
}

fn page(man: &Man) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    man.render(&mut text)?;
    // What stands after the options has no name of its own there.
    // Its lines are set as they are.
    let text = String::from_utf8_lossy(&text)
        .replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n.nf\n")
        .replace(".SH EXTRA\n", ".SH NOTES\n.nf\n")
        .replace(".SH VERSION\n", ".fi\n.SH VERSION\n");
    Ok(text.into_bytes())
}
