//! The value of a column as text, where the file has bytes.

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, cast};

use super::logical_types;
use crate::functions;

/// The value of a field, with text instead of binary at any depth. A UUID becomes its text.
pub(crate) fn as_text(field: &Field) -> Expr {
    let column = Expr::Column(Column::from_name(field.name()));
    if logical_types::is_uuid(field) {
        return functions::uuid_text::udf().call(vec![column]);
    }
    match field.data_type() {
        // There is no cast from bytes of a fixed length to text.
        DataType::FixedSizeBinary(_) => cast(cast(column, DataType::Binary), DataType::Utf8),
        other => {
            let text = logical_types::text_of(other);
            if text == *other { column } else { cast(column, text) }
        }
    }
}
