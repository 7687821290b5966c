//! The enrichment file of a command, and a session over its tables.

use std::path::PathBuf;

use clap::Args;
use datafusion::prelude::SessionContext;

use super::resource_args::ResourceArgs;
use crate::config::{Enrichment, Level, Overrides, Source};
use crate::error::Result;
use crate::publish;
use crate::query::segments::{self, Segment};
use crate::query::session;
use crate::query::statements::Statements;

/// The arguments of every command that reads an enrichment file.
#[derive(Args)]
pub(crate) struct Target {
    /// The enrichment file.
    file: PathBuf,
    /// The output folder, instead of the one in the enrichment file; relative to the working
    /// directory.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
}

/// The arguments of `run`, and of `check`, which says what a run would refuse.
#[derive(Args)]
pub(crate) struct RunArgs {
    /// The as-of date, which is the last day that counts, YYYY-MM-DD, instead of the one in the
    /// enrichment file.
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Permit the run to replace tables of another enrichment, and files of other programs that have
    /// the names of its tables.
    #[arg(long)]
    replace: bool,
}

impl Target {
    /// Opens the enrichment file with the values that the command line overrides.
    pub(crate) fn open(&self, as_of: Option<String>) -> Result<Enrichment> {
        self.open_for_run(RunArgs { as_of, replace: false })
    }

    /// Opens the enrichment file for a run.
    pub(crate) fn open_for_run(&self, RunArgs { as_of, replace }: RunArgs) -> Result<Enrichment> {
        Enrichment::open_with(&self.file, &Overrides { as_of, output: self.output.clone(), replace })
    }
}

/// A session that runs statements over the tables of an enrichment.
pub(crate) struct Session {
    pub(crate) enrichment: Enrichment,
    pub(crate) statements: Statements,
    pub(crate) segments: Vec<Segment>,
    /// The levels that Office has.
    pub(crate) levels: Vec<Level>,
    /// The sources of the run that computed Office.
    pub(crate) sources: Vec<Source>,
}

impl Session {
    /// A session over the published tables.
    pub(crate) async fn published(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        let description = publish::register(&ctx, &enrichment).await?;
        Self::over(ctx, enrichment, description.levels(), description.sources()).await
    }

    /// A session over the inputs.
    pub(crate) async fn live(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        session::live_on(&ctx, &enrichment).await?;
        let (levels, sources) = (enrichment.levels.clone(), enrichment.sources());
        Self::over(ctx, enrichment, levels, sources).await
    }

    /// A session over the tables that are registered, with the segments of the enrichment. The tables have these
    /// levels, and were computed from these sources.
    pub(crate) async fn over(
        ctx: SessionContext,
        enrichment: Enrichment,
        levels: Vec<Level>,
        sources: Vec<Source>,
    ) -> Result<Self> {
        let segments = segments::register(&ctx, &enrichment, &sources).await?;
        Ok(Self { enrichment, statements: Statements::new(ctx).await?, segments, levels, sources })
    }
}
