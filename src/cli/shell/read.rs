//! Runs what was read: statements, commands, and the lines of files.

use std::io::BufRead;
use std::path::Path;

use super::commands;
use super::state::{Shell, Then};
use super::typed::{Input, Typed};
use crate::config::text_file::{self, Lines};
use crate::error::{Error, Result};
use crate::query::statements::split;

/// Maximum depth of files that include files, so that a file that includes itself is an error.
const INCLUDED: usize = 16;

/// Runs lines until their end. The first error ends the script. `name` is its name in errors.
pub async fn script<R: BufRead>(shell: &mut Shell, lines: Lines<R>, name: &str) -> Result<Then> {
    // A statement that is being typed is not a part of the script.
    let around = std::mem::take(&mut shell.typed);
    let outcome = lines_of(shell, lines, name).await;
    shell.typed = around;
    outcome
}

async fn lines_of<R: BufRead>(shell: &mut Shell, lines: Lines<R>, name: &str) -> Result<Then> {
    for line in lines {
        let line = line.map_err(|why| Error::query(format!("{name}: {why}")))?;
        if let Some(input) = shell.typed.add(&line)
            && run(shell, input).await? == Then::Leave
        {
            return Ok(Then::Leave);
        }
    }
    let rest = shell.typed.take();
    run(shell, Input::Statements(rest)).await
}

/// Runs one input. Returns what only its reader can do: to leave, or to read a text as if it was typed.
pub async fn run(shell: &mut Shell, input: Input) -> Result<Then> {
    let line = match input {
        Input::Command(line) => line,
        Input::Statements(text) => {
            if !split(&text)?.is_empty() {
                shell.last.clone_from(&text);
            }
            return shell.statements(&text, true).await.map(|()| Then::GoOn);
        }
    };
    let (command, argument) = commands::find(&line)?;
    match (command.run)(shell, argument).await? {
        Then::Help => shell.print(&commands::help()).map(|()| Then::GoOn),
        Then::Include(path) => Box::pin(include(shell, &path)).await,
        then => Ok(then),
    }
}

async fn include(shell: &mut Shell, path: &Path) -> Result<Then> {
    if shell.included == INCLUDED {
        return Err(Error::query(format!(
            "{}: \\i is nested too deeply; does the file include itself?",
            path.display()
        )));
    }
    let lines = text_file::lines(path, path.display())?;
    shell.included += 1;
    let outcome = script(shell, lines, &path.display().to_string()).await;
    shell.included -= 1;
    outcome
}

/// Forgets what was read of a statement, and the files that were being read.
pub fn forget(shell: &mut Shell) {
    shell.included = 0;
    shell.typed = Typed::default();
}
