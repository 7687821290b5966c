//! Standard output and standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// The width in columns if standard output is not a terminal.
const WIDTH: usize = 80;

/// Standard output. It records that its reader has closed it.
struct Stdout(io::Stdout);

impl Stdout {
    fn heed<T>(result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
            CLOSED.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::heed(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::heed(self.0.flush())
    }
}

/// Standard output with a buffer. The caller must flush it.
pub fn stdout() -> impl Write + Send {
    BufWriter::with_capacity(1 << 16, Stdout(io::stdout()))
}

/// Whether the reader of standard output has closed it, as `head` does. This is not a failure.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Prints a text to standard output.
pub fn print(text: &str) -> Result<()> {
    let mut out = stdout();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Converts an error of writing a result.
pub fn written<T, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    result: std::result::Result<T, E>,
) -> Result<T> {
    result.map_err(|error| {
        let error = error.into();
        Error::output(format!("the result cannot be written: {error}")).with_source(error)
    })
}

/// Writes a message for the user to standard error.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes a message for the user to standard error, if that is a terminal.
pub fn note_on_terminal(text: impl Display) {
    if io::stderr().is_terminal() {
        note(text);
    }
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The width of standard output in columns.
pub fn width() -> usize {
    size().map_or(WIDTH, |(columns, _)| columns)
}

/// The columns and lines of standard output; `None` if it is not a terminal, or one that does not tell.
pub fn size() -> Option<(usize, usize)> {
    if !is_terminal() {
        return None;
    }
    let (columns, lines) = rustyline::DefaultEditor::new().ok()?.dimensions()?;
    (columns > 0 && lines > 0).then(|| (columns.into(), lines.into()))
}
