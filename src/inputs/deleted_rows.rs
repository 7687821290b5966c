//! Rows that a source has deleted or replaced, and keeps: replicas of customer systems mark them in a column, and so do
//! logs of changes.
//!
//! No rule says which columns mean it, so these rows count like others. They are counted for a note.

use std::collections::HashMap;

use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::functions::expr_fn::{btrim, lower};
use datafusion::logical_expr::{cast, ident, lit};
use datafusion::prelude::{DataFrame, SessionContext};

use super::known_names::plain;
use super::source::InputSource;
use super::{columns, csv, delta, parquet};
use crate::config::{Enrichment, Format};
use crate::error::Result;

/// How the values of a column mark a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// One of these words, in lower case, or a number or boolean as such a word.
    Word(&'static [&'static str]),
    /// Any value: the time of the deletion.
    AnyValue,
    /// A value that another row has, too: the row is one of several versions.
    Repeated,
}

const YES: Mark = Mark::Word(&["true", "t", "yes", "y", "1", "1.0"]);
const NO: Mark = Mark::Word(&["false", "f", "no", "n", "0", "0.0"]);
const CHANGE: Mark =
    Mark::Word(&["d", "delete", "deleted", "-d", "-u", "b", "update_preimage", "update_before"]);

/// The names of columns that mark rows, as [`plain`] writes them. Salesforce, Dataverse, HubSpot, Fivetran, Airbyte,
/// Stitch, snapshots of dbt, Debezium, AWS DMS, Qlik, the change data feed of Delta, SQL Server, Paimon and Hudi.
const MARKS: [(&[&str], Mark); 7] = [
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
            "archived",
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
        Mark::AnyValue,
    ),
    (&["op", "cdcop", "optype", "operationtype", "changetype", "headerchangeoper", "rowkind"], CHANGE),
    (&["operation"], Mark::Word(&["1", "3", "d", "delete"])),
    (&["valuekind"], Mark::Word(&["1", "3"])),
    (&["hoodierecordkey"], Mark::Repeated),
];

/// A column that marks rows, and the position of its file.
pub(crate) type MarkColumn = (usize, FieldRef);

/// The columns of files that mark rows. `schemas` are those of the files, in their order.
pub(super) fn mark_columns<'a>(schemas: impl Iterator<Item = &'a Schema>) -> Vec<MarkColumn> {
    let of_file = |(file, schema): (usize, &'a Schema)| {
        let fields = schema.fields().iter().filter(|field| mark(field.name()).is_some());
        fields.filter(|field| has_words(field.data_type())).map(move |field| (file, FieldRef::clone(field)))
    };
    schemas.enumerate().flat_map(of_file).collect()
}

fn mark(name: &str) -> Option<Mark> {
    let name = plain(name);
    MARKS.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, mark)| *mark)
}

/// Whether values of a type can be written as words.
fn has_words(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => has_words(values),
        DataType::Boolean => true,
        other => other.is_string() || other.is_numeric() || other.is_temporal(),
    }
}

impl Mark {
    /// The number of marked rows, given the column `name` of a table.
    async fn count(self, table: DataFrame, name: &str) -> Result<u64> {
        let word = lower(btrim(vec![cast(ident(name), DataType::Utf8)]));
        let is_marked = match self {
            Self::Word(words) => word.in_list(words.iter().map(|word| lit(*word)).collect(), false),
            Self::AnyValue => word.not_eq(lit("")),
            Self::Repeated => {
                let values = table.select(vec![ident(name)])?.filter(ident(name).is_not_null())?;
                let different = values.clone().distinct()?.count().await?;
                return Ok((values.count().await?.saturating_sub(different)) as u64);
            }
        };
        Ok(table.filter(is_marked)?.count().await? as u64)
    }
}

/// Rows that a column marks as deleted or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeletedRows {
    pub(crate) column: String,
    pub(crate) rows: u64,
    /// Whether the rows have values that other rows have, too.
    pub(crate) are_versions: bool,
}

impl InputSource {
    /// The rows that columns mark as deleted or replaced, by column, in [sampled files](InputSource::sampled_files).
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub(crate) async fn deleted_rows(
        &self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
    ) -> Result<Vec<DeletedRows>> {
        let sections = columns::sections(enrichment);
        let path = sections.iter().find(|(section, _)| section.name == self.section);
        let path = path.and_then(|(_, place)| place.as_ref()).map_or("", |(path, _)| *path);
        let sampled = self.sampled_files();
        let mut found: Vec<DeletedRows> = vec![];
        for (position, field) in &self.mark_columns {
            let file = self.files.get(*position).filter(|_| sampled.contains(position));
            let Some((mark, file)) = mark(field.name()).zip(file) else { continue };
            let table = match self.format {
                Format::Canonical => {
                    parquet::read(ctx, vec![FieldRef::clone(field)], vec![file.url()?], HashMap::new())?
                }
                Format::Csv => csv::one_column(ctx, self.section, file, field)?,
                Format::Delta => delta::whole(ctx, enrichment, path).await?,
                Format::GraphDataConnect => continue,
            };
            let rows = mark.count(table, field.name()).await?;
            match found.iter_mut().find(|one| one.column == *field.name()) {
                Some(one) => one.rows += rows,
                None => found.push(DeletedRows {
                    column: field.name().clone(),
                    rows,
                    are_versions: mark == Mark::Repeated,
                }),
            }
        }
        found.retain(|one| one.rows > 0);
        Ok(found)
    }
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
        ]);
        let found = mark_columns([&first, &second].into_iter());
        let found: Vec<_> = found.iter().map(|(file, field)| (*file, field.name().as_str())).collect();
        assert_eq!(found, [(0, "IsDeleted"), (1, "__op"), (1, "_sdc_deleted_at")]);
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
            ("__$operation", "(1), (2), (3), (4)", 2),
            ("_VALUE_KIND", "(0), (1), (2), (3)", 2),
            ("_hoodie_record_key", "('a'), ('b'), ('a'), (null), (null), ('a')", 2),
        ] {
            let table =
                ctx.sql(&format!("select v as \"{name}\" from (values {values}) as t(v)")).await.unwrap();
            assert_eq!(mark(name).unwrap().count(table, name).await.unwrap(), expected, "{name}");
        }
    }
}
