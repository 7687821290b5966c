//! The command line: one file per subcommand around the library.
//!
//! Data goes to standard output, everything else to standard error.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use datafusion::prelude::SessionContext;
use datafusion_engagement::enrichment::{Enrichment, Level, Overrides};
use datafusion_engagement::error::Result;
use datafusion_engagement::segments::{self, Segment};
use datafusion_engagement::statements::Statements;
use datafusion_engagement::{output, session};

mod bars;
mod bounds;
mod card;
mod check;
mod format;
mod functions;
mod levels;
pub mod out;
pub mod panics;
mod run;
mod segment;
mod shell;
mod signals;
mod sql;
mod text;
mod timings;

/// Account engagement from mail and meetings: one row per customer account, with a score.
///
/// An enrichment file says what to read and for whom; `run` computes the Office table from it, and
/// the other commands read what the last run has published.
#[derive(Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  engagement check enrichment.toml          is everything there, and what do the groups resolve to
  engagement run enrichment.toml            compute and publish Office
  engagement sql enrichment.toml            query it in a shell
  engagement segment enrichment.toml stale  who has gone quiet
  engagement card enrichment.toml a-17      one customer at a glance

Exit codes: 0 fine; 1 an input, the output or the engine failed; 2 the enrichment file, the
statement or the command line is wrong; 130 and 143 stopped by Ctrl-C or asked to end."
)]
pub struct Cli {
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
    Functions(functions::Functions),
}

impl Cli {
    /// Carries out the command.
    pub async fn run(self) -> Result<()> {
        match self.command {
            Command::Run(command) => command.run().await,
            Command::Check(command) => command.run().await,
            Command::Sql(command) => command.run().await,
            Command::Segment(command) => command.run().await,
            Command::Card(command) => command.run().await,
            Command::Functions(command) => command.run(),
        }
    }
}

/// What every command on an enrichment takes.
#[derive(Args)]
struct Target {
    /// The enrichment file.
    file: PathBuf,
    /// The output folder, instead of the one in the enrichment file; relative to the working
    /// directory.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    bounds: bounds::Bounds,
}

impl Target {
    fn open(&self, as_of: Option<String>) -> Result<Enrichment> {
        Enrichment::open_with(&self.file, &Overrides { as_of, output: self.output.clone() })
    }
}

/// A session to put statements to.
struct Session {
    enrichment: Enrichment,
    statements: Statements,
    segments: Vec<Segment>,
    /// The levels that Office has.
    levels: Vec<Level>,
}

impl Session {
    /// Over what the last run has published.
    async fn published(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        let description = output::register(&ctx, &enrichment).await?;
        Ok(Self { levels: description.levels(), ..Self::over(ctx, enrichment).await? })
    }

    /// Over the inputs.
    async fn live(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        session::live_on(&ctx, &enrichment).await?;
        Self::over(ctx, enrichment).await
    }

    async fn over(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        let segments = segments::register(&ctx, &enrichment).await?;
        let levels = enrichment.levels.clone();
        Ok(Self { enrichment, statements: Statements::new(ctx).await?, segments, levels })
    }
}
