//! Parquet files: what their footers say, and files alike as one table.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef, TimeUnit};
use datafusion::datasource::file_format::parquet::{Int96Coercer, ParquetFormat};
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::object_store::path::Path;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{StreamExt, TryStreamExt};

use super::caught::{caught, told};
use super::dictionaries::FilesWithSchemas;
use super::files::InputFile;
use crate::error::{Error, Result, ours};

/// INT96, as Spark and Hive write timestamps, is read as microseconds: in nanoseconds, the years
/// before 1677 and after 2262 would wrap into the present.
const INT96_AS: &str = "us";

/// How many footers are read at once.
const FOOTERS_AT_ONCE: usize = 16;

/// What is known of a file before its rows are read.
pub(super) struct Footer {
    /// Its Arrow schema.
    pub(super) schema: Schema,
    /// All that the footer says.
    pub(super) metadata: Arc<ParquetMetaData>,
}

/// For each file what `look` finds in its footer, given its place for errors, and its rows.
pub(super) async fn footers<T>(
    ctx: &SessionContext,
    section: &str,
    files: &[InputFile],
    look: impl Fn(&Footer, &str) -> Result<T>,
) -> Result<Vec<(T, u64)>> {
    let look = &look;
    futures::stream::iter(files)
        .map(|file| async move {
            let place = format!("[{section}] {file}");
            let footer = caught(footer(ctx, file))
                .await
                .unwrap_or_else(|panic| Err(damaged(&told(&panic))))
                .map_err(|e| Error::input(format!("{place}: {e}")))?;
            let rows = footer.metadata.file_metadata().num_rows().max(0) as u64;
            Ok::<_, Error>((look(&footer, &place)?, rows))
        })
        .buffered(FOOTERS_AT_ONCE)
        .try_collect()
        .await
}

async fn footer(ctx: &SessionContext, file: &InputFile) -> Result<Footer, String> {
    let url = file.url().map_err(|e| e.to_string())?;
    let store = ctx.runtime_env().object_store(url.object_store()).map_err(|e| e.strip_backtrace())?;
    let meta = datafusion::object_store::ObjectStoreExt::head(store.as_ref(), url.prefix())
        .await
        .map_err(|e| format!("cannot be read: {}", said(file, &e)))?;
    if meta.size == 0 {
        return Err("is empty (0 bytes), which is no Parquet file; remove it or write it again".to_string());
    }
    let cache = ctx.runtime_env().cache_manager.get_file_metadata_cache();
    let metadata = DFParquetMetadata::new(store.as_ref(), &meta)
        .with_file_metadata_cache(Some(cache))
        .fetch_metadata()
        .await
        .map_err(|e| match ours(&e) {
            Some(_) => format!("cannot be read: {}", said(file, &e)),
            None => damaged(&e.strip_backtrace()),
        })?;
    let file = metadata.file_metadata();
    let schema =
        parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()).map_err(|e| damaged(&e))?;
    let coerced = Int96Coercer::new(file.schema_descr(), &schema, &TimeUnit::Microsecond).coerce();
    Ok(Footer { schema: coerced.unwrap_or(schema), metadata })
}

/// An error of a store without the file, which is named before it.
fn said(file: &InputFile, error: &(dyn std::error::Error + 'static)) -> String {
    let text = ours(error).map_or_else(|| error.to_string(), ToString::to_string);
    text.strip_prefix(&format!("{file}: ")).map(str::to_owned).unwrap_or(text)
}

/// The Arrow schema that a file's footer gives.
pub(super) async fn schema(ctx: &SessionContext, file: &InputFile) -> Result<SchemaRef, String> {
    Ok(Arc::new(footer(ctx, file).await?.schema))
}

fn damaged(e: &dyn std::fmt::Display) -> String {
    format!("is no Parquet file, or cut short or damaged: {e}")
}

/// The field of this name: as written, else in any case.
pub(super) fn find(schema: &Schema, name: &str, place: &str) -> Result<Option<Arc<Field>>> {
    let exact: Vec<_> = schema.fields().iter().filter(|f| f.name() == name).collect();
    let fold = |s: &str| s.to_lowercase();
    let any_case = || schema.fields().iter().filter(|f| fold(f.name()) == fold(name)).collect::<Vec<_>>();
    let hits = if exact.is_empty() { any_case() } else { exact };
    match hits[..] {
        [] => Ok(None),
        [field] => Ok(Some(Arc::clone(field))),
        _ => Err(Error::input(format!("{place}: column '{name}' is there {} times", hits.len()))),
    }
}

/// A column that must be there is not.
pub(super) fn missing(schema: &Schema, name: &str, place: &str, what: &str) -> Error {
    let there = schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
    Error::input(format!("{place}: column '{name}' is missing; the {what} has: {there}"))
}

/// Files by what was found in them: those with the same findings together, in a fixed order.
pub(super) fn alike<T: Debug>(
    files: &[InputFile],
    found: impl IntoIterator<Item = T>,
) -> Result<Vec<(T, Vec<ListingTableUrl>)>> {
    let mut alike: BTreeMap<String, (T, Vec<ListingTableUrl>)> = BTreeMap::new();
    for (file, found) in files.iter().zip(found) {
        alike.entry(format!("{found:?}")).or_insert_with(|| (found, vec![])).1.push(file.url()?);
    }
    Ok(alike.into_values().collect())
}

/// Files with the same fields as one table of these fields; nothing else of them is read. `schemas`
/// are those with which files are read that are not read with their own.
pub(super) fn read(
    ctx: &SessionContext,
    schema: SchemaRef,
    urls: Vec<ListingTableUrl>,
    schemas: HashMap<Path, SchemaRef>,
) -> Result<DataFrame> {
    // Any ending is a Parquet file here: its footer has been read.
    let format = ParquetFormat::default().with_coerce_int96(Some(INT96_AS.to_string()));
    let options = ListingOptions::new(Arc::new(format)).with_file_extension("");
    let config =
        ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    let files = ListingTable::try_new(config)?;
    if schemas.is_empty() {
        return Ok(ctx.read_table(Arc::new(files))?);
    }
    Ok(ctx.read_table(Arc::new(FilesWithSchemas { files, schemas }))?)
}
