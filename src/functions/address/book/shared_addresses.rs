//! `shared_addresses(address_book)`: how many addresses belong to several accounts.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, new_empty_array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::{BookArgument, expect_book};
use crate::functions::udf::declare::{STEPS, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "shared_addresses",
        arguments: |types| {
            expect_arguments("shared_addresses", types, 1)?;
            Ok(vec![expect_book("shared_addresses", &types[0])?])
        },
        returns: |_| Ok(DataType::Int64),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "How many addresses of an address book belong to people of several accounts. Internal people are ignored. Never NULL.",
            "shared_addresses(address_book)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_sql_example(
            "> select shared_addresses(address_book(a, n, p)) from (values ('carl@acme.com', 0, 'c1'), ('carl@acme.com', 7, 'c2'), \
             ('x@y.z', 7, 'c2')) t(a, n, p);\n1",
        )
        .with_related_udf("lookup_people")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("shared_addresses", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    Ok(Arc::new(Int64Array::from(vec![book.shared_addresses()?; args.number_rows])))
}
