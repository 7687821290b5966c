//! Parquet files in the canonical shape → one table with one type per column.
//!
//! Files of one input may differ: in the case and order of column names, in optional columns they
//! lack, in units, zones and encodings. Files alike are read as one ListingTable; each such table
//! is brought to the canonical columns by casts, and the tables are put together by UNION ALL.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::DataFusionError;
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};
use datafusion::prelude::{DataFrame, SessionContext};

use super::Source;
use super::columns::{Absent, Column, Kind, Section};
use super::files;
use super::parquet;
use super::union_all;
use crate::enrichment::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::functions;

/// The fields of a file that are needed, by canonical column; `None` for a column it lacks.
type Needed = Vec<Vec<Option<Arc<Field>>>>;

/// Opens the files of a section as one table.
pub(super) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &Section,
    path: &str,
) -> Result<(DataFrame, Source)> {
    let files = files::find(ctx, enrichment, section.name, path, &["parquet"]).await?;
    let needed = |schema: &Schema, place: &str| needed(section, schema, place);
    let footers = parquet::footers(ctx, section.name, &files, needed).await?;
    let rows = footers.iter().map(|f| f.1).sum();
    let alike = parquet::alike(&files, footers.into_iter().map(|f| f.0))?;
    let missing = section.columns.iter().enumerate().filter_map(|(i, column)| match column.absent {
        Absent::Means(means) => {
            alike.iter().any(|(n, _)| n[i].contains(&None)).then_some((column.name, means))
        }
        _ => None,
    });
    let missing = missing.collect();
    let parts = alike.into_iter().map(|(needed, urls)| read_alike(ctx, section, needed, urls));
    let frame =
        union_all(parts)?.ok_or_else(|| Error::input(format!("[{}] {path}: no file", section.name)))?;
    Ok((frame, Source { section: section.name, format: Format::Canonical, files, rows, missing }))
}

/// Finds the columns of a section in a file.
fn needed(section: &Section, schema: &Schema, place: &str) -> Result<Needed> {
    let find = |column: &Column, name: &String| -> Result<Option<Arc<Field>>> {
        match parquet::find(schema, name, place)? {
            None if column.absent == Absent::Error => Err(parquet::missing(schema, name, place)),
            Some(field) if !column.kind.takes(field.data_type()) => Err(Error::input(format!(
                "{place}: column '{}' has type {}, but {} is needed",
                field.name(),
                field.data_type(),
                column.kind.needed()
            ))),
            found => Ok(found),
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
    let frame = parquet::read(ctx, Arc::new(Schema::new(fields)), urls)?;
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
