//! Maps exports of Microsoft Graph Data Connect to the canonical input tables.
//!
//! Files of one input may be Parquet or JSON, and may differ in their columns and in how these are nested.
//! Parquet files with the same fields become one table, and so do all JSON files; these tables contain only
//! the columns that are used. SQL in `sql/graph/` and a few functions map each table to the same columns,
//! and UNION ALL combines the results.

mod dataset;
mod objects;
mod table;
#[cfg(test)]
mod tests;
mod text;

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::datasource::TableProvider;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::StreamExt;
use tokio::task::JoinError;

use self::dataset::Dataset;
use self::objects::Objects;
pub(crate) use self::table::count;
pub(crate) use self::text::is_parquet;
use super::columns::InputSchema;
use super::source::{InputSource, union_all};
use super::{files, parquet};
use crate::config::{Enrichment, Format};
use crate::engine::quoted;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// The endings of the files that are read in a folder.
const ENDINGS: &[&str] = &["parquet", "json", "jsonl", "ndjson", "json.gz", "jsonl.gz", "ndjson.gz"];
/// How many files are examined at the same time.
const LOOKS_AT_ONCE: usize = 16;
/// How many bytes of a JSON file are searched for its columns.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// A file: its section and name for errors, and its columns in the order of the dataset.
struct Found {
    place: String,
    columns: Vec<Option<Arc<Field>>>,
    /// The names of all its columns, for errors.
    there: String,
}

/// Opens the files of a section as one table.
pub(crate) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DataFrame, InputSource)> {
    let dataset = Dataset::of(section.name).ok_or_else(|| {
        Error::enrichment(format!("[{}] has no format {}", section.name, Format::GraphDataConnect.as_str()))
    })?;
    let files = files::find(ctx, enrichment, section.name, path, ENDINGS).await?;
    let (mut in_parquet, mut in_json) = (vec![], vec![]);
    let kinds = looks(&files, is_parquet).await;
    for (file, parquet) in files.iter().zip(kinds) {
        let parquet = parquet.map_err(|e| unreadable(section.name, file, &e))?;
        if parquet { &mut in_parquet } else { &mut in_json }.push(file.clone());
    }
    let look = |footer: &parquet::Footer, place: &str| look(dataset, &footer.schema, place);
    let footers = parquet::footers(ctx, section.name, &in_parquet, look).await?;
    let name = section.name;
    let samples = looks(&in_json, move |file| sample(dataset, name, file)).await;
    let samples = samples.into_iter().collect::<Result<Vec<_>>>()?;
    let rows = footers.iter().map(|f| f.1).sum();
    let footers: Vec<_> = footers.into_iter().map(|f| f.0).collect();
    check(dataset, &footers, &samples)?;
    let missing = dataset.columns.iter().enumerate().filter_map(|(i, column)| {
        let lacks = footers.iter().chain(&samples).any(|f| f.columns[i].is_none());
        column.absent.filter(|_| lacks).map(|means| (column.name, means))
    });
    let missing = missing.collect();

    let mut parts = vec![];
    for (columns, urls) in parquet::alike(&in_parquet, footers.into_iter().map(|f| f.columns))? {
        let mut fields: Vec<Arc<Field>> = columns.iter().flatten().cloned().collect();
        fields.dedup();
        let frame = parquet::read(ctx, Arc::new(Schema::new(fields)), urls, HashMap::new())?;
        let frame = frame.select(dataset.columns.iter().zip(&columns).map(|(column, field)| {
            let value = field
                .as_ref()
                .map_or_else(null, |f| Expr::Column(datafusion::common::Column::from_name(f.name())));
            value.alias(column.name)
        }))?;
        parts.push(frame.into_view());
    }
    if !in_json.is_empty() {
        let members: Vec<_> = dataset.columns.iter().map(|c| c.name).collect();
        let partitions = ctx.copied_config().target_partitions();
        parts.push(Arc::new(table::table(section.name, in_json, &members, partitions)?));
    }
    let mut frames = vec![];
    for part in parts {
        frames.push(mapped(ctx, dataset.table, part, dataset.sql).await);
    }
    let mut frame = union_all(frames)?
        .ok_or_else(|| Error::input(format!("[{}] {path}: no file was found", section.name)))?;
    if let Some((table, sql)) = dataset.whole {
        frame = mapped(ctx, table, frame.into_view(), sql).await?;
    }
    let columns = section.columns.iter().map(|c| {
        let column = Expr::Column(datafusion::common::Column::from_name(c.name));
        cast(column, c.kind.data_type()).alias(c.name)
    });
    let frame = frame.select(columns.collect::<Vec<_>>())?;
    Ok((frame, InputSource { section: section.name, format: Format::GraphDataConnect, files, rows, missing }))
}

/// Plans a statement over a table that is registered only meanwhile.
async fn mapped(
    ctx: &SessionContext,
    name: &str,
    table: Arc<dyn TableProvider>,
    sql: &str,
) -> Result<DataFrame> {
    ctx.register_table(quoted(name), table)?;
    let plan = ctx.state().create_logical_plan(sql).await;
    ctx.deregister_table(quoted(name))?;
    Ok(DataFrame::new(ctx.state(), plan?))
}

fn null() -> Expr {
    lit(ScalarValue::Utf8(None))
}

/// Calls `look` for each file, on threads that may block, and returns the results in the order of the files.
///
/// # Panics
/// With the panic of `look`.
async fn looks<T: Send + 'static>(
    files: &[InputFile],
    look: impl Fn(&InputFile) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let looks = futures::stream::iter(files.to_vec()).map(|file| {
        let look = look.clone();
        tokio::task::spawn_blocking(move || look(&file))
    });
    let looked = |looked: Result<T, JoinError>| match looked {
        Ok(looked) => looked,
        Err(lost) => std::panic::resume_unwind(lost.into_panic()),
    };
    looks.buffered(LOOKS_AT_ONCE).map(looked).collect().await
}

fn unreadable(section: &str, file: &InputFile, e: &std::io::Error) -> Error {
    Error::input(format!("[{section}] {file} cannot be read: {e}"))
}

/// Finds the columns of a Parquet file.
fn look(dataset: &Dataset, schema: &Schema, place: &str) -> Result<Found> {
    let columns = dataset.columns.iter().map(|c| parquet::find(schema, c.name, place));
    let there = schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
    Ok(Found { place: place.to_string(), columns: columns.collect::<Result<_>>()?, there })
}

/// Finds the columns of a JSON file in its first objects.
fn sample(dataset: &Dataset, section: &str, file: &InputFile) -> Result<Found> {
    let place = format!("[{section}] {file}");
    let empty = file.size().map_err(|e| unreadable(section, file, &e))? == 0;
    if empty {
        return Err(Error::input(format!("{place} is empty (0 bytes); remove it or write it again")));
    }
    let mut objects = Objects::new(text::open(file).map_err(|e| unreadable(section, file, &e))?).with_keys();
    let bad = |e| Error::input(format!("{place} {e}"));
    while objects.bytes() < SAMPLE_BYTES && objects.next(&[]).map_err(bad)? {}
    let keys = objects.keys();
    let columns = dataset.columns.iter().map(|column| {
        let there = keys.iter().any(|k| k.eq_ignore_ascii_case(column.name));
        there.then(|| Arc::new(Field::new(column.name, DataType::Utf8, true)))
    });
    let columns = columns.collect();
    Ok(Found { place, columns, there: keys.join(", ") })
}

/// Checks that the files have the required columns. A JSON object may omit a member that is null, so a
/// single JSON file need not have them; but at least one file must.
fn check(dataset: &Dataset, footers: &[Found], samples: &[Found]) -> Result<()> {
    let has = |found: &Found, group: &[&str]| {
        dataset.columns.iter().zip(&found.columns).any(|(c, f)| f.is_some() && group.contains(&c.name))
    };
    let refused = |found: &Found, group: &[&str]| {
        Err(Error::input(format!(
            "{}: column '{}' is missing; the file has: {}",
            found.place,
            group.join("' or '"),
            found.there
        )))
    };
    for group in dataset.in_each {
        if let Some(found) = footers.iter().find(|f| !has(f, group)) {
            return refused(found, group);
        }
    }
    for group in dataset.in_each.iter().chain(dataset.in_some) {
        let mut all = footers.iter().chain(samples);
        if let Some(first) = all.clone().next()
            && !all.any(|f| has(f, group))
        {
            return refused(first, group);
        }
    }
    Ok(())
}
