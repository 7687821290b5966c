//! One table → one Parquet file.

use std::sync::Arc;

use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionContext, ident};
use futures::StreamExt;

use super::destination::Draft;
use super::{Description, Table};
use crate::error::{Error, Result};
use crate::timings::{Stage, Watch};
use crate::views::quoted;

/// Writes a table, sorted by its key, to a file with the schema of its contract.
///
/// The bytes depend on the rows and the description alone: one writer, one order, row groups of a
/// fixed size.
pub(crate) async fn write(
    ctx: &SessionContext,
    table: &Table,
    description: &Description,
    draft: Draft,
) -> Result<Stage> {
    let watch = Watch::start(ctx, table.name);
    let schema = table.schema(description.min_people());
    let columns: Vec<_> = schema.fields().iter().map(|f| ident(f.name())).collect();
    let order: Vec<_> = table.order.iter().map(|c| ident(*c).sort(true, false)).collect();
    let frame = ctx.table(quoted(table.name)).await?.select(columns)?.sort(order)?;
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?;
    let mut batches = execute_stream(Arc::clone(&plan), context)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("datafusion-engagement version ", env!("CARGO_PKG_VERSION")).to_string())
        .set_key_value_metadata(Some(description.key_values()))
        .build();
    let cannot = |e: &dyn std::fmt::Display| Error::output(format!("{}: cannot be written: {e}", draft.name));
    let mut writer =
        ArrowWriter::try_new(&draft.file, Arc::clone(&schema), Some(properties)).map_err(|e| cannot(&e))?;
    let mut rows = 0;
    while let Some(batch) = batches.next().await {
        let batch = table.conform(&batch?, &schema)?;
        rows += batch.num_rows() as u64;
        writer.write(&batch).map_err(|e| cannot(&e))?;
    }
    writer.close().map_err(|e| cannot(&e))?;
    Ok(watch.stop(plan.as_ref(), rows, 0))
}
