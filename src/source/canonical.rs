//! Parquet files in the canonical shape → one table with one type per column.
//!
//! Files of one input may differ: in the case and order of column names, in optional columns they
//! lack, in units, zones and encodings. Files alike are read as one ListingTable; each such table
//! is brought to the canonical columns by casts, and the tables are put together by UNION ALL.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::datasource::file_format::parquet::{Int96Coercer, ParquetFormat};
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::error::DataFusionError;
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{StreamExt, TryStreamExt};

use super::Source;
use super::columns::{Absent, Column, Kind, Section};
use super::files::{self, InputFile};
use crate::enrichment::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::functions;

/// INT96, as Spark and Hive write timestamps, is read as microseconds: in nanoseconds, the years
/// before 1677 and after 2262 would wrap into the present.
const INT96_AS: &str = "us";

/// How many footers are read at once.
const FOOTERS_AT_ONCE: usize = 16;

/// The fields of a file that are needed, by canonical column; `None` for a column it lacks.
type Needed = Vec<Vec<Option<Arc<Field>>>>;

/// Opens the files of a section as one table.
pub(super) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &Section,
    path: &str,
) -> Result<(DataFrame, Source)> {
    let files = files::find(enrichment, section.name, path, &["parquet"])?;
    let footers: Vec<(Needed, u64)> = futures::stream::iter(&files)
        .map(|file| async move {
            let place = format!("[{}] {}", section.name, file.path.display());
            let (schema, rows) =
                footer(ctx, file).await.map_err(|e| Error::input(format!("{place}: {e}")))?;
            Ok::<_, Error>((needed(section, &schema, &place)?, rows))
        })
        .buffered(FOOTERS_AT_ONCE)
        .try_collect()
        .await?;
    let rows = footers.iter().map(|f| f.1).sum();
    let mut alike: BTreeMap<String, (Needed, Vec<ListingTableUrl>)> = BTreeMap::new();
    for (file, (needed, _)) in files.iter().zip(footers) {
        let key = format!("{needed:?}");
        alike.entry(key).or_insert_with(|| (needed, vec![])).1.push(file.url()?);
    }
    let missing = section.columns.iter().enumerate().filter_map(|(i, column)| match column.absent {
        Absent::Means(means) => {
            alike.values().any(|(n, _)| n[i].contains(&None)).then_some((column.name, means))
        }
        _ => None,
    });
    let missing = missing.collect();
    let mut union: Option<DataFrame> = None;
    for (needed, urls) in alike.into_values() {
        let part = read_alike(ctx, section, needed, urls)?;
        union = Some(match union {
            None => part,
            Some(union) => union.union(part)?,
        });
    }
    let frame = union.ok_or_else(|| Error::input(format!("[{}] {path}: no file", section.name)))?;
    Ok((frame, Source { section: section.name, format: Format::Canonical, files, rows, missing }))
}

/// The Arrow schema and the number of rows that a file's footer gives.
async fn footer(ctx: &SessionContext, file: &InputFile) -> Result<(Schema, u64), String> {
    let url = file.url().map_err(|e| e.to_string())?;
    let store = ctx.runtime_env().object_store(url.object_store()).map_err(|e| e.strip_backtrace())?;
    let meta = datafusion::object_store::ObjectStoreExt::head(store.as_ref(), url.prefix())
        .await
        .map_err(|e| format!("cannot be read: {e}"))?;
    if meta.size == 0 {
        return Err("is empty (0 bytes), which is no Parquet file; remove it or write it again".to_string());
    }
    let cache = ctx.runtime_env().cache_manager.get_file_metadata_cache();
    let damaged = |e: &dyn std::fmt::Display| format!("is no Parquet file, or cut short or damaged: {e}");
    let footer = DFParquetMetadata::new(store.as_ref(), &meta)
        .with_file_metadata_cache(Some(cache))
        .fetch_metadata()
        .await
        .map_err(|e| damaged(&e.strip_backtrace()))?;
    let footer = footer.file_metadata();
    let schema = parquet_to_arrow_schema(footer.schema_descr(), footer.key_value_metadata())
        .map_err(|e| damaged(&e))?;
    let coerced = Int96Coercer::new(footer.schema_descr(), &schema, &TimeUnit::Microsecond).coerce();
    let schema = coerced.unwrap_or(schema);
    Ok((schema, footer.num_rows().max(0) as u64))
}

/// Finds the columns of a section in a file.
fn needed(section: &Section, schema: &Schema, place: &str) -> Result<Needed> {
    let find = |column: &Column, name: &String| -> Result<Option<Arc<Field>>> {
        let exact: Vec<_> = schema.fields().iter().filter(|f| f.name() == name).collect();
        let fold = |s: &str| s.to_lowercase();
        let any_case = || schema.fields().iter().filter(|f| fold(f.name()) == fold(name)).collect::<Vec<_>>();
        let hits = if exact.is_empty() { any_case() } else { exact };
        let there = || schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
        match hits[..] {
            [] if column.absent == Absent::Error => {
                Err(Error::input(format!("{place}: column '{name}' is missing; the file has: {}", there())))
            }
            [] => Ok(None),
            [field] if column.kind.takes(field.data_type()) => Ok(Some(Arc::clone(field))),
            [field] => Err(Error::input(format!(
                "{place}: column '{}' has type {}, but {} is needed",
                field.name(),
                field.data_type(),
                column.kind.needed()
            ))),
            _ => Err(Error::input(format!("{place}: column '{name}' is there {} times", hits.len()))),
        }
    };
    section.columns.iter().map(|c| c.in_file.iter().map(|name| find(c, name)).collect()).collect()
}

/// Files with the same fields as one table with the canonical columns.
fn read_alike(
    ctx: &SessionContext,
    section: &Section,
    needed: Needed,
    urls: Vec<ListingTableUrl>,
) -> Result<DataFrame> {
    let mut fields: Vec<Arc<Field>> = vec![];
    for field in needed.iter().flatten().flatten() {
        if !fields.contains(field) {
            fields.push(Arc::clone(field));
        }
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    // Any ending is a Parquet file here: its footer has been read.
    let options =
        ListingOptions::new(Arc::new(ParquetFormat::default().with_coerce_int96(Some(INT96_AS.to_string()))))
            .with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(options)
        .with_schema(Arc::clone(&schema));
    let frame = ctx.read_table(Arc::new(ListingTable::try_new(config)?))?;
    let df_schema = frame.schema().clone();
    let columns = section.columns.iter().zip(&needed).map(|(column, fields)| {
        let values = fields
            .iter()
            .map(|f| canonical(f.as_deref(), column.kind))
            .collect::<Result<Vec<_>, DataFusionError>>()?;
        let value = match &values[..] {
            [] => lit(ScalarValue::try_new_null(&column.kind.data_type())?),
            [one] if column.name != EMAILS => one.clone(),
            _ => make_array(values),
        };
        debug_assert!(value.get_type(&df_schema).is_ok());
        Ok(value.alias(column.name))
    });
    Ok(frame.select(columns.collect::<Result<Vec<_>>>()?)?)
}

/// The column of contacts that gathers all mapped email columns in a list.
pub(super) const EMAILS: &str = "emails";

/// A field of a file as a value of the canonical type.
fn canonical(field: Option<&Field>, kind: Kind) -> Result<Expr, DataFusionError> {
    let wanted = kind.data_type();
    let Some(field) = field else { return Ok(lit(ScalarValue::try_new_null(&wanted)?)) };
    let column = Expr::Column(datafusion::common::Column::from_name(field.name()));
    Ok(match (kind, field.data_type()) {
        (_, same) if *same == wanted => column,
        (Kind::Timestamp, DataType::Timestamp(_, _)) => functions::utc_timestamp_udf().call(vec![column]),
        _ => cast(column, wanted),
    })
}
