//! `is_blank(text)`: is an id missing?

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::define::{SECTION, Scalar, expect_arguments};
use super::text::{Text, text_type};

/// True for NULL, the empty text, and text of nothing but Unicode white space.
#[inline]
pub fn is_blank(text: Option<&str>) -> bool {
    match text.map(str::as_bytes) {
        None | Some([]) => true,
        // Nearly all text begins with a letter or digit.
        Some([b'!'..=b'~', ..]) => false,
        _ => text.is_some_and(|t| t.chars().all(char::is_whitespace)),
    }
}

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "is_blank",
        arguments: |types| {
            expect_arguments("is_blank", types, 1)?;
            Ok(vec![text_type("is_blank", &types[0])?])
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "True where a text is NULL, empty, or nothing but Unicode white space: where an id is missing. Never NULL.",
            "is_blank(text)",
        )
        .with_argument("text", "Text in any encoding; NULL gives true.")
        .with_sql_example("> select is_blank(' \t'), is_blank('x');\ntrue, false")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    let is_blank = |row| is_blank(text.get(row));
    Ok(Arc::new(BooleanArray::from(BooleanBuffer::collect_bool(array.len(), is_blank))))
}

#[cfg(test)]
mod tests {
    use super::is_blank;

    #[test]
    fn blank_is_null_or_white_space() {
        assert!(is_blank(None));
        assert!(is_blank(Some("")));
        assert!(is_blank(Some(" \t\u{a0}\u{3000}\u{85}")));
        assert!(!is_blank(Some(" x ")));
        assert!(!is_blank(Some("\u{200b}")), "a zero-width space is no White_Space");
    }
}
