//! `unknown_addresses(address_book, addresses, …)`: the addresses that an address book does not contain.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListArray, StringViewBuilder, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::read::NO_PEOPLE;
use super::{BookArgument, book_and_addresses};
use crate::functions::address::addresses::for_each_address;
use crate::functions::id_hash::id_hash;
use crate::functions::udf::declare::{STEPS, Scalar};
use crate::functions::udf::strings::Texts;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "unknown_addresses",
        arguments: |types| book_and_addresses("unknown_addresses", types),
        returns: |_| Ok(DataType::new_list(DataType::Utf8View, true)),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "The addresses that an address book does not contain: normalized, in the order of the arguments, repetitions \
             included. An item of a list may hold several addresses, a text holds one. Other text is left out. If no address remains, the list is empty. Never NULL.",
            "unknown_addresses(address_book, addresses, ...)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_argument("addresses", "Text or lists of text, in any spelling; any number of arguments. NULL is ignored.")
        .with_sql_example(
            "> select unknown_addresses((select address_book('anna@contoso.com', null, 'e1')), 'Anna <ANNA@contoso.com>', \
             ['Carl@acme.com', 'no address', null]);\n[carl@acme.com]",
        )
        .with_related_udf("lookup_people")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("unknown_addresses", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let arrays = args.args[1..].iter().map(|a| a.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
    let columns = arrays.iter().map(Texts::new).collect::<Result<Vec<_>>>()?;
    let (mut unknown, mut lengths) = (StringViewBuilder::new(), vec![0; args.number_rows]);
    for (row, length) in lengths.iter_mut().enumerate() {
        for column in &columns {
            for_each_address(column, row, |address| {
                if book.find(id_hash(&address)) == NO_PEOPLE {
                    unknown.try_append_value(address)?;
                    *length += 1;
                }
                Ok(())
            })?;
        }
    }
    let field = Arc::new(Field::new_list_field(DataType::Utf8View, true));
    let unknown = Arc::new(unknown.finish());
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), unknown, None)?))
}
