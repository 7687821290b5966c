//! The command line: one file per subcommand.
//!
//! Data goes to standard output, everything else to standard error.

mod bars;
mod card;
mod check;
mod domains;
mod expectations;
mod format;
mod functions;
mod history;
mod init;
mod limits;
mod missing_levels;
mod missing_sources;
mod mixed_levels;
mod out;
mod pager;
mod panics;
mod process;
mod resource_args;
mod results;
mod rounded;
mod run;
mod segment;
mod session;
mod shell;
mod signals;
mod sql;
mod status;
mod text;
mod timings;
mod whole_quotients;

use clap::{Parser, Subcommand};

pub use self::process::main;
use crate::error::Result;

/// Account engagement from mail and meetings: one row per customer account, with a score.
///
/// An enrichment file names the inputs and the mailboxes. `run` computes the Office table from them and
/// publishes it; `sql`, `segment`, `card` and `status` read what the last run has published.
#[derive(Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  engagement init exports > enrichment.toml propose an enrichment file for the files in a folder
  engagement check enrichment.toml          check the file and its inputs, and resolve the groups
  engagement run enrichment.toml            compute and publish Office
  engagement sql enrichment.toml            query the published tables in a shell
  engagement segment enrichment.toml stale  list the customers without recent contact
  engagement card enrichment.toml a-17      show one customer
  engagement domains enrichment.toml        list the companies that the profile does not know
  engagement status enrichment.toml         say what is published and whether it is as expected
  engagement history enrichment.toml        list the retained as-of dates, or drop some

Exit codes: 0 success; 1 an input, the output or the engine failed; 2 the enrichment file, the
statement or the command line is wrong; 3 an expectation is missed; 75 a later try may succeed;
124 not done within --timeout; 130 stopped by Ctrl-C; 143 stopped by SIGTERM."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Check(check::Check),
    Sql(sql::Sql),
    Segment(segment::SegmentCommand),
    Card(card::Card),
    Status(status::StatusCommand),
    History(history::History),
    Domains(domains::Domains),
    Init(init::Init),
    Functions(functions::Functions),
}

impl Cli {
    /// Runs the command.
    async fn run(self) -> Result<()> {
        match self.command {
            Command::Run(command) => command.run().await,
            Command::Check(command) => command.run().await,
            Command::Sql(command) => command.run().await,
            Command::Segment(command) => command.run().await,
            Command::Card(command) => command.run().await,
            Command::Status(command) => command.run().await,
            Command::History(command) => command.run().await,
            Command::Domains(command) => command.run().await,
            Command::Init(command) => command.run().await,
            Command::Functions(command) => command.run(),
        }
    }
}
