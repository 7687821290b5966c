//! Work on a thread of its own, so that the caller can stop waiting for it at any moment.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};

/// Stack size in bytes of such a thread, and of the thread of the command line. Planning is recursive, so statements of thousands of terms need a deep
/// stack. The system allocates only the pages that are used.
pub(crate) const STACK: usize = 512 << 20;

/// Does work that can keep its thread busy for long: planning a statement. If the caller stops waiting, the work
/// is dropped as soon as it waits for something itself; until then its thread goes on, and nobody waits for it.
///
/// # Errors
/// A thread cannot be started.
///
/// # Panics
/// With the panic of the work, and outside of a Tokio runtime.
pub(crate) async fn on_own_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    let runtime = Handle::current();
    let (mut sender, receiver) = oneshot::channel();
    let thread = move || {
        let unless_forgotten = async {
            tokio::select! {
                biased;
                () = sender.closed() => None,
                done = work => Some(done),
            }
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(unless_forgotten)));
        // If nobody waits any more, nobody receives this.
        let _ = sender.send(outcome);
    };
    let failed = |e: &dyn std::fmt::Display| Error::new(ErrorKind::Engine, format!("a thread failed: {e}"));
    let builder = std::thread::Builder::new().name("planning".to_owned()).stack_size(STACK);
    builder.spawn(thread).map_err(|e| failed(&e))?;
    match receiver.await.map_err(|e| failed(&e))? {
        Ok(Some(done)) => Ok(done),
        Ok(None) => Err(failed(&"its work was dropped")),
        Err(panic) => resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// The runtime of this test has one thread, which must stay free.
    #[tokio::test]
    async fn the_caller_can_stop_waiting_for_work_that_blocks() {
        let (begun, has_begun) = oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let (dropped, is_dropped) = oneshot::channel::<()>();
        let work = on_own_thread(async move {
            let _dropped = dropped;
            begun.send(()).unwrap();
            let _ = released.recv();
            std::future::pending::<()>().await;
        });
        tokio::select! {
            _ = work => panic!("the work does not end"),
            begun = has_begun => begun.unwrap(),
        }
        drop(release);
        assert!(is_dropped.await.is_err(), "forgotten work is dropped where it waits");
    }

    #[tokio::test]
    async fn results_and_panics_arrive() {
        assert_eq!(on_own_thread(async { 7 }).await.unwrap(), 7);
        let panicked = tokio::spawn(on_own_thread(async { panic!("seven") })).await.unwrap_err();
        assert_eq!(panicked.into_panic().downcast_ref(), Some(&"seven"));
    }
}
