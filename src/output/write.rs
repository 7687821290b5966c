//! One table → one Parquet file.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::runtime::SpawnedTask;
use datafusion::execution::TaskContext;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::metadata::SortingColumn;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionContext, ident};
use futures::StreamExt;
use tokio::sync::mpsc;

use super::destination::Draft;
use super::{Description, Table};
use crate::error::{Error, Result};
use crate::kept::readers;
use crate::memory::share_of;
use crate::timings::{Stage, Watch};
use crate::views::quoted;

/// Readers skip what a filter rules out by row group: small enough that a level, which comes first in
/// the order, and then an account are a part of the file, and large enough to be read at one go.
const ROW_GROUP: usize = 1 << 17;

/// How many batches may wait to be encoded.
const BATCHES_AHEAD: usize = 4;

/// What a sort takes to do all at once, at most: the rows and as much for their new order.
const IN_PLACE: usize = 64 << 20;

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
    let schema = Arc::clone(&draft.schema);
    let columns: Vec<_> = schema.fields().iter().map(|f| ident(f.name())).collect();
    let (view, order) = match table.placed {
        Some(view) => (view, &["place"][..]),
        None => (table.name, table.order),
    };
    let order = order.iter().map(|c| ident(*c).sort(true, false)).collect();
    let frame = ctx.table(quoted(view)).await?.sort(order)?.select(columns)?;
    let context = frame.task_ctx();
    let context = Arc::new(if table.placed.is_some() { sorting_in_place(context) } else { context });
    let plan = frame.create_physical_plan().await?;
    let mut batches = execute_stream(Arc::clone(&plan), context)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("datafusion-engagement version ", env!("CARGO_PKG_VERSION")).to_string())
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_sorting_columns(Some(sorting(table, &schema)))
        .set_key_value_metadata(Some(description.key_values()))
        .build();
    let cannot = |e: &dyn std::fmt::Display| Error::output(format!("{}: cannot be written: {e}", draft.name));
    let mut writer =
        ArrowWriter::try_new(draft.file, Arc::clone(&schema), Some(properties)).map_err(|e| cannot(&e))?;
    // Rows are encoded on a thread of their own, while the next are brought into order.
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
            // The writer has failed, and says below why.
            break;
        }
    }
    drop(give);
    let encoded = encoded.await.map_err(|e| cannot(&e))?;
    encoded.map_err(|e| cannot(&e))?;
    Ok(watch.stop(plan.as_ref(), rows, 0))
}

/// The engine sorts batches of 1 MB and merges them. By one number, all at once is faster, if it is not
/// too much.
fn sorting_in_place(context: TaskContext) -> TaskContext {
    let mut config = context.session_config().clone();
    let bytes = share_of(context.memory_pool().as_ref(), readers(&config), IN_PLACE);
    let threshold = &mut config.options_mut().execution.sort_in_place_threshold_bytes;
    *threshold = bytes.max(*threshold);
    context.with_session_config(config)
}

/// The order of the rows, for readers that make use of it.
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
    use crate::session;

    #[tokio::test]
    async fn row_groups_follow_the_order_and_say_so() {
        let ctx = session::new().unwrap();
        let view = "create view \"Office_Dispositions\" as select (value * 7919 % 300000)::text as source, \
                    'used' as disposition, value as rows from generate_series(1, 300000)";
        ctx.sql(view).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let enrichment = crate::sample::enrichment(folder.path());
        let file = tempfile::tempfile().unwrap();
        let table = Table::named("Office_Dispositions").unwrap();
        let draft = Draft { file: file.try_clone().unwrap(), name: "x".into(), schema: table.schema(1) };
        let stage = write(&ctx, table, &Description::of(&enrichment), draft).await.unwrap();
        assert_eq!(stage.rows_out, 300_000);
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
