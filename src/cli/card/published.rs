//! Reads the published tables.

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::TableReference;
use datafusion::prelude::{DataFrame, cast, ident};

use crate::cli::session::Session;
use crate::cli::text::visible;
use crate::error::Result;

/// The enrichment and the as-of date of the last published run, such as `us-sales, as of 2026-11-22`.
pub(super) async fn source(session: &Session) -> Result<String> {
    let overview = table(session, "Office_Overview")
        .await?
        .select(vec![cast(ident("Enrichment"), DataType::Utf8), cast(ident("AsOfDate"), DataType::Utf8)])?;
    let overview = collect(session, overview).await?;
    if overview.num_rows() == 0 {
        return Ok(visible(&session.enrichment.name));
    }
    let text = |column: usize| visible(overview.column(column).as_string::<i32>().value(0));
    Ok(format!("{}, as of {}", text(0), text(1)))
}

pub(super) async fn table(session: &Session, name: &str) -> Result<DataFrame> {
    let name = TableReference::bare(name);
    session.statements.context().table(name).await.map_err(|e| session.statements.explain(e))
}

pub(super) async fn collect(session: &Session, frame: DataFrame) -> Result<RecordBatch> {
    let explain = |e| session.statements.explain(e);
    let schema = frame.schema().inner().clone();
    let batches = frame.collect().await.map_err(explain)?;
    let schema = batches.first().map_or(schema, RecordBatch::schema);
    concat_batches(&schema, &batches).map_err(|e| explain(e.into()))
}
