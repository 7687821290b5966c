//! The shell: runs statements and backslash commands, from a terminal or from standard input.

mod command;
mod commands;
mod converse;
mod helper;
mod history;
mod read;
mod state;
mod typed;

use std::io::IsTerminal;

use self::state::Shell;
use self::typed::Typed;
use super::format::{Format, Layout};
use super::limits::Limits;
use super::out;
use super::results::Answers;
use super::session::Session;
use crate::config::text_file::Lines;
use crate::error::Result;

/// Maximum number of rows of a table that an interactive shell prints.
const ROWS: usize = 1000;

/// Runs the shell on standard input: as an editor with history and completion if that is a terminal, else
/// as a script.
///
/// # Errors
/// The terminal cannot be used, or the script fails.
pub async fn run(
    session: Session,
    format: Format,
    exact: bool,
    allow_files: bool,
    limits: Limits,
) -> Result<()> {
    let person = std::io::stdin().is_terminal();
    let layout = Layout { rows: person.then_some(ROWS), exact, ..Layout::default() };
    let answers = Answers::new(format, layout, Box::new(out::stdout())).of_session(&session);
    let mut shell = Shell {
        session,
        answers: if person { answers.for_person() } else { answers },
        timing: false,
        person,
        allow_files,
        limits,
        included: 0,
        typed: Typed::default(),
        last: String::new(),
        pager: true,
    };
    if person {
        converse::converse(&mut shell).await
    } else {
        let lines = Lines::new(std::io::stdin().lock());
        read::script(&mut shell, lines, "standard input").await.map(|_| ())
    }
}
