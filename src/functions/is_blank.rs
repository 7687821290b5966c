//! `is_blank(text)`: whether an id is missing.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use super::udf::strings::{Text, text_type};

/// True for NULL, the empty text, and text that contains only Unicode white space.
#[inline]
pub fn is_blank(text: Option<&str>) -> bool {
    match text.map(str::as_bytes) {
        None | Some([]) => true,
        Some([first, ..]) if is_visible(*first) => false,
        _ => text.is_some_and(|t| t.chars().all(char::is_whitespace)),
    }
}

/// Whether a byte is a printable ASCII character other than space. Nearly all text begins with one.
fn is_visible(byte: u8) -> bool {
    (b'!'..=b'~').contains(&byte)
}

/// Whether the text of a string view begins with a visible ASCII character (see [`is_visible`]). The view
/// itself contains the length and the first bytes, so the text need not be fetched from memory.
fn begins_visibly(view: u128) -> bool {
    view as u32 > 0 && is_visible((view >> 32) as u8)
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "is_blank",
        arguments: |types| {
            expect_arguments("is_blank", types, 1)?;
            Ok(vec![text_type("is_blank", &types[0])?])
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if a text is NULL, empty, or only Unicode white space, which means that an id is missing. Never NULL.",
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
    let answers = match &text {
        Text::View(ids) => {
            let views = ids.views();
            let seem =
                BooleanBuffer::collect_bool(views.len(), |row| !begins_visibly(views[row]) && is_blank(row));
            ids.nulls().map_or_else(|| seem.clone(), |nulls| &seem | &!nulls.inner())
        }
        _ => BooleanBuffer::collect_bool(array.len(), is_blank),
    };
    Ok(Arc::new(BooleanArray::from(answers)))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};
    use datafusion::arrow::compute::cast;

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    #[test]
    fn every_encoding_alike() {
        let texts = [
            Some("x"),
            None,
            Some(""),
            Some(" "),
            Some("\u{3000}"),
            Some("a text longer than a view"),
            Some(" y"),
        ];
        let longer = Some("                 ");
        for texts in
            [[&texts[..], &[longer]].concat(), texts.iter().copied().filter(Option::is_some).collect()]
        {
            let plain: ArrayRef = Arc::new(StringArray::from(texts.clone()));
            let expected: Vec<_> = texts.into_iter().map(is_blank).collect();
            for data_type in [DataType::Utf8, DataType::Utf8View, DataType::LargeUtf8] {
                let answers = invoke_scalar(&udf(), vec![cast(&plain, &data_type).unwrap()]);
                assert_eq!(answers.as_boolean(), &BooleanArray::from(expected.clone()), "{data_type}");
            }
        }
    }

    #[test]
    fn blank_is_null_or_white_space() {
        assert!(is_blank(None));
        assert!(is_blank(Some("")));
        assert!(is_blank(Some(" \t\u{a0}\u{3000}\u{85}")));
        assert!(!is_blank(Some(" x ")));
        assert!(!is_blank(Some("\u{200b}")), "a zero-width space is no White_Space");
    }
}
