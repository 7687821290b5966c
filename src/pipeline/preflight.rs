//! What is wrong before a row is read, all of it at once.

use std::future::Future;

use chrono::Utc;
use datafusion::prelude::SessionContext;

use crate::config::Enrichment;
use crate::error::{Mistakes, Result};
use crate::inputs::{self, InputSource};
use crate::views;

/// Registers the inputs, and checks what the enrichment file alone does not show: the as-of date against the clock,
/// the schemas of all inputs and, if these are right, what `further` checks, which may read the inputs.
///
/// # Errors
/// All mistakes as one error. An error that is none, or that may pass, is returned at once.
pub(crate) async fn preflight(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    further: impl Future<Output = Result<()>>,
) -> Result<Vec<InputSource>> {
    let mut mistakes = Mistakes::default();
    mistakes.keep(enrichment.check_privacy())?;
    mistakes.keep(enrichment.check_as_of(Utc::now()))?;
    mistakes.keep(views::own_names(enrichment))?;
    let sources = mistakes.keep(inputs::register(ctx, enrichment).await)?;
    if sources.is_some() {
        mistakes.keep(further.await)?;
    }
    mistakes.none()?;
    Ok(sources.unwrap_or_default())
}
