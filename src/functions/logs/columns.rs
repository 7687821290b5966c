//! Columns of the rows that are read from logs, and lists of such rows.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Decimal128Array, FixedSizeBinaryArray, ListArray, StructArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;

use crate::functions::address_book::parties_type;
use crate::functions::id_hash::{KEY_BYTES, Key};
use crate::functions::sets::sort_from;

/// A column of lists of parties, or of conversations.
#[derive(Debug)]
pub(super) struct Lists<T> {
    values: Vec<T>,
    ends: Vec<i32>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { values: vec![], ends: vec![0] }
    }
}

impl<T> Lists<T> {
    pub(super) fn push(&mut self, values: impl IntoIterator<Item = T>) {
        self.values.extend(values);
        self.ends.push(self.values.len() as i32);
    }

    fn finish(self, item: DataType, values: impl FnOnce(Vec<T>) -> ArrayRef) -> Result<ArrayRef> {
        let field = Arc::new(Field::new_list_field(item, true));
        let offsets = OffsetBuffer::new(self.ends.into());
        Ok(Arc::new(ListArray::try_new(field, offsets, values(self.values), None)?))
    }
}

impl Lists<u32> {
    /// Adds to the list under way.
    #[inline]
    pub(super) fn add(&mut self, values: impl IntoIterator<Item = u32>) {
        self.values.extend(values);
    }

    /// The list under way becomes a sorted list, each value once, and the next begins.
    pub(super) fn end_set(&mut self) {
        let begin = self.ends.last().map_or(0, |end| *end as usize);
        sort_from(&mut self.values, begin);
        self.ends.push(self.values.len() as i32);
    }

    pub(super) fn parties(self) -> Result<ArrayRef> {
        self.finish(DataType::UInt32, |parties| Arc::new(UInt32Array::from(parties)))
    }
}

impl Lists<u64> {
    pub(super) fn conversations(self) -> Result<ArrayRef> {
        self.finish(DataType::UInt64, |keys| Arc::new(UInt64Array::from(keys)))
    }
}

/// A column of keys.
pub(super) fn keys(keys: Vec<Key>) -> Result<ArrayRef> {
    Ok(Arc::new(FixedSizeBinaryArray::try_new(KEY_BYTES as i32, keys.into_flattened().into(), None)?))
}

/// Microseconds that add up exactly, however long and many.
pub(super) fn micros_type() -> DataType {
    DataType::Decimal128(38, 0)
}

/// A column of such microseconds.
pub(super) fn micros(micros: Vec<i128>) -> ArrayRef {
    Arc::new(Decimal128Array::from(micros).with_data_type(micros_type()))
}

/// The type of a list of the keys of conversations.
pub(super) fn conversations_type() -> DataType {
    DataType::new_list(DataType::UInt64, true)
}

/// The type of a list of rows with these columns.
pub(super) fn rows_type(fields: Fields) -> DataType {
    DataType::new_list(DataType::Struct(fields), true)
}

/// Fields that are never null, but for those whose name ends with `?`.
pub(super) fn fields(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> Fields {
    fields
        .into_iter()
        .map(|(name, data_type)| match name.strip_suffix('?') {
            Some(name) => Field::new(name, data_type, true),
            None => Field::new(name, data_type, false),
        })
        .collect()
}

/// A list of rows for each length, from the columns of all of them.
pub(super) fn rows(fields: Fields, columns: Vec<ArrayRef>, lengths: Vec<usize>) -> Result<ArrayRef> {
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields.clone()), true));
    let rows = StructArray::try_new(fields, columns, None)?;
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), Arc::new(rows), None)?))
}

/// A field of lists of parties.
pub(super) fn parties_field(name: &'static str) -> (&'static str, DataType) {
    (name, parties_type())
}
