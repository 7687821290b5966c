//! Commands about how results are printed: `\x`, `\format`, `\exact`, `\timing`, `\pset`.

use clap::ValueEnum;
use futures::future::ready;

use super::super::command::{Argument, Command};
use super::super::state::{Shell, Then};
use crate::cli::format::{Direction, Format};
use crate::cli::out::note_on_terminal;
use crate::error::{Error, Result};

const FORMATS: [&str; 5] = ["table", "csv", "json", "ndjson", "parquet"];
const DIRECTIONS: [&str; 3] = ["on", "off", "auto"];
const SWITCHES: [&str; 2] = ["on", "off"];
const SETTINGS: [&str; 3] = ["format", "expanded", "pager"];

pub(super) const COMMANDS: [Command; 5] = [
    Command {
        names: &["\\x"],
        arguments: "[on|off|auto]",
        help: "one line for each value, for each row, or for each value of a table that is too wide",
        argument: Argument::OneOf(&DIRECTIONS),
        run: |shell, argument| Box::pin(ready(expanded(shell, argument))),
    },
    Command {
        names: &["\\format"],
        arguments: "FORMAT",
        help: "table, csv, json, ndjson or parquet",
        argument: Argument::OneOf(&FORMATS),
        run: |shell, argument| Box::pin(ready(format(shell, argument))),
    },
    Command {
        names: &["\\exact"],
        arguments: "",
        help: "show or round all digits of floating-point numbers in tables",
        argument: Argument::Other,
        run: |shell, _| Box::pin(ready(exact(shell))),
    },
    Command {
        names: &["\\timing"],
        arguments: "",
        help: "show or hide how long each statement takes",
        argument: Argument::Other,
        run: |shell, _| Box::pin(ready(timing(shell))),
    },
    Command {
        names: &["\\pset"],
        arguments: "SETTING VALUE",
        help: "format FORMAT, expanded on|off|auto, or pager on|off",
        argument: Argument::OneOf(&SETTINGS),
        run: |shell, argument| Box::pin(ready(set(shell, argument))),
    },
];

/// Without an argument, it switches between values and rows.
fn expanded(shell: &mut Shell, argument: &str) -> Result<Then> {
    let direction = &mut shell.answers.layout.direction;
    *direction = match (argument, *direction) {
        ("", Direction::Rows) | ("on", _) => Direction::Values,
        ("", _) | ("off", _) => Direction::Rows,
        ("auto", _) => Direction::Fitting,
        _ => return Err(unknown("\\x", argument, &DIRECTIONS)),
    };
    note_on_terminal(match direction {
        Direction::Values => "one line for each value",
        Direction::Rows => "one line for each row",
        Direction::Fitting => "one line for each value of a table that is wider than the terminal",
    });
    Ok(Then::GoOn)
}

fn format(shell: &mut Shell, name: &str) -> Result<Then> {
    shell.answers.format = Format::from_str(name, true).map_err(|_| unknown("\\format", name, &FORMATS))?;
    Ok(Then::GoOn)
}

fn exact(shell: &mut Shell) -> Result<Then> {
    let exact = &mut shell.answers.layout.exact;
    *exact = !*exact;
    note_on_terminal(if *exact { "numbers with all digits" } else { "numbers are rounded" });
    Ok(Then::GoOn)
}

fn timing(shell: &mut Shell) -> Result<Then> {
    shell.timing = !shell.timing;
    note_on_terminal(if shell.timing { "timing is on" } else { "timing is off" });
    Ok(Then::GoOn)
}

fn set(shell: &mut Shell, argument: &str) -> Result<Then> {
    let (setting, value) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
    match (setting, value.trim()) {
        ("format", name) => format(shell, name),
        ("expanded", value) => expanded(shell, value),
        ("pager", value) => pager(shell, value),
        _ => Err(unknown("\\pset", setting, &SETTINGS)),
    }
}

fn pager(shell: &mut Shell, value: &str) -> Result<Then> {
    shell.pager = match value {
        "on" => true,
        "off" => false,
        "" => !shell.pager,
        _ => return Err(unknown("\\pset pager", value, &SWITCHES)),
    };
    note_on_terminal(if shell.pager { "the pager is on" } else { "the pager is off" });
    Ok(Then::GoOn)
}

/// The error for a value that a command does not know.
fn unknown(command: &str, value: &str, known: &[&str]) -> Error {
    let known = known.join(", ");
    Error::query(match value {
        "" => format!("{command} needs one of {known}"),
        value => format!("{command} does not know {value}; give one of {known}"),
    })
}
