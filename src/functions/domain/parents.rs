//! `parent_domains(domain)`: a domain and the domains above it.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::host::with_parents;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::{text_lists, text_type};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "parent_domains",
        arguments: |types| {
            expect_arguments("parent_domains", types, 1)?;
            Ok(vec![text_type("parent_domains", &types[0])?])
        },
        returns: |_| Ok(DataType::new_list(DataType::Utf8, true)),
        invoke: |args| {
            text_lists(args, |domain, list| with_parents(domain).for_each(|one| list.append_value(one)))
        },
        documentation: Documentation::builder(
            OWN_SQL,
            "A domain and the domains above it, the longest first, without the last label.",
            "parent_domains(domain)",
        )
        .with_argument("domain", "A normalized domain (see normalize_domain); NULL gives NULL.")
        .with_sql_example(
            "> select parent_domains('uk.emea.acme.com');\n[uk.emea.acme.com, emea.acme.com, acme.com]",
        )
        .with_related_udf("normalize_domain")
        .build(),
    }
    .into_udf()
}
