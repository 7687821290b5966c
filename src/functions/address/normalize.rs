//! `normalize_address`: one spelling for every address.
//!
//! The rules for one address are in [`super::one_address`]. A text that holds several different addresses
//! ([`super::several`]) is not one address.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::one_address::{Found, find, in_five_steps};
use super::several;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::{Text, text_type};

/// The normalized address, or `None` if the text is not an address or holds several different addresses.
pub fn normalize(raw: &str) -> Option<Cow<'_, str>> {
    match find(raw) {
        Found::Address(address) => Some(address),
        Found::NoAddress => None,
        Found::Separator if several::in_parts(raw).len() > 1 => None,
        Found::Separator => in_five_steps(raw),
    }
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "normalize_address",
        arguments: |types| {
            expect_arguments("normalize_address", types, 1)?;
            Ok(vec![text_type("normalize_address", &types[0])?])
        },
        returns: |_| Ok(DataType::Utf8),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "One spelling for an email address: in lower case, without display name, quotes, mailto: or smtp:. NULL if the \
             text is not an address, or holds several different ones (see addresses). An address has exactly one @, with \
             something on both sides, and no white space, comma, semicolon, angle bracket or double quote.",
            "normalize_address(text)",
        )
        .with_argument("text", "An address in any spelling and text encoding; NULL gives NULL.")
        .with_sql_example("> select normalize_address('Ann Smith <SMTP:Ann@Contoso.com>');\nann@contoso.com")
        .with_related_udf("addresses")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    let addresses = (0..array.len()).map(|row| text.get(row).and_then(normalize));
    Ok(Arc::new(addresses.collect::<StringArray>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_addresses_are_not_one() {
        let check =
            |raw: &str, expected: Option<&str>| assert_eq!(normalize(raw).as_deref(), expected, "{raw}");
        check("Ann <ANN@x.com>", Some("ann@x.com"));
        check("Lee, Ann <ann@x.com>", Some("ann@x.com"));
        check("\"Lee; Ann\" <ann@x.com>", Some("ann@x.com"));
        check("Lee; Ann <ann@x.com>", Some("ann@x.com"));
        check("Ann <ann@x.com>; Ann <Ann@x.com>", Some("ann@x.com"));
        check("Ann <ann@x.com>; Bob <bob@x.com>", None);
        check("Ann <ann@x.com>, Bob <bob@x.com>", None);
        check("ann@x.com;ann@x.com", None);
        check("ann@x.com;", None);
    }
}
