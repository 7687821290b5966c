//! The address book: who is behind an address, as one compact value.
//!
//! Looking up each recipient of each mail in a joined table would explode every recipient list
//! into rows, of which nearly all vanish again. Instead the aggregate `address_book` packs all
//! known addresses into one value, and scalar functions look up whole lists in it, in place.
//!
//! A *party* is a person on one side: one of ours, or one of an account's. Addresses of one person
//! lead to the same party; an address of several accounts leads to one party in each. People are
//! numbered in the order of (account, key of the person), ours first, so parties mean something
//! only together with the book they come from, and the same rows always give the same book.

mod aggregate;
mod anybody;
mod build;
mod parties;
mod people_state;
mod read;
mod shared_addresses;
mod unknown_addresses;

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BinaryViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, ScalarUDF};

pub(super) use parties::parties_type;
pub(super) use read::AddressBook;

use super::text::texts_type;

/// The account of our own people.
pub const OURS: i32 = -1;

/// A person on one side: the number of the person in the book, to which 2^30 is added for those of
/// accounts. Sorted, ours come first, then parties of one account stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party(pub u32);

impl Party {
    /// Ours are below this.
    pub const FIRST_OF_ACCOUNTS: Party = Party(1 << 30);
    /// No party has more bits.
    pub const BITS: u32 = 31;
    /// The last that could be; no book has so many people.
    pub const LAST: Party = Party((1 << Self::BITS) - 1);

    fn new(account: i32, number: u32) -> Self {
        Self(if account == OURS { number } else { Self::FIRST_OF_ACCOUNTS.0 | number })
    }

    /// The place of the person in the book.
    fn number(self) -> usize {
        (self.0 & !Self::FIRST_OF_ACCOUNTS.0) as usize
    }
}

/// The book travels as a struct of one binary column: as a constant, a struct is handed around by
/// reference, where a binary scalar would be copied for every batch; as a column, which a cross join
/// makes of it, a view is repeated for every row without its bytes.
pub(super) fn book_type() -> DataType {
    DataType::Struct(Fields::from(vec![Field::new("address_book", DataType::BinaryView, false)]))
}

pub(super) fn udaf() -> Arc<AggregateUDF> {
    aggregate::udaf()
}

pub(super) fn udfs() -> [Arc<ScalarUDF>; 5] {
    [parties::udf(), anybody::udf(), people_state::udf(), shared_addresses::udf(), unknown_addresses::udf()]
}

/// Checks that an argument is a book.
pub(super) fn expect_book(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::Struct(fields) if fields.len() == 1 && fields[0].name() == "address_book" => {
            Ok(book_type())
        }
        other => plan_err!("{name} needs an address book (the result of address_book), not {other}"),
    }
}

/// The types in which a function takes a book and, after it, any number of addresses or lists of them.
fn book_and_addresses(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    let [book, addresses @ ..] = types else {
        return plan_err!("{name} takes an address book and addresses");
    };
    let addresses = addresses.iter().map(|t| texts_type(name, t));
    std::iter::once(expect_book(name, book)).chain(addresses).collect()
}

/// The one book of a batch.
pub(super) struct BookArgument<'a>(&'a BinaryViewArray);

impl<'a> BookArgument<'a> {
    pub(super) fn new(name: &str, value: &'a ColumnarValue) -> Result<Self> {
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
        // The same view is the same book; only others need a look.
        let views = books.views();
        let differ = books.len() > 1 && views[1..] != views[..books.len() - 1];
        if differ && (1..books.len()).any(|i| views[i] != views[0] && books.value(i) != books.value(0)) {
            return exec_err!("{name} needs the same address book for all rows");
        }
        Ok(Self(books))
    }

    /// The book; `None` where there is no row.
    pub(super) fn open(&self) -> Result<Option<AddressBook<'a>>> {
        if self.0.is_empty() { Ok(None) } else { AddressBook::open(self.0.value(0)).map(Some) }
    }
}
