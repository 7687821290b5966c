//! Maps Parquet files in the canonical shape to one table with one type per column.
//!
//! Files of one input may differ in the case and order of column names, in the optional columns that they
//! lack, and in units, time zones and encodings. Files with the same fields are read as one
//! `ListingTable`. Casts map each such table to the canonical columns, and UNION ALL combines the tables.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::DataFusionError;
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};
use datafusion::object_store::path::Path;
use datafusion::prelude::{DataFrame, SessionContext};

use super::columns::{Absent, Column, InputSchema, Kind};
use super::parquet::{self, Footer};
use super::source::{InputSource, union_all};
use super::{dictionaries, files};
use crate::config::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::functions;
use crate::storage::InputFile;

/// The fields of a file that are read, by canonical column and by its names in the file; `None` for a name
/// that the file lacks.
pub(crate) type Needed = Vec<Vec<Option<Arc<Field>>>>;

/// Opens the files of a section as one table.
pub(crate) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DataFrame, InputSource)> {
    let files = files::find(ctx, enrichment, section.name, path, &["parquet"]).await?;
    let look = |footer: &Footer, place: &str| look(section, footer, place);
    let footers = parquet::footers(ctx, section.name, &files, look).await?;
    let rows = footers.iter().map(|f| f.1).sum();
    let mut found: Vec<_> = footers.into_iter().map(|f| f.0).collect();
    let types = take_dictionaries(section, &mut found);
    let schemas = schemas(&files, &found)?;
    let alike = parquet::alike(&files, found.into_iter().map(|f| f.needed))?;
    let missing = missing(section, alike.iter().map(|(needed, _)| needed));
    let parts =
        alike.into_iter().map(|(needed, urls)| read_alike(ctx, section, &types, needed, (urls, &schemas)));
    let frame = union_all(parts)?
        .ok_or_else(|| Error::input(format!("[{}] {path}: no file was found", section.name)))?;
    Ok((frame, InputSource { section: section.name, format: Format::Canonical, files, rows, missing }))
}

/// The optional columns that some file or table lacks: the name of each, and the consequence.
pub(crate) fn missing<'a>(
    section: &InputSchema,
    found: impl Iterator<Item = &'a Needed> + Clone,
) -> Vec<(&'static str, &'static str)> {
    let lacking = section.columns.iter().enumerate().filter_map(|(i, column)| match column.absent {
        Absent::Means(means) => {
            found.clone().any(|needed| needed[i].contains(&None)).then_some((column.name, means))
        }
        _ => None,
    });
    lacking.collect()
}

/// The type of a column that is not read as a dictionary.
pub(crate) fn plain_type(section: &InputSchema, column: &Column) -> DataType {
    match column.kind {
        // The ids of messages are all different. String views avoid copying them.
        Kind::Text if section.has_copies => DataType::Utf8View,
        kind => kind.data_type(),
    }
}

/// What was found in the footer of a file.
struct Found {
    needed: Needed,
    /// By column: the field with a dictionary type, if it contains addresses that the file stores as a
    /// dictionary.
    coded: Vec<Option<Arc<Field>>>,
    schema: Schema,
}

fn look(section: &InputSchema, footer: &Footer, place: &str) -> Result<Found> {
    let needed = needed(section, &footer.schema, place, "file")?;
    let coded = section.columns.iter().zip(&needed).map(|(column, fields)| match &fields[..] {
        [Some(field)] if matches!(column.kind, Kind::Address | Kind::Addresses) => {
            dictionaries::as_dictionary(field, &footer.metadata)
        }
        _ => None,
    });
    let coded = coded.collect();
    Ok(Found { needed, coded, schema: footer.schema.clone() })
}

/// Chooses the type of each column and returns these types. The fields in `found` change accordingly:
/// addresses that every file stores as a dictionary are read as a dictionary, and text of mail and
/// meetings is read as string views.
fn take_dictionaries(section: &InputSchema, found: &mut [Found]) -> Vec<DataType> {
    let types = section.columns.iter().enumerate().map(|(i, column)| {
        let all = !found.is_empty() && found.iter().all(|file| file.coded[i].is_some());
        for file in found.iter_mut().filter(|_| all) {
            file.needed[i] = vec![file.coded[i].clone()];
        }
        if section.has_copies && column.kind == Kind::Text {
            for file in found.iter_mut() {
                let as_view = |field: &Arc<Field>| {
                    let is_plain = matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8);
                    is_plain.then(|| Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)))
                };
                for field in file.needed[i].iter_mut().flatten() {
                    *field = as_view(field).unwrap_or_else(|| Arc::clone(field));
                }
            }
        }
        match column.kind {
            Kind::Address if all => dictionaries::text_type(),
            Kind::Addresses if all => DataType::new_list(dictionaries::text_type(), true),
            _ => plain_type(section, column),
        }
    });
    types.collect()
}

/// The schemas of the files that are not read with the schema in their footer, by the path of the file.
fn schemas(files: &[InputFile], found: &[Found]) -> Result<HashMap<Path, SchemaRef>> {
    let mut schemas = HashMap::new();
    for (file, found) in files.iter().zip(found) {
        let coded = found.needed.iter().flatten().flatten().filter(|f| dictionaries::is_coded(f.data_type()));
        let coded: Vec<_> = coded.cloned().collect();
        if !coded.is_empty() {
            let schema = dictionaries::with_fields(&found.schema, &coded);
            schemas.insert(file.url()?.prefix().clone(), schema);
        }
    }
    Ok(schemas)
}

/// Finds the columns of a section in the schema of a file or table. `place` is its name in errors, and
/// `what` is `file` or `table`.
///
/// # Errors
/// A required column is missing, a name is ambiguous, or a column has a type that is not accepted.
pub(crate) fn needed(section: &InputSchema, schema: &Schema, place: &str, what: &str) -> Result<Needed> {
    let find = |column: &Column, name: &String| -> Result<Option<Arc<Field>>> {
        match parquet::find(schema, name, place)? {
            None if column.absent == Absent::Error => Err(parquet::missing(schema, name, place, what)),
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

/// Reads files with the same fields as one table with the canonical columns.
fn read_alike(
    ctx: &SessionContext,
    section: &InputSchema,
    types: &[DataType],
    needed: Needed,
    (urls, schemas): (Vec<ListingTableUrl>, &HashMap<Path, SchemaRef>),
) -> Result<DataFrame> {
    let mut fields: Vec<Arc<Field>> = vec![];
    for field in needed.iter().flatten().flatten() {
        if !fields.contains(field) {
            fields.push(Arc::clone(field));
        }
    }
    let own = |url: &ListingTableUrl| Some((url.prefix().clone(), Arc::clone(schemas.get(url.prefix())?)));
    let schemas = urls.iter().filter_map(own).collect();
    let frame = parquet::read(ctx, Arc::new(Schema::new(fields)), urls, schemas)?;
    select(section, types, &needed, frame)
}

/// Selects the canonical columns from a table with these fields.
pub(crate) fn select(
    section: &InputSchema,
    types: &[DataType],
    needed: &Needed,
    frame: DataFrame,
) -> Result<DataFrame> {
    let df_schema = frame.schema().clone();
    let columns = section.columns.iter().zip(types).zip(needed).map(|((column, wanted), fields)| {
        let values = fields
            .iter()
            .map(|f| canonical(f.as_deref(), wanted))
            .collect::<Result<Vec<_>, DataFusionError>>()?;
        let value = match &values[..] {
            [] => lit(ScalarValue::try_new_null(wanted)?),
            [one] if column.name != EMAILS => one.clone(),
            _ => make_array(values),
        };
        debug_assert!(value.get_type(&df_schema).is_ok());
        Ok(value.alias(column.name))
    });
    Ok(frame.select(columns.collect::<Result<Vec<_>>>()?)?)
}

/// The column of contacts that contains all mapped email columns as a list.
pub(crate) const EMAILS: &str = "emails";

/// Converts a field of a file to the canonical type. A field that the file lacks becomes NULL.
fn canonical(field: Option<&Field>, wanted: &DataType) -> Result<Expr, DataFusionError> {
    let Some(field) = field else { return Ok(lit(ScalarValue::try_new_null(wanted)?)) };
    let column = Expr::Column(datafusion::common::Column::from_name(field.name()));
    Ok(match (wanted, field.data_type()) {
        (wanted, same) if same == wanted => column,
        (DataType::Timestamp(_, _), DataType::Timestamp(_, _)) => {
            functions::time::utc_timestamp_udf().call(vec![column])
        }
        _ => cast(column, wanted.clone()),
    })
}
