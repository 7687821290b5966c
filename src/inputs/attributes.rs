//! The attributes of accounts: columns of any type that is not nested, which are published as they are.
//!
//! They are one column of the canonical input table: a struct with one field per attribute, in the order and the
//! spelling of the enrichment file. Its types are those of the files, without dictionaries and views.

use std::fmt::Display;

use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::functions::core::expr_fn::named_struct;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::SessionContext;

use super::columns::{InputSchema, Needed, Shape};
use crate::error::{Error, Result};

/// The column of the canonical input table.
const COLUMN: &str = "attributes";

/// Sets the type of the column of attributes in `types`, which are those of the columns of a section. `found` are
/// the fields of each file or table, and its name.
///
/// # Errors
/// An attribute has different types in two files, and neither is Null.
pub(crate) fn set_type<'a, P: Display>(
    section: &InputSchema,
    found: impl Iterator<Item = (&'a Needed, P)>,
    types: &mut [DataType],
) -> Result<()> {
    let Some(position) = section.columns.iter().position(|column| column.shape == Shape::Struct) else {
        return Ok(());
    };
    let names = &section.columns[position].in_file;
    if names.is_empty() {
        return Ok(());
    }
    let mut known = vec![(DataType::Null, String::new()); names.len()];
    for (needed, place) in found {
        for ((field, name), known) in needed[position].iter().zip(names).zip(&mut known) {
            let own = field.as_ref().map_or(DataType::Null, |field| published(field.data_type()));
            if known.0.is_null() {
                *known = (own, place.to_string());
            } else if !own.is_null() && own != known.0 {
                return Err(Error::input(format!(
                    "[{}] {place}: attribute '{name}' has type {own}, but {} in {}; write it with one type in all files",
                    section.name, known.0, known.1
                )));
            }
        }
    }
    let fields = names.iter().zip(known).map(|(name, (data_type, _))| Field::new(name, data_type, true));
    types[position] = DataType::Struct(fields.collect::<Fields>());
    Ok(())
}

/// The type with which an attribute is published: dictionaries and views in their plain form, text as Utf8.
fn published(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => published(values),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    }
}

/// The attributes of the accounts input, which is registered with the session; none if there are none.
///
/// # Errors
/// The input is not registered.
pub(crate) async fn attributes(ctx: &SessionContext) -> Result<Fields> {
    let accounts = ctx.table("input_accounts").await?;
    let attributes =
        accounts.schema().as_arrow().field_with_name(COLUMN).map(|field| field.data_type().clone());
    Ok(match attributes {
        Ok(DataType::Struct(fields)) => fields,
        _ => Fields::empty(),
    })
}

/// The struct of these values, with these names.
pub(crate) fn as_struct(names: &[String], values: Vec<Expr>) -> Expr {
    let fields = names.iter().zip(values).flat_map(|(name, value)| [lit(name.as_str()), value]);
    named_struct(fields.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn plain_types() {
        let coded = |values| DataType::Dictionary(Box::new(DataType::Int8), Box::new(values));
        for (found, expected) in [
            (DataType::LargeUtf8, DataType::Utf8),
            (coded(DataType::Utf8View), DataType::Utf8),
            (coded(DataType::Decimal128(9, 2)), DataType::Decimal128(9, 2)),
            (DataType::BinaryView, DataType::Binary),
            (DataType::LargeBinary, DataType::LargeBinary),
            (DataType::Null, DataType::Null),
            (DataType::UInt8, DataType::UInt8),
        ] {
            assert_eq!(published(&found), expected);
        }
    }

    #[test]
    fn one_type_in_all_files() {
        let section = |names: &[&str]| InputSchema {
            name: "accounts",
            columns: vec![super::super::columns::Column {
                name: "attributes",
                in_file: names.iter().map(|name| (*name).to_owned()).collect(),
                kind: super::super::columns::Kind::Attribute,
                shape: Shape::Struct,
                absent: super::super::columns::Absent::Error,
            }],
            has_copies: false,
        };
        let needed = |data_type| vec![vec![Some(Arc::new(Field::new("x", data_type, true)))]];
        let found = [needed(DataType::Null), needed(DataType::Int64), needed(DataType::Null)];
        let mut types = [DataType::Null];
        set_type(&section(&["X"]), found.iter().zip(["a", "b", "c"]), &mut types).unwrap();
        assert_eq!(types, [DataType::Struct(vec![Field::new("X", DataType::Int64, true)].into())]);
        let other = [needed(DataType::Int64), needed(DataType::Utf8)];
        let error = set_type(&section(&["X"]), other.iter().zip(["a", "b"]), &mut types).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[accounts] b: attribute 'X' has type Utf8, but Int64 in a; write it with one type in all files"
        );
        let mut types = [DataType::Null];
        set_type(&section(&[]), std::iter::empty::<(&Needed, &str)>(), &mut types).unwrap();
        assert_eq!(types, [DataType::Null]);
    }
}
