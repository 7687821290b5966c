//! Catches the panic of a reader. Some damaged files make a reader panic, which counts as an error of the
//! file.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// The payload of a panic.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Runs the work. A panic in it is returned as an error.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panic> {
    AssertUnwindSafe(work).catch_unwind().await
}

/// The text of an error for the panic of a reader; the caller adds the name of the file.
pub(crate) fn panic_message(panic: &Panic) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
    format!("the reader fails: {}", said.unwrap_or("it gives no reason"))
}
