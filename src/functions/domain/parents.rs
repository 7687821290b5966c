//! `parent_domains(domain)`: a domain and the domains above it.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::host::with_parents;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::{Text, text_type};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "parent_domains",
        arguments: |types| {
            expect_arguments("parent_domains", types, 1)?;
            Ok(vec![text_type("parent_domains", &types[0])?])
        },
        returns: |_| Ok(DataType::new_list(DataType::Utf8, true)),
        invoke,
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

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..array.len() {
        let domain = text.get(row);
        domain.into_iter().flat_map(with_parents).for_each(|one| lists.values().append_value(one));
        lists.append(domain.is_some());
    }
    Ok(Arc::new(lists.finish()))
}
