//! Reads the footers of Parquet files, and reads files with the same fields as one table.

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

use super::catch_panic::{caught, panic_message};
use super::dictionaries::FilesWithSchemas;
use crate::error::{Error, Result, own_error};
use crate::storage::InputFile;

/// The unit in which INT96 is read, the type of timestamps that Spark and Hive write. In nanoseconds, years
/// before 1677 and after 2262 would overflow and become dates near the present.
const INT96_AS: &str = "us";

/// How many footers are read at the same time.
const FOOTERS_AT_ONCE: usize = 16;

/// What is known about a file before its rows are read.
pub(crate) struct Footer {
    /// Its Arrow schema, with INT96 as microseconds.
    pub(crate) schema: Schema,
    /// The complete content of the footer.
    pub(crate) metadata: Arc<ParquetMetaData>,
}

/// Reads the footer of each file. Returns for each file, in order, the result of `look` and the number of
/// rows. The second argument of `look` is the section and file, for errors.
///
/// # Errors
/// A file that is not Parquet, is damaged, or cannot be read; and the errors of `look`.
pub(crate) async fn footers<T>(
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
                .unwrap_or_else(|panic| Err(damaged(&panic_message(&panic))))
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
        return Err(
            "is empty (0 bytes), which is not a Parquet file; remove it or write it again".to_string()
        );
    }
    let cache = ctx.runtime_env().cache_manager.get_file_metadata_cache();
    let metadata = DFParquetMetadata::new(store.as_ref(), &meta)
        .with_file_metadata_cache(Some(cache))
        .fetch_metadata()
        .await
        .map_err(|e| match own_error(&e) {
            Some(_) => format!("cannot be read: {}", said(file, &e)),
            None => damaged(&e.strip_backtrace()),
        })?;
    let file = metadata.file_metadata();
    let schema =
        parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()).map_err(|e| damaged(&e))?;
    let coerced = Int96Coercer::new(file.schema_descr(), &schema, &TimeUnit::Microsecond).coerce();
    Ok(Footer { schema: coerced.unwrap_or(schema), metadata })
}

/// The text of a store's error without the name of the file, which the caller puts in front.
fn said(file: &InputFile, error: &(dyn std::error::Error + 'static)) -> String {
    let text = own_error(error).map_or_else(|| error.to_string(), ToString::to_string);
    text.strip_prefix(&format!("{file}: ")).map(str::to_owned).unwrap_or(text)
}

/// The Arrow schema in the footer of a file.
pub(crate) async fn schema(ctx: &SessionContext, file: &InputFile) -> Result<SchemaRef, String> {
    Ok(Arc::new(footer(ctx, file).await?.schema))
}

fn damaged(e: &dyn std::fmt::Display) -> String {
    format!("is not a Parquet file, or is cut short or damaged: {e}")
}

/// The field with exactly this name, otherwise the one with this name in any case; `None` if there is none.
///
/// # Errors
/// Several fields have this name.
pub(crate) fn find(schema: &Schema, name: &str, place: &str) -> Result<Option<Arc<Field>>> {
    let exact: Vec<_> = schema.fields().iter().filter(|f| f.name() == name).collect();
    let fold = |s: &str| s.to_lowercase();
    let any_case = || schema.fields().iter().filter(|f| fold(f.name()) == fold(name)).collect::<Vec<_>>();
    let hits = if exact.is_empty() { any_case() } else { exact };
    match hits[..] {
        [] => Ok(None),
        [field] => Ok(Some(Arc::clone(field))),
        _ => Err(Error::input(format!("{place}: column '{name}' occurs {} times", hits.len()))),
    }
}

/// The error for a required column that is missing. `what` is `file` or `table`.
pub(crate) fn missing(schema: &Schema, name: &str, place: &str, what: &str) -> Error {
    let there = schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
    Error::input(format!("{place}: column '{name}' is missing; the {what} has: {there}"))
}

/// Groups the files by what was found in them. The order of the groups depends on nothing else.
pub(crate) fn alike<T: Debug>(
    files: &[InputFile],
    found: impl IntoIterator<Item = T>,
) -> Result<Vec<(T, Vec<ListingTableUrl>)>> {
    let mut alike: BTreeMap<String, (T, Vec<ListingTableUrl>)> = BTreeMap::new();
    for (file, found) in files.iter().zip(found) {
        alike.entry(format!("{found:?}")).or_insert_with(|| (found, vec![])).1.push(file.url()?);
    }
    Ok(alike.into_values().collect())
}

/// Reads files with the same fields as one table of these fields. No other column of the files is read.
/// `schemas` contains the schemas of the files that are not read with the schema in their footer.
pub(crate) fn read(
    ctx: &SessionContext,
    schema: SchemaRef,
    urls: Vec<ListingTableUrl>,
    schemas: HashMap<Path, SchemaRef>,
) -> Result<DataFrame> {
    // A file name may have any ending: the footer has shown that the file is Parquet.
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
