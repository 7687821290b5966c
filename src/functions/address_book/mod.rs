//! The address book: who is behind an address, as one compact value.
//!
//! Looking up each recipient of each mail in a joined table would explode every recipient list
//! into rows, of which nearly all vanish again. Instead the aggregate `address_book` packs all
//! known addresses into one value, and scalar functions look up whole lists in it, in place.
//!
//! A *party* is a person on one side: one of ours, or one of an account's. Addresses of one person
//! lead to the same party; an address of several accounts leads to one party in each. Parties are
//! numbered in the order of (account, key of the person), ours first, so numbers mean something
//! only together with the book they come from, and the same rows always give the same book.

mod account_sides;
mod aggregate;
mod build;
mod parties;
mod read;

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BinaryViewArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, ScalarUDF};

use read::{AddressBook, OURS};

/// The book travels as a struct of one binary column: as a constant, a struct is handed around by
/// reference, where a binary scalar would be copied for every batch; as a column, which a cross join
/// makes of it, a view is repeated for every row without its bytes.
pub(super) fn book_type() -> DataType {
    DataType::Struct(Fields::from(vec![Field::new("address_book", DataType::BinaryView, false)]))
}

pub(super) fn udaf() -> Arc<AggregateUDF> {
    aggregate::udaf()
}

pub(super) fn udfs() -> [Arc<ScalarUDF>; 2] {
    [parties::udf(), account_sides::udf()]
}

/// Checks that an argument is a book.
fn expect_book(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::Struct(fields) if fields.len() == 1 && fields[0].name() == "address_book" => {
            Ok(book_type())
        }
        other => plan_err!("{name} needs an address book (the result of address_book), not {other}"),
    }
}

/// The one book of a batch.
struct BookArgument<'a>(&'a BinaryViewArray);

impl<'a> BookArgument<'a> {
    fn new(name: &str, value: &'a ColumnarValue) -> Result<Self> {
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
        // The same bytes at the same place are the same book; only those elsewhere need a look.
        let place = |i| (books.value(i).as_ptr(), books.value(i).len());
        if (1..books.len()).any(|i| place(i) != place(0) && books.value(i) != books.value(0)) {
            return exec_err!("{name} needs the same address book for all rows");
        }
        Ok(Self(books))
    }

    /// The book; `None` where there is no row.
    fn open(&self) -> Result<Option<AddressBook<'a>>> {
        if self.0.is_empty() { Ok(None) } else { AddressBook::open(self.0.value(0)).map(Some) }
    }
}
