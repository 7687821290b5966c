//! What a command of the shell is.

use futures::future::LocalBoxFuture;

use super::state::{Shell, Then};
use crate::error::Result;

/// A backslash command.
pub struct Command {
    /// Its names: `\d`, `\dt`. All of them do the same.
    pub names: &'static [&'static str],
    /// Its arguments, for the help: `[NAME]`.
    pub arguments: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
    /// What its argument is, for completion.
    pub argument: Argument,
    /// Runs it. The text behind its name is the argument, without blanks around it.
    pub run: for<'a> fn(&'a mut Shell, &'a str) -> LocalBoxFuture<'a, Result<Then>>,
}

/// What can be completed behind the name of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    Other,
    Table,
    Function,
    /// One of these words.
    OneOf(&'static [&'static str]),
}
