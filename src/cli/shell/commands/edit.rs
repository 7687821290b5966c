//! Commands about the statement that is being typed, or that ran last: `\e`, `\watch`.

use std::ffi::OsString;
use std::process::Command as Process;
use std::time::Duration;

use chrono::Local;
use futures::future::ready;

use super::super::command::{Argument, Command};
use super::super::state::{Shell, Then};
use crate::cli::out::{note, written};
use crate::config::text_file;
use crate::error::{Error, Result};

pub(super) const COMMANDS: [Command; 2] = [
    Command {
        names: &["\\e"],
        arguments: "",
        help: "edit the statement in $EDITOR, then run it if it ends with a semicolon",
        argument: Argument::Other,
        run: |shell, argument| Box::pin(ready(edit(shell, argument))),
    },
    Command {
        names: &["\\watch"],
        arguments: "[SECONDS]",
        help: "run the statement again and again, by default every 2 seconds, until Ctrl-C",
        argument: Argument::Other,
        run: |shell, seconds| Box::pin(watch(shell, seconds)),
    },
];

/// The editor of a person who has not chosen one.
const DEFAULT: &str = "vi";

/// The largest text in bytes that is read from the editor.
const LARGEST: u64 = 64 << 20;

/// The longest time between two runs, in seconds: a year.
const LONGEST: f64 = 365.0 * 86_400.0;

fn edit(shell: &mut Shell, argument: &str) -> Result<Then> {
    shell.permit_by_hand("\\e")?;
    if !argument.is_empty() {
        return Err(Error::query("\\e takes no argument: it edits the statement; \\i FILE runs a file"));
    }
    let before = shell.current("\\e").unwrap_or_default();
    let after = edited(&before, editor(["EDITOR", "VISUAL"].map(std::env::var_os)))?;
    if after == before {
        note("the text is as it was; nothing is run");
        return Ok(Then::GoOn);
    }
    shell.typed.take();
    Ok(Then::Type(after))
}

/// The command line of the editor: the first that a person has chosen.
fn editor(chosen: [Option<OsString>; 2]) -> OsString {
    let is_one = |editor: &OsString| !editor.to_string_lossy().trim().is_empty();
    chosen.into_iter().flatten().find(is_one).unwrap_or_else(|| DEFAULT.into())
}

/// The text after a person has edited it. It is in a temporary file that only its owner can read.
///
/// # Errors
/// The editor cannot be started, or fails, or its text cannot be read.
fn edited(text: &str, editor: OsString) -> Result<String> {
    let file = tempfile::Builder::new().prefix("engagement-").suffix(".sql").tempfile();
    let file = written(file.and_then(|file| std::fs::write(file.path(), text).map(|()| file)))?;
    let shown = editor.to_string_lossy().into_owned();
    let mut line = editor;
    // The file is the argument of the shell, so that nothing in its path is taken for a part of the command.
    line.push(" \"$1\"");
    let status = Process::new("sh").arg("-c").arg(line).arg("sh").arg(file.path()).status();
    let failed = |why: String| Error::query(format!("the editor {shown} {why}; nothing is run; set EDITOR"));
    let status = status.map_err(|e| failed(format!("cannot be started: {e}")))?;
    if !status.success() {
        return Err(failed(format!("has ended with {status}")));
    }
    // Some editors replace the file, so it is read by its path.
    text_file::regular(file.path(), LARGEST).map_err(|why| Error::query(format!("the edited text: {why}")))
}

async fn watch(shell: &mut Shell, seconds: &str) -> Result<Then> {
    shell.permit_by_hand("\\watch")?;
    let pause = pause(seconds)?;
    let text = shell.current("\\watch")?;
    // What was being typed is run now, like a statement that has its semicolon.
    if !shell.typed.is_blank() {
        shell.last = shell.typed.take();
    }
    loop {
        note(format!("{} (every {} s)", Local::now().format("%Y-%m-%d %H:%M:%S"), pause.as_secs_f64()));
        shell.statements(&text, false).await?;
        tokio::time::sleep(pause).await;
    }
}

/// The time between two runs.
fn pause(seconds: &str) -> Result<Duration> {
    let wrong = || Error::query(format!("\\watch needs a number of seconds greater than 0, not {seconds}"));
    let seconds = if seconds.is_empty() { 2.0 } else { seconds.parse::<f64>().map_err(|_| wrong())? };
    if seconds > 0.0 && seconds <= LONGEST { Ok(Duration::from_secs_f64(seconds)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_editor_is_the_one_that_is_chosen() {
        let chosen = |editors: [Option<&str>; 2]| editor(editors.map(|editor| editor.map(OsString::from)));
        assert_eq!(chosen([Some("nano"), Some("vim")]), "nano");
        assert_eq!(chosen([Some(" "), Some("code --wait")]), "code --wait");
        assert_eq!(chosen([None, None]), "vi");
    }

    #[test]
    fn a_text_is_edited_in_a_file() {
        assert_eq!(edited("select 1", "true".into()).unwrap(), "select 1");
        assert_eq!(edited("select 1", "sed -i s/1/2/".into()).unwrap(), "select 2");
        let replaced = edited("a", "f() { printf b > \"$1.new\"; mv \"$1.new\" \"$1\"; }; f".into());
        assert_eq!(replaced.unwrap(), "b");
        let error = edited("a", "exit 3 #".into()).unwrap_err();
        let says = "the editor exit 3 # has ended with exit status: 3; nothing is run; set EDITOR";
        assert_eq!((error.to_string().as_str(), error.exit_code()), (says, 2));
    }

    #[test]
    fn a_pause_is_a_number_of_seconds() {
        assert_eq!(pause("").unwrap(), Duration::from_secs(2));
        assert_eq!(pause("0.5").unwrap(), Duration::from_millis(500));
        for wrong in ["0", "-1", "x", "nan", "inf", "1e300", "2s"] {
            assert!(pause(wrong).is_err(), "{wrong}");
        }
    }
}
