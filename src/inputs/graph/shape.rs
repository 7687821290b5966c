//! The Arrow types that a column of an export may have. A column of another type would be read as absent.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};

/// What a column contains. Every column may be text, which may be JSON text, and may have type Null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value that is not nested, such as an identifier.
    Scalar,
    /// True or false, or a whole number for them.
    Flag,
    /// A timestamp. A date has no time, so that copies of a message and answers to it could not be put in order.
    Time,
    /// A sender, a recipient or an attendee, or a list of them: structs or maps with an address, or text.
    Recipients,
    /// A list of text.
    Texts,
    /// A list of structs or maps, or one of them.
    Headers,
    /// A struct or a map.
    Object,
    /// A struct or a map with a time and its zone, or a timestamp.
    Moment,
}

impl Shape {
    /// Whether a file may have this type for the column.
    pub(crate) fn takes(self, data_type: &DataType) -> bool {
        if is_text(data_type) {
            return true;
        }
        let is_object = matches!(data_type, DataType::Struct(_) | DataType::Map(_, _));
        match self {
            Shape::Scalar => !data_type.is_nested(),
            Shape::Flag => data_type.is_integer() || *data_type == DataType::Boolean,
            Shape::Time => matches!(data_type, DataType::Timestamp(_, _)),
            Shape::Recipients => is_recipient(item_of(data_type)),
            Shape::Texts => is_text(item_of(data_type)),
            Shape::Headers => {
                matches!(item_of(data_type), DataType::Struct(_) | DataType::Map(_, _))
                    || is_text(item_of(data_type))
            }
            Shape::Object => is_object,
            Shape::Moment => is_object || matches!(data_type, DataType::Timestamp(_, _)),
        }
    }

    /// The accepted types, in words, for an error.
    pub(crate) fn needed(self) -> &'static str {
        match self {
            Shape::Scalar => "text or another type that is not nested",
            Shape::Flag => "a boolean",
            Shape::Time => "a timestamp or text",
            Shape::Recipients => "a struct with emailAddress or address, text, or a list of them",
            Shape::Texts => "a list of text, or text",
            Shape::Headers => "a list of structs (name, value), or text",
            Shape::Object => "a struct or JSON text",
            Shape::Moment => "a struct (dateTime, timeZone), a timestamp or text",
        }
    }
}

/// Two fields of one struct, at any depth of a type, whose names differ in case only: a field is found by its name in
/// any case.
pub(crate) fn ambiguous(data_type: &DataType) -> Option<[&str; 2]> {
    match data_type {
        DataType::Struct(fields) => {
            let same = fields.iter().enumerate().find_map(|(i, field)| {
                let is_same = |other: &&Arc<Field>| other.name().eq_ignore_ascii_case(field.name());
                fields[i + 1..].iter().find(is_same).map(|other| [field.name().as_str(), other.name()])
            });
            same.or_else(|| fields.iter().find_map(|field| ambiguous(field.data_type())))
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::Map(item, _) => {
            ambiguous(item.data_type())
        }
        _ => None,
    }
}

/// The type of the items of a list. Any other type is itself, because a list of one may be written as its item.
fn item_of(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => item.data_type(),
        other => other,
    }
}

fn is_recipient(data_type: &DataType) -> bool {
    let field = |name: &str| match data_type {
        DataType::Struct(fields) => fields.iter().find(|field| field.name().eq_ignore_ascii_case(name)),
        _ => None,
    };
    let is_leaf = |field: &DataType| !field.is_nested();
    is_text(data_type)
        || matches!(data_type, DataType::Map(_, _))
        || field("emailAddress").is_some_and(|inner| is_recipient(item_of(inner.data_type())))
        || field("address").is_some_and(|inner| is_leaf(inner.data_type()))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => is_text(value),
        other => other.is_string() || other.is_null(),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{Fields, TimeUnit};

    use super::*;

    fn structs(fields: &[(&str, DataType)]) -> DataType {
        DataType::Struct(
            fields.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Fields>(),
        )
    }

    fn list(item: DataType) -> DataType {
        DataType::new_list(item, true)
    }

    fn map() -> DataType {
        let entry = structs(&[("key", DataType::Utf8), ("value", DataType::Utf8)]);
        DataType::Map(Arc::new(Field::new("entries", entry, false)), false)
    }

    #[test]
    fn forms_of_recipients() {
        let address = structs(&[("Address", DataType::Utf8View), ("name", DataType::Utf8)]);
        let recipient = structs(&[("emailaddress", address.clone())]);
        for good in [
            DataType::Utf8,
            DataType::Null,
            recipient.clone(),
            list(recipient),
            list(address.clone()),
            address,
            list(DataType::LargeUtf8),
            list(DataType::Null),
            structs(&[("emailAddress", DataType::Utf8)]),
            map(),
            list(map()),
        ] {
            assert!(Shape::Recipients.takes(&good), "{good}");
        }
        for bad in [
            DataType::Int64,
            list(DataType::Int64),
            list(list(DataType::Utf8)),
            structs(&[("name", DataType::Utf8)]),
            structs(&[("emailAddress", structs(&[("smtp", DataType::Utf8)]))]),
            structs(&[("address", list(DataType::Utf8))]),
            DataType::Binary,
        ] {
            assert!(!Shape::Recipients.takes(&bad), "{bad}");
        }
    }

    #[test]
    fn names_that_differ_in_case_only() {
        let address = structs(&[("address", DataType::Utf8), ("name", DataType::Utf8)]);
        let twice =
            structs(&[("name", DataType::Utf8), ("address", DataType::Utf8), ("Address", DataType::Utf8)]);
        let recipient = |inner: &DataType| list(structs(&[("emailAddress", inner.clone())]));
        assert_eq!(ambiguous(&recipient(&address)), None);
        assert_eq!(ambiguous(&recipient(&twice)), Some(["address", "Address"]));
        assert_eq!(ambiguous(&map()), None);
    }

    #[test]
    fn other_columns() {
        let object = structs(&[("a", DataType::Utf8)]);
        let instant = DataType::Timestamp(TimeUnit::Nanosecond, None);
        for (shape, good, bad) in [
            (Shape::Scalar, DataType::Int64, object.clone()),
            (Shape::Flag, DataType::Boolean, DataType::Float64),
            (Shape::Time, instant.clone(), DataType::Int64),
            (Shape::Texts, list(DataType::Utf8), list(object.clone())),
            (Shape::Headers, list(object.clone()), list(list(DataType::Utf8))),
            (Shape::Object, object.clone(), list(object.clone())),
            (Shape::Moment, instant, DataType::Int32),
        ] {
            assert!(shape.takes(&good) && !shape.takes(&bad), "{shape:?}");
            assert!(shape.takes(&DataType::Utf8) && shape.takes(&DataType::Null), "{shape:?}");
        }
    }
}
