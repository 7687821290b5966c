//! Commands about tables and functions: `\d`, `\df`.

use super::super::command::{Argument, Command};
use super::super::state::{Shell, Then};
use super::describe;
use crate::error::Result;

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        names: &["\\d", "\\dt", "\\dv"],
        arguments: "[NAME]",
        help: "tables and views; columns of a table, and the SQL of a view",
        argument: Argument::Table,
        run: |shell, name| Box::pin(tables(shell, name)),
    },
    Command {
        names: &["\\df"],
        arguments: "[PATTERN]",
        help: "functions; * matches anything; a whole name shows the documentation",
        argument: Argument::Function,
        run: |shell, pattern| Box::pin(functions(shell, pattern)),
    },
];

async fn tables(shell: &mut Shell, name: &str) -> Result<Then> {
    let statements = &shell.session.statements;
    let text = match name {
        "" => describe::tables(statements.context()).await?,
        name => describe::table(statements, name).await?,
    };
    shell.print(&text).map(|()| Then::GoOn)
}

async fn functions(shell: &mut Shell, pattern: &str) -> Result<Then> {
    let pattern = (!pattern.is_empty()).then_some(pattern);
    let text = describe::functions(shell.session.statements.context(), pattern)?;
    shell.print(&text).map(|()| Then::GoOn)
}
