//! `is_placeholder(text)`: whether a text stands for a missing value.
//!
//! Programs that write everything as text write something for null, too. The texts are in one list here. An export
//! reads those of [`NULLS`] as absent where a value is nested. Everywhere else the texts stay what they are, and a
//! note says how many there are.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use super::udf::strings::{Text, text_type};

/// How JSON, Python and pandas write null where they write everything as text, in lower case.
const NULLS: [&str; 3] = ["null", "none", "nan"];

/// What else stands for a missing value, in lower case: of R, pandas, Hive and MySQL, Ruby, JavaScript, of data
/// warehouses and people, and the errors of spreadsheets.
const OTHERS: [&str; 29] = [
    "n/a",
    "na",
    "nat",
    r"\n",
    "nil",
    "undefined",
    "-1",
    "-",
    "--",
    "?",
    "blank",
    "unknown",
    "not available",
    "not applicable",
    "not set",
    "#n/a",
    "#ref!",
    "#value!",
    "#name?",
    "#div/0!",
    "#num!",
    "#null!",
    "#spill!",
    "#calc!",
    "#field!",
    "#error!",
    "#getting_data",
    "00000000-0000-0000-0000-000000000000",
    "00000000000000000000000000000000",
];

/// The most bytes of a placeholder without what is around it.
const LONGEST: usize = 36;

/// Whether a text is how a program writes null.
pub(crate) fn is_null_text(text: &str) -> bool {
    NULLS.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

/// Whether a text stands for a missing value. White space and one pair of brackets around it do not matter. A pair of
/// brackets around nothing is one, too.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let inner = [('(', ')'), ('{', '}'), ('<', '>'), ('[', ']')]
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    if inner.is_some_and(|inner| inner.trim().is_empty()) {
        return true;
    }
    let inner = inner.unwrap_or(text);
    // A spreadsheet shows # in a column that is too narrow, and programs draw a line below names.
    if let [first @ (b'#' | b'-' | b'=' | b'_' | b'*'), _, _, ..] = inner.as_bytes() {
        return inner.bytes().all(|byte| byte == *first) || is_word(inner, text);
    }
    is_word(inner, text)
}

fn is_word(inner: &str, text: &str) -> bool {
    let is = |word: &&str| inner.eq_ignore_ascii_case(word) || text.eq_ignore_ascii_case(word);
    text.len() <= LONGEST + 2 && NULLS.iter().chain(&OTHERS).any(is)
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "is_placeholder",
        arguments: |types| {
            expect_arguments("is_placeholder", types, 1)?;
            Ok(vec![text_type("is_placeholder", &types[0])?])
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if a text means that a value is missing: NULL, None, NaN, N/A, NA, NaT, nil, undefined, unknown, blank, not set, not \
             available, not applicable, -, ?, -1, \\N, an error of a spreadsheet such as #N/A or #REF!, a UUID of zeros, a line of \
             dashes or of other such signs (# = _ *), or a pair of brackets around nothing. In any case, also in brackets and with white space around. Never NULL.",
            "is_placeholder(text)",
        )
        .with_argument("text", "Text in any encoding; NULL gives false.")
        .with_sql_example("> select is_placeholder('NULL'), is_placeholder('4711');\ntrue, false")
        .with_related_udf("is_blank")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    let is = |row| text.get(row).is_some_and(is_placeholder);
    Ok(Arc::new(BooleanArray::from(BooleanBuffer::collect_bool(array.len(), is))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_place_of_a_value() {
        for text in [
            "NULL",
            "null",
            " None ",
            "nan",
            "NaN",
            "N/A",
            "#N/A",
            "NA",
            "<NA>",
            "(null)",
            "<null>",
            "[NULL]",
            r"\N",
            "NaT",
            "undefined",
            "-1",
            "-",
            "?",
            "Unknown",
            "(blank)",
            "Not available",
            "#REF!",
            "#VALUE!",
            "#NAME?",
            "#####",
            "-----",
            "==================================================",
            "<>",
            "{ }",
            "00000000-0000-0000-0000-000000000000",
            "{00000000-0000-0000-0000-000000000000}",
            "00000000000000000000000000000000",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "",
            " ",
            "0",
            "1",
            "-2",
            "#1",
            "#",
            "unknown-1",
            "nullable",
            "Nancy",
            "n",
            "((null))",
            "<1>",
            "(",
            "00000000-0000-0000-0000-000000000001",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn the_list_is_in_lower_case_and_as_long_as_it_says() {
        for word in NULLS.iter().chain(&OTHERS) {
            assert!(word.len() <= LONGEST && word.to_ascii_lowercase() == *word, "{word}");
        }
        assert!(is_null_text(" NaN ") && !is_null_text("N/A"));
    }
}
