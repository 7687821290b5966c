//! Ctrl-C and the like, while something runs that can be stopped in good order.

use std::future::{Future, pending};
use std::io;

use datafusion_engagement::error::{Error, ErrorKind, Result};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Ctrl-C alone.
pub const CTRL_C: &[SignalKind] = &[SignalKind::interrupt()];
/// What asks a process to end.
const ENDING: &[SignalKind] = &[SignalKind::interrupt(), SignalKind::terminate()];

/// Hears signals on a thread of its own, since the threads of the engine can all be busy.
pub struct Signals(UnboundedReceiver<SignalKind>);

impl Signals {
    /// Listens from now on: these signals no longer end the process.
    ///
    /// # Errors
    /// The machine has no thread or handler to give.
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
        listen().map_err(|e| Error::output(format!("Ctrl-C cannot be heard: {e}")))
    }

    /// Forgets what came before.
    pub fn forget(&mut self) {
        while self.0.try_recv().is_ok() {}
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> SignalKind {
        match self.0.next().await {
            Some(kind) => kind,
            // Nobody listens any more, so there will be none.
            None => pending().await,
        }
    }
}

/// Does the work, unless a signal asks to end first. What the work holds is dropped then: the folder
/// of a run, temporary files.
pub async fn unless_ended<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut signals = Signals::listen(ENDING)?;
    tokio::select! {
        biased;
        kind = signals.next() => {
            let by = if kind == SignalKind::interrupt() { "interrupted" } else { "asked to end" };
            let signal = u8::try_from(kind.as_raw_value()).unwrap_or_default();
            Err(Error::new(ErrorKind::Stopped { signal }, format!("{by}; what was published stays whole")))
        }
        outcome = work => outcome,
    }
}
