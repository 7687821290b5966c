//! What the report of a run says if numbers about few people are suppressed. The report is a publication, too.

use datafusion::prelude::SessionContext;

use super::sql_numbers::counts;
use crate::config::Enrichment;
use crate::engine::metrics::Stage;
use crate::error::Result;
use crate::error::numbers::count;

/// The note with the number of suppressed accounts and the window; `None` if `[privacy] min_people` is 1, which
/// suppresses nothing.
pub(crate) async fn note(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<String>> {
    if enrichment.min_people == 1 {
        return Ok(None);
    }
    let [accounts] = counts(ctx, "select count(*) from suppressed_account").await?;
    Ok(Some(format!(
        "[privacy] min_people = {}: all numbers of {} are suppressed; the window is the twelve calendar months from \
         {} to {}",
        enrichment.min_people,
        count(accounts, "account"),
        enrichment.first_day(),
        enrichment.as_of,
    )))
}

/// The stages of a run as the report shows them: numbers of rows also count those of suppressed accounts.
pub(crate) fn stages(enrichment: &Enrichment, stages: Vec<Stage>) -> Vec<Stage> {
    if enrichment.min_people == 1 {
        return stages;
    }
    stages.into_iter().map(Stage::without_rows).collect()
}
