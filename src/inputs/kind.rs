//! What a column of an input contains, and the types that a file may have for it.

use datafusion::arrow::datatypes::{DataType, Field};

use super::{hive, logical_types};
use crate::functions::time::utc_timestamp_type;

/// What a column contains. It determines the types that a file may have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text in any encoding, bytes that are UTF-8, or a UUID.
    Text,
    /// The address of a person in mail or meetings, as text in any encoding.
    Address,
    /// An identifier: text, or a whole number (also a decimal of scale 0) that is converted to its decimal
    /// text.
    Id,
    /// A timestamp of any unit and zone.
    Timestamp,
    /// A list of addresses.
    Addresses,
    /// A boolean.
    Flag,
    /// A value of any type that is not nested, which is published as it is.
    Attribute,
}

impl Kind {
    /// The type of a value in the canonical input table. The type of an attribute is that of the files.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Kind::Attribute => DataType::Null,
            Kind::Text | Kind::Address | Kind::Id => DataType::Utf8,
            Kind::Timestamp => utc_timestamp_type(),
            Kind::Addresses => DataType::new_list(DataType::Utf8, true),
            Kind::Flag => DataType::Boolean,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Address | Kind::Id)
    }

    /// Whether a file may have this field for the column.
    pub(crate) fn takes(self, field: &Field) -> bool {
        match logical_types::marked(field) {
            _ if self == Kind::Attribute => !field.data_type().is_nested(),
            Some(_) => logical_types::is_uuid(field) && self.is_text(),
            None => self.takes_type(field.data_type()) || self.converts(field),
        }
    }

    /// Whether the values of this field are converted from a type that is not the column's own, so that some may not
    /// be readable: whole numbers as floats, times and lists as text, booleans as numbers or text. The keys of folders
    /// are always text and are not converted.
    pub(crate) fn converts(self, field: &Field) -> bool {
        let data_type = field.data_type();
        let is_text = || Kind::Text.takes_type(data_type);
        let is_number = || data_type.is_integer() || data_type.is_floating();
        let is_other = match self {
            Kind::Id => data_type.is_floating(),
            Kind::Timestamp | Kind::Addresses => is_text(),
            Kind::Flag => is_number() || is_text(),
            Kind::Text | Kind::Address | Kind::Attribute => false,
        };
        is_other && !data_type.is_null() && !hive::is_key(field) && logical_types::marked(field).is_none()
    }

    /// Whether a file may have this type for the column. A file may have type Null: all values are NULL.
    fn takes_type(self, data_type: &DataType) -> bool {
        use DataType::{Binary, BinaryView, Decimal32, Decimal64, Decimal128, Decimal256, LargeBinary};
        match data_type {
            DataType::Null => true,
            DataType::Dictionary(_, value) => self.takes_type(value) && self.is_text(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => self.is_text(),
            Binary | LargeBinary | BinaryView | DataType::FixedSizeBinary(_) => self.is_text(),
            Decimal32(_, 0) | Decimal64(_, 0) | Decimal128(_, 0) | Decimal256(_, 0) => self == Kind::Id,
            DataType::Timestamp(_, _) => self == Kind::Timestamp,
            DataType::Boolean => self == Kind::Flag,
            DataType::List(item) | DataType::LargeList(item) => {
                let is_fixed = matches!(item.data_type(), DataType::FixedSizeBinary(_));
                self == Kind::Addresses && !is_fixed && Kind::Text.takes_type(item.data_type())
            }
            integer => self == Kind::Id && integer.is_integer(),
        }
    }

    /// The accepted types, in words, for an error.
    pub(crate) fn needed(self) -> &'static str {
        match self {
            Kind::Text | Kind::Address => "text",
            Kind::Id => "text or a whole number",
            Kind::Timestamp => "a timestamp",
            Kind::Addresses => "a list of text",
            Kind::Flag => "a boolean",
            Kind::Attribute => "a type that is not nested",
        }
    }
}
