//! Handles Ctrl-C (SIGINT) and SIGTERM while work runs that can be stopped in good order.

use std::future::{Future, pending};
use std::io;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Error, ErrorKind, Result};

/// Ctrl-C alone.
pub const CTRL_C: &[SignalKind] = &[SignalKind::interrupt()];
/// The signals that ask a process to end.
const ENDING: &[SignalKind] = &[SignalKind::interrupt(), SignalKind::terminate()];

/// Receives signals on a thread of its own, because all threads of the engine can be busy.
pub struct Signals(UnboundedReceiver<SignalKind>);

impl Signals {
    /// Receives these signals from now on. They no longer end the process.
    ///
    /// # Errors
    /// A thread cannot be started, or a signal handler cannot be installed.
    pub fn listen(kinds: &[SignalKind]) -> Result<Self> {
        let listen = || -> io::Result<Self> {
            let (sender, receiver) = unbounded();
            let runtime = Builder::new_current_thread().enable_io().build()?;
            let guard = runtime.enter();
            for kind in kinds.iter().copied() {
                let (mut heard, sender) = (signal(kind)?, sender.clone());
                runtime.spawn(async move {
                    while heard.recv().await.is_some() && sender.unbounded_send(kind).is_ok() {}
                });
            }
            drop(guard);
            std::thread::Builder::new().spawn(move || runtime.block_on(pending::<()>()))?;
            Ok(Self(receiver))
        };
        listen().map_err(|e| Error::output(format!("cannot handle signals such as Ctrl-C: {e}")))
    }

    /// Discards the signals that were received so far.
    pub fn forget(&mut self) {
        while self.0.try_recv().is_ok() {}
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> SignalKind {
        match self.0.next().await {
            Some(kind) => kind,
            // The thread has ended, so no signal will come.
            None => pending().await,
        }
    }
}

/// Does the work, unless a signal asks the process to end first. Then the work is dropped, which deletes
/// the folder of a run and temporary files.
///
/// # Errors
/// The error of the work, or [`ErrorKind::Stopped`].
pub async fn unless_ended<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut signals = Signals::listen(ENDING)?;
    tokio::select! {
        biased;
        kind = signals.next() => {
            let by = if kind == SignalKind::interrupt() { "interrupted" } else { "terminated" };
            let signal = u8::try_from(kind.as_raw_value()).unwrap_or_default();
            Err(Error::new(ErrorKind::Stopped { signal }, format!("{by}; published tables stay complete")))
        }
        outcome = work => outcome,
    }
}
