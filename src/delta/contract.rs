//! What a published table is as a Delta table: its columns, its partition, and whose it is.
//!
//! Every column whose number may be withheld is nullable, whether an enrichment withholds any or not:
//! the schema of a Delta table stays what it is, and the next run may ask for it.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use deltalake_core::DeltaTable;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::PROTOCOL;
use deltalake_core::kernel::{Action, MetadataExt, Protocol, StructType, new_metadata};
use serde_json::json;

use super::cause;
use crate::output::Table;

/// The column by which tables are partitioned: the last day that counts.
pub(super) const AS_OF: &str = "AsOfDate";

/// The entry of a table's configuration that says which of ours it is.
const MARK: &str = "engagement.table";

/// The column by which a table is partitioned. That about individuals keeps one run only.
pub(super) fn partition(table: &Table) -> Option<&'static str> {
    (!table.is_about_individuals()).then_some(AS_OF)
}

/// The columns of its data files.
pub(super) fn file_schema(table: &Table) -> SchemaRef {
    let schema = table.schema(u32::MAX);
    let fields = schema.fields().iter().filter(|f| f.name() != AS_OF).cloned();
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// All of its columns: those of the published table and, last if it is none of them, the as-of date.
fn schema(table: &Table) -> Result<StructType, String> {
    let mut fields: Vec<_> = table.schema(u32::MAX).fields().iter().cloned().collect();
    if partition(table).is_some() && !fields.iter().any(|f| f.name() == AS_OF) {
        fields.push(Arc::new(Field::new(AS_OF, DataType::Date32, false)));
    }
    (&Schema::new(fields)).try_into_kernel().map_err(|e| cause::tell(&e))
}

/// What the first commit begins with. Every Delta reader of any age knows these versions.
pub(super) fn first_actions(table: &Table) -> Result<[Action; 2], String> {
    let protocol: Protocol = serde_json::from_value(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }))
        .map_err(|e| cause::tell(&e))?;
    let metadata = new_metadata(&schema(table)?, partition(table), [(MARK, table.name)])
        .and_then(|metadata| metadata.with_name(table.name.to_owned()))
        .map_err(|e| cause::tell(&e))?;
    Ok([protocol.into(), metadata.into()])
}

/// Whether a table that is there is this one: ours, of this schema, and one that can be written to.
pub(super) fn check(table: &Table, found: &DeltaTable) -> Result<(), String> {
    let state = found.snapshot().map_err(|e| cause::tell(&e))?;
    let metadata = state.metadata();
    if metadata.configuration().get(MARK).map(String::as_str) != Some(table.name) {
        return Err("is a Delta table of somebody else; give [output] another path or table".to_owned());
    }
    PROTOCOL.can_write_to(state).map_err(|e| format!("cannot be written to: {}", cause::tell(&e)))?;
    let by: Vec<_> = metadata.partition_columns().iter().map(String::as_str).collect();
    let difference = difference(&schema(table)?, &state.schema(), partition(table).as_slice(), &by);
    match difference {
        None => Ok(()),
        Some(difference) => Err(format!(
            "has another schema: {difference}; a run changes no schema: move the table away, or give [output] \
             another path"
        )),
    }
}

/// The first thing in which a table is not what it should be. A column that may be null there and is
/// never null in ours is no hindrance.
fn difference(ours: &StructType, theirs: &StructType, by: &[&str], their_by: &[&str]) -> Option<String> {
    for column in ours.fields() {
        let name = column.name();
        let Some(found) = theirs.field(name) else { return Some(format!("column {name} is missing")) };
        if found.data_type() != column.data_type() {
            let (is, should) = (found.data_type(), column.data_type());
            return Some(format!("column {name} is {is} instead of {should}"));
        }
        if column.is_nullable() && !found.is_nullable() {
            return Some(format!("column {name} cannot be null there"));
        }
    }
    if let Some(more) = theirs.fields().find(|column| ours.field(column.name()).is_none()) {
        return Some(format!("column {} is one too many", more.name()));
    }
    let words = |by: &[&str]| if by.is_empty() { "nothing".to_owned() } else { by.join(", ") };
    (by != their_by).then(|| format!("it is partitioned by {} instead of {}", words(their_by), words(by)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::TABLES;

    #[test]
    fn each_table_has_its_date_once() {
        for table in TABLES {
            let schema = schema(table).unwrap();
            let dates = schema.fields().filter(|f| f.name() == AS_OF).count();
            assert_eq!(dates, usize::from(!table.is_about_individuals()), "{}", table.name);
            assert!(file_schema(table).field_with_name(AS_OF).is_err());
            assert_eq!(difference(&schema, &schema, &[AS_OF], &[AS_OF]), None);
        }
    }

    #[test]
    fn what_differs_is_named() {
        let kernel = |fields: &[(&str, DataType, bool)]| -> StructType {
            let fields: Vec<_> = fields.iter().map(|(n, t, null)| Field::new(*n, t.clone(), *null)).collect();
            (&Schema::new(fields)).try_into_kernel().unwrap()
        };
        let ours = kernel(&[("a", DataType::Int64, true), ("b", DataType::Utf8, false)]);
        let against = |fields: &[(&str, DataType, bool)]| difference(&ours, &kernel(fields), &[], &[]);
        let (a, b) = (("a", DataType::Int64, true), ("b", DataType::Utf8, false));
        assert_eq!(against(&[b.clone(), a.clone()]), None, "the order is free");
        assert_eq!(against(&[a.clone(), ("b", DataType::Utf8, true)]), None);
        assert_eq!(against(std::slice::from_ref(&a)), Some("column b is missing".into()));
        let long = Some("column a is double instead of long".into());
        assert_eq!(against(&[("a", DataType::Float64, true), b.clone()]), long);
        let strict = Some("column a cannot be null there".into());
        assert_eq!(against(&[("a", DataType::Int64, false), b.clone()]), strict);
        let more = Some("column c is one too many".into());
        assert_eq!(against(&[a, b, ("c", DataType::Utf8, true)]), more);
        let by = Some("it is partitioned by a, b instead of nothing".into());
        assert_eq!(difference(&ours, &ours, &[], &["a", "b"]), by);
    }
}
