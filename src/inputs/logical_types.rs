//! What the logical types of a Parquet file say about columns of bytes.
//!
//! Bytes without a logical type are text if they are UTF-8: old versions of Spark and Impala write text so.
//! They are read as binary and then cast, because the reader checks UTF-8 only where the logical type
//! promises it.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use datafusion::parquet::basic::{ConvertedType, LogicalType};
use datafusion::parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

/// The name, in the metadata of a field, of a logical type for which Arrow has no type.
const MARK: &str = "engagement.logical_type";

/// The logical type of an identifier of 16 bytes.
const UUID: &str = "UUID";

/// The schema of a file in which each column of bytes has the type that its logical type allows: text that
/// is only declared by the writer's Arrow schema becomes binary. Columns of bytes with another logical type
/// are marked with it.
pub(crate) fn checked(schema: &Schema, parquet: &SchemaDescriptor) -> Schema {
    let mut leaves = parquet.columns().iter().map(AsRef::as_ref);
    let fields = schema.fields().iter().map(|field| {
        let first = leaves.clone().next();
        let field = with_type(field, retyped(field.data_type(), &mut leaves));
        match first.and_then(|leaf| mark(field.data_type(), leaf)) {
            Some(mark) => {
                let mut metadata = field.metadata().clone();
                metadata.insert(MARK.to_owned(), mark.to_owned());
                Arc::new(field.as_ref().clone().with_metadata(metadata))
            }
            None => field,
        }
    });
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
}

fn with_type(field: &FieldRef, data_type: DataType) -> FieldRef {
    if *field.data_type() == data_type {
        return Arc::clone(field);
    }
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

/// The type of a column; takes from `leaves` the columns of the file of which it consists.
fn retyped<'a>(data_type: &DataType, leaves: &mut impl Iterator<Item = &'a ColumnDescriptor>) -> DataType {
    let mut of = |field: &FieldRef| with_type(field, retyped(field.data_type(), leaves));
    match data_type {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(of).collect::<Fields>()),
        DataType::List(item) => DataType::List(of(item)),
        DataType::LargeList(item) => DataType::LargeList(of(item)),
        DataType::ListView(item) => DataType::ListView(of(item)),
        DataType::LargeListView(item) => DataType::LargeListView(of(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(of(item), *length),
        DataType::Map(entries, sorted) => DataType::Map(of(entries), *sorted),
        flat => match leaves.next() {
            Some(leaf) if !promises_text(leaf) => bytes_of(flat),
            _ => flat.clone(),
        },
    }
}

/// Whether the values of a column are text according to its logical type. JSON counts, because it can only be
/// read as text.
fn promises_text(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.converted_type(), ConvertedType::UTF8 | ConvertedType::JSON)
        || matches!(leaf.logical_type_ref(), Some(LogicalType::String | LogicalType::Json))
}

fn bytes_of(text: &DataType) -> DataType {
    match text {
        DataType::Utf8 => DataType::Binary,
        DataType::LargeUtf8 => DataType::LargeBinary,
        DataType::Utf8View => DataType::BinaryView,
        DataType::Dictionary(key, values) => DataType::Dictionary(key.clone(), Box::new(bytes_of(values))),
        other => other.clone(),
    }
}

/// The logical type of a column of bytes, if it is one that neither means text nor has a type in Arrow.
fn mark(data_type: &DataType, leaf: &ColumnDescriptor) -> Option<&'static str> {
    if !is_binary(data_type) {
        return None;
    }
    match (leaf.logical_type_ref(), leaf.converted_type()) {
        (Some(LogicalType::Uuid), _) if *data_type == DataType::FixedSizeBinary(16) => Some(UUID),
        (Some(LogicalType::Bson), _) | (None, ConvertedType::BSON) => Some("BSON"),
        (None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), _) => None,
        (Some(_), _) => Some("a logical type that is not text"),
    }
}

fn is_binary(data_type: &DataType) -> bool {
    use DataType::{Binary, BinaryView, Dictionary, FixedSizeBinary, LargeBinary};
    match data_type {
        Dictionary(_, values) => is_binary(values),
        other => matches!(other, Binary | LargeBinary | BinaryView | FixedSizeBinary(_)),
    }
}

/// The logical type of a column of bytes that is not text; `None` for every other column.
pub(crate) fn marked(field: &Field) -> Option<&str> {
    field.metadata().get(MARK).map(String::as_str)
}

/// Whether a field contains UUIDs as 16 bytes each.
pub(crate) fn is_uuid(field: &Field) -> bool {
    marked(field) == Some(UUID)
}

/// The field as it is in the file, without a mark.
pub(crate) fn unmarked(field: &FieldRef) -> FieldRef {
    if marked(field).is_none() {
        return Arc::clone(field);
    }
    let metadata: HashMap<_, _> = field
        .metadata()
        .iter()
        .filter(|(key, _)| *key != MARK)
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    Arc::new(field.as_ref().clone().with_metadata(metadata))
}

/// Whether a type contains binary at any depth, which has to be cast to be read as text.
pub(crate) fn has_binary(data_type: &DataType) -> bool {
    text_of(data_type) != *data_type
}

/// The type with text instead of binary, at any depth.
pub(crate) fn text_of(data_type: &DataType) -> DataType {
    let of = |field: &FieldRef| with_type(field, text_of(field.data_type()));
    match data_type {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(of).collect::<Fields>()),
        DataType::List(item) => DataType::List(of(item)),
        DataType::LargeList(item) => DataType::LargeList(of(item)),
        DataType::Dictionary(key, values) => DataType::Dictionary(key.clone(), Box::new(text_of(values))),
        DataType::Binary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Utf8,
        DataType::LargeBinary => DataType::LargeUtf8,
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::parquet::arrow::parquet_to_arrow_schema;
    use datafusion::parquet::schema::parser::parse_message_type;

    use super::*;

    /// The schema of a file, with text declared for every column of bytes.
    fn of(message: &str) -> Schema {
        let parquet = SchemaDescriptor::new(Arc::new(parse_message_type(message).unwrap()));
        let arrow = parquet_to_arrow_schema(&parquet, None).unwrap();
        let declared = arrow.fields().iter().map(|f| with_type(f, text_of(f.data_type())));
        let is_fixed = |f: &FieldRef| matches!(f.data_type(), DataType::FixedSizeBinary(_));
        let fields = declared
            .zip(arrow.fields())
            .map(|(text, own)| if is_fixed(own) { Arc::clone(own) } else { text });
        checked(&Schema::new(fields.collect::<Vec<_>>()), &parquet)
    }

    #[test]
    fn text_is_what_the_file_promises() {
        let schema = of("message m {
            required binary plain;
            required binary text (STRING);
            optional binary old (UTF8);
            optional binary json (JSON);
            optional binary kind (ENUM);
            optional binary bson (BSON);
            optional fixed_len_byte_array(16) id (UUID);
            optional fixed_len_byte_array(16) code;
            optional group to (LIST) { repeated group list { optional binary element; } }
            optional group at { optional int64 n; optional binary a; optional binary b (STRING); }
        }");
        let types: Vec<_> = schema.fields().iter().map(|f| f.data_type().to_string()).collect();
        let is = |name: &str| {
            let field = schema.field_with_name(name).unwrap();
            (field.data_type().clone(), marked(field).map(str::to_owned))
        };
        assert_eq!(is("plain"), (DataType::Binary, None));
        assert_eq!(is("text"), (DataType::Utf8, None));
        assert_eq!(is("old"), (DataType::Utf8, None));
        assert_eq!(is("json"), (DataType::Utf8, None));
        assert_eq!(is("kind"), (DataType::Binary, None));
        assert_eq!(is("bson"), (DataType::Binary, Some("BSON".to_owned())));
        assert_eq!(is("id"), (DataType::FixedSizeBinary(16), Some("UUID".to_owned())));
        assert_eq!(is("code"), (DataType::FixedSizeBinary(16), None));
        let DataType::List(item) = is("to").0 else { panic!("{types:?}") };
        assert_eq!(*item.data_type(), DataType::Binary);
        let DataType::Struct(fields) = is("at").0 else { panic!("{types:?}") };
        let inner: Vec<_> = fields.iter().map(|f| f.data_type().clone()).collect();
        assert_eq!(inner, [DataType::Int64, DataType::Binary, DataType::Utf8]);
        assert!(has_binary(&is("to").0) && !has_binary(&is("text").0));
    }

    #[test]
    fn marks_are_removed() {
        let schema = of("message m { optional fixed_len_byte_array(16) id (UUID); }");
        assert!(is_uuid(schema.field(0)));
        assert_eq!(unmarked(&schema.fields()[0]).metadata().len(), 0);
    }
}
