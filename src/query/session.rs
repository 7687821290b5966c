//! Sessions over the inputs or over the published tables of an enrichment.

use datafusion::prelude::SessionContext;

use crate::config::Enrichment;
pub use crate::engine::memory::Resources;
pub use crate::engine::session::{new, with_config, with_resources};
use crate::error::Result;
pub use crate::inputs::{Counted, InputSource, reading, register as register_inputs};
use crate::views::{self, Parameters, VIEWS};
use crate::{inputs, publish};

/// The views that a session over the inputs computes once if accounts have domains.
const ADDRESS_BOOK: [&str; 2] = ["domain_address", "address_book"];

/// A session with all views of an enrichment ([`VIEWS`]), planned over its inputs. Rows are read only when
/// a query runs.
///
/// # Errors
/// An input is missing or damaged, its columns are not those of its format, or code has changed the window of an
/// enrichment with `min_people`.
pub async fn live(enrichment: &Enrichment) -> Result<SessionContext> {
    let ctx = new()?;
    live_on(&ctx, enrichment).await?;
    Ok(ctx)
}

/// Registers all views of an enrichment ([`VIEWS`]) over its inputs, like [`live`], on a session of your
/// own, which must have the functions of this crate. Returns the inputs.
///
/// # Errors
/// An input is missing or damaged, its columns are not those of its format, or code has changed the window of an
/// enrichment with `min_people`.
pub async fn live_on(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<InputSource>> {
    enrichment.check_privacy()?;
    let sources = inputs::register(ctx, enrichment).await?;
    let parameters = Parameters::of(enrichment);
    for view in VIEWS {
        // With domains, the address book is read several times by a query, and needs mail and meetings itself.
        match enrichment.has_domains() && ADDRESS_BOOK.contains(&view.name) {
            true => view.register_lazily(ctx, &parameters).await?,
            false => view.register(ctx, &parameters).await?,
        }
    }
    views::register_own_names(ctx, enrichment).await?;
    Ok(sources)
}

/// A session with the published tables of an enrichment and the views over them, without its inputs.
///
/// # Errors
/// No run has published yet, or the published tables cannot be read.
pub async fn published(enrichment: &Enrichment) -> Result<SessionContext> {
    let ctx = new()?;
    publish::register(&ctx, enrichment).await?;
    Ok(ctx)
}
