//! Shows a text to a person: in a pager if it does not fit on the terminal.

use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Stdio};

use super::out;
use super::text::columns;
use crate::error::Result;

/// The pager of a person who has not chosen one. It needs a terminal that can move its cursor.
const DEFAULT: &str = "less";
/// Its options: it ends at once if the text fits, and leaves the text on the terminal.
const OPTIONS: (&str, &str) = ("LESS", "FRX");

/// The lines below a result: its number of rows, and the prompt.
const BELOW: usize = 2;

/// The exit codes by which a shell says that there is no such program.
const NO_PROGRAM: [Option<i32>; 2] = [Some(126), Some(127)];

/// Prints a text to standard output, in the pager if that is a terminal on which it does not fit. The pager is
/// `$PAGER`, which is a command line; there is none if it is blank. If the pager cannot be started, the text is printed.
///
/// # Errors
/// Standard output cannot be written.
pub fn show(text: &str) -> Result<()> {
    let fits = out::size().is_none_or(|(width, height)| height_of(text, width) + BELOW <= height);
    if fits || !page(text) { out::print(text) } else { Ok(()) }
}

/// How many lines of a terminal a text takes.
fn height_of(text: &str, width: usize) -> usize {
    text.lines().map(|line| columns(line).div_ceil(width).max(1)).sum()
}

/// Shows a text in the pager, and waits until the person leaves it. Returns whether there is a pager.
fn page(text: &str) -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
    let Some(mut pager) = pager(std::env::var_os("PAGER"), is_dumb) else { return false };
    if std::env::var_os(OPTIONS.0).is_none() {
        pager.env(OPTIONS.0, OPTIONS.1);
    }
    let Ok(mut pager) = pager.stdin(Stdio::piped()).spawn() else { return false };
    // A person may leave the pager before it has read everything. Its input ends when it is dropped.
    let _ = pager.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
    pager.wait().is_ok_and(|status| !NO_PROGRAM.contains(&status.code()))
}

/// The pager that a person has chosen, or the default one, which a dumb terminal has not.
fn pager(chosen: Option<OsString>, is_dumb: bool) -> Option<Command> {
    let Some(chosen) = chosen else { return (!is_dumb).then(|| Command::new(DEFAULT)) };
    if chosen.to_string_lossy().trim().is_empty() {
        return None;
    }
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(chosen);
    Some(shell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_takes_several_lines() {
        assert_eq!(height_of("", 5), 0);
        assert_eq!(height_of("a\n\n12345\n123456\n", 5), 5);
    }

    #[test]
    fn the_pager_is_the_one_that_is_chosen() {
        let line = |chosen: Option<&str>| {
            let pager = pager(chosen.map(OsString::from), false)?;
            let arguments = pager.get_args().map(|argument| argument.to_string_lossy().into_owned());
            Some(
                [pager.get_program().to_string_lossy().into_owned()]
                    .into_iter()
                    .chain(arguments)
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(line(None).unwrap(), ["less"]);
        assert_eq!(line(Some("more -d | cat")).unwrap(), ["sh", "-c", "more -d | cat"]);
        assert_eq!([line(Some("")), line(Some("  "))], [None, None]);
        assert!(pager(None, true).is_none() && pager(Some("more".into()), true).is_some());
    }
}
