//! Generates an invented organization: its directory, its customers, a year of mail and meetings.
//!
//! `cargo run --example generate -- data` writes the bundled data in `data/`. With `--mails` it writes data
//! of any size for benchmarks. The same arguments produce the same bytes, with any number of threads.
//! [`organization`] and [`traffic`] do not depend on a file format. [`canonical`] writes Parquet; [`graph`]
//! writes exports of Microsoft Graph Data Connect: small ones of every shape for the bundled data, and with
//! `--exports` large ones as the service delivers them, with bodies and headers.

mod calendar;
mod canonical;
mod graph;
mod organization;
mod parallel;
mod plan;
mod random;
#[cfg(test)]
mod tests;
mod traffic;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::Parser;

use calendar::Day;
use organization::Organization;
use plan::{Plan, Sizes};

/// The last day of the window of the bundled data.
const AS_OF: &str = "2026-10-31";

/// Generate an invented organization with a year of mail and meetings
#[derive(Parser)]
struct Arguments {
    /// Folder to write into
    out_dir: PathBuf,
    /// Mail rows; other sizes are in proportion [default: those of the bundled data]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    mails: Option<u64>,
    /// With --mails: the CRM knows a tenth of the people, and the enrichment knows people by domain, too
    #[arg(long, requires = "mails")]
    domains: bool,
    /// With --mails: write exports of Microsoft Graph Data Connect, too: JSON lines with bodies, 17 KB for each mail
    #[arg(long, requires = "mails")]
    exports: bool,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Mail files [default: one per 500,000 mails, at least 12]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=Plan::DAYS as u64))]
    files: Option<u64>,
    /// The last day of the window
    #[arg(long, value_name = "DATE", default_value = AS_OF)]
    as_of: Day,
    /// Threads that write files; the result does not depend on them [default: one per core]
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let sizes = arguments.mails.map_or(Sizes::BUNDLED, Sizes::scaled);
    let sizes = if arguments.domains { sizes.with_domains() } else { sizes };
    let org = Organization::new(Plan::new(sizes, arguments.as_of, arguments.seed));
    let files = arguments.files.unwrap_or_else(|| sizes.mail_files());
    let threads =
        arguments.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, |cores| cores.get()));
    let written = canonical::write(&org, &arguments.out_dir, files, threads).and_then(|written| {
        if arguments.mails.is_none() {
            graph::write(&org, &arguments.out_dir)?;
        } else if arguments.exports {
            graph::write_large(&org, &arguments.out_dir, files, threads)?;
        }
        Ok(written)
    });
    match written {
        Ok(written) => {
            println!("{written}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
