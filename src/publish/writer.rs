//! Writes one table to one Parquet file.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Fields, Schema};
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::metadata::SortingColumn;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionContext, ident};
use futures::StreamExt;
use tokio::sync::mpsc;

use super::location::Draft;
use super::{Description, Table};
use crate::engine::materialized::readers;
use crate::engine::memory::share_of;
use crate::engine::metrics::{Stage, StageTimer};
use crate::engine::quoted;
use crate::error::{Error, Result};

/// Rows per row group. Readers skip whole row groups by their statistics. A row group is small enough that
/// a filter by level, the first sort column, and then by account reads a part of the file only, and large
/// enough for one read.
const ROW_GROUP: usize = 1 << 17;

/// Maximum number of batches that wait to be encoded.
const BATCHES_AHEAD: usize = 4;

/// Maximum number of bytes that a sort in one piece reserves: the rows, and as much again for their sorted
/// copy.
const IN_PLACE: usize = 64 << 20;

/// Writes a table, sorted by its key, to a file with the schema of its contract. Returns the metrics.
///
/// The bytes depend only on the rows and the description, because there is one writer, one sort order
/// and a fixed size of row groups.
///
/// # Errors
/// The table cannot be computed, or the file cannot be written.
pub(crate) async fn write(
    ctx: &SessionContext,
    table: &Table,
    description: &Description,
    draft: Draft,
) -> Result<Stage> {
    let watch = StageTimer::start(ctx, table.name);
    let schema = Arc::clone(&draft.schema);
    let columns: Vec<_> = schema.fields().iter().map(|f| ident(f.name())).collect();
    let (view, order) = match table.sorted_view {
        Some(view) => (view, &["sort_key"][..]),
        None => (table.name, table.order),
    };
    let order = order.iter().map(|c| ident(*c).sort(true, false)).collect();
    let frame = ctx.table(quoted(view)).await?.sort(order)?.select(columns)?;
    let context = frame.task_ctx();
    let context = Arc::new(if table.sorted_view.is_some() { sorting_in_place(context) } else { context });
    let plan = frame.create_physical_plan().await?;
    let mut batches = execute_stream(Arc::clone(&plan), context)?;
    let properties = properties(table, &schema, description);
    let name = draft.name;
    let cannot = |e: &dyn std::fmt::Display| Error::output(format!("{name}: cannot be written: {e}"));
    let mut writer = ArrowWriter::try_new(draft.file, Arc::clone(&schema), Some(properties))
        .map_err(|e| cannot(&e).with_source(e))?;
    // A thread of its own encodes rows while the next rows are sorted.
    let (give, mut take) = mpsc::channel::<RecordBatch>(BATCHES_AHEAD);
    let encoded = SpawnedTask::spawn_blocking(move || {
        while let Some(batch) = take.blocking_recv() {
            writer.write(&batch)?;
        }
        writer.close()
    });
    let mut rows = 0;
    while let Some(batch) = batches.next().await {
        let batch = table.conform(&batch?, &schema)?;
        rows += batch.num_rows() as u64;
        if give.send(batch).await.is_err() {
            // The writer has failed; its error is returned below.
            break;
        }
    }
    drop(give);
    let encoded = encoded.await.map_err(|e| cannot(&e))?;
    encoded.map_err(|e| cannot(&e).with_source(e))?;
    Ok(watch.stop(plan.as_ref(), rows, 0))
}

/// Copies the file of a table without attributes to one that has another description.
///
/// # Errors
/// A file cannot be read or written, or is not one of this table.
pub(crate) fn relabel(
    from: File,
    to: File,
    table: &Table,
    description: &Description,
) -> Result<(), DataFusionError> {
    let schema = table.schema(description.min_people(), &Fields::empty());
    let properties = properties(table, &schema, description);
    let mut writer = ArrowWriter::try_new(to, Arc::clone(&schema), Some(properties))?;
    for batch in ParquetRecordBatchReaderBuilder::try_new(from)?.build()? {
        writer.write(&table.conform(&batch?, &schema)?)?;
    }
    writer.close()?;
    Ok(())
}

/// The properties of the file of a table.
fn properties(table: &Table, schema: &Schema, description: &Description) -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("datafusion-engagement version ", env!("CARGO_PKG_VERSION")).to_string())
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_sorting_columns(Some(sorting(table, schema)))
        .set_key_value_metadata(Some(description.key_values()))
        .build()
}

/// Raises the size up to which the engine sorts all rows of a partition in one piece. Above its default
/// of 1 MB it sorts batch by batch and merges. With one number as sort key, one piece is faster. The size
/// is bounded by a share of the memory pool.
fn sorting_in_place(context: TaskContext) -> TaskContext {
    let mut config = context.session_config().clone();
    let bytes = share_of(context.memory_pool().as_ref(), readers(&config), IN_PLACE);
    let threshold = &mut config.options_mut().execution.sort_in_place_threshold_bytes;
    *threshold = bytes.max(*threshold);
    context.with_session_config(config)
}

/// The sort order of the rows as Parquet metadata, for readers that use it.
fn sorting(table: &Table, schema: &Schema) -> Vec<SortingColumn> {
    let index = |name: &&str| schema.index_of(name).ok().and_then(|i| i32::try_from(i).ok());
    let by = |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    table.order.iter().filter_map(index).map(by).collect()
}

#[cfg(test)]
mod tests {
    use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
    use datafusion::parquet::file::statistics::Statistics;

    use super::*;
    use crate::engine::session;

    #[tokio::test]
    async fn row_groups_follow_the_order_and_say_so() {
        let ctx = session::new().unwrap();
        let view = "create view \"Office_Dispositions\" as select (value * 7919 % 300000)::text as source, \
                    'used' as disposition, value as rows from generate_series(1, 300000)";
        ctx.sql(view).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let enrichment = crate::query::testing::enrichment(folder.path());
        let file = tempfile::tempfile().unwrap();
        let table = Table::named("Office_Dispositions").unwrap();
        let draft = Draft {
            file: file.try_clone().unwrap(),
            name: "x".into(),
            schema: table.schema(1, &Fields::empty()),
        };
        let stage = write(&ctx, table, &Description::of(&enrichment), draft).await.unwrap();
        assert_eq!(stage.rows_out, Some(300_000));
        let reader = SerializedFileReader::new(file).unwrap();
        let groups = reader.metadata().row_groups();
        assert_eq!(groups.iter().map(|g| g.num_rows()).collect::<Vec<_>>(), [131_072, 131_072, 37_856]);
        let mut last = vec![];
        for group in groups {
            assert_eq!(
                group.sorting_columns().map(|s| s.iter().map(|c| c.column_idx).collect()),
                Some(vec![0, 1])
            );
            let Some(Statistics::ByteArray(source)) = group.column(0).statistics() else {
                panic!("no statistics")
            };
            assert!(*last <= *source.min_opt().unwrap().data());
            last = source.max_opt().unwrap().data().to_vec();
        }
    }
}
