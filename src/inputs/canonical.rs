//! Maps Parquet files in the canonical shape to one table with one type per column.
//!
//! Files of one input may differ in the case and order of column names, in the optional columns that they
//! lack, and in units, time zones and encodings; the keys of their folders can be columns. Files with the same
//! fields are read as one `ListingTable`. Casts map each such table to the canonical columns, and UNION ALL
//! combines the tables.

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

use super::columns::{Absent, Column, InputSchema, Kind, Needed, Shape};
use super::files::{self, Files};
use super::hive::{self, KeyColumns};
use super::listed_files::Own;
use super::mark_columns::{MarkColumn, mark_columns};
use super::parquet::{self, Footer};
use super::source::{InputSource, Unreadable, union_all};
use super::{attributes, dictionaries, iceberg_files, known_names, lenient, logical_types, text_value};
use crate::config::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::functions;
use crate::storage::InputFile;

/// Opens the files of a section as one table.
pub(crate) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DataFrame, InputSource)> {
    let Files { files, keys, mut notes } =
        files::find(ctx, enrichment, section.name, Format::Canonical, path, &["parquet"]).await?;
    let read = read(ctx, section, &files, &keys).await?;
    let frame =
        read.frame.ok_or_else(|| Error::input(format!("[{}] {path}: no file was found", section.name)))?;
    notes.extend(read.notes);
    Ok((
        frame,
        InputSource {
            keys,
            rows: read.rows,
            missing: read.missing,
            binary: read.binary,
            converts: read.converts,
            mark_columns: read.mark_columns,
            columns: section.names_in_files().map(str::to_owned).collect(),
            notes,
            ..InputSource::of(section.name, Format::Canonical, files)
        },
    ))
}

/// The rows of one file of a section, in the columns of the input table. `keys` are the keys of its folders.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn one_file(
    ctx: &SessionContext,
    section: &InputSchema,
    file: &InputFile,
    keys: &hive::Keys,
) -> Result<Option<DataFrame>> {
    let read = read(ctx, section, std::slice::from_ref(file), std::slice::from_ref(keys)).await?;
    Ok(read.frame)
}

/// What in one file of a section cannot be read. `keys` are the keys of its folders.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn unreadable(
    ctx: &SessionContext,
    section: &InputSchema,
    file: &InputFile,
    keys: &hive::Keys,
) -> Result<Vec<Unreadable>> {
    let (files, keys) = (std::slice::from_ref(file), std::slice::from_ref(keys));
    let (key_columns, _) = key_columns(ctx, section, files, keys).await?;
    let look = |_: usize, footer: &Footer, place: &str| {
        let found = look(section, footer, &key_columns.added_to(&footer.schema, &keys[0]), place)?;
        Ok(found.needed)
    };
    let mut needed = parquet::footers(ctx, section.name, Format::Canonical, files, look).await?;
    let Some((needed, _)) = needed.pop() else { return Ok(vec![]) };
    let table = parquet::whole(ctx, file).await?.table;
    lenient::unreadable(section, &needed, &table, &file.to_string()).await
}

/// Files as one table, and what is known about them.
struct Read {
    /// `None` if there are no files.
    frame: Option<DataFrame>,
    rows: u64,
    missing: Vec<(&'static str, &'static str)>,
    binary: Vec<String>,
    converts: bool,
    mark_columns: Vec<MarkColumn>,
    notes: Vec<String>,
}

/// Reads the footers of files, and maps the files to one table. `keys` are the keys of the folders of each file.
async fn read(
    ctx: &SessionContext,
    section: &InputSchema,
    files: &[InputFile],
    keys: &[hive::Keys],
) -> Result<Read> {
    let (key_columns, mut notes) = key_columns(ctx, section, files, keys).await?;
    let look = |index: usize, footer: &Footer, place: &str| {
        look(section, footer, &key_columns.added_to(&footer.schema, &keys[index]), place)
    };
    let footers = parquet::footers(ctx, section.name, Format::Canonical, files, look).await?;
    let rows = footers.iter().map(|f| f.1).sum();
    let mut found: Vec<_> = footers.into_iter().map(|f| f.0).collect();
    let of_files = found.iter().zip(files);
    let of_files = of_files.map(|(found, file)| (&found.needed, &found.schema, file.to_string()));
    notes.extend(known_names::spelled_otherwise(section, of_files));
    let mut types = take_dictionaries(section, &mut found);
    let places = found.iter().zip(files).map(|(found, file)| (&found.needed, file));
    attributes::set_type(section, places, &mut types)?;
    let own = own(files, &found, keys)?;
    let of_iceberg = found.iter().zip(files).filter(|(found, _)| found.is_of_iceberg);
    notes.extend(iceberg_files::note(section.name, of_iceberg.map(|(_, file)| file)));
    let mark_columns = mark_columns(found.iter().map(|file| &file.schema));
    let alike = parquet::alike(files, found.into_iter().map(|f| f.needed))?;
    let missing = missing(section, alike.iter().map(|(needed, _)| needed));
    let binary = binary(not_attributes(section, alike.iter().map(|(needed, _)| needed)));
    let converts = alike.iter().any(|(needed, _)| lenient::converts(section, needed));
    let parts =
        alike.into_iter().map(|(needed, urls)| read_alike(ctx, section, &types, needed, (urls, &own)));
    Ok(Read { frame: union_all(parts)?, rows, missing, binary, converts, mark_columns, notes })
}

/// The keys of folders that are columns of the section: those that no file has as a column. Also returns notes about
/// them. Footers are only read for this if a key has the name of a column.
async fn key_columns(
    ctx: &SessionContext,
    section: &InputSchema,
    files: &[InputFile],
    keys: &[hive::Keys],
) -> Result<(KeyColumns, Vec<String>)> {
    let mut columns = KeyColumns::of(section.names_in_files(), keys);
    if columns.is_empty() {
        return Ok((columns, vec![]));
    }
    let schema = |_: usize, footer: &Footer, _: &str| Ok(footer.schema.clone());
    let footers = parquet::footers(ctx, section.name, Format::Canonical, files, schema).await?;
    let schemas: Vec<_> = footers.into_iter().map(|(schema, _)| schema).collect();
    let notes = columns.without(section.name, files, keys, &schemas);
    Ok((columns, notes))
}

/// The fields of files or tables but those of attributes, which are read as they are.
pub(crate) fn not_attributes<'a>(
    section: &InputSchema,
    found: impl Iterator<Item = &'a Needed>,
) -> impl Iterator<Item = &'a Arc<Field>> {
    found.flat_map(|needed| {
        let columns = section.columns.iter().zip(needed);
        columns
            .filter(|(column, _)| column.kind != Kind::Attribute)
            .flat_map(|(_, fields)| fields.iter().flatten())
    })
}

/// The names of the columns of some file or table that contain binary and are read as text.
pub(crate) fn binary<'a>(fields: impl Iterator<Item = &'a Arc<Field>>) -> Vec<String> {
    let binary = fields.filter(|f| !logical_types::is_uuid(f) && logical_types::has_binary(f.data_type()));
    let mut names: Vec<_> = binary.map(|field| field.name().clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
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
        kind => column.type_of(kind.data_type()),
    }
}

/// What was found in the footer of a file.
struct Found {
    needed: Needed,
    /// By column: the field with a dictionary type, if it contains addresses that the file stores as a
    /// dictionary.
    coded: Vec<Option<Arc<Field>>>,
    is_of_iceberg: bool,
    schema: Schema,
    /// The schema with which the file must be read, if the reader would find another one.
    own_schema: Option<SchemaRef>,
}

/// Finds the columns of a section in a file. `schema` is the schema of the file with the keys of its folders.
fn look(section: &InputSchema, footer: &Footer, schema: &Schema, place: &str) -> Result<Found> {
    let is_of_iceberg = iceberg_files::is_one(footer, place)?;
    let needed = needed(section, schema, place, "file").map_err(|e| match footer.is_published() {
        true => Error::input(format!(
            "{e}; this file was published by an enrichment: give [output] a path outside of that of [{}]",
            section.name
        )),
        false => e,
    })?;
    let coded = section.columns.iter().zip(&needed).map(|(column, fields)| match &fields[..] {
        [Some(field)]
            if matches!(column.kind, Kind::Address | Kind::Addresses) && !column.kind.converts(field) =>
        {
            dictionaries::as_dictionary(field, &footer.metadata)
        }
        _ => None,
    });
    let coded = coded.collect();
    Ok(Found { needed, coded, is_of_iceberg, schema: footer.schema.clone(), own_schema: footer.own_schema() })
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
                    let is_plain = matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8)
                        && !hive::is_key(field);
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

/// What files have of their own, by the path of the file: a schema that is not the one in the footer, and the
/// values of the keys of their folders.
fn own(files: &[InputFile], found: &[Found], keys: &[hive::Keys]) -> Result<HashMap<Path, Own>> {
    let mut all = HashMap::new();
    for ((file, found), keys) in files.iter().zip(found).zip(keys) {
        let fields = || found.needed.iter().flatten().flatten();
        let coded: Vec<_> = fields().filter(|f| dictionaries::is_coded(f.data_type())).cloned().collect();
        let schema = match coded.is_empty() {
            true => found.own_schema.clone(),
            false => Some(dictionaries::with_fields(&found.schema, &coded)),
        };
        let values = hive::values(distinct(fields()).iter(), keys);
        if schema.is_some() || !values.is_empty() {
            all.insert(file.url()?.prefix().clone(), Own { schema, values });
        }
    }
    Ok(all)
}

/// The fields without duplicates, in the order in which they first occur.
fn distinct<'a>(fields: impl Iterator<Item = &'a Arc<Field>>) -> Vec<Arc<Field>> {
    let mut all: Vec<Arc<Field>> = vec![];
    for field in fields {
        if !all.contains(field) {
            all.push(Arc::clone(field));
        }
    }
    all
}

/// Finds the columns of a section in the schema of a file or table. `place` is its name in errors, and
/// `what` is `file` or `table`.
///
/// # Errors
/// A required column is missing, a name is ambiguous, or a column has a type that is not accepted.
pub(crate) fn needed(section: &InputSchema, schema: &Schema, place: &str, what: &str) -> Result<Needed> {
    let find = |column: &Column, name: &String| -> Result<Option<Arc<Field>>> {
        match parquet::find(schema, name, place)? {
            None if column.absent == Absent::Error => {
                let what_to_do = known_names::what_to_do(section, schema, what == "file");
                Err(parquet::missing(schema, name, place, what, &what_to_do))
            }
            Some(field) if !column.kind.takes(&field) => Err(Error::input(format!(
                "{place}: column '{}' {}, but {} is needed",
                field.name(),
                described(&field),
                column.kind.needed()
            ))),
            found => Ok(found),
        }
    };
    section.columns.iter().map(|c| c.in_file.iter().map(|name| find(c, name)).collect()).collect()
}

/// What a field contains, for an error.
fn described(field: &Field) -> String {
    if hive::is_key(field) {
        return "comes from the names of folders, which are text".to_owned();
    }
    let logical = logical_types::marked(field).map(|logical| format!(" ({logical})")).unwrap_or_default();
    format!("has type {}{logical}", field.data_type())
}

/// Reads files with the same fields as one table with the canonical columns.
fn read_alike(
    ctx: &SessionContext,
    section: &InputSchema,
    types: &[DataType],
    needed: Needed,
    (urls, own): (Vec<ListingTableUrl>, &HashMap<Path, Own>),
) -> Result<DataFrame> {
    let fields = distinct(needed.iter().flatten().flatten());
    let own = |url: &ListingTableUrl| Some((url.prefix().clone(), own.get(url.prefix())?.clone()));
    let own = urls.iter().filter_map(own).collect();
    let frame = parquet::read(ctx, fields, urls, own)?;
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
        let item = |i: usize| match (column.shape, wanted) {
            (Shape::List, DataType::List(item)) => item.data_type(),
            (Shape::Struct, DataType::Struct(fields)) => fields[i].data_type(),
            _ => wanted,
        };
        let values = fields
            .iter()
            .enumerate()
            .map(|(i, f)| canonical(column.kind, f.as_deref(), item(i)))
            .collect::<Result<Vec<_>, DataFusionError>>()?;
        let value = match (&values[..], column.shape) {
            ([], _) if column.name == lenient::COLUMN => lenient::unreadable_column(section, needed, wanted)?,
            ([], _) => lit(ScalarValue::try_new_null(wanted)?),
            (_, Shape::List) => make_array(values),
            (_, Shape::Struct) => attributes::as_struct(&column.in_file, values),
            ([one, ..], Shape::Single) => one.clone(),
        };
        debug_assert!(value.get_type(&df_schema).is_ok());
        Ok(value.alias(column.name))
    });
    Ok(frame.select(columns.collect::<Result<Vec<_>>>()?)?)
}

/// Converts a field of a file to the canonical type. A field that the file lacks becomes NULL.
fn canonical(kind: Kind, field: Option<&Field>, wanted: &DataType) -> Result<Expr, DataFusionError> {
    let Some(field) = field else { return Ok(lit(ScalarValue::try_new_null(wanted)?)) };
    if kind.converts(field) {
        return Ok(cast(lenient::value(kind, field)?, wanted.clone()));
    }
    let column = Expr::Column(datafusion::common::Column::from_name(field.name()));
    Ok(match (wanted, field.data_type()) {
        (wanted, same) if same == wanted => column,
        (DataType::Timestamp(_, _), DataType::Timestamp(_, _)) => {
            functions::time::utc_timestamp_udf().call(vec![column])
        }
        (wanted, DataType::FixedSizeBinary(_)) => cast(text_value::as_text(field), wanted.clone()),
        _ => cast(column, wanted.clone()),
    })
}
