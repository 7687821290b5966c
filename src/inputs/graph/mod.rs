//! Reads Microsoft Graph Data Connect exports: Parquet files with nested columns or with JSON text in string
//! columns, and JSON files, mixed in one folder.
//!
//! Files with the same fields are read as one table, which replaces missing columns with null. Each table has
//! the columns that are used. SQL in `sql/graph/` and a few functions map each table to the same columns,
//! and UNION ALL combines the results.

mod damage;
pub(crate) mod dataset;
mod examined;
mod found;
mod json_files;
pub(crate) mod objects;
mod parts;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod unreadable;

use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::ScalarValue;
use datafusion::datasource::TableProvider;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{StreamExt, TryStreamExt};

use self::dataset::Dataset;
use self::examined::{Examined, examine};
use self::found::LOOKS_AT_ONCE;
pub(crate) use self::table::FileCount;
use super::columns::InputSchema;
use super::files::{self, Files};
use super::known_names::plain;
use super::source::{InputSource, Unreadable, union_all};
use super::{canonical, hive, parquet, text_value};
use crate::config::{Enrichment, Format};
use crate::engine::quoted;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// The endings of the files that are read in a folder.
pub(crate) const ENDINGS: &[&str] =
    &["parquet", "json", "jsonl", "ndjson", "json.gz", "jsonl.gz", "ndjson.gz"];

/// Opens the files of a section as one table.
pub(crate) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DataFrame, InputSource)> {
    let (name, format) = (section.name, Format::GraphDataConnect);
    let dataset = Dataset::of(name)
        .ok_or_else(|| Error::enrichment(format!("[{name}] has no format {}", format.as_str())))?;
    let Files { files, keys, mut notes } = files::find(ctx, enrichment, name, format, path, ENDINGS).await?;
    let (files, keys, other) = without_other(dataset, name, files, keys)?;
    notes.extend(other);
    let examined = examine(ctx, dataset, name, files, keys).await?;
    examined.check(dataset).await?;
    let (rows, missing) = (examined.rows, examined.missing(dataset));
    let (files, keys) = (examined.files(), examined.keys());
    let folder_columns = examined.folder_columns(dataset);
    let binary = canonical::binary(examined.footers.iter().flat_map(|f| f.columns.iter().flatten()));
    notes.extend(examined.notes());
    let mut frame = read(ctx, dataset, name, examined).await?;
    if let Some((table, sql)) = dataset.whole {
        frame = mapped(ctx, table, frame.into_view(), sql).await?;
    }
    let frame = in_input_columns(section, frame)?;
    let columns = dataset.names().into_iter().map(str::to_owned).collect();
    Ok((
        frame,
        InputSource {
            keys,
            rows,
            missing,
            binary,
            columns,
            folder_columns,
            notes,
            ..InputSource::of(name, format, files)
        },
    ))
}

/// Leaves out the files of an export that has the same columns and another meaning, which only their names show: the
/// name of a file, or of its folder. Also returns the note about them.
///
/// # Errors
/// There are no other files.
fn without_other(
    dataset: &Dataset,
    section: &str,
    files: Vec<InputFile>,
    keys: Vec<hive::Keys>,
) -> Result<(Vec<InputFile>, Vec<hive::Keys>, Option<String>)> {
    let Some((name, meaning)) = dataset.other else { return Ok((files, keys, None)) };
    let is_other = |file: &InputFile| {
        let path = file.to_string();
        path.rsplit('/').take(2).any(|part| plain(part).contains(&plain(name)))
    };
    let (other, read): (Vec<_>, Vec<_>) = files.into_iter().zip(keys).partition(|(file, _)| is_other(file));
    let note = match &other[..] {
        [] => None,
        [(first, _), ..] if read.is_empty() => {
            return Err(Error::input(format!(
                "[{section}] {first} is an export {name}: {meaning}; GroupDetails and GroupMembers are needed"
            )));
        }
        [(only, _)] => Some(format!("[{section}] {only} is not read: {name} are {meaning}")),
        [(first, _), ..] => {
            let files = other.len();
            Some(format!("[{section}] {files} files are not read, first {first}: {name} are {meaning}"))
        }
    };
    let (files, keys) = read.into_iter().unzip();
    Ok((files, keys, note))
}

/// Selects the columns of the input table, with their types.
fn in_input_columns(section: &InputSchema, frame: DataFrame) -> Result<DataFrame> {
    let casts = section.columns.iter().map(|c| {
        let column = Expr::Column(datafusion::common::Column::from_name(c.name));
        cast(column, c.type_of(c.kind.data_type())).alias(c.name)
    });
    Ok(frame.select(casts.collect::<Vec<_>>())?)
}

/// What cannot be read in the files of an export, in the order of the files. This is a second look, for notes: it
/// reads the files again.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn unreadable(ctx: &SessionContext, source: &InputSource) -> Result<Vec<Unreadable>> {
    let Some(dataset) = Dataset::of(source.section) else { return Ok(vec![]) };
    let mut looks = vec![];
    for file in &source.files {
        // The values of folder keys are text, which can always be read.
        let rows = read_one(ctx, dataset, source.section, file, &hive::Keys::new()).await?;
        let look = mapped(ctx, "graph_row", rows.into_view(), dataset.unreadable).await?;
        looks.push((file.to_string(), look));
    }
    let found = futures::stream::iter(looks)
        .map(|(file, look)| async move { unreadable::found(&file, &look.collect().await?) });
    let found: Vec<_> = found.buffered(LOOKS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// The rows of one file of an export of mail or meetings, in the columns of the input table. `keys` are the keys of its
/// folders.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn one_file(
    ctx: &SessionContext,
    section: &InputSchema,
    file: &InputFile,
    keys: &hive::Keys,
) -> Result<Option<DataFrame>> {
    let Some(dataset) = Dataset::of(section.name).filter(|dataset| dataset.whole.is_none()) else {
        return Ok(None);
    };
    let rows = read_one(ctx, dataset, section.name, file, keys).await?;
    in_input_columns(section, rows).map(Some)
}

/// The names of the columns in the first objects of a JSON file.
///
/// # Errors
/// A file that is damaged there, or that cannot be read.
pub(crate) fn names_in(file: &InputFile) -> Result<Vec<String>> {
    json_files::names(file)
}

/// The groups of columns of a section's dataset of which every file must have one, in their order.
pub(crate) fn required(section: &str) -> &'static [&'static [&'static str]] {
    Dataset::of(section).map_or(&[], |dataset| dataset.in_each)
}

/// Reads one file: the first step of its dataset. Without `keys`, the columns that come from folders are null.
async fn read_one(
    ctx: &SessionContext,
    dataset: &'static Dataset,
    section: &'static str,
    file: &InputFile,
    keys: &hive::Keys,
) -> Result<DataFrame> {
    let examined = examine(ctx, dataset, section, vec![file.clone()], vec![keys.clone()]).await?;
    read(ctx, dataset, section, examined).await
}

/// Counts the objects of a JSON file of a section, and finds out which columns of the dataset they have. This
/// reads the complete file, as a run does.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) fn count(section: &str, file: &InputFile) -> Result<FileCount> {
    table::count(section, file, &Dataset::of(section).map(Dataset::names).unwrap_or_default())
}

/// The columns of a section's dataset for which `lacks` is true, each with the consequence.
pub(crate) fn missing(section: &str, lacks: impl Fn(usize) -> bool) -> Vec<(&'static str, &'static str)> {
    Dataset::of(section).map(|dataset| dataset.missing(lacks)).unwrap_or_default()
}

/// Reads files as one table: the first step of their dataset.
async fn read(
    ctx: &SessionContext,
    dataset: &'static Dataset,
    name: &'static str,
    examined: Examined,
) -> Result<DataFrame> {
    let json = examined.json_tables(dataset);
    let Examined { in_parquet, footers, own, .. } = examined;
    let mut parts = vec![];
    for (columns, urls) in parquet::alike(&in_parquet, footers.into_iter().map(|f| f.columns))? {
        let mut fields: Vec<Arc<Field>> = columns.iter().flatten().cloned().collect();
        fields.dedup();
        let frame = parquet::read(ctx, fields, urls, own.clone())?;
        let frame = frame.select(dataset.columns.iter().zip(&columns).map(|(column, field)| {
            field.as_ref().map_or_else(null, |field| text_value::as_text(field)).alias(column.name)
        }))?;
        parts.push(frame.into_view());
    }
    if !json.is_empty() {
        let partitions = ctx.copied_config().target_partitions();
        let json = parts::cut(dataset, name, json, partitions).await?;
        parts.push(Arc::new(table::table(name, json, &dataset.names(), partitions)?));
    }
    let mut frames = vec![];
    for part in parts {
        frames.push(mapped(ctx, dataset.table, part, dataset.sql).await);
    }
    union_all(frames)?.ok_or_else(|| Error::input(format!("[{name}] no file was found")))
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
