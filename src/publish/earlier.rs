//! What an enrichment has published about months while numbers were suppressed, by the records in its output.

use chrono::NaiveDate;
use datafusion::prelude::SessionContext;

use super::location::output_location;
use super::state::recorded_in;
use super::{beside, delta};
use crate::config::{Enrichment, OutputFormat};
use crate::error::{Error, Result};
use crate::views::PublishedMonth;

/// What was published about months.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// The months of accounts, in any order. A month can be there twice, if it was published in both formats.
    pub(crate) months: Vec<PublishedMonth>,
    /// The as-of date of the newest of these runs.
    pub(crate) newest: Option<NaiveDate>,
}

/// Reads what the runs of this enrichment have published about months, in both formats, or have perhaps published, because
/// they were killed.
///
/// # Errors
/// The output cannot be read. Or the enrichment suppresses numbers about few people, what is published does so, too, and
/// its record is missing or damaged, so that months could be published with other numbers; not if the command line permits
/// that (`--publish-changed`).
pub(crate) async fn earlier(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Earlier> {
    let mut all = Earlier::default();
    for format in OutputFormat::ALL {
        match recorded_in(ctx, enrichment, format).await? {
            Some(record) => {
                all.months.extend_from_slice(record.comparable_months());
                if record.protection() > 1 || !record.comparable_months().is_empty() {
                    all.newest = all.newest.max(Some(record.overview.as_of));
                }
            }
            None if enrichment.min_people > 1 && !enrichment.publish_changed => {
                check_unrecorded(ctx, enrichment, format).await?
            }
            None => {}
        }
    }
    all.months.extend(delta::announced_months(&output_location(ctx, enrichment)?, enrichment).await?);
    Ok(all)
}

/// Checks that tables without a record need none.
async fn check_unrecorded(ctx: &SessionContext, enrichment: &Enrichment, format: OutputFormat) -> Result<()> {
    let location = output_location(ctx, enrichment)?;
    let Some(found) = beside::published(&location, &enrichment.output.table, format).await? else {
        return Ok(());
    };
    let description = found.description;
    if description.enrichment() != Some(&enrichment.name) || description.protection() == 1 {
        return Ok(());
    }
    Err(Error::output(format!(
        "[output] {}: its record of what was published about months is missing or damaged, so months could be \
         published with other numbers than before; restore the output from a copy, or publish nevertheless: {}",
        found.place,
        enrichment.run_command_with("--publish-changed")
    )))
}
