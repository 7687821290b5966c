//! `is_auto_submitted(headers)`: whether a program sent a message.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Item};
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// The header that marks auto-replies and other automatic messages (RFC 3834).
const AUTO_SUBMITTED: &str = "auto-submitted";

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "is_auto_submitted",
        arguments: |types| {
            expect_arguments("is_auto_submitted", types, 1)?;
            Ok(types.to_vec())
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if the headers of a message contain Auto-Submitted (RFC 3834), in any case, with a value other than no. \
             What follows a semicolon is ignored; a blank value counts as no. Never NULL.",
            "is_auto_submitted(headers)",
        )
        .with_argument("headers", "A list of structs (name, value), or JSON text of an array of them; NULL gives false.")
        .with_sql_example(
            "> select is_auto_submitted('[{\"name\":\"Auto-Submitted\",\"value\":\"auto-replied\"}]');\ntrue",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let flags =
        (0..array.len()).map(|row| Some(column.get(row).is_some_and(|headers| is_auto_submitted(&headers))));
    Ok(Arc::new(flags.collect::<BooleanArray>()))
}

fn is_auto_submitted(headers: &Item<'_>) -> bool {
    let mut found = false;
    headers.each(&mut |header| {
        found |= header.is_some_and(|header| {
            let name = header.field("name");
            let name = name.as_ref().and_then(Item::text);
            name.is_some_and(|n| n.trim().eq_ignore_ascii_case(AUTO_SUBMITTED))
                && header.text_at("value").is_some_and(|v| says_yes(&v))
        });
    });
    found
}

fn says_yes(value: &str) -> bool {
    let value = value.split(';').next().unwrap_or_default().trim();
    !value.is_empty() && !value.eq_ignore_ascii_case("no")
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    #[test]
    fn anything_but_no() {
        let header = |value: &str| {
            format!(r#"[{{"name":"Received","value":"x"}},{{"NAME":"auto-SUBMITTED ","Value":"{value}"}}]"#)
        };
        let yes = ["auto-replied", "Auto-Generated; type=x", "none"].map(header);
        let no = ["no", " NO ; x=y", "", " ", "; x"].map(header);
        let other = ["[]", "null", "text", r#"[{"name":"X-Auto-Submitted","value":"auto-replied"}]"#]
            .map(String::from);
        let all: Vec<_> =
            yes.iter().chain(&no).chain(&other).map(|t| Some(t.as_str())).chain([None]).collect();
        let out = invoke_scalar(&udf(), vec![Arc::new(StringArray::from(all))]);
        let out: Vec<_> = out.as_boolean().iter().map(Option::unwrap).collect();
        assert_eq!(out.iter().filter(|b| **b).count(), 3);
        assert_eq!(out[..3], [true; 3]);
    }
}
