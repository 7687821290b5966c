//! The enrichment file of a command, and a session over its tables.

use std::path::PathBuf;

use clap::Args;
use datafusion::prelude::SessionContext;

use super::resource_args::ResourceArgs;
use crate::config::{Enrichment, Level, Overrides};
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

impl Target {
    /// Opens the enrichment file with the values that the command line overrides.
    pub(crate) fn open(&self, as_of: Option<String>) -> Result<Enrichment> {
        Enrichment::open_with(&self.file, &Overrides { as_of, output: self.output.clone() })
    }
}

/// A session that runs statements over the tables of an enrichment.
pub(crate) struct Session {
    pub(crate) enrichment: Enrichment,
    pub(crate) statements: Statements,
    pub(crate) segments: Vec<Segment>,
    /// The levels that Office has.
    pub(crate) levels: Vec<Level>,
}

impl Session {
    /// A session over the published tables.
    pub(crate) async fn published(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        let description = publish::register(&ctx, &enrichment).await?;
        Ok(Self { levels: description.levels(), ..Self::over(ctx, enrichment).await? })
    }

    /// A session over the inputs.
    pub(crate) async fn live(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        session::live_on(&ctx, &enrichment).await?;
        Self::over(ctx, enrichment).await
    }

    /// A session over the tables that are registered, with the segments of the enrichment.
    pub(crate) async fn over(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        let segments = segments::register(&ctx, &enrichment).await?;
        let levels = enrichment.levels.clone();
        Ok(Self { enrichment, statements: Statements::new(ctx).await?, segments, levels })
    }
}
