//! The state of the shell, and how it runs statements.

use std::path::PathBuf;

use super::typed::Typed;
use crate::cli::limits::{Limits, within};
use crate::cli::results::Answers;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::query::statements::split;

/// What a command asks for after it has run.
#[derive(Debug, PartialEq, Eq)]
pub enum Then {
    GoOn,
    Leave,
    /// The list of the commands.
    Help,
    /// The statements of a file.
    Include(PathBuf),
    /// This text, as if it was typed.
    Type(String),
}

pub struct Shell {
    pub session: Session,
    pub answers: Answers,
    pub timing: bool,
    /// Whether standard input is a terminal, so that a person types.
    pub person: bool,
    /// Whether scripts may also name files.
    pub allow_files: bool,
    /// The limits of each statement.
    pub limits: Limits,
    /// The depth of the included file that is read now; 0 outside files.
    pub included: usize,
    /// The beginning of a statement that is not complete yet.
    pub typed: Typed,
    /// The statements that ran last.
    pub last: String,
    /// Whether a pager is used.
    pub pager: bool,
}

impl Shell {
    /// Runs statements, and shows their results, in the pager if it is `paged`.
    pub async fn statements(&mut self, text: &str, paged: bool) -> Result<()> {
        for statement in split(text)? {
            let answer = self.answers.answer(&mut self.session.statements, statement);
            let answer = within(self.limits, answer).await;
            // What there is of the result of a statement that failed, too.
            self.answers.show(paged && self.pager)?;
            let answer = answer?;
            answer.print_notes();
            if self.timing {
                answer.print_time();
            }
        }
        Ok(())
    }

    /// Prints a text between the results.
    pub fn print(&mut self, text: &str) -> Result<()> {
        self.answers.print(text, self.pager)
    }

    /// Whether a person has typed the command that runs now.
    pub fn is_typed(&self) -> bool {
        self.person && self.included == 0
    }

    /// Checks that a command may name a file. A person who types may name any file. A script may not,
    /// even if a person includes it, unless files are permitted.
    ///
    /// # Errors
    /// It may not.
    pub fn permit_files(&self, command: &str) -> Result<()> {
        if self.allow_files || self.is_typed() {
            return Ok(());
        }
        Err(Error::query(format!(
            "{command} is not permitted in a script: it can reach files outside the enrichment; \
             --allow-files permits it"
        )))
    }

    /// Checks that a person has typed a command that needs one.
    ///
    /// # Errors
    /// It is in a script.
    pub fn permit_by_hand(&self, command: &str) -> Result<()> {
        if self.is_typed() {
            return Ok(());
        }
        Err(Error::query(format!("{command} is for a person at a terminal; leave it out of scripts")))
    }

    /// The statement that is being typed or, if there is none, those that ran last.
    ///
    /// # Errors
    /// There are none.
    pub fn current(&self, command: &str) -> Result<String> {
        let typed = self.typed.text();
        let text = if typed.trim().is_empty() { self.last.as_str() } else { typed };
        if text.trim().is_empty() {
            return Err(Error::query(format!("there is no statement for {command} yet; type one")));
        }
        Ok(text.to_owned())
    }
}
