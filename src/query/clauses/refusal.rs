//! The refusal of a clause.

use std::ops::ControlFlow;

/// The outcome of a check. It breaks with the message of the error.
pub(super) type Checked = ControlFlow<String>;

/// The refusal of a clause: what it is, and what to write instead.
pub(super) fn refused(what: &str, instead: &str) -> Checked {
    ControlFlow::Break(format!("{what} is not supported; {instead}"))
}

/// Refuses the clause if it is there.
pub(super) fn absent(is_there: bool, what: &str, instead: &str) -> Checked {
    if is_there { refused(what, instead) } else { ControlFlow::Continue(()) }
}
