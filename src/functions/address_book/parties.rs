//! `parties(book, addresses, …)`: who is known among addresses.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListArray, UInt32Array, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::{BookArgument, expect_book};
use crate::functions::define::{SECTION, Scalar};
use crate::functions::normalize_address::normalize;
use crate::functions::text::{Texts, texts_type};

pub(super) fn parties_type() -> DataType {
    DataType::new_list(DataType::UInt32, true)
}

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "parties",
        arguments: |types| {
            let [book, addresses @ ..] = types else { return plan_err!("parties takes an address book and addresses") };
            let addresses = addresses.iter().map(|t| texts_type("parties", t));
            std::iter::once(expect_book("parties", book)).chain(addresses).collect()
        },
        returns: |_| Ok(parties_type()),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "The known people among addresses, as a sorted list of their numbers in the address book. Addresses are normalized first; \
             an address of several accounts gives one number for each. Nobody known gives an empty list; never NULL.",
            "parties(address_book, addresses, ...)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_argument("addresses", "Addresses as they came: text or lists of text, any number of arguments; NULL is nobody.")
        .with_sql_example(
            "> select parties(address_book(a, n, p), 'Anna <ANNA@contoso.com>', ['carl@acme.com', 'x@y.z']) from (values \
             ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p);\n[0, 1]",
        )
        .with_related_udf("account_sides")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("parties", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let arrays = args.args[1..].iter().map(|a| a.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
    let columns = arrays.iter().map(Texts::new).collect::<Result<Vec<_>>>()?;
    let mut numbers: Vec<u32> = vec![];
    let mut ends = Vec::with_capacity(args.number_rows + 1);
    ends.push(0);
    let mut row_numbers = vec![];
    for row in 0..args.number_rows {
        row_numbers.clear();
        for column in &columns {
            column.for_each(row, |raw| {
                if let Some(address) = normalize(raw) {
                    row_numbers.extend(book.find(&address)?);
                }
                Ok(())
            })?;
        }
        row_numbers.sort_unstable();
        row_numbers.dedup();
        numbers.extend(&row_numbers);
        ends.push(numbers.len() as i32);
    }
    let field = Arc::new(Field::new_list_field(DataType::UInt32, true));
    let offsets = OffsetBuffer::new(ends.into());
    Ok(Arc::new(ListArray::try_new(field, offsets, Arc::new(UInt32Array::from(numbers)), None)?))
}
