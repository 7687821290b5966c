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
use super::file_kind::FileKind;
use super::listed_files::{ListedFiles, Own};
use super::{footer_check, hive, logical_types};
use crate::config::Format;
use crate::error::engine_words::ENCRYPTED_FOOTER;
use crate::error::{Error, Result, one_line, own_error};
use crate::storage::InputFile;

/// The unit in which INT96 is read, the type of timestamps that Spark and Hive write. In nanoseconds, years
/// before 1677 and after 2262 would overflow and become dates near the present.
const INT96_AS: &str = "us";

/// How many footers are read at the same time.
const FOOTERS_AT_ONCE: usize = 16;

/// What is known about a file before its rows are read.
pub(crate) struct Footer {
    /// Its Arrow schema, with INT96 as microseconds, and with binary where text is only declared.
    pub(crate) schema: Schema,
    /// Whether the reader finds the same types in the footer by itself.
    pub(crate) is_as_declared: bool,
    /// The complete content of the footer.
    pub(crate) metadata: Arc<ParquetMetaData>,
}

/// The key, in the metadata of the footer, that every file published by a run has.
const PUBLISHED: &str = "engagement.enrichment";

impl Footer {
    /// The number of rows of the file.
    fn rows(&self) -> u64 {
        self.metadata.file_metadata().num_rows().unsigned_abs()
    }

    /// Whether a run has published this file.
    pub(crate) fn is_published(&self) -> bool {
        self.has_key(PUBLISHED)
    }

    /// Whether the metadata of the footer has this key.
    pub(crate) fn has_key(&self, key: &str) -> bool {
        let mut entries = self.metadata.file_metadata().key_value_metadata().into_iter().flatten();
        entries.any(|entry| entry.key == key)
    }

    /// The schema with which the file must be read, if the reader would find another one.
    pub(crate) fn own_schema(&self) -> Option<SchemaRef> {
        (!self.is_as_declared).then(|| Arc::new(self.schema.clone()))
    }
}

/// Reads the footer of each file. Returns for each file, in order, the result of `look` and the number of
/// rows. `format` is that of the section. The arguments of `look` are the position of the file, its footer, and
/// the section and file, for errors.
///
/// # Errors
/// A file that is not Parquet, is damaged, or cannot be read; and the errors of `look`.
pub(crate) async fn footers<T>(
    ctx: &SessionContext,
    section: &str,
    format: Format,
    files: &[InputFile],
    look: impl Fn(usize, &Footer, &str) -> Result<T>,
) -> Result<Vec<(T, u64)>> {
    let look = &look;
    futures::stream::iter(files.iter().enumerate())
        .map(|(index, file)| async move {
            let place = format!("[{section}] {file}");
            let read = caught(footer(ctx, file)).await;
            let footer = match read.unwrap_or_else(|panic| Err(Unread::damaged(&panic_message(&panic)))) {
                Ok(footer) => footer,
                Err(unread) => {
                    let why = unread.explained(section, format, file).await;
                    return Err(Error::input(format!("{place}: {why}")));
                }
            };
            Ok::<_, Error>((look(index, &footer, &place)?, footer.rows()))
        })
        .buffered(FOOTERS_AT_ONCE)
        .try_collect()
        .await
}

/// Why a footer cannot be read, as the end of an error that begins with the name of the file.
enum Unread {
    /// The file cannot be read.
    File(String),
    /// The content of the file is not Parquet, or is damaged.
    Content(String),
}

impl Unread {
    fn damaged(e: &dyn std::fmt::Display) -> Self {
        let text = format!("is not a Parquet file, or is cut short or damaged: {e}");
        Self::Content(one_line(&text))
    }

    /// The text, which for a file of another format says what it is and what to do.
    async fn explained(self, section: &str, format: Format, file: &InputFile) -> String {
        let text = match self {
            Self::File(text) => return text,
            Self::Content(text) => text,
        };
        let file = file.clone();
        let look = tokio::task::spawn_blocking(move || FileKind::of_file(&file));
        match look.await.ok().flatten().filter(|kind| !kind.is_parquet()) {
            Some(kind) => {
                let remedy = kind.remedy(section, format);
                format!("is not a Parquet file but {}; {remedy}", kind.name)
            }
            None if text.contains(ENCRYPTED_FOOTER) => {
                "is an encrypted Parquet file; write it without encryption".to_owned()
            }
            None => text,
        }
    }
}

async fn footer(ctx: &SessionContext, file: &InputFile) -> Result<Footer, Unread> {
    let unread = |e: &dyn std::fmt::Display| Unread::File(one_line(&e.to_string()));
    let url = file.url().map_err(|e| unread(&e))?;
    let store =
        ctx.runtime_env().object_store(url.object_store()).map_err(|e| unread(&e.strip_backtrace()))?;
    let meta = datafusion::object_store::ObjectStoreExt::head(store.as_ref(), url.prefix())
        .await
        .map_err(|e| unread(&format!("cannot be read: {}", said(file, &e))))?;
    if meta.size == 0 {
        return Err(unread(&"is empty (0 bytes), which is not a Parquet file; remove it or write it again"));
    }
    let cache = ctx.runtime_env().cache_manager.get_file_metadata_cache();
    let metadata = DFParquetMetadata::new(store.as_ref(), &meta)
        .with_file_metadata_cache(Some(cache))
        .fetch_metadata()
        .await
        .map_err(|e| match own_error(&e) {
            Some(_) => unread(&format!("cannot be read: {}", said(file, &e))),
            None => Unread::damaged(&e.strip_backtrace()),
        })?;
    let damaged = |e: String| Unread::File(format!("is damaged: {e}"));
    footer_check::check(&metadata, meta.size).map_err(damaged)?;
    if matches!(file, InputFile::Local(_)) || footer_check::is_too_long(&metadata, meta.size) {
        let begin = footer_check::check_begin(store.as_ref(), url.prefix(), &metadata, meta.size).await;
        begin.map_err(|e| unread(&format!("cannot be read: {}", said(file, &e))))?.map_err(damaged)?;
    }
    let file = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())
        .map_err(|e| Unread::damaged(&e))?;
    let coerced = Int96Coercer::new(file.schema_descr(), &schema, &TimeUnit::Microsecond).coerce();
    let declared = coerced.unwrap_or(schema);
    let schema = logical_types::checked(&declared, file.schema_descr());
    let is_same = |(own, declared): (&Arc<Field>, &Arc<Field>)| own.data_type() == declared.data_type();
    let is_as_declared = schema.fields().iter().zip(declared.fields()).all(is_same);
    Ok(Footer { schema, is_as_declared, metadata })
}

/// The text of a store's error without the name of the file, which the caller puts in front.
fn said(file: &InputFile, error: &(dyn std::error::Error + 'static)) -> String {
    let text = own_error(error).map_or_else(|| error.to_string(), ToString::to_string);
    text.strip_prefix(&format!("{file}: ")).map(str::to_owned).unwrap_or(text)
}

/// A file as a table with all its columns.
pub(crate) struct Whole {
    pub(crate) table: DataFrame,
    pub(crate) schema: Schema,
    /// The number of rows according to the footer.
    pub(crate) rows: u64,
}

/// Reads a file as a table with all its columns.
pub(crate) async fn whole(ctx: &SessionContext, file: &InputFile) -> Result<Whole> {
    let footer = footer(ctx, file).await.map_err(|unread| match unread {
        Unread::File(text) | Unread::Content(text) => Error::input(text),
    })?;
    let (url, fields) = (file.url()?, footer.schema.fields().to_vec());
    let own = footer.own_schema().map(|schema| Own { schema: Some(schema), values: vec![] });
    let own = own.map(|own| (url.prefix().clone(), own)).into_iter().collect();
    let table = read(ctx, fields, vec![url], own)?;
    Ok(Whole { table, rows: footer.rows(), schema: footer.schema })
}

/// The field with this name in any case; `None` if there is none.
///
/// # Errors
/// Several fields have this name, so that the column could be any of them.
pub(crate) fn find(schema: &Schema, name: &str, place: &str) -> Result<Option<Arc<Field>>> {
    let folded = name.to_lowercase();
    let hits: Vec<_> = schema.fields().iter().filter(|f| f.name().to_lowercase() == folded).collect();
    match hits[..] {
        [] => Ok(None),
        [field] => Ok(Some(Arc::clone(field))),
        _ => {
            let names = hits.iter().map(|field| format!("'{}'", field.name())).collect::<Vec<_>>();
            Err(Error::input(format!(
                "{place}: column '{name}' is ambiguous: there are {}, and names count in any case; rename or remove \
                 one",
                names.join(" and ")
            )))
        }
    }
}

/// The error for a required column that is missing. `what` is `file` or `table`, and `what_to_do` ends the error.
pub(crate) fn missing(schema: &Schema, name: &str, place: &str, what: &str, what_to_do: &str) -> Error {
    let there = schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
    Error::input(format!("{place}: column '{name}' is missing; the {what} has: {there}; {what_to_do}"))
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
/// Fields that come from the names of folders are behind the others. `own` contains what files have of their
/// own.
pub(crate) fn read(
    ctx: &SessionContext,
    fields: Vec<Arc<Field>>,
    urls: Vec<ListingTableUrl>,
    own: HashMap<Path, Own>,
) -> Result<DataFrame> {
    let (keys, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| hive::is_key(field));
    let fields: Vec<_> = fields.iter().map(logical_types::unmarked).collect();
    // A file name may have any ending: the footer has shown that the file is Parquet.
    let format = ParquetFormat::default().with_coerce_int96(Some(INT96_AS.to_string()));
    let options = ListingOptions::new(Arc::new(format)).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(options)
        .with_schema(Arc::new(Schema::new(fields)));
    let files = ListingTable::try_new(config)?;
    if own.is_empty() && keys.is_empty() {
        return Ok(ctx.read_table(Arc::new(files))?);
    }
    Ok(ctx.read_table(Arc::new(ListedFiles::new(files, keys, own)))?)
}
