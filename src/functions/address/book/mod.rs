//! The address book: which people each known address belongs to, as one compact value.
//!
//! To look up recipients with a join, every recipient list would have to be unnested into rows, and nearly
//! all of these rows would find no match. Instead, the aggregate `address_book` packs all known addresses
//! into one value, and scalar functions look up whole lists in it, in place.
//!
//! A person is either internal (a person of the organization that runs the enrichment) or a person of one
//! account. A *person number* ([`PersonNo`]) identifies a person in an address book. All addresses of one
//! person have the same person number; an address of several accounts has one person number in each.
//! People are numbered in the order of (account, key of the person), internal people first. So a person
//! number has a meaning only together with its address book, and equal rows always give an equal address
//! book.

mod aggregate;
mod build;
mod has_people;
mod lookup_people;
mod people_by_domain;
mod person_keys;
mod read;
mod seen_values;
mod shared_addresses;
mod unknown_addresses;

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BinaryViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, ScalarUDF};

pub(crate) use self::lookup_people::people_type;
pub(crate) use self::read::AddressBook;
use crate::functions::udf::strings::texts_type;

/// The account number of internal people.
pub const INTERNAL: i32 = -1;

/// A person number: the position of the person in the address book, plus 2^30 for people of accounts. In
/// ascending order, internal people come first, and the people of one account are adjacent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonNo(pub u32);

impl PersonNo {
    /// The smallest person number of people of accounts. Internal people are below it.
    pub const FIRST_OF_ACCOUNTS: PersonNo = PersonNo(1 << 30);
    /// The number of bits of a person number.
    pub const BITS: u32 = 31;
    /// The largest possible person number; no address book has so many people.
    pub const LAST: PersonNo = PersonNo((1 << Self::BITS) - 1);

    fn new(account: i32, number: u32) -> Self {
        Self(if account == INTERNAL { number } else { Self::FIRST_OF_ACCOUNTS.0 | number })
    }

    /// The position of the person in the address book.
    fn number(self) -> usize {
        (self.0 & !Self::FIRST_OF_ACCOUNTS.0) as usize
    }
}

/// The type of an address book: a struct of one binary view column. As a constant, a struct is passed by
/// reference, but a binary scalar would be copied for every batch. As a column, which is what a cross join
/// makes of it, the view is repeated for every row, but its bytes are not.
pub(crate) fn book_type() -> DataType {
    DataType::Struct(Fields::from(vec![Field::new("address_book", DataType::BinaryView, false)]))
}

pub(crate) fn udafs() -> [Arc<AggregateUDF>; 2] {
    [aggregate::udaf(), people_by_domain::udaf()]
}

pub(crate) fn udfs() -> [Arc<ScalarUDF>; 5] {
    [
        lookup_people::udf(),
        has_people::udf(),
        person_keys::udf(),
        shared_addresses::udf(),
        unknown_addresses::udf(),
    ]
}

/// Checks that an argument of the function `name` is an address book, and returns its type.
///
/// # Errors
/// The argument has another type.
pub(crate) fn expect_book(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::Struct(fields) if fields.len() == 1 && fields[0].name() == "address_book" => {
            Ok(book_type())
        }
        other => plan_err!("{name} needs an address book (the result of address_book), not {other}"),
    }
}

/// The argument types of a function of an address book and, after it, any number of addresses or lists of
/// addresses.
fn book_and_addresses(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    let [book, addresses @ ..] = types else {
        return plan_err!("{name} takes an address book and addresses");
    };
    let addresses = addresses.iter().map(|t| texts_type(name, t));
    std::iter::once(expect_book(name, book)).chain(addresses).collect()
}

/// The address book of a batch: the same one for all rows.
pub(crate) struct BookArgument<'a>(&'a BinaryViewArray);

impl<'a> BookArgument<'a> {
    /// Takes the address book out of an argument of the function `name`.
    ///
    /// # Errors
    /// The argument is NULL or not an address book, or the rows have different address books.
    pub(crate) fn new(name: &str, value: &'a ColumnarValue) -> Result<Self> {
        let column = match value {
            ColumnarValue::Scalar(ScalarValue::Struct(book)) => Some(book.as_ref()),
            ColumnarValue::Array(books) => books.as_struct_opt(),
            ColumnarValue::Scalar(_) => None,
        };
        let Some(books) =
            column.filter(|c| c.null_count() == 0).and_then(|c| c.column(0).as_binary_view_opt())
        else {
            return exec_err!("{name} needs an address book");
        };
        // Equal views mean equal address books. The bytes are compared only if views differ.
        let views = books.views();
        let differ = books.len() > 1 && views[1..] != views[..books.len() - 1];
        if differ && (1..books.len()).any(|i| views[i] != views[0] && books.value(i) != books.value(0)) {
            return exec_err!("{name} needs the same address book for all rows");
        }
        Ok(Self(books))
    }

    /// Opens the address book; `None` if the batch has no rows.
    ///
    /// # Errors
    /// The address book is damaged.
    pub(crate) fn open(&self) -> Result<Option<AddressBook<'a>>> {
        if self.0.is_empty() { Ok(None) } else { AddressBook::open(self.0.value(0)).map(Some) }
    }
}
