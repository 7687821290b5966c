//! Ctrl-C while a statement runs.

use std::io;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Hears Ctrl-C on a thread of its own, since the threads of the engine can all be busy.
pub struct Interrupts(UnboundedReceiver<()>);

impl Interrupts {
    /// Listens from now on: Ctrl-C no longer ends the process.
    pub fn listen() -> io::Result<Self> {
        let (sender, receiver) = unbounded();
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let mut interrupts = {
            let _guard = runtime.enter();
            signal(SignalKind::interrupt())?
        };
        std::thread::Builder::new().spawn(move || {
            runtime.block_on(async {
                while interrupts.recv().await.is_some() && sender.unbounded_send(()).is_ok() {}
            });
        })?;
        Ok(Self(receiver))
    }

    /// Forgets what came before.
    pub fn forget(&mut self) {
        while self.0.try_recv().is_ok() {}
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        if self.0.next().await.is_none() {
            // Nobody listens any more, so there will be none.
            std::future::pending::<()>().await;
        }
    }
}
