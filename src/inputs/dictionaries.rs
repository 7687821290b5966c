//! Reads a column of a Parquet file as a dictionary if the file stores it as one.
//!
//! The Parquet reader copies out each value of a column unless the Arrow schema of the file declares a
//! dictionary type, which few writers do. But nearly all writers store addresses with dictionary encoding,
//! and functions of an address are evaluated once per dictionary value (see `lookup_people`). Therefore
//! such a file is read with a schema that declares the dictionary type.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::basic::Encoding;
use datafusion::parquet::file::metadata::ParquetMetaData;

/// The type of text as a dictionary.
pub(crate) fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The field with a dictionary type, if it contains text or lists of text; binary becomes a dictionary of
/// binary. `None` for any other type, and if a page of the column contains plain values: they would have to be
/// put into a dictionary again.
pub(crate) fn as_dictionary(field: &Field, file: &ParquetMetaData) -> Option<Arc<Field>> {
    let data_type = match field.data_type() {
        DataType::List(item) => {
            let values = dictionary_of(item.data_type())?;
            DataType::List(Arc::new(item.as_ref().clone().with_data_type(values)))
        }
        values => dictionary_of(values)?,
    };
    let schema = file.file_metadata().schema_descr();
    let mut leaves = (0..schema.num_columns()).filter(|i| schema.get_column_root(*i).name() == field.name());
    let (leaf, None) = (leaves.next()?, leaves.next()) else { return None };
    let is_dictionary = |e: &Encoding| matches!(e, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
    let mut chunks = file.row_groups().iter().map(|group| group.column(leaf));
    let all = chunks.all(|chunk| {
        let pages = chunk.page_encoding_stats_mask();
        chunk.num_values() == 0 || pages.is_some_and(|mask| mask.encodings().all(|e| is_dictionary(&e)))
    });
    all.then(|| Arc::new(field.clone().with_data_type(data_type)))
}

fn dictionary_of(values: &DataType) -> Option<DataType> {
    match values {
        DataType::Dictionary(_, values) => dictionary_of(values),
        text if text.is_string() => Some(text_type()),
        // Not a dictionary of text: the reader would not check that the values are UTF-8.
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            Some(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary)))
        }
        _ => None,
    }
}

/// Whether a field has a dictionary type, or is a list of dictionary values.
pub(crate) fn is_coded(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) => is_coded(item.data_type()),
        other => matches!(other, DataType::Dictionary(_, _)),
    }
}

/// The schema in which these fields replace those with the same names.
pub(crate) fn with_fields(schema: &Schema, fields: &[Arc<Field>]) -> SchemaRef {
    let own = schema.fields().iter();
    let fields = own.map(|own| fields.iter().find(|f| f.name() == own.name()).unwrap_or(own));
    let fields: Vec<_> = fields.cloned().collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}
