//! A panic as an error of one line.

use std::panic::PanicHookInfo;
use std::sync::Mutex;

use datafusion_engagement::error::one_line;

static KEPT: Mutex<Option<String>> = Mutex::new(None);

/// The hook: keeps what the first panic said and where, and prints nothing.
pub fn keep(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
    if let Ok(mut kept) = KEPT.lock() {
        kept.get_or_insert_with(|| format!("internal error, please report it: {}{place}", one_line(said)));
    }
}

/// What was kept.
pub fn kept() -> String {
    let kept = KEPT.lock().ok().and_then(|mut kept| kept.take());
    kept.unwrap_or_else(|| "internal error, please report it".to_owned())
}
