//! `account_sides(book, senders, recipients)`: which accounts share a message or meeting with us,
//! and who of both sides is in it.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewBuilder, BooleanBuilder, Int32Builder, ListArray, StructArray,
    new_empty_array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields, UInt32Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::parties::parties_type;
use super::{BookArgument, OURS, expect_book};
use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::distinct_people;
use crate::functions::id_hash::Key;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "account_sides",
        arguments: |types| {
            expect_arguments("account_sides", types, 3)?;
            Ok(vec![expect_book("account_sides", &types[0])?, parties_type(), parties_type()])
        },
        returns: |_| Ok(sides_type()),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "The accounts that share a message or meeting with us, and who of both sides is in it. Gives a list of structs \
             (account_no, ours_sent, ours_received, theirs_sent, theirs_received, our_people, account_people), one per account, the \
             people as distinct_people_state; an empty list where nobody of ours or of an account takes part.",
            "account_sides(address_book, senders, recipients)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_argument("senders", "The senders or organizers, as numbers from parties(); NULL is nobody.")
        .with_argument("recipients", "The recipients or attendees, as numbers from parties(); NULL is nobody.")
        .with_sql_example(
            "> select account_sides(b, parties(b, 'anna@contoso.com'), parties(b, 'carl@acme.com'))[1]['theirs_received'] from (select \
             address_book(a, n, p) as b from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p));\ntrue",
        )
        .with_related_udf("parties")
        .build(),
    }
    .into_udf()
}

fn side_fields() -> Fields {
    Fields::from(vec![
        Field::new("account_no", DataType::Int32, false),
        Field::new("ours_sent", DataType::Boolean, false),
        Field::new("ours_received", DataType::Boolean, false),
        Field::new("theirs_sent", DataType::Boolean, false),
        Field::new("theirs_received", DataType::Boolean, false),
        Field::new("our_people", DataType::BinaryView, false),
        Field::new("account_people", DataType::BinaryView, false),
    ])
}

fn sides_type() -> DataType {
    DataType::new_list(DataType::Struct(side_fields()), true)
}

/// Somebody in a message: which side, who, and in which role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Role {
    account: i32,
    person: Key,
    received: bool,
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("account_sides", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let arrays = ColumnarValue::values_to_arrays(&args.args[1..])?;
    let mut sides = Sides::default();
    let mut roles = vec![];
    for row in 0..arrays[0].len() {
        roles.clear();
        for (array, received) in arrays.iter().zip([false, true]) {
            let lists = array.as_list::<i32>();
            if lists.is_null(row) {
                continue;
            }
            let range = lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize;
            let numbers = lists.values().as_primitive::<UInt32Type>();
            for number in range.filter(|i| numbers.is_valid(*i)).map(|i| numbers.value(i)) {
                let party = book.party(number)?;
                roles.push(Role { account: party.account, person: party.person, received });
            }
        }
        roles.sort_unstable();
        sides.push_row(&roles);
    }
    sides.finish()
}

/// The columns of the result.
#[derive(Default)]
struct Sides {
    account_no: Int32Builder,
    flags: [BooleanBuilder; 4],
    our_people: BinaryViewBuilder,
    account_people: BinaryViewBuilder,
    lengths: Vec<usize>,
    state: Vec<u8>,
}

impl Sides {
    /// One message; roles sorted by account, ours first.
    fn push_row(&mut self, roles: &[Role]) {
        let (ours, theirs) = roles.split_at(roles.partition_point(|r| r.account == OURS));
        let mut accounts = 0;
        if !ours.is_empty() {
            for account in theirs.chunk_by(|a, b| a.account == b.account) {
                self.push_account(ours, account);
                accounts += 1;
            }
        }
        self.lengths.push(accounts);
    }

    fn push_account(&mut self, ours: &[Role], theirs: &[Role]) {
        self.account_no.append_value(theirs[0].account);
        let any = |roles: &[Role], received| roles.iter().any(|r| r.received == received);
        let flags = [any(ours, false), any(ours, true), any(theirs, false), any(theirs, true)];
        self.flags.iter_mut().zip(flags).for_each(|(column, flag)| column.append_value(flag));
        for (column, roles) in [(&mut self.our_people, ours), (&mut self.account_people, theirs)] {
            // Who sent and received stands twice, side by side.
            let people = roles.chunk_by(|a, b| a.person == b.person).map(|same| same[0].person);
            distinct_people::encode(people, &mut self.state);
            column.append_value(&self.state);
        }
    }

    fn finish(mut self) -> Result<ArrayRef> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.account_no.finish())];
        columns.extend(self.flags.iter_mut().map(|f| Arc::new(f.finish()) as ArrayRef));
        columns.push(Arc::new(self.our_people.finish()));
        columns.push(Arc::new(self.account_people.finish()));
        let sides = StructArray::try_new(side_fields(), columns, None)?;
        let field = Arc::new(Field::new_list_field(DataType::Struct(side_fields()), true));
        Ok(Arc::new(ListArray::try_new(
            field,
            OffsetBuffer::from_lengths(self.lengths),
            Arc::new(sides),
            None,
        )?))
    }
}
