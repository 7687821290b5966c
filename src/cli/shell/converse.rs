//! Reads from a person at a terminal.

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::helper::ShellHelper;
use super::history;
use super::read::{forget, run};
use super::state::{Shell, Then};
use super::typed::Input;
use crate::cli::out::{self, note, note_on_terminal};
use crate::cli::signals::{CTRL_C, Signals};
use crate::cli::text::{columns, visible};
use crate::error::{Error, Result};

/// The prompts: of a statement, and of each further line of it. Both have the same width.
struct Prompts {
    first: String,
    further: String,
}

impl Prompts {
    fn of(name: &str) -> Self {
        let first = format!("{name}> ");
        let further = format!("{:>width$}", "-> ", width = columns(&first));
        Self { first, further }
    }
}

/// Reads from a terminal until its end. Errors are printed, and the shell continues.
///
/// # Errors
/// The terminal cannot be used.
pub async fn converse(shell: &mut Shell) -> Result<()> {
    let terminal = |e: ReadlineError| Error::output(format!("the terminal cannot be used: {e}"));
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .max_history_size(10_000)
        .map_err(terminal)?
        .build();
    let mut editor: Editor<ShellHelper, FileHistory> = Editor::with_default(config).map_err(terminal)?;
    editor.set_helper(Some(ShellHelper::default()));
    let file = history::load(&mut editor);
    let mut interrupts = Signals::listen(CTRL_C)?;
    let name = visible(&shell.session.enrichment.name);
    note_on_terminal(format!("{name}: \\d lists the tables, \\? all commands, \\q leaves"));
    let prompts = Prompts::of(&name);
    // What is still to be read: what a person has typed, or a command has asked for.
    let mut waiting = vec![];
    loop {
        let Some(line) = waiting.pop() else {
            if let Some(helper) = editor.helper_mut() {
                helper.learn(&shell.session.statements);
            }
            let prompt = if shell.typed.is_blank() { &prompts.first } else { &prompts.further };
            match editor.readline(prompt) {
                Ok(text) => waiting = lines(&text),
                Err(ReadlineError::Interrupted) => forget(shell),
                Err(ReadlineError::Eof) => return Ok(()),
                Err(error) => return Err(terminal(error)),
            }
            continue;
        };
        let Some(input) = shell.typed.add(&line) else { continue };
        let (Input::Command(entry) | Input::Statements(entry)) = &input;
        if entry.trim().is_empty() {
            continue;
        }
        // An error of the history does not stop the shell.
        let _ = editor.add_history_entry(entry.trim_end());
        history::append(&mut editor, file.as_deref());
        interrupts.forget();
        let outcome = tokio::select! {
            biased;
            _ = interrupts.next() => None,
            outcome = run(shell, input) => Some(outcome),
        };
        match outcome {
            Some(Ok(Then::Leave)) => return Ok(()),
            Some(Ok(Then::Type(text))) => {
                note(text.trim_end());
                waiting = lines(&text);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) if out::is_closed() => return Err(error),
            Some(Err(error)) => {
                let _ = shell.answers.show(false);
                waiting.clear();
                note(format!("error: {error}"));
            }
            None => {
                let _ = shell.answers.show(false);
                waiting.clear();
                forget(shell);
                note("\ncancelled");
            }
        }
    }
}

/// The lines of a text, last one first. An empty text is an empty line, which can be within a literal.
fn lines(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec![String::new()];
    }
    text.lines().rev().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_have_the_same_width() {
        let prompts = Prompts::of("größe");
        assert_eq!((prompts.first.as_str(), prompts.further.as_str()), ("größe> ", "    -> "));
        let prompts = Prompts::of("a");
        assert_eq!((prompts.first.as_str(), prompts.further.as_str()), ("a> ", "-> "));
    }
}
