//! Finds the column of a Parquet file that is read as text, is stored as binary, and is not UTF-8.
//!
//! The error of a cast names neither the file nor the column.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::logical_types;
use super::parquet::{self, Whole};
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// Checks the columns with these names, if the file has them and stores them as binary.
///
/// # Errors
/// The first column that is not UTF-8, without the name of the file; the file cannot be read.
pub(crate) async fn check(ctx: &SessionContext, file: &InputFile, names: &[String]) -> Result<()> {
    let Whole { table, schema, .. } = parquet::whole(ctx, file).await?;
    let is_binary = |name: &&String| {
        let field = schema.field_with_name(name);
        field
            .is_ok_and(|field| logical_types::has_binary(field.data_type()) && !logical_types::is_uuid(field))
    };
    for name in names.iter().filter(is_binary) {
        let column = Expr::Column(Column::from_name(name));
        let mut batches = table.clone().select(vec![column])?.execute_stream().await?;
        let mut row = 0;
        while let Some(batch) = batches.try_next().await? {
            if let Some(at) = not_text(batch.column(0)) {
                return Err(Error::input(format!(
                    "column '{name}' is binary, which is read as text, but row {} is not UTF-8",
                    row + at + 1
                )));
            }
            row += batch.num_rows();
        }
    }
    Ok(())
}

/// The first row with a value that is not UTF-8.
fn not_text(column: &ArrayRef) -> Option<usize> {
    if is_text(column) {
        return None;
    }
    (0..column.len()).find(|row| !is_text(&column.slice(*row, 1)))
}

/// Whether all binary values in an array, at any depth, are UTF-8.
fn is_text(array: &ArrayRef) -> bool {
    match array.data_type() {
        DataType::Struct(_) => array.as_struct().columns().iter().all(is_text),
        DataType::List(_) => array.as_list::<i32>().iter().flatten().all(|values| is_text(&values)),
        DataType::LargeList(_) => array.as_list::<i64>().iter().flatten().all(|values| is_text(&values)),
        other if logical_types::has_binary(other) => cast(array, &DataType::Binary).is_ok_and(|bytes| {
            let bytes: &BinaryArray = bytes.as_binary();
            bytes.iter().flatten().all(|value| std::str::from_utf8(value).is_ok())
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{
        BinaryBuilder, FixedSizeBinaryArray, ListBuilder, StringArray, StructArray,
    };
    use datafusion::arrow::datatypes::Field;

    use super::*;

    #[test]
    fn the_first_row_that_is_not_text() {
        let binary: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"a"[..]), None, Some("é".as_bytes())]));
        assert_eq!(not_text(&binary), None);
        let bad: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"a"[..]), None, Some(&b"\xe9"[..])]));
        assert_eq!(not_text(&bad), Some(2));
        let coded = cast(&bad, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary)));
        assert_eq!(not_text(&coded.unwrap()), Some(2));
        let item = Arc::new(Field::new("a", DataType::Binary, true));
        let inner: ArrayRef = Arc::new(StructArray::from(vec![(item, bad.slice(1, 2))]));
        assert_eq!(not_text(&inner), Some(1));
        let mut list = ListBuilder::new(BinaryBuilder::new());
        for value in [&b"a"[..], b"b", b"\xff"] {
            list.values().append_value(value);
            list.append(true);
        }
        assert_eq!(not_text(&(Arc::new(list.finish()) as ArrayRef)), Some(2));
        let fixed: ArrayRef =
            Arc::new(FixedSizeBinaryArray::try_from_iter([*b"ab", [b'a', 0xff]].iter()).unwrap());
        assert_eq!(not_text(&fixed), Some(1));
        assert_eq!(not_text(&(Arc::new(StringArray::from(vec!["a"])) as ArrayRef)), None);
    }
}
