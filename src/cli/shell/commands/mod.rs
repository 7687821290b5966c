//! The backslash commands: the one list of them, from which help and completion are made.

mod describe;
mod edit;
mod files;
mod general;
mod layout;
mod tables;

use super::command::Command;
use super::typed::FAREWELLS;
use crate::cli::text::aligned;
use crate::error::suggest::nearest;
use crate::error::{Error, Result};

/// The commands in their groups, in the order of the help.
const GROUPS: [&[Command]; 5] =
    [&tables::COMMANDS, &layout::COMMANDS, &edit::COMMANDS, &files::COMMANDS, &general::COMMANDS];

/// All commands.
pub fn all() -> impl Iterator<Item = &'static Command> {
    GROUPS.into_iter().flatten()
}

/// The command of a line, and its argument.
///
/// # Errors
/// There is no such command.
pub fn find(line: &str) -> Result<(&'static Command, &str)> {
    let line = line.trim().trim_end_matches(';').trim_end();
    let (word, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    // The words that leave the shell are a command without a backslash.
    let name = if FAREWELLS.contains(&word) { "\\q" } else { word };
    if let Some(command) = all().find(|command| command.names.contains(&name)) {
        return Ok((command, argument.trim()));
    }
    let names = all().flat_map(|command| command.names).copied().filter(|name| name.len() > 2);
    let near = nearest(word, names).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    Err(Error::query(format!("unknown command {word}; {near}\\? lists the commands")))
}

/// The list of the commands.
pub fn help() -> String {
    let mut rows = vec![];
    for (i, group) in GROUPS.into_iter().enumerate() {
        if i > 0 {
            rows.push(vec![]);
        }
        for command in group {
            let call = format!("  {} {}", command.names[0], command.arguments);
            let others = command.names[1..].join(", ");
            let also = if others.is_empty() { String::new() } else { format!("; also {others}") };
            rows.push(vec![call.trim_end().to_owned(), format!("{}{also}", command.help)]);
        }
    }
    format!(
        "Statements end with a semicolon and may span lines; names are case-insensitive and need no quotes.\n\n{}\n\
         Tab completes names, Ctrl-C cancels a running statement or what is typed, Ctrl-R searches the history.\n",
        aligned(&rows, &[])
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::cli::text::columns;

    #[test]
    fn every_command_is_in_the_help_once() {
        let help = help();
        let mut seen = HashSet::new();
        for name in all().flat_map(|command| command.names) {
            assert!(name.starts_with('\\') && seen.insert(name), "{name}");
            assert!(help.contains(name), "{name}");
        }
        assert!(help.lines().all(|line| columns(line) <= 110), "{help}");
        assert!(help.contains("\n  \\x [on|off|auto]"), "{help}");
    }

    #[test]
    fn commands_are_found_with_their_arguments() {
        for (line, name, argument) in [
            ("\\q", "\\q", ""),
            (" quit ; ", "\\q", ""),
            ("exit", "\\q", ""),
            ("\\d\n", "\\d", ""),
            ("\\dt office;", "\\d", "office"),
            ("\\df date*", "\\df", "date*"),
            ("\\pset  format  json", "\\pset", "format  json"),
            ("\\i a b.sql", "\\i", "a b.sql"),
        ] {
            let (command, found) = find(line).unwrap();
            assert_eq!((command.names[0], found), (name, argument), "{line}");
        }
        let unknown = |line: &str| find(line).map(|_| ()).unwrap_err().to_string();
        assert_eq!(unknown("\\z"), "unknown command \\z; \\? lists the commands");
        assert_eq!(
            unknown("\\formt csv"),
            "unknown command \\formt; did you mean \\format? \\? lists the commands"
        );
    }
}
