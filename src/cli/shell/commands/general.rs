//! Commands about the shell: `\?`, `\q`.

use futures::future::ready;

use super::super::command::{Argument, Command};
use super::super::state::Then;

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        names: &["\\?", "\\h"],
        arguments: "",
        help: "this text",
        argument: Argument::Other,
        run: |_, _| Box::pin(ready(Ok(Then::Help))),
    },
    Command {
        names: &["\\q"],
        arguments: "",
        help: "leave; exit, quit and Ctrl-D also leave",
        argument: Argument::Other,
        run: |_, _| Box::pin(ready(Ok(Then::Leave))),
    },
];
