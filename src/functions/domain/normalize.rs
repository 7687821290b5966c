//! `normalize_domain(text)`: one spelling for every domain. The rules are in [`super::host`].

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::host::normalize_domain;
use super::map_text;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::text_type;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "normalize_domain",
        arguments: |types| {
            expect_arguments("normalize_domain", types, 1)?;
            Ok(vec![text_type("normalize_domain", &types[0])?])
        },
        returns: |_| Ok(DataType::Utf8),
        invoke: |args| map_text(args, normalize_domain),
        documentation: Documentation::builder(
            OWN_SQL,
            "The host name in a web site, a domain or an email address: in lower case and ASCII (UTS 46), without scheme, \
             user, port, path, final period and leading www. NULL if the text is not a domain: a domain has two labels or \
             more, each of 1 to 63 letters, digits, hyphens and underscores, at most 253 characters, and a last label that \
             is not a number.",
            "normalize_domain(text)",
        )
        .with_argument("text", "One web site, domain or address, in any text encoding; NULL gives NULL.")
        .with_sql_example(
            "> select normalize_domain('https://www.Acme.com:8443/about'), normalize_domain('bücher.example'), normalize_domain('n/a');\n\
             acme.com, xn--bcher-kva.example, NULL",
        )
        .with_related_udf("address_domain")
        .with_related_udf("registrable_domain")
        .build(),
    }
    .into_udf()
}
