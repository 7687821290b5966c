//! `people_state(book, parties)`: parties as a set of people that outlives the book.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryViewBuilder, new_empty_array};
use datafusion::arrow::datatypes::{DataType, UInt32Type};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::{BookArgument, Party, expect_book, parties_type};
use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::distinct_people;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "people_state",
        arguments: |types| {
            expect_arguments("people_state", types, 2)?;
            Ok(vec![expect_book("people_state", &types[0])?, parties_type()])
        },
        returns: |_| Ok(DataType::BinaryView),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "Parties as a set of people in the form of distinct_people_state: it holds hashes of people and means the same without \
             the address book, so it can be kept, and united with sets from other books.",
            "people_state(address_book, parties)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_argument("parties", "Parties of this book, from parties(); NULL is nobody.")
        .with_sql_example(
            "> select distinct_people_count(people_state(b, parties(b, 'a@x', 'b@x'))) from (select address_book(a, n, p) as b from \
             (values ('a@x', null, 'e1'), ('b@x', null, 'e1')) t(a, n, p));\n1",
        )
        .with_related_udf("distinct_people_merge")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("people_state", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let parties = args.args[1].to_array(args.number_rows)?;
    let lists = parties.as_list::<i32>();
    let (numbers, offsets) = (lists.values().as_primitive::<UInt32Type>(), lists.value_offsets());
    let (mut states, mut people, mut state) = (BinaryViewBuilder::new(), vec![], vec![]);
    for row in 0..lists.len() {
        people.clear();
        if lists.is_valid(row) {
            let range = offsets[row] as usize..offsets[row + 1] as usize;
            for number in range.filter(|i| numbers.is_valid(*i)).map(|i| numbers.value(i)) {
                people.push(book.person(Party(number))?);
            }
        }
        people.sort_unstable();
        people.dedup();
        distinct_people::encode(people.iter().copied(), &mut state);
        states.try_append_value(&state)?;
    }
    Ok(Arc::new(states.finish()))
}
