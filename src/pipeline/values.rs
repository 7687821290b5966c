//! The notes about values of one source: those that are not used, and those that are doubtful.

use datafusion::prelude::SessionContext;

use super::doubtful::{self, Sampled};
use super::unused;
use super::unused_columns::Copies;
use crate::config::Enrichment;
use crate::error::Result;
use crate::inputs::InputSource;

/// The notes of a check or a run. `unused` is the number of used rows with a value that is not used, if all rows were
/// counted. The views of staging must be registered.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn notes(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    source: &InputSource,
    unused: Option<i64>,
) -> Result<Vec<String>> {
    let Some(copies) = Copies::of(source) else {
        return doubtful::of_all_rows(ctx, enrichment, source).await;
    };
    let sampled = Sampled::look(ctx, enrichment, source, &copies).await?;
    let unused = unused::note(source.section, &sampled, unused);
    let doubtful = doubtful::of_sampled_rows(ctx, source, &copies, &sampled).await?;
    Ok(unused.into_iter().chain(doubtful).collect())
}
