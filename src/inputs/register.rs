//! Registers the canonical input tables, one per section of the enrichment file.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;

use super::source::InputSource;
use super::{canonical, columns, csv, delta, graph};
use crate::config::{Enrichment, Format};
use crate::engine::quoted;
use crate::error::{Mistakes, Result};
use crate::storage::redacted;

/// Registers `input_mail`, `input_meetings`, ..., one table per section, and
/// `input_mailboxes` and `input_public_mail_domains`, the lists of the enrichment file. A section
/// that the enrichment file does not have gets an empty table. This reads schemas, not rows.
///
/// # Errors
/// A path that matches nothing, a damaged file, a missing column, or a column with a type that is not
/// accepted: the first mistake of each section.
pub async fn register(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<InputSource>> {
    let (mut sources, mut mistakes) = (vec![], Mistakes::default());
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
        let opened =
            opened.map_err(|e| e.with_context("path", redacted(path)).with_context("section", section.name));
        let Some((frame, source)) = mistakes.keep(opened)? else { continue };
        ctx.register_table(quoted(&table), frame.into_view())?;
        sources.push(source);
    }
    mistakes.none()?;
    register_list(ctx, "input_mailboxes", "address", &enrichment.mailboxes)?;
    register_list(ctx, "input_public_mail_domains", "domain", &enrichment.public_mail_domains)?;
    Ok(sources)
}

/// Registers a list of the enrichment file as a table of one column of text.
fn register_list(ctx: &SessionContext, table: &str, column: &str, values: &[String]) -> Result<()> {
    let schema = Arc::new(Schema::new(vec![Field::new(column, DataType::Utf8, false)]));
    let values = Arc::new(StringArray::from_iter_values(values));
    let batch =
        RecordBatch::try_new(schema, vec![values]).map_err(datafusion::error::DataFusionError::from)?;
    ctx.register_batch(table, batch)?;
    Ok(())
}
