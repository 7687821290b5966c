//! Registers the canonical input tables, one per section of the enrichment file.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;

use super::source::InputSource;
use super::{canonical, columns, csv, delta, graph};
use crate::config::{Enrichment, Format};
use crate::engine::quoted;
use crate::error::Result;
use crate::storage::redacted;

/// Registers `input_mail`, `input_meetings`, ..., one table per section, and `input_mailboxes`. A section
/// that the enrichment file does not have gets an empty table. This reads schemas, not rows.
///
/// # Errors
/// A path that matches nothing, a damaged file, a missing column, or a column with a type that is not
/// accepted.
pub async fn register(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<InputSource>> {
    let mut sources = vec![];
    for (section, input) in columns::sections(enrichment) {
        let table = format!("input_{}", section.name);
        let Some((path, format)) = input else {
            let empty = RecordBatch::new_empty(Arc::new(section.schema()));
            ctx.register_batch(&table, empty)?;
            continue;
        };
        let opened = match format {
            Format::Canonical => canonical::open(ctx, enrichment, &section, path).await,
            Format::Csv => csv::open(ctx, enrichment, &section, path).await,
            Format::GraphDataConnect => graph::open(ctx, enrichment, &section, path).await,
            Format::Delta => delta::open(ctx, enrichment, &section, path).await,
        };
        let (frame, source) = opened
            .map_err(|e| e.with_context("path", redacted(path)).with_context("section", section.name))?;
        ctx.register_table(quoted(&table), frame.into_view())?;
        sources.push(source);
    }
    let schema = Schema::new(vec![Field::new("address", DataType::Utf8, false)]);
    let addresses = StringArray::from_iter_values(&enrichment.mailboxes);
    ctx.register_batch(
        "input_mailboxes",
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(addresses)])
            .map_err(datafusion::error::DataFusionError::from)?,
    )?;
    Ok(sources)
}
