//! The note of a run about suppressed numbers.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use crate::config::Enrichment;
use crate::error::Result;

/// The note with the numbers of accounts that are suppressed completely and partly; `None` if
/// `[privacy] min_people` is 1, which suppresses nothing.
pub(crate) async fn note(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<String>> {
    if enrichment.min_people == 1 {
        return Ok(None);
    }
    let counts = "select count(*) filter (where with_year), count(*) filter (where not with_year) from suppressed_account";
    let batches = ctx.sql(counts).await?.collect().await?;
    let count = |column: usize| batches[0].column(column).as_primitive::<Int64Type>().value(0);
    Ok(Some(format!(
        "[privacy] min_people = {}: all numbers of {} accounts are suppressed, and the shorter periods \
         of {} more",
        enrichment.min_people,
        count(0),
        count(1)
    )))
}
