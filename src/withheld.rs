//! What a run says of the numbers it withholds.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use crate::enrichment::Enrichment;
use crate::error::Result;

/// How many accounts are withheld in whole and in part; nothing where small groups are not protected.
pub(crate) async fn note(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<String>> {
    if enrichment.min_people == 1 {
        return Ok(None);
    }
    let counts = "select count(*) filter (where with_year), count(*) filter (where not with_year) from withheld_account";
    let batches = ctx.sql(counts).await?.collect().await?;
    let count = |column: usize| batches[0].column(column).as_primitive::<Int64Type>().value(0);
    Ok(Some(format!(
        "[privacy] min_people = {}: withheld are all numbers of {} accounts, and the months and weeks of {} more",
        enrichment.min_people,
        count(0),
        count(1)
    )))
}
