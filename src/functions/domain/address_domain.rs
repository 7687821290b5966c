//! `address_domain(address)`: the domain of an email address.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::host::domain_of_address;
use super::map_text;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::text_type;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "address_domain",
        arguments: |types| {
            expect_arguments("address_domain", types, 1)?;
            Ok(vec![text_type("address_domain", &types[0])?])
        },
        returns: |_| Ok(DataType::Utf8),
        invoke: |args| map_text(args, |address| domain_of_address(address).map(Cow::into_owned)),
        documentation: Documentation::builder(
            OWN_SQL,
            "The domain of an email address: what normalize_domain() gives for the text behind the last @, but a leading www. \
             stays. NULL if there is no @, or no domain behind it.",
            "address_domain(address)",
        )
        .with_argument("address", "A normalized address (see normalize_address); NULL gives NULL.")
        .with_sql_example("> select address_domain('carl@mail.acme.com'), address_domain('carl@localhost');\nmail.acme.com, NULL")
        .with_related_udf("normalize_domain")
        .build(),
    }
    .into_udf()
}
