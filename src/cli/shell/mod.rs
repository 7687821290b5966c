//! The shell: runs statements and backslash commands, from a terminal or from standard input.

mod commands;
mod describe;
mod helper;
mod history;

use std::fs::File;
use std::io::{BufRead, IsTerminal};
use std::path::Path;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use self::commands::Command;
use self::helper::ShellHelper;
use super::format::{Format, Layout};
use super::limits::{Limits, within};
use super::out::{self, note, note_on_terminal};
use super::results::Answers;
use super::session::Session;
use super::signals::{CTRL_C, Signals};
use super::text::visible;
use crate::config::text_file::{self, Lines, MARK};
use crate::error::{Error, Result};
use crate::query::statements::{is_complete, split};

/// Maximum number of rows of a table that an interactive shell prints.
const ROWS: usize = 1000;

/// Maximum depth of files that include files, so that a file that includes itself is an error.
const INCLUDED: usize = 16;

/// Whether the shell continues.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    Leave,
}

struct Shell {
    session: Session,
    answers: Answers,
    timing: bool,
    /// Whether standard input is a terminal, so that a person types.
    person: bool,
    /// Whether scripts may also name files.
    allow_files: bool,
    /// The limits of each statement.
    limits: Limits,
    /// The depth of the included file that is read now; 0 outside files.
    included: usize,
}

/// Runs the shell on standard input: as an editor with history and completion if that is a terminal, else
/// as a script.
pub async fn run(
    session: Session,
    format: Format,
    exact: bool,
    allow_files: bool,
    limits: Limits,
) -> Result<()> {
    let person = std::io::stdin().is_terminal();
    let layout = Layout { rows: person.then_some(ROWS), exact, ..Layout::default() };
    let answers = Answers::new(format, layout, Box::new(out::stdout()));
    let mut shell = Shell { session, answers, timing: false, person, allow_files, limits, included: 0 };
    if person {
        shell.converse().await
    } else {
        let lines = Lines::new(std::io::stdin().lock());
        shell.script(lines, "standard input").await.map(|_| ())
    }
}

impl Shell {
    /// Reads from a terminal until its end. Errors are printed, and the shell continues.
    async fn converse(&mut self) -> Result<()> {
        let terminal = |e: ReadlineError| Error::output(format!("the terminal cannot be used: {e}"));
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .history_ignore_space(true)
            .max_history_size(10_000)
            .map_err(terminal)?
            .build();
        let mut editor: Editor<ShellHelper, FileHistory> = Editor::with_default(config).map_err(terminal)?;
        editor.set_helper(Some(ShellHelper::default()));
        let history = history::load(&mut editor);
        let mut interrupts = Signals::listen(CTRL_C)?;
        let name = visible(&self.session.enrichment.name);
        note_on_terminal(format!("{name}: \\d lists the tables, \\? all commands, \\q leaves"));
        let prompt = format!("{name}> ");
        loop {
            if let Some(helper) = editor.helper_mut() {
                helper.learn(&self.session.statements);
            }
            let text = match editor.readline(&prompt) {
                Ok(text) => text,
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => return Ok(()),
                Err(error) => return Err(terminal(error)),
            };
            if text.trim().is_empty() {
                continue;
            }
            // An error of the history does not stop the shell.
            let _ = editor.add_history_entry(text.trim_end());
            history::append(&mut editor, history.as_deref());
            interrupts.forget();
            let outcome = tokio::select! {
                biased;
                _ = interrupts.next() => None,
                outcome = self.text(&text) => Some(outcome),
            };
            match outcome {
                Some(Ok(Then::GoOn)) => {}
                Some(Ok(Then::Leave)) => return Ok(()),
                Some(Err(error)) if out::is_closed() => return Err(error),
                Some(Err(error)) => {
                    let _ = self.answers.print("");
                    note(format!("error: {error}"));
                }
                None => {
                    let _ = self.answers.print("");
                    self.included = 0;
                    note("\ncancelled");
                }
            }
        }
    }

    /// Runs lines until their end. The first error ends the script. A byte order mark between statements is
    /// skipped: it is there if scripts were put together from several files.
    async fn script<R: BufRead>(&mut self, lines: Lines<R>, name: &str) -> Result<Then> {
        let mut text = String::new();
        for line in lines {
            let line = line.map_err(|why| Error::query(format!("{name}: {why}")))?;
            // No other line completes a statement or a comment, so the text is not read again for it.
            let may_end = text.is_empty() || [";", "*/"].iter().any(|end| line.contains(end));
            text += if text.trim_start().is_empty() { line.trim_start_matches(MARK) } else { &line };
            text.push('\n');
            let is_whole = text.trim_start().starts_with('\\') || may_end && is_complete(&text);
            if is_whole && self.text(&std::mem::take(&mut text)).await? == Then::Leave {
                return Ok(Then::Leave);
            }
        }
        self.text(&text).await
    }

    /// Runs one input: a backslash command, or statements.
    async fn text(&mut self, text: &str) -> Result<Then> {
        if let Some(command) = Command::parse(text)? {
            return self.command(command).await;
        }
        for statement in split(text)? {
            self.statement(statement).await?;
        }
        Ok(Then::GoOn)
    }

    async fn statement(&mut self, statement: &str) -> Result<()> {
        let answer = self.answers.answer(&mut self.session.statements, statement);
        within(self.limits, answer).await?.print_rows_and_time(self.timing);
        Ok(())
    }

    async fn command(&mut self, command: Command) -> Result<Then> {
        match command {
            Command::Leave => return Ok(Then::Leave),
            Command::Help => self.answers.print(commands::HELP)?,
            Command::Tables => {
                let tables = describe::tables(self.session.statements.context()).await?;
                self.answers.print(&tables)?;
            }
            Command::Columns(name) => {
                let columns = describe::columns(&self.session.statements, &name).await?;
                self.answers.print(&columns)?;
            }
            Command::Functions(pattern) => {
                let functions = describe::functions(self.session.statements.context(), pattern.as_deref())?;
                self.answers.print(&functions)?;
            }
            Command::Format(format) => self.answers.format = format,
            Command::Vertical => {
                let vertical = &mut self.answers.layout.vertical;
                *vertical = !*vertical;
                note_on_terminal(if *vertical { "one line for each value" } else { "one line for each row" });
            }
            Command::Exact => {
                let exact = &mut self.answers.layout.exact;
                *exact = !*exact;
                note_on_terminal(if *exact { "numbers with all digits" } else { "numbers are rounded" });
            }
            Command::Timing => {
                self.timing = !self.timing;
                note_on_terminal(if self.timing { "timing is on" } else { "timing is off" });
            }
            Command::Include(path) => {
                self.permit_files("\\i")?;
                return Box::pin(self.include(Path::new(&path))).await;
            }
            Command::Output(None) => self.redirect(None)?,
            Command::Output(Some(path)) => {
                self.permit_files("\\o")?;
                self.redirect(Some(Path::new(&path)))?;
            }
        }
        Ok(Then::GoOn)
    }

    /// Checks that a command may name a file. A person who types may name any file. A script may not,
    /// even if a person includes it, unless files are permitted.
    fn permit_files(&self, command: &str) -> Result<()> {
        if self.allow_files || self.person && self.included == 0 {
            return Ok(());
        }
        Err(Error::query(format!(
            "{command} is not permitted in a script: it can reach files outside the enrichment; \
             --allow-files permits it"
        )))
    }

    async fn include(&mut self, path: &Path) -> Result<Then> {
        if self.included == INCLUDED {
            return Err(Error::query(format!(
                "{}: \\i is nested too deeply; does the file include itself?",
                path.display()
            )));
        }
        let lines = text_file::lines(path, path.display())?;
        self.included += 1;
        let outcome = self.script(lines, &path.display().to_string()).await;
        self.included -= 1;
        outcome
    }

    /// Sends results to a file, or to standard output again.
    fn redirect(&mut self, path: Option<&Path>) -> Result<()> {
        let file = path
            .map(|path| File::create(path).map_err(|e| Error::output(format!("{}: {e}", path.display()))));
        self.answers.redirect(file.transpose()?)
    }
}
