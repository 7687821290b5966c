//! What `run` and `check` say of segments that are broken. The others work, and so does the run.

use datafusion::prelude::SessionContext;

use crate::config::Enrichment;
use crate::engine::session;
use crate::error::Result;
use crate::query::segments;
use crate::{inputs, publish};

/// The notes about broken segments. They are planned over empty tables with the columns of the published ones. `ctx` has
/// the inputs.
pub(crate) async fn notes(ctx: &SessionContext, enrichment: &Enrichment) -> Vec<String> {
    match broken(ctx, enrichment).await {
        Ok(notes) => notes,
        Err(e) => vec![format!("the segments cannot be checked: {e}")],
    }
}

async fn broken(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<String>> {
    let attributes = inputs::attributes(ctx).await?;
    let empty = session::new()?;
    publish::register_empty(&empty, enrichment, &attributes).await?;
    let segments = segments::register(&empty, enrichment, &enrichment.sources()).await?;
    let note = |segment: &segments::Segment| {
        let reason = segment.broken.as_ref()?;
        let file = segment.path.as_ref()?;
        Some(format!("the segment {} is broken: {}: {reason}", segment.name, file.display()))
    };
    Ok(segments.iter().filter_map(note).collect())
}
