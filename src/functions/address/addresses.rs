//! `addresses(text)`: the addresses of a text that may hold several, such as a line of recipients.
//!
//! If the text holds two or more different addresses, the result is these, each once, in the order in which
//! they first occur. Otherwise it is what `normalize_address` gives or, if that is NULL, the one part that is
//! an address.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::one_address::{Found, find, in_five_steps};
use super::several;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::{Texts, text_lists, text_type};

/// The addresses of a text, each once, normalized. Empty if it holds none.
pub fn addresses(raw: &str) -> Vec<Cow<'_, str>> {
    match find(raw) {
        Found::Address(address) => vec![address],
        Found::NoAddress => vec![],
        Found::Separator => match several::in_parts(raw) {
            several if several.len() > 1 => several,
            one => in_five_steps(raw).map_or(one, |address| vec![address]),
        },
    }
}

/// Calls `f` with each address of a row of text or of lists of text. An item of a list may hold several
/// addresses; a text that is not in a list holds one.
///
/// # Errors
/// The errors of `f`.
pub(crate) fn for_each_address(
    texts: &Texts<'_>,
    row: usize,
    mut f: impl FnMut(Cow<'_, str>) -> Result<()>,
) -> Result<()> {
    let is_list = texts.is_list();
    texts.for_each(row, |raw| for_each_in_text(raw, is_list, &mut f))
}

/// Calls `f` with each address of a text, which may hold several if it is an item of a list.
///
/// # Errors
/// The errors of `f`.
pub(crate) fn for_each_in_text<'a>(
    raw: &'a str,
    is_list: bool,
    mut f: impl FnMut(Cow<'a, str>) -> Result<()>,
) -> Result<()> {
    match find(raw) {
        Found::Address(address) => f(address),
        Found::NoAddress => Ok(()),
        Found::Separator if is_list => addresses(raw).into_iter().try_for_each(f),
        Found::Separator => super::normalize::normalize(raw).map_or(Ok(()), f),
    }
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "addresses",
        arguments: |types| {
            expect_arguments("addresses", types, 1)?;
            Ok(vec![text_type("addresses", &types[0])?])
        },
        returns: |_| Ok(DataType::new_list(DataType::Utf8, true)),
        invoke: |args| {
            text_lists(args, |raw, list| addresses(raw).iter().for_each(|address| list.append_value(address)))
        },
        documentation: Documentation::builder(
            OWN_SQL,
            "All email addresses of a text, normalized, each once, in their order. The text is cut at every semicolon, and at \
             every comma behind an address, outside of double quotes and angle brackets. Parts that are not addresses are \
             left out. If the text holds one address, the list is that of normalize_address(). Empty if it holds none.",
            "addresses(text)",
        )
        .with_argument("text", "Addresses in any spelling and text encoding; NULL gives NULL.")
        .with_sql_example(
            "> select addresses('Carl <c@x.com>; Dora <d@y.com>'), addresses('Lee, Ann <ANN@x.com>');\n[c@x.com, d@y.com], [ann@x.com]",
        )
        .with_related_udf("normalize_address")
        .build(),
    }
    .into_udf()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::functions::address::normalize::normalize;

    #[test]
    fn none_one_and_several() {
        let all = |raw: &'static str| addresses(raw).join(" ");
        assert_eq!(all("Carl <c@x.y>; Dora <d@y.z>"), "c@x.y d@y.z");
        assert_eq!(all("Carl <c@x.y>, Dora <d@y.z>"), "c@x.y d@y.z");
        assert_eq!(all("Lee, Ann <ann@x.com>"), "ann@x.com");
        assert_eq!(all("ann@x.com;"), "ann@x.com");
        assert_eq!(all("ann@x.com; ANN@x.com"), "ann@x.com");
        assert_eq!(all("Ann; SMTP:ann@x.com"), "ann@x.com");
        assert_eq!(all("Ann <ann@x.com>"), "ann@x.com");
        assert_eq!(all("undisclosed-recipients:;"), "");
        assert_eq!(all("Ann; Bob"), "");
        assert_eq!(all(""), "");
    }

    proptest! {
        /// Several addresses are not one; one address is the only one; every address is a fixed point.
        #[test]
        fn agrees_with_normalize(raw in "([ab]@[xy]|[,;<>\"' ]|smtp:|C){0,9}") {
            let all = addresses(&raw);
            match normalize(&raw) {
                Some(one) => prop_assert_eq!(&all[..], [one]),
                None => prop_assert_eq!(all.len() == 1, several::in_parts(&raw).len() == 1),
            }
            for (i, address) in all.iter().enumerate() {
                prop_assert!(!all[..i].contains(address));
                prop_assert!(super::super::one_address::one_address(address).is_some());
            }
        }

        /// The same separator at the end, or a repetition, changes nothing.
        #[test]
        fn a_line_holds_what_its_parts_hold(items in prop::collection::vec("[a-c]@[x-z]", 1..6)) {
            let line = items.join("; ");
            let ends = addresses(&line);
            let (closed, twice) = (format!("{line};"), format!("{line}, {line}"));
            prop_assert_eq!(&addresses(&closed), &ends);
            prop_assert_eq!(&addresses(&twice), &ends);
            prop_assert!(items.iter().all(|item| ends.iter().any(|address| address == item)));
        }
    }
}
