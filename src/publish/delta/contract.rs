//! The contract of a published Delta table: its columns, its partition column, and a mark that shows that
//! this program has created it.
//!
//! The columns that can be suppressed are nullable, even if the enrichment suppresses nothing: a Delta table has one
//! schema for all its dates, and a later run may suppress numbers. The totals of the overview become nullable with
//! the first run that suppresses numbers; nothing else of a schema changes.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use deltalake_core::DeltaTable;
use deltalake_core::kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};
use deltalake_core::kernel::transaction::PROTOCOL;
use deltalake_core::kernel::{Action, MetadataExt, Protocol, StructType, new_metadata};
use serde_json::json;

use crate::publish::{AS_OF, Table};
use crate::storage::delta_errors;

/// The key of the table configuration that contains the name of the published table. Only tables that
/// this program has created have it.
const MARK: &str = "engagement.table";

/// The partition column of a table. The table about individuals has none: it contains one run only.
pub(crate) fn partition(table: &Table) -> Option<&'static str> {
    (!table.is_about_individuals()).then_some(AS_OF)
}

/// The columns of the data files of a table: all but the partition column.
pub(crate) fn file_schema(table: &Table, attributes: &Fields, min_people: u32) -> SchemaRef {
    let schema = table.delta_schema(min_people, &in_delta(attributes));
    let fields = schema.fields().iter().filter(|f| f.name() != AS_OF).cloned();
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of a Delta table: those of the published table and, unless it is one of them, the as-of
/// date as the last column.
fn schema(table: &Table, attributes: &Fields, min_people: u32) -> Result<StructType, String> {
    let mut fields: Vec<_> =
        table.delta_schema(min_people, &in_delta(attributes)).fields().iter().cloned().collect();
    if partition(table).is_some() && !fields.iter().any(|f| f.name() == AS_OF) {
        fields.push(Arc::new(Field::new(AS_OF, DataType::Date32, false)));
    }
    (&Schema::new(fields)).try_into_kernel().map_err(|e| delta_errors::describe(&e))
}

/// The actions with which the first commit begins. Every Delta reader supports these protocol versions.
pub(crate) fn first_actions(
    table: &Table,
    attributes: &Fields,
    min_people: u32,
) -> Result<[Action; 2], String> {
    let protocol: Protocol = serde_json::from_value(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }))
        .map_err(|e| delta_errors::describe(&e))?;
    let metadata =
        new_metadata(&schema(table, attributes, min_people)?, partition(table), [(MARK, table.name)])
            .and_then(|metadata| metadata.with_name(table.name.to_owned()))
            .map_err(|e| delta_errors::describe(&e))?;
    Ok([protocol.into(), metadata.into()])
}

/// The action that makes the columns of an existing table nullable which a run with `min_people` may suppress;
/// `None` if they are.
pub(crate) fn made_nullable(
    table: &Table,
    attributes: &Fields,
    found: &DeltaTable,
    min_people: u32,
) -> Result<Option<Action>, String> {
    let state = found.snapshot().map_err(|e| delta_errors::describe(&e))?;
    let (ours, theirs) = (schema(table, attributes, min_people)?, state.schema());
    let is_null_there = |name: &str| theirs.field(name).is_none_or(|column| column.is_nullable());
    if ours.fields().all(|column| !column.is_nullable() || is_null_there(column.name())) {
        return Ok(None);
    }
    let metadata = state.metadata().clone().with_schema(&ours);
    metadata.map(|metadata| Some(metadata.into())).map_err(|e| delta_errors::describe(&e))
}

/// The attributes with types that Delta tables have. An unsigned number becomes a wider one, a timestamp is in
/// microseconds and UTC, and what has no type in Delta is text.
pub(crate) fn in_delta(attributes: &Fields) -> Fields {
    use DataType::{Binary, Boolean, Date64, Decimal32, Decimal64, Decimal128, Decimal256, FixedSizeBinary};
    use DataType::{Date32, UInt8, UInt16, UInt32, UInt64, Utf8};
    use DataType::{Float16, Float32, Float64, Int8, Int16, Int32, Int64, LargeBinary, Timestamp};
    let delta = |data_type: &DataType| match data_type {
        Boolean | Int8 | Int16 | Int32 | Int64 | Float32 | Float64 | Date32 | Utf8 | Binary => {
            data_type.clone()
        }
        UInt8 => Int16,
        UInt16 => Int32,
        UInt32 => Int64,
        UInt64 => Decimal128(20, 0),
        Float16 => Float32,
        Date64 => Date32,
        Decimal32(precision, scale) | Decimal64(precision, scale) | Decimal128(precision, scale)
            if (0..=*precision as i8).contains(scale) =>
        {
            Decimal128(*precision, *scale)
        }
        Decimal256(precision @ ..=38, scale) if (0..=*precision as i8).contains(scale) => {
            Decimal128(*precision, *scale)
        }
        LargeBinary | FixedSizeBinary(_) => Binary,
        Timestamp(_, _) => Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => Utf8,
    };
    let field = |field: &Arc<Field>| field.as_ref().clone().with_data_type(delta(field.data_type()));
    attributes.iter().map(field).collect()
}

/// The attributes of accounts in an existing table, in the order of its columns; none in a table that has no
/// attributes.
///
/// # Errors
/// The schema of the table cannot be read.
pub(crate) fn attributes_of(table: &Table, found: &DeltaTable) -> Result<Fields, String> {
    if !table.has_attributes() {
        return Ok(Fields::empty());
    }
    let state = found.snapshot().map_err(|e| delta_errors::describe(&e))?;
    let schema: Schema = state.schema().as_ref().try_into_arrow().map_err(|e| delta_errors::describe(&e))?;
    let own = table.schema(u32::MAX, &Fields::empty());
    let is_attribute =
        |field: &&Arc<Field>| own.field_with_name(field.name()).is_err() && field.name() != AS_OF;
    Ok(schema.fields().iter().filter(is_attribute).cloned().collect())
}

/// Checks that an existing table is the published table: created by this program, with its schema, and
/// possible to write to.
///
/// # Errors
/// The table does not meet one of these conditions. The text is the second part of a message that begins
/// with the name of the table.
pub(crate) fn check(table: &Table, attributes: &Fields, found: &DeltaTable) -> Result<(), String> {
    let state = found.snapshot().map_err(|e| delta_errors::describe(&e))?;
    let metadata = state.metadata();
    if metadata.configuration().get(MARK).map(String::as_str) != Some(table.name) {
        return Err("is a Delta table of another program; give [output] another path or table".to_owned());
    }
    PROTOCOL
        .can_write_to(state)
        .map_err(|e| format!("cannot be written to: {}", delta_errors::describe(&e)))?;
    let by: Vec<_> = metadata.partition_columns().iter().map(String::as_str).collect();
    let difference =
        difference(&schema(table, attributes, 1)?, &state.schema(), partition(table).as_slice(), &by);
    match difference {
        None => Ok(()),
        Some(difference) => Err(format!(
            "has another schema: {difference}; a run does not change a schema: move the table away, or \
             give [output] another path"
        )),
    }
}

/// The first difference between a table as it should be (`ours`, partitioned by `by`) and as it is
/// (`theirs`, `their_by`). A column of `theirs` may be nullable although it is not in `ours`.
fn difference(ours: &StructType, theirs: &StructType, by: &[&str], their_by: &[&str]) -> Option<String> {
    for column in ours.fields() {
        let name = column.name();
        let Some(found) = theirs.field(name) else { return Some(format!("column {name} is missing")) };
        if found.data_type() != column.data_type() {
            let (is, should) = (found.data_type(), column.data_type());
            return Some(format!("column {name} is {is} instead of {should}"));
        }
        if column.is_nullable() && !found.is_nullable() {
            return Some(format!("column {name} is not nullable"));
        }
    }
    if let Some(more) = theirs.fields().find(|column| ours.field(column.name()).is_none()) {
        return Some(format!("column {} is not expected", more.name()));
    }
    let words = |by: &[&str]| if by.is_empty() { "nothing".to_owned() } else { by.join(", ") };
    (by != their_by).then(|| format!("it is partitioned by {} instead of {}", words(their_by), words(by)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::TABLES;

    #[test]
    fn each_table_has_its_date_once() {
        for table in TABLES {
            let schema = schema(table, &Fields::empty(), u32::MAX).unwrap();
            let dates = schema.fields().filter(|f| f.name() == AS_OF).count();
            assert_eq!(dates, usize::from(!table.is_about_individuals()), "{}", table.name);
            assert!(file_schema(table, &Fields::empty(), 1).field_with_name(AS_OF).is_err());
            assert_eq!(difference(&schema, &schema, &[AS_OF], &[AS_OF]), None);
        }
    }

    #[test]
    fn what_differs_is_named() {
        let kernel = |fields: &[(&str, DataType, bool)]| -> StructType {
            let fields: Vec<_> = fields.iter().map(|(n, t, null)| Field::new(*n, t.clone(), *null)).collect();
            (&Schema::new(fields)).try_into_kernel().unwrap()
        };
        let expected = kernel(&[("a", DataType::Int64, true), ("b", DataType::Utf8, false)]);
        let against = |fields: &[(&str, DataType, bool)]| difference(&expected, &kernel(fields), &[], &[]);
        let (a, b) = (("a", DataType::Int64, true), ("b", DataType::Utf8, false));
        assert_eq!(against(&[b.clone(), a.clone()]), None, "the order is free");
        assert_eq!(against(&[a.clone(), ("b", DataType::Utf8, true)]), None);
        assert_eq!(against(std::slice::from_ref(&a)), Some("column b is missing".into()));
        let long = Some("column a is double instead of long".into());
        assert_eq!(against(&[("a", DataType::Float64, true), b.clone()]), long);
        let strict = Some("column a is not nullable".into());
        assert_eq!(against(&[("a", DataType::Int64, false), b.clone()]), strict);
        let more = Some("column c is not expected".into());
        assert_eq!(against(&[a, b, ("c", DataType::Utf8, true)]), more);
        let by = Some("it is partitioned by a, b instead of nothing".into());
        assert_eq!(difference(&expected, &expected, &[], &["a", "b"]), by);
    }
}
