//! Running the command as a user would.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::path::Path;
use std::process::{Command, Output};

/// The command, cut off from this machine's data and network: no EVENKEEL_DATA, an empty home, and
/// a proxy that refuses every connection.
pub(crate) fn evenkeel(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evenkeel"));
    command
        .current_dir(home)
        .env_remove("EVENKEEL_DATA")
        .env("HOME", home)
        .env_remove("XDG_CACHE_HOME")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("https_proxy", "http://127.0.0.1:9")
        .env("ALL_PROXY", "http://127.0.0.1:9")
        .env("COLUMNS", "100")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// What a command printed, as text.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the command starts");
    Said {
        out: String::from_utf8(stdout).expect("standard output is UTF-8"),
        err: String::from_utf8(stderr).expect("standard error is UTF-8"),
        status: status.code().expect("the command is not killed"),
    }
}

/// Whether a folder is empty or absent: an error leaves nothing behind.
pub(crate) fn is_untouched(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}
