//! `evenkeel completions` and `evenkeel man`: every command is in them.

mod common;

use std::fs;

use common::{evenkeel, is_untouched, run};

/// The commands, as the help lists them.
fn commands() -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).arg("--help"));
    assert_eq!(said.status, 0);
    let below = said.out.split("Commands:\n").nth(1).expect("a list");
    let list = below.split("\n\n").next().expect("an end");
    // A name begins its line; what is wrapped is further in.
    let lines = list.lines().filter(|line| !line.starts_with("   "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help").map(str::to_owned);
    names.collect()
}

#[test]
fn there_are_as_many_commands_as_we_know_of() {
    let commands = commands();
    assert_eq!(commands.len(), 11, "{commands:?}");
    for name in ["lab", "train", "report", "completions", "man"] {
        assert!(commands.iter().any(|c| c == name), "{commands:?}");
    }
}

#[test]
fn every_shell_completes_every_command_and_its_options() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = run(evenkeel(home.path()).args(["completions", shell]));
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{shell}");
        for name in commands() {
            assert!(said.out.contains(&name), "{shell}: no {name}");
        }
        for option in ["recompute", "sigma-w2", "max-shard-size", "figures"] {
            assert!(said.out.contains(option), "{shell}: no --{option}");
        }
    }
    assert!(is_untouched(home.path()));
}

#[test]
fn an_unknown_shell_is_refused_with_those_that_there_are() {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).args(["completions", "csh"]));
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(
        said.err.contains("csh") && said.err.contains("fish"),
        "{}",
        said.err
    );
}

#[test]
fn the_manual_lists_every_command_and_has_a_page_for_each() {
    let home = tempfile::tempdir().unwrap();
    let said = run(evenkeel(home.path()).arg("man"));
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert!(said.out.contains(".TH evenkeel 1"), "{}", said.out);
    for name in commands() {
        // roff writes a hyphen of a word that is typed as \-.
        let listed = format!("evenkeel\\-{}(1)", name.replace('-', "\\-"));
        assert!(said.out.contains(&listed), "no {listed}");
    }
    assert!(is_untouched(home.path()));

    let said = run(evenkeel(home.path()).args(["man", "--out", "deep/man1"]));
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert!(said.out.contains("deep/man1"), "{}", said.out);
    let page = |name: &str| {
        let path = home.path().join(format!("deep/man1/{name}.1"));
        fs::read_to_string(&path).unwrap_or_else(|_| panic!("no {}", path.display()))
    };
    for name in commands() {
        let text = page(&format!("evenkeel-{name}"));
        assert!(
            text.contains(".SH EXAMPLES") || text.contains("Examples:"),
            "{name}"
        );
        assert!(text.contains("Exit status: 0") || name == "data", "{name}");
        assert!(!text.contains(".SH EXTRA"), "{name}");
    }
    assert!(page("evenkeel-train").contains("\\-\\-recompute"));
    assert!(page("evenkeel-data-fetch").contains("SHA"));
    let said = run(evenkeel(home.path()).args(["man", "--out", "deep/man1/evenkeel.1"]));
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("is a file"), "{}", said.err);
}
