//! `first_true(condition, text, …, otherwise)`: the text after the first condition that is true.
//!
//! It has the result of CASE WHEN. DataFusion's CASE evaluates condition by condition and, before each
//! one, copies the rows that are not matched yet out of every column. This function evaluates each
//! condition once, for all rows. The texts are string views: most texts are so short that the view itself
//! contains them, and a view is written and compared as an integer.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, StringArray, StringViewArray, StringViewBuilder, UInt8Array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::udf::booleans::holds;
use super::udf::declare::{OWN_SQL, Scalar};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "first_true",
        arguments: |types| {
            if types.len().is_multiple_of(2) || types.len() > 2 * usize::from(u8::MAX) {
                return plan_err!("first_true takes conditions, a text after each, and a text at the end");
            }
            let wanted = |i| if i % 2 == 0 && i + 1 < types.len() { DataType::Boolean } else { DataType::Utf8 };
            Ok((0..types.len()).map(wanted).collect())
        },
        returns: |_| Ok(DataType::Utf8View),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The text after the first condition that is true, or the last text if none is. All conditions are evaluated.",
            "first_true(condition, text, ..., otherwise)",
        )
        .with_argument("condition", "A boolean; NULL counts as false.")
        .with_argument("text", "The result if the condition before it is the first that is true; may be NULL.")
        .with_argument("otherwise", "The result if no condition is true; may be NULL.")
        .with_sql_example("> select first_true(null, 'a', 1 > 0, 'b', true, 'c', 'd'), first_true('d');\nb, d")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let rows = args.number_rows;
    let (pairs, last) = args.args.as_chunks::<2>();
    let texts = pairs.iter().map(|pair| &pair[1]).chain(last);
    let texts = texts.map(Text::of).collect::<Result<Vec<_>>>()?;
    // The index of the text of each row. Conditions are applied last to first, so the first true one wins.
    let mut which = vec![pairs.len() as u8; rows];
    for (number, [condition, _]) in pairs.iter().enumerate().rev() {
        match condition {
            ColumnarValue::Scalar(ScalarValue::Boolean(Some(true))) => which.fill(number as u8),
            ColumnarValue::Scalar(_) => {}
            ColumnarValue::Array(array) => {
                let holds = holds(array.as_boolean());
                holds.set_indices().for_each(|row| which[row] = number as u8);
            }
        }
    }
    let same = texts.iter().map(|text| match text {
        Text::Same(text) => Some(*text),
        Text::Each(_) => None,
    });
    if let Some(same) = same.collect::<Option<Vec<_>>>() {
        return Ok(take(&StringViewArray::from(same), &UInt8Array::from(which), None)?);
    }
    let mut result = StringViewBuilder::with_capacity(rows);
    which
        .iter()
        .enumerate()
        .for_each(|(row, which)| result.append_option(texts[usize::from(*which)].get(row)));
    Ok(Arc::new(result.finish()))
}

/// The text after a condition: one for all rows, or one per row.
enum Text<'a> {
    Same(Option<&'a str>),
    Each(&'a StringArray),
}

impl<'a> Text<'a> {
    fn of(value: &'a ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Scalar(ScalarValue::Utf8(text)) => Ok(Text::Same(text.as_deref())),
            ColumnarValue::Scalar(other) => exec_err!("first_true needs text, not {}", other.data_type()),
            ColumnarValue::Array(texts) => Ok(Text::Each(texts.as_string())),
        }
    }

    fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Text::Same(text) => *text,
            Text::Each(texts) => texts.is_valid(row).then(|| texts.value(row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::BooleanArray;

    use super::*;
    use crate::functions::testing::tester::invoke_with;

    #[test]
    fn the_first_that_holds_counts_and_null_does_not() {
        let condition: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
        let text = |text: &str| ScalarValue::from(text);
        let holds = |value: Option<bool>| ScalarValue::Boolean(value);
        let rest = |second| [text("a"), holds(second), text("b"), text("c")];
        for (second, expected) in
            [(Some(true), ["a", "b", "b"]), (Some(false), ["a", "c", "c"]), (None, ["a", "c", "c"])]
        {
            let result = invoke_with(&udf(), vec![Arc::clone(&condition)], &rest(second));
            assert_eq!(result.as_string_view(), &StringViewArray::from(expected.to_vec()));
            let each: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
            let result = invoke_with(&udf(), vec![Arc::clone(&condition), each], &rest(second)[1..]);
            let expected = ["x", expected[1], expected[2]];
            assert_eq!(result.as_string_view(), &StringViewArray::from(expected.to_vec()));
        }
    }
}
