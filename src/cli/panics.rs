//! Turns a panic into an error of one line.

use std::panic::PanicHookInfo;
use std::sync::Mutex;

use crate::error::one_line;

static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// The panic hook: records the message and the location of the first panic, and prints nothing.
pub fn record(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
    if let Ok(mut first) = FIRST.lock() {
        first.get_or_insert_with(|| format!("internal error, please report it: {}{place}", one_line(said)));
    }
}

/// The recorded message.
pub fn recorded() -> String {
    let first = FIRST.lock().ok().and_then(|mut first| first.take());
    first.unwrap_or_else(|| "internal error, please report it".to_owned())
}
