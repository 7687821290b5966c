//! The process of the command line: parses the arguments, runs the command, prints its error, returns the
//! exit code.

use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::{Cli, limits, out, panics};
use crate::engine::own_thread::STACK;
use crate::error::{Error, ErrorKind, Result};

/// Stack size in bytes of each thread of the engine.
const WORKER_STACK: usize = 64 << 20;

/// Time limit for cancelled work to stop.
const SHUTDOWN: Duration = Duration::from_secs(5);
/// Time limit for cancelled tasks to be dropped.
const SETTLE: Duration = Duration::from_secs(1);

/// The signal for a file that would become larger than is allowed (SIGXFSZ).
const FILE_SIZE: SignalKind = SignalKind::from_raw(25);

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
            for one in std::iter::once(&error).chain(error.others()) {
                let _ = writeln!(std::io::stderr(), "error: {one}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Cli) -> Result<()> {
    check_workers(std::env::var_os(WORKERS).as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(WORKER_STACK)
        .build()
        .map_err(|error| Error::new(ErrorKind::Engine, format!("cannot start the async runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        // A file that would exceed `ulimit -f` is then an error of the write, and does not end the process.
        let _file_size = signal(FILE_SIZE);
        command.run().await
    });
    match limits::is_over_memory() {
        true => runtime.shutdown_background(),
        false if is_cancelled(&outcome) => {
            settle(&runtime);
            runtime.shutdown_timeout(SHUTDOWN);
        }
        // Cancelled work has this time to stop and to delete its temporary files.
        false => runtime.shutdown_timeout(SHUTDOWN),
    }
    outcome
}

/// Whether work was cancelled: by its time limit or by a signal.
fn is_cancelled(outcome: &Result<()>) -> bool {
    let kind = outcome.as_ref().err().map(Error::kind);
    matches!(kind, Some(ErrorKind::TimedOut | ErrorKind::Stopped { .. }))
}

/// Waits until cancelled tasks are dropped. An unfinished file is then deleted by a blocking task, which a runtime that
/// is shut down would not begin.
fn settle(runtime: &Runtime) {
    let end = Instant::now() + SETTLE;
    while runtime.metrics().num_alive_tasks() > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Blocking tasks begin in their order, so the others have begun when this one has ended.
    let _ = runtime.block_on(async { tokio::task::spawn_blocking(|| ()).await });
}

/// The variable from which the async runtime takes the number of its threads.
const WORKERS: &str = "TOKIO_WORKER_THREADS";
/// More threads than any machine has processors.
const MOST_WORKERS: usize = 4096;

/// Checks the number of threads in the environment. The runtime would panic.
///
/// # Errors
/// It is not a number, or not a possible one.
fn check_workers(given: Option<&OsStr>) -> Result<()> {
    let Some(given) = given else { return Ok(()) };
    let number = given.to_str().and_then(|text| text.parse::<usize>().ok());
    if number.is_some_and(|number| (1..=MOST_WORKERS).contains(&number)) {
        return Ok(());
    }
    Err(Error::query(format!(
        "{WORKERS} must be a whole number from 1 to {MOST_WORKERS}, not {given:?}; or unset it"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads() {
        for good in [None, Some("1"), Some("4096")] {
            assert!(check_workers(good.map(OsStr::new)).is_ok());
        }
        for wrong in ["0", "", "two", "-1", "4097", "99999999999999999999"] {
            let error = check_workers(Some(OsStr::new(wrong))).unwrap_err();
            assert!(error.to_string().starts_with("TOKIO_WORKER_THREADS must be a whole number"), "{error}");
        }
    }
}
