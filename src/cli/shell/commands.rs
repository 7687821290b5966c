//! Backslash commands.

use clap::ValueEnum;

use crate::cli::format::Format;
use crate::error::{Error, Result};

pub const HELP: &str = "\
Statements end with a semicolon and may span lines; names are case-insensitive and need no quotes.

  \\d                tables and views
  \\d NAME           columns of a table
  \\df [PATTERN]     functions; * matches anything; a whole name shows the documentation
  \\format FORMAT    table, csv, json, ndjson or parquet; also: \\pset format FORMAT
  \\exact            show or round all digits of floating-point numbers in tables
  \\x                switch between one line for each value and one line for each row
  \\timing           show or hide how long each statement takes
  \\i FILE           run the statements of a file
  \\o [FILE]         send results to a file, or back to the terminal
  \\? or \\h          this text
  \\q                leave; exit, quit and Ctrl-D also leave

Tab completes names, Ctrl-C cancels a running statement, Ctrl-R searches the history.
";

/// All commands, for completion.
pub const ALL: [&str; 11] =
    ["\\?", "\\d", "\\df", "\\exact", "\\format", "\\h", "\\i", "\\o", "\\q", "\\timing", "\\x"];

/// A command of the shell.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Leave,
    Tables,
    Columns(String),
    Functions(Option<String>),
    Format(Format),
    Exact,
    Vertical,
    Timing,
    Include(String),
    Output(Option<String>),
}

impl Command {
    /// Parses a command; `None` if the text is something else.
    ///
    /// # Errors
    /// The command is unknown or lacks an argument.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let text = text.trim().trim_end_matches(';').trim_end();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let argument = || (!rest.is_empty()).then(|| rest.to_owned());
        let needed = |what: &str| argument().ok_or_else(|| Error::query(format!("{word} needs {what}")));
        Ok(Some(match word {
            "exit" | "quit" if rest.is_empty() => Self::Leave,
            _ if !word.starts_with('\\') => return Ok(None),
            "\\q" => Self::Leave,
            "\\?" | "\\h" => Self::Help,
            "\\d" | "\\dt" | "\\dv" => argument().map_or(Self::Tables, Self::Columns),
            "\\df" => Self::Functions(argument()),
            "\\exact" => Self::Exact,
            "\\x" => Self::Vertical,
            "\\timing" => Self::Timing,
            "\\i" => Self::Include(needed("a file")?),
            "\\o" => Self::Output(argument()),
            "\\format" => Self::Format(format(&needed("a format")?)?),
            "\\pset" => match rest.split_once(char::is_whitespace) {
                Some(("format", name)) => Self::Format(format(name.trim())?),
                _ => return Err(Error::query("\\pset knows one setting: \\pset format FORMAT")),
            },
            _ => return Err(Error::query(format!("unknown command {word}; \\? lists the commands"))),
        }))
    }
}

fn format(name: &str) -> Result<Format> {
    Format::from_str(name, true).map_err(|_| {
        Error::query(format!("unknown format {name}; formats are table, csv, json, ndjson and parquet"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_statements() {
        for statement in ["select 1;", "exit_code", "quit now", "", "-- \\q"] {
            assert_eq!(Command::parse(statement).unwrap(), None, "{statement}");
        }
        for (text, command) in [
            ("\\q", Command::Leave),
            (" quit ; ", Command::Leave),
            ("exit", Command::Leave),
            ("\\d\n", Command::Tables),
            ("\\d office;", Command::Columns("office".into())),
            ("\\exact", Command::Exact),
            ("\\df", Command::Functions(None)),
            ("\\df date*", Command::Functions(Some("date*".into()))),
            ("\\format CSV", Command::Format(Format::Csv)),
            ("\\pset  format  json", Command::Format(Format::Json)),
            ("\\i a b.sql", Command::Include("a b.sql".into())),
            ("\\o", Command::Output(None)),
            ("\\o x.csv", Command::Output(Some("x.csv".into()))),
        ] {
            assert_eq!(Command::parse(text).unwrap(), Some(command), "{text}");
        }
    }

    #[test]
    fn wrong_commands_say_what_is_right() {
        for (text, says) in [
            ("\\z", "unknown command \\z; \\? lists the commands"),
            ("\\i", "\\i needs a file"),
            ("\\format xml", "unknown format xml; formats are table, csv, json, ndjson and parquet"),
            ("\\pset null", "\\pset knows one setting: \\pset format FORMAT"),
        ] {
            assert_eq!(Command::parse(text).unwrap_err().to_string(), says);
        }
    }
}
