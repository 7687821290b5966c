//! The `engagement` command: parse, run, print the error, exit code.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use datafusion_engagement::error::{Error, ErrorKind, Result};

mod cli;
#[cfg(test)]
mod sample;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Statements of thousands of terms are planned by recursion: room for them. Only what is used is
/// taken from the machine.
const STACK: usize = 512 << 20;
const WORKER_STACK: usize = 64 << 20;

/// How long cancelled work may take to stop.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let command = cli::Cli::parse();
    // A panic is an error like any other: one line, told below.
    std::panic::set_hook(Box::new(cli::panics::keep));
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(|| run(command));
    let outcome = match worker.map(|thread| thread.join()) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Error::new(ErrorKind::Engine, cli::panics::kept())),
        Err(error) => Err(Error::new(ErrorKind::Engine, format!("cannot start a thread: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(_) if cli::out::is_closed() => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: cli::Cli) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(WORKER_STACK)
        .build()
        .map_err(|error| Error::new(ErrorKind::Engine, format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(command.run());
    // What was cancelled need not come to its end, but deletes its temporary files.
    runtime.shutdown_timeout(PATIENCE);
    outcome
}
