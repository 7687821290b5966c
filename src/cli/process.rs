//! The process of the command line: parses the arguments, runs the command, prints its error, returns the
//! exit code.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use super::{Cli, out, panics};
use crate::error::{Error, ErrorKind, Result};

/// Stack size in bytes of the thread that plans statements. Planning is recursive, so statements of
/// thousands of terms need a deep stack. The system allocates only the pages that are used.
const STACK: usize = 512 << 20;
/// Stack size in bytes of each thread of the engine.
const WORKER_STACK: usize = 64 << 20;

/// Time limit for cancelled work to stop.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Runs the command line of this process, and returns its exit code.
pub fn main() -> ExitCode {
    let command = Cli::parse();
    // A panic is recorded and printed below like any other error, in one line.
    std::panic::set_hook(Box::new(panics::record));
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(|| run(command));
    let outcome = match worker.map(|thread| thread.join()) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Error::new(ErrorKind::Engine, panics::recorded())),
        Err(error) => Err(Error::new(ErrorKind::Engine, format!("cannot start a thread: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed it, which is not a failure.
        Err(_) if out::is_closed() => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Cli) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(WORKER_STACK)
        .build()
        .map_err(|error| Error::new(ErrorKind::Engine, format!("cannot start the async runtime: {error}")))?;
    let outcome = runtime.block_on(command.run());
    // Cancelled work has this time to stop and to delete its temporary files.
    runtime.shutdown_timeout(SHUTDOWN);
    outcome
}
