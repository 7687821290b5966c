//! Values that a file has in another type than the column's own: whole numbers as floats, times and lists of addresses
//! as text, booleans as numbers or text.
//!
//! They are converted one by one, so a value can be there and not be readable. Such a value is counted: a row of mail
//! or meetings has the disposition `unreadable`, or `missing_time` for a time; a number that is not an identifier is a
//! missing one, and notes have the numbers. Columns of their own types are not concerned.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{Column, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn::{abs, btrim, isnan, lower, trunc};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::conditional_expressions::CaseBuilder;
use datafusion::logical_expr::{Expr, cast, lit, try_cast, when};
use datafusion::prelude::DataFrame;

use super::columns::{InputSchema, Kind, Needed};
use super::source::{Unreadable, UnreadableKind};
use super::text_value::as_text;
use crate::error::Result;
use crate::functions::{graph, text_form};

/// The column of the canonical input tables that names the first column of a row whose value cannot be read.
pub(crate) const COLUMN: &str = "unreadable_column";

/// From here on, a float of 32 or 64 bits does not distinguish all whole numbers.
const WHOLE_32: f64 = 16_777_216.0;
const WHOLE_64: f64 = 9_007_199_254_740_992.0;

/// Texts that stand for an absent value, in lower case and without spaces around them.
const ABSENT: [&str; 4] = ["", "null", "none", "nan"];

/// Whether some column is converted.
pub(crate) fn converts(section: &InputSchema, needed: &Needed) -> bool {
    converted(section, needed).next().is_some()
}

/// The fields that are converted, each with the kind of its column.
fn converted<'a>(section: &'a InputSchema, needed: &'a Needed) -> impl Iterator<Item = (Kind, &'a Field)> {
    let columns = section.columns.iter().zip(needed);
    let fields =
        columns.flat_map(|(column, fields)| fields.iter().flatten().map(|f| (column.kind, f.as_ref())));
    fields.filter(|(kind, field)| kind.converts(field))
}

/// The value of a field that is converted; NULL if it is absent or cannot be read.
pub(crate) fn value(kind: Kind, field: &Field) -> Result<Expr, DataFusionError> {
    Ok(match kind {
        Kind::Id => {
            let whole = try_cast(column(field), DataType::Int64);
            when(is_whole(field), cast(whole, DataType::Utf8)).end()?
        }
        Kind::Timestamp => graph::time_udf().call(vec![text(field)]),
        Kind::Addresses => graph::addresses_udf().call(vec![text(field)]),
        _ => {
            let is = |number: f64, word: &str| match is_number(field) {
                true => double(field).eq(lit(number)),
                false => trimmed(field).in_list(vec![lit(number.to_string()), lit(word)], false),
            };
            when(is(1.0, "true"), lit(true)).when(is(0.0, "false"), lit(false)).end()?
        }
    })
}

/// Whether the value of a field that is converted is there and cannot be read.
fn is_unreadable(kind: Kind, field: &Field) -> Result<Expr, DataFusionError> {
    let is_there = match is_number(field) {
        // Some programs write an absent number as NaN.
        true if field.data_type().is_floating() => column(field).is_not_null().and(!isnan(column(field))),
        true => column(field).is_not_null(),
        false => column(field).is_not_null().and(trimmed(field).in_list(ABSENT.map(lit).to_vec(), true)),
    };
    Ok(is_there.and(value(kind, field)?.is_null()))
}

/// The name of the first column whose value cannot be read and decides about the disposition; NULL if there is none.
pub(crate) fn unreadable_column(
    section: &InputSchema,
    needed: &Needed,
    wanted: &DataType,
) -> Result<Expr, DataFusionError> {
    let name = |name: Option<String>| cast(lit(ScalarValue::Utf8(name)), wanted.clone());
    let mut named: Option<CaseBuilder> = None;
    for (kind, field) in
        converted(section, needed).filter(|(kind, _)| notes_as(*kind) == UnreadableKind::Converted)
    {
        let (is_unreadable, name) = (is_unreadable(kind, field)?, name(Some(field.name().clone())));
        named = Some(match named {
            None => when(is_unreadable, name),
            Some(mut before) => before.when(is_unreadable, name),
        });
    }
    match named {
        None => Ok(lit(ScalarValue::try_new_null(wanted)?)),
        Some(mut named) => named.otherwise(name(None)),
    }
}

/// How notes tell of values of a kind that cannot be read.
fn notes_as(kind: Kind) -> UnreadableKind {
    match kind {
        Kind::Id => UnreadableKind::Id,
        Kind::Timestamp => UnreadableKind::Time,
        _ => UnreadableKind::Converted,
    }
}

/// What cannot be read in a table with these fields: columns, and the forms of times. `name` is that of the file or
/// table. This reads the columns that are converted.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn unreadable(
    section: &InputSchema,
    needed: &Needed,
    table: &DataFrame,
    name: &str,
) -> Result<Vec<Unreadable>> {
    let mut found = vec![];
    for (kind, field) in converted(section, needed) {
        let value = match kind {
            Kind::Timestamp => text_form::udf().call(vec![text(field)]),
            _ => lit(field.name().as_str()),
        };
        let rows = table.clone().filter(is_unreadable(kind, field)?)?;
        let sums = rows.aggregate(vec![value.alias("value")], vec![count(lit(1)).alias("rows")])?;
        let batches = sums.select_columns(&["value", "rows"])?.collect().await?;
        let start = found.len();
        for batch in &batches {
            let values = datafusion::arrow::compute::cast(batch.column(0), &DataType::Utf8)
                .map_err(DataFusionError::from)?;
            let (values, rows) = (values.as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
            let counted = (0..batch.num_rows()).filter(|row| rows.value(*row) > 0);
            found.extend(counted.map(|row| Unreadable {
                kind: notes_as(kind),
                value: values.value(row).to_owned(),
                file: name.to_owned(),
                rows: rows.value(row).unsigned_abs(),
            }));
        }
        found[start..].sort_by(|a, b| a.value.cmp(&b.value));
    }
    Ok(found)
}

fn column(field: &Field) -> Expr {
    Expr::Column(Column::from_name(field.name()))
}

fn is_number(field: &Field) -> bool {
    field.data_type().is_integer() || field.data_type().is_floating()
}

fn double(field: &Field) -> Expr {
    cast(column(field), DataType::Float64)
}

fn text(field: &Field) -> Expr {
    cast(as_text(field), DataType::Utf8)
}

fn trimmed(field: &Field) -> Expr {
    lower(btrim(vec![text(field)]))
}

/// Whether a float is a whole number that no other number is rounded to.
fn is_whole(field: &Field) -> Expr {
    let limit = if *field.data_type() == DataType::Float64 { WHOLE_64 } else { WHOLE_32 };
    let number = || double(field);
    trunc(vec![number()]).eq(number()).and(abs(number()).lt(lit(limit)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{
        Array, ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray, UInt8Array,
    };
    use datafusion::arrow::util::display::array_value_to_string;
    use datafusion::prelude::SessionContext;

    use super::*;

    /// Each value, converted, and whether it is unreadable: `?` behind it.
    async fn read(kind: Kind, array: ArrayRef) -> Vec<String> {
        let field = Field::new("Of X", array.data_type().clone(), true);
        assert!(kind.converts(&field));
        let batch = RecordBatch::try_from_iter([("Of X", array)]).unwrap();
        let table = SessionContext::new().read_batch(batch).unwrap();
        let columns =
            vec![value(kind, &field).unwrap().alias("v"), is_unreadable(kind, &field).unwrap().alias("u")];
        let batches = table.select(columns).unwrap().collect().await.unwrap();
        let text = |batch: &RecordBatch, row: usize| {
            let value = array_value_to_string(batch.column(0), row).unwrap();
            format!("{value}{}", if batch.column(1).as_boolean().value(row) { "?" } else { "" })
        };
        batches.iter().flat_map(|b| (0..b.num_rows()).map(|row| text(b, row)).collect::<Vec<_>>()).collect()
    }

    #[tokio::test]
    async fn whole_numbers_are_identifiers() {
        let floats = [Some(123.0), Some(-0.0), Some(-7.0), None, Some(f64::NAN), Some(1.5)];
        let large = [Some(WHOLE_64 - 1.0), Some(WHOLE_64), Some(f64::INFINITY), Some(-1e300)];
        let floats = Float64Array::from_iter(floats.into_iter().chain(large));
        assert_eq!(
            read(Kind::Id, Arc::new(floats)).await,
            ["123", "0", "-7", "", "", "?", "9007199254740991", "?", "?", "?"]
        );
        let small = Float32Array::from(vec![16_777_215.0, 16_777_216.0, 0.5]);
        assert_eq!(read(Kind::Id, Arc::new(small)).await, ["16777215", "?", "?"]);
    }

    #[tokio::test]
    async fn texts_are_times() {
        let texts =
            ["2026-03-01T09:30:00+01:00", " 2026-03-01 09:30:00.5 ", "", "NaN", "yesterday", "2026-03-01"];
        assert_eq!(
            read(Kind::Timestamp, Arc::new(StringArray::from(texts.to_vec()))).await,
            ["2026-03-01T08:30:00Z", "2026-03-01T09:30:00.500Z", "", "", "?", "?"]
        );
    }

    #[tokio::test]
    async fn texts_are_lists() {
        let texts =
            ["[\"a@x.com\", \"b@x.com\"]", "a@x.com; b@x.com", "[]", " ", "null", "['a@x.com']", "Ann"];
        assert_eq!(
            read(Kind::Addresses, Arc::new(StringArray::from(texts.to_vec()))).await,
            ["[a@x.com, b@x.com]", "[a@x.com; b@x.com]", "[]", "[]", "[]", "?", "?"]
        );
    }

    #[tokio::test]
    async fn numbers_and_words_are_booleans() {
        let numbers: [ArrayRef; 3] = [
            Arc::new(Int64Array::from(vec![Some(0), Some(1), None, Some(2), Some(-1)])),
            Arc::new(UInt8Array::from(vec![Some(0), Some(1), None, Some(2), Some(255)])),
            Arc::new(Float64Array::from(vec![Some(0.0), Some(1.0), None, Some(0.5), Some(1e300)])),
        ];
        for numbers in numbers {
            assert_eq!(read(Kind::Flag, numbers).await, ["false", "true", "", "?", "?"]);
        }
        let words = vec!["0", "TRUE", " False ", "", "none", "yes", "1"];
        assert_eq!(
            read(Kind::Flag, Arc::new(StringArray::from(words))).await,
            ["false", "true", "false", "", "", "?", "true"]
        );
    }
}
