//! The columns by which a source marks rows that it has deleted or replaced, and keeps: replicas of customer systems, and
//! logs of changes.

use datafusion::arrow::datatypes::{DataType, FieldRef, Schema, TimeUnit};
use datafusion::functions::expr_fn::{btrim, lower, starts_with};
use datafusion::logical_expr::{cast, ident, lit};
use datafusion::prelude::DataFrame;

use super::known_names::plain;
use crate::error::Result;

/// How the values of a column mark a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// One of these words, in lower case, or a number or boolean as such a word.
    Word(&'static [&'static str]),
    /// The time of the deletion.
    Time,
    /// A value that another row has, too: the row is one of several versions.
    Repeated,
}

const YES: Mark = Mark::Word(&["true", "t", "yes", "y", "1", "1.0"]);
const NO: Mark = Mark::Word(&["false", "f", "no", "n", "0", "0.0"]);
const CHANGE: Mark = Mark::Word(&["d", "delete", "deleted", "-d", "-u", "update_preimage", "update_before"]);

/// The names of columns that mark rows, as [`plain`] writes them. Salesforce, Dataverse, Fivetran, Airbyte, Stitch,
/// snapshots of dbt, Debezium, AWS DMS, Qlik, the change data feed of Delta, and Hudi.
const MARKS: [(&[&str], Mark); 6] = [
    (
        &[
            "isdeleted",
            "isdelete",
            "deleted",
            "softdeleted",
            "issoftdeleted",
            "deletedflag",
            "deleteflag",
            "fivetrandeleted",
            "hoodieisdeleted",
            "cdcdeleted",
            "isremoved",
            "removed",
            "tombstone",
        ],
        YES,
    ),
    (&["iscurrent", "islatest", "iscurrentrecord", "currentflag", "fivetranactive"], NO),
    (
        &[
            "deletedat",
            "deletedon",
            "deleteddate",
            "deletedtime",
            "deleteddatetime",
            "sdcdeletedat",
            "abcdcdeletedat",
            "dbtvalidto",
        ],
        Mark::Time,
    ),
    (&["op", "cdcop", "optype", "operationtype", "changetype", "rowkind"], CHANGE),
    (&["headerchangeoper"], Mark::Word(&["d", "b"])),
    (&["hoodierecordkey"], Mark::Repeated),
];

/// Names that mean something else without their signs: SQL Server and Paimon.
const EXACT: [(&str, Mark); 2] =
    [("__$operation", Mark::Word(&["1", "3"])), ("_value_kind", Mark::Word(&["1", "3"]))];

/// Texts and numbers that are written for a time that is not there, or for one that never comes.
const NO_TIME: [&str; 6] = ["", "0", "0.0", "null", "none", "\\n"];
const NEVER: [&str; 2] = ["9999", "0000"];

/// The seconds from 1970 to the year 9999.
const YEAR_9999: i64 = 253_370_764_800;

/// A column that marks rows.
#[derive(Debug, Clone)]
pub(crate) struct MarkColumn {
    /// The position of its file.
    pub(super) file: usize,
    /// Its position in the file.
    pub(super) position: usize,
    pub(super) field: FieldRef,
    pub(super) mark: Mark,
}

/// The columns of files that mark rows. `schemas` are those of the files, in their order.
pub(super) fn mark_columns<'a>(schemas: impl Iterator<Item = &'a Schema>) -> Vec<MarkColumn> {
    let of_file = |(file, schema): (usize, &'a Schema)| {
        schema.fields().iter().enumerate().filter_map(move |(position, field)| {
            let mark = mark(field.name()).filter(|mark| mark.takes(field.data_type()))?;
            Some(MarkColumn { file, position, field: FieldRef::clone(field), mark })
        })
    };
    schemas.enumerate().flat_map(of_file).collect()
}

/// How a column with this name marks rows; `None` if it does not.
fn mark(name: &str) -> Option<Mark> {
    let exact = EXACT.iter().find(|(exact, _)| name.eq_ignore_ascii_case(exact)).map(|(_, mark)| *mark);
    let name = plain(name);
    exact.or_else(|| MARKS.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, mark)| *mark))
}

impl Mark {
    /// Whether values of a type can be such marks.
    fn takes(self, data_type: &DataType) -> bool {
        match data_type {
            DataType::Dictionary(_, values) => self.takes(values),
            DataType::Boolean => self != Self::Time,
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => self == Self::Time,
            other => other.is_string() || other.is_numeric(),
        }
    }

    /// The number of marked rows of a table with one column.
    pub(super) async fn count(self, table: DataFrame) -> Result<u64> {
        let field = FieldRef::clone(table.schema().field(0));
        let value = || ident(field.name());
        let word = || lower(btrim(vec![cast(value(), DataType::Utf8)]));
        let is_one = |words: &[&str]| word().in_list(words.iter().map(|word| lit(*word)).collect(), false);
        let is_marked = match self {
            Self::Word(words) => is_one(words),
            Self::Time => match never(field.data_type()) {
                Some(never) => cast(value(), DataType::Int64).lt(lit(never)),
                None => NEVER
                    .iter()
                    .fold(!is_one(&NO_TIME), |is, never| is.and(!starts_with(word(), lit(*never)))),
            },
            Self::Repeated => {
                let values = table.filter(value().is_not_null())?;
                let different = values.clone().distinct()?.count().await?;
                return Ok((values.count().await?.saturating_sub(different)) as u64);
            }
        };
        Ok(table.filter(is_marked)?.count().await? as u64)
    }
}

/// The number from which a time never comes; `None` for a type that is not one of times.
fn never(data_type: &DataType) -> Option<i64> {
    Some(match data_type {
        DataType::Timestamp(TimeUnit::Second, _) => YEAR_9999,
        DataType::Timestamp(TimeUnit::Millisecond, _) | DataType::Date64 => YEAR_9999 * 1_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => YEAR_9999 * 1_000_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => i64::MAX,
        DataType::Date32 => YEAR_9999 / 86_400,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::Field;

    use super::*;
    use crate::engine::session;

    #[test]
    fn columns_by_name_and_type() {
        for (names, _) in MARKS {
            assert!(names.iter().all(|name| plain(name) == *name), "{names:?}");
        }
        let schema = |names: &[(&str, DataType)]| {
            Schema::new(
                names.iter().map(|(name, of)| Field::new(*name, of.clone(), true)).collect::<Vec<_>>(),
            )
        };
        let first = schema(&[("IsDeleted", DataType::Boolean), ("email", DataType::Utf8)]);
        let second = schema(&[
            ("__op", DataType::Utf8),
            ("_sdc_deleted_at", DataType::Date32),
            ("deleted", DataType::new_list(DataType::Utf8, true)),
            ("undeleted", DataType::Boolean),
            ("operation", DataType::Int64),
            ("deleted_at", DataType::Boolean),
            ("op", DataType::Date32),
        ]);
        let found = mark_columns([&first, &second].into_iter());
        let found: Vec<_> =
            found.iter().map(|one| (one.file, one.position, one.field.name().as_str())).collect();
        assert_eq!(found, [(0, 0, "IsDeleted"), (1, 0, "__op"), (1, 1, "_sdc_deleted_at")]);
    }

    #[tokio::test]
    async fn rows_that_are_marked() {
        let ctx = session::new().unwrap();
        for (name, values, expected) in [
            ("IsDeleted", "(true), (false), (null), (true)", 2),
            ("_fivetran_deleted", "(' TRUE '), ('false'), ('1'), ('')", 2),
            ("is_current", "(1), (0), (null)", 1),
            ("deleted_at", "(timestamp '2026-01-01'), (null)", 1),
            ("deletedOn", "(''), (' '), ('yesterday'), (null)", 1),
            ("_change_type", "('insert'), ('update_preimage'), ('update_postimage'), ('delete')", 2),
            ("Op", "('I'), ('U'), ('D')", 1),
            ("deleted_at", "(0), (1780000000), (null)", 1),
            ("dbt_valid_to", "('9999-12-31'), ('0000-00-00'), ('NULL'), ('2026-01-01')", 1),
            (
                "dbt_valid_to",
                "(arrow_cast(253402214400000000, 'Timestamp(Microsecond, None)')), (arrow_cast(1767225600000000, 'Timestamp(Microsecond, None)')), (null)",
                1,
            ),
            ("dbt_valid_to", "(date '9999-01-01'), (date '9998-12-31')", 1),
            ("header__change_oper", "('I'), ('U'), ('D'), ('B')", 2),
            ("__$operation", "(1), (2), (3), (4)", 2),
            ("_VALUE_KIND", "(0), (1), (2), (3)", 2),
            ("_hoodie_record_key", "('a'), ('b'), ('a'), (null), (null), ('a')", 2),
        ] {
            let table =
                ctx.sql(&format!("select v as \"{name}\" from (values {values}) as t(v)")).await.unwrap();
            assert_eq!(mark(name).unwrap().count(table).await.unwrap(), expected, "{name} {values}");
        }
    }
}
