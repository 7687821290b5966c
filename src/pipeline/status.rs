//! What is published, and whether it is what `[expect]` expects.

use chrono::{DateTime, NaiveDate, Utc};
use datafusion::prelude::SessionContext;

use super::expectations::{self, Found, judge};
use super::report::{PUBLISHED_DISPOSITIONS, dispositions, overview};
use crate::config::Enrichment;
use crate::engine::session;
use crate::error::Result;
use crate::publish::{self, Before, Judgement, Outcome, Overview, history_reader};

/// What an enrichment has published.
#[derive(Debug, Clone)]
pub struct Status {
    /// The row of Office_Overview.
    pub overview: Overview,
    /// When the tables were published; `None` if the version that has published them did not record it.
    pub published_at: Option<DateTime<Utc>>,
    /// The version of this crate that has published them; `None` if it is not recorded.
    pub version: Option<String>,
    /// The last day with used rows of mail or meetings; `None` if there is none, or if it is not recorded.
    pub last_used_on: Option<NaiveDate>,
    /// What was published before; `None` if nothing was, or if it is not recorded.
    pub before: Option<Before>,
    /// The day to which ages are counted: the as-of date of the enrichment, which is yesterday if the file does not
    /// give it.
    pub as_of: NaiveDate,
    /// The expectations of the enrichment file, judged now.
    pub expectations: Vec<Judgement>,
    /// Those that the run had missed when it was published.
    pub published_although: Vec<Judgement>,
    /// The as-of dates whose tables exist, in their order: with a history several, else one.
    pub retained: Vec<NaiveDate>,
    /// The size in bytes of each table. A Delta table has the files of all as-of dates.
    pub sizes: Vec<(&'static str, u64)>,
    /// Remarks that are not errors, such as as-of dates of the history of which files are missing.
    pub notes: Vec<String>,
}

impl Status {
    /// The days from the as-of date of the tables to the day to which ages are counted; 0 if it is later.
    pub fn age_days(&self) -> i64 {
        (self.as_of - self.overview.as_of).num_days().max(0)
    }

    /// Whether no expectation is missed.
    pub fn is_as_expected(&self) -> bool {
        expectations::missed(&self.expectations).is_empty()
    }

    /// Checks that no expectation is missed.
    ///
    /// # Errors
    /// An error of kind [`Expectations`](crate::error::ErrorKind::Expectations) that names those that are.
    pub fn check(&self, enrichment: &Enrichment) -> Result<()> {
        expectations::check_published(enrichment, &self.expectations)
    }
}

/// Reports what an enrichment has published. Reads no inputs, and changes nothing.
///
/// # Errors
/// Nothing is published yet, it belongs to another enrichment, or it cannot be read.
pub async fn status(enrichment: &Enrichment) -> Result<Status> {
    status_on(&session::new()?, enrichment).await
}

/// Reports what an enrichment has published, like [`status`], on a session of your own. The session must have the
/// functions of this crate and must not have its tables.
///
/// # Errors
/// Nothing is published yet, it belongs to another enrichment, or it cannot be read.
pub async fn status_on(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Status> {
    let (description, notes) = publish::register_with_notes(ctx, enrichment, None).await?;
    let (overview, dispositions) = (overview(ctx).await?, dispositions(ctx, PUBLISHED_DISPOSITIONS).await?);
    let record = publish::recorded(ctx, enrichment).await?;
    let before = record.as_ref().and_then(|record| record.before.clone());
    // With `min_people` above 1, the last day is not recorded.
    let last_used_on = record.as_ref().filter(|record| record.min_people == 1);
    let last_used_on = last_used_on.map(|record| record.covered.map(|(_, last)| last));
    let found = Found {
        as_of: enrichment.as_of,
        last_used_on,
        min_people: description.min_people(),
        overview: &overview,
        dispositions: &dispositions,
        before: before.as_ref().map(|before| &before.overview).ok_or("no record of the run before"),
    };
    let expectations = judge(enrichment, &found);
    let recorded = record.iter().flat_map(|record| &record.expectations);
    let published_although = recorded.filter(|j| j.outcome == Outcome::Missed).cloned().collect();
    Ok(Status {
        published_at: record.as_ref().map(|record| record.published_at),
        version: description.get("version").map(str::to_owned),
        last_used_on: last_used_on.flatten(),
        before,
        as_of: enrichment.as_of,
        expectations,
        published_although,
        retained: history_reader::dates(ctx).await?,
        sizes: publish::sizes(ctx, enrichment).await?,
        overview,
        notes,
    })
}
