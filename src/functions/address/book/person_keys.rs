//! `person_keys(address_book, people)`: turns person numbers into a set of people that does not depend on
//! the address book.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryViewBuilder, new_empty_array};
use datafusion::arrow::datatypes::{DataType, UInt32Type};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::{BookArgument, PersonNo, expect_book, people_type};
use crate::functions::distinct_people;
use crate::functions::udf::declare::{INSPECTION, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "person_keys",
        arguments: |types| {
            expect_arguments("person_keys", types, 2)?;
            Ok(vec![expect_book("person_keys", &types[0])?, people_type()])
        },
        returns: |_| Ok(DataType::BinaryView),
        invoke,
        documentation: Documentation::builder(
            INSPECTION,
            "The people with these person numbers, as a set of people like the result of distinct_people_state(). It contains \
             hashes of the people and does not depend on the address book, so it can be stored, and merged with sets from \
             other address books. Never NULL.",
            "person_keys(address_book, people)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_argument(
            "people",
            "A list of person numbers of this address book, from lookup_people(); NULL gives an empty set.",
        )
        .with_sql_example(
            "> select distinct_people_count(person_keys(b, lookup_people(b, 'a@x', 'b@x'))) from (select address_book(a, n, p) as b from \
             (values ('a@x', null, 'e1'), ('b@x', null, 'e1')) t(a, n, p));\n1",
        )
        .with_related_udf("distinct_people_merge")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("person_keys", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let people = args.args[1].to_array(args.number_rows)?;
    let lists = people.as_list::<i32>();
    let (numbers, offsets) = (lists.values().as_primitive::<UInt32Type>(), lists.value_offsets());
    let (mut states, mut people, mut state) = (BinaryViewBuilder::new(), vec![], vec![]);
    for row in 0..lists.len() {
        people.clear();
        if lists.is_valid(row) {
            let range = offsets[row] as usize..offsets[row + 1] as usize;
            for number in range.filter(|i| numbers.is_valid(*i)).map(|i| numbers.value(i)) {
                people.push(book.person(PersonNo(number))?);
            }
        }
        people.sort_unstable();
        people.dedup();
        distinct_people::encode(people.iter().copied(), &mut state);
        states.try_append_value(&state)?;
    }
    Ok(Arc::new(states.finish()))
}
