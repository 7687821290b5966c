//! Standard output and standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion_engagement::error::{Error, Result};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// The width of what is no terminal.
const WIDTH: usize = 80;

/// Standard output, which remembers when nobody reads it any more.
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

/// Standard output; flush it.
pub fn stdout() -> impl Write + Send {
    BufWriter::with_capacity(1 << 16, Stdout(io::stdout()))
}

/// Whether the reader of standard output has gone, as `head` does: no failure of ours.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Prints a text to standard output.
pub fn print(text: &str) -> Result<()> {
    let mut out = stdout();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What became of writing a result.
pub fn written<T, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    result: std::result::Result<T, E>,
) -> Result<T> {
    result.map_err(|error| {
        let error = error.into();
        Error::output(format!("the result cannot be written: {error}")).with_source(error)
    })
}

/// Tells something to the person who started the command.
pub fn tell(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The same, if there is a person.
pub fn tell_person(text: impl Display) {
    if io::stderr().is_terminal() {
        tell(text);
    }
}

/// Whether a person reads standard output.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// How many columns standard output has.
pub fn width() -> usize {
    let columns =
        || rustyline::DefaultEditor::new().ok()?.dimensions().map(|(columns, _)| usize::from(columns));
    if is_terminal() { columns().filter(|&c| c > 0).unwrap_or(WIDTH) } else { WIDTH }
}
