//! Commands about files: `\i`, `\o`.

use std::fs::File;
use std::path::Path;

use futures::future::ready;

use super::super::command::{Argument, Command};
use super::super::state::{Shell, Then};
use crate::error::{Error, Result};

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        names: &["\\i"],
        arguments: "FILE",
        help: "run the statements of a file",
        argument: Argument::Other,
        run: |shell, path| Box::pin(ready(include(shell, path))),
    },
    Command {
        names: &["\\o"],
        arguments: "[FILE]",
        help: "send results to a file, or back to the terminal",
        argument: Argument::Other,
        run: |shell, path| Box::pin(ready(redirect(shell, path))),
    },
];

fn include(shell: &Shell, path: &str) -> Result<Then> {
    if path.is_empty() {
        return Err(Error::query("\\i needs a file"));
    }
    shell.permit_files("\\i")?;
    Ok(Then::Include(path.into()))
}

fn redirect(shell: &mut Shell, path: &str) -> Result<Then> {
    let file = if path.is_empty() {
        None
    } else {
        shell.permit_files("\\o")?;
        let cannot = |e| Error::output(format!("{}: {e}", Path::new(path).display()));
        Some(File::create(path).map_err(cannot)?)
    };
    shell.answers.redirect(file)?;
    Ok(Then::GoOn)
}
