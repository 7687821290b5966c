//! The enrichment file of a command, and a session over its tables.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use datafusion::prelude::SessionContext;

use super::out;
use super::resource_args::ResourceArgs;
use super::text::visible;
use crate::config::date::{NEED, parse};
use crate::config::{Enrichment, Level, Overrides, Source};
use crate::error::suggest::nearest;
use crate::error::{Error, Result};
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
    /// The number of days in the window, including the as-of date, instead of the one in the
    /// enrichment file.
    #[arg(long, value_name = "DAYS")]
    window_days: Option<u32>,
    /// The levels of Office, separated by commas, instead of those in the enrichment file: year,
    /// quarter, month, week.
    #[arg(long, value_name = "LEVELS", value_delimiter = ',')]
    levels: Option<Vec<String>>,
    /// Permit an as-of date in the future, unless `[privacy] min_people` is above 1.
    #[arg(long)]
    allow_future: bool,
    /// With `[privacy] min_people` above 1, publish also months whose numbers are no longer those that were
    /// published about them. Who has both can subtract them, and the difference can be about one person.
    #[arg(long)]
    publish_changed: bool,
    /// Permit the run to replace tables of another enrichment, and files of other programs that have
    /// the names of its tables.
    #[arg(long)]
    replace: bool,
}

impl RunArgs {
    /// The values that replace those of the file.
    fn overrides(self) -> Overrides {
        let Self { as_of, window_days, levels, allow_future, publish_changed, replace } = self;
        Overrides {
            as_of,
            window_days,
            levels,
            allow_future,
            publish_changed,
            replace,
            ..Overrides::default()
        }
    }
}

impl Target {
    /// Opens the enrichment file with the values that the command line overrides.
    pub(crate) fn open(&self, as_of: Option<String>) -> Result<Enrichment> {
        self.open_with(Overrides { as_of, ..Overrides::default() })
    }

    /// Opens the enrichment file for a run, which publishes even if it does not find what `[expect]` expects if
    /// `publish_anyway` is true.
    pub(crate) fn open_for_run(&self, run: RunArgs, publish_anyway: bool) -> Result<Enrichment> {
        self.open_with(Overrides { publish_anyway, ..run.overrides() })
    }

    fn open_with(&self, overrides: Overrides) -> Result<Enrichment> {
        Enrichment::open_with(&self.file, &Overrides { output: self.output.clone(), ..overrides })
    }
}

/// The date that an option of the command line has.
///
/// # Errors
/// It is not a date.
pub(crate) fn date(option: &str, text: &str) -> Result<NaiveDate> {
    let wrong = || Error::query(format!("{option} {text:?}: {NEED} is needed"));
    parse(text).ok_or_else(wrong)
}

/// A session that runs statements over the tables of an enrichment.
pub(crate) struct Session {
    pub(crate) enrichment: Enrichment,
    pub(crate) statements: Statements,
    pub(crate) segments: Vec<Segment>,
    /// Whether it is over the inputs.
    pub(crate) is_live: bool,
    /// The levels that Office has.
    pub(crate) levels: Vec<Level>,
    /// The sources of the run that computed Office.
    pub(crate) sources: Vec<Source>,
}

impl Session {
    /// A session over the published tables, as they are at a retained as-of date if one is given.
    pub(crate) async fn published(
        ctx: SessionContext,
        enrichment: Enrichment,
        as_of: Option<NaiveDate>,
    ) -> Result<Self> {
        let (description, notes) = publish::register_with_notes(&ctx, &enrichment, as_of).await?;
        notes.iter().for_each(|note| out::note(format!("warning: {}", visible(note))));
        Self::over(ctx, enrichment, description.levels(), description.sources()).await
    }

    /// A session over the inputs.
    pub(crate) async fn live(ctx: SessionContext, enrichment: Enrichment) -> Result<Self> {
        session::live_on(&ctx, &enrichment).await?;
        let (levels, sources) = (enrichment.levels.clone(), enrichment.sources());
        Ok(Self { is_live: true, ..Self::over(ctx, enrichment, levels, sources).await? })
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
        let statements = Statements::new(ctx).await?;
        Ok(Self { enrichment, statements, segments, is_live: false, levels, sources })
    }

    /// The segment to which a name refers.
    ///
    /// # Errors
    /// There is none, or it is broken.
    pub(crate) fn segment(&self, name: &str) -> Result<&Segment> {
        if let Some(segment) = segments::find(&self.segments, name) {
            return segment.error().map_or(Ok(segment), Err);
        }
        let near = nearest(name, self.segments.iter().map(|s| s.name.as_str()));
        Err(Error::query(match near {
            Some(near) => format!("no segment named {name}; did you mean {near}?"),
            None => {
                let names: Vec<&str> = self.segments.iter().map(|s| s.name.as_str()).collect();
                format!("no segment named {name}; there are {}", names.join(", "))
            }
        }))
    }
}
