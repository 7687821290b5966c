//! A reader that panics on a damaged file has refused it.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// What a panic carries.
pub(super) type Panic = Box<dyn Any + Send>;

/// Does the work; a panic in it is a value.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panic> {
    AssertUnwindSafe(work).catch_unwind().await
}

/// What the panic of a reader says of the file.
pub(super) fn told(panic: &Panic) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
    format!("its reader fails: {}", said.unwrap_or("no reason given"))
}
