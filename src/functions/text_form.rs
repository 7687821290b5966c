//! `text_form(text)`: the form of a text, which says nothing about a person.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::udf::declare::{STEPS, Scalar, expect_arguments};
use super::udf::strings::{Text, text_type};

/// The longest form, in characters.
const LONGEST: usize = 40;

/// The first characters of a text without the white space around it: 0 for each digit, A for each letter.
fn form(text: &str) -> String {
    let shown = |c: char| match c {
        c if c.is_numeric() => '0',
        c if c.is_alphabetic() => 'A',
        c => c,
    };
    text.trim().chars().take(LONGEST).map(shown).collect()
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "text_form",
        arguments: |types| {
            expect_arguments("text_form", types, 1)?;
            Ok(vec![text_type("text_form", &types[0])?])
        },
        returns: |_| Ok(DataType::Utf8),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "The form of a text: its first 40 characters without the white space around it, with 0 for each digit and A for \
             each letter of any script. It shows how times are written, and nothing about a person.",
            "text_form(text)",
        )
        .with_argument("text", "Text in any encoding; NULL gives NULL.")
        .with_sql_example("> select text_form('21/11/2026 9:30 AM');\n00/00/0000 0:00 AA")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    Ok(Arc::new((0..array.len()).map(|row| text.get(row).map(form)).collect::<StringArray>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_of_every_script() {
        assert_eq!(form(" 6/1/2026 9:00 Uhr\n"), "0/0/0000 0:00 AAA");
        assert_eq!(form("zoë@кто.com"), "AAA@AAA.AAA");
        assert_eq!(form("٢٠٢٦"), "0000");
        assert_eq!(form(&"é".repeat(50)), "A".repeat(40));
        assert_eq!(form(""), "");
    }
}
