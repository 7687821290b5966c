//! Lists of structs: the rows that functions of this module read from buffers, and the columns of these rows.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Decimal128Array, FixedSizeBinaryArray, ListArray, StructArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;

use crate::functions::address::book::people_type;
use crate::functions::id_hash::{KEY_BYTES, Key};
use crate::functions::udf::sets::sort_from;

/// Builds a column of lists of person numbers or conversation hashes.
#[derive(Debug)]
pub(crate) struct Lists<T> {
    values: Vec<T>,
    ends: Vec<i32>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { values: vec![], ends: vec![0] }
    }
}

impl<T> Lists<T> {
    pub(crate) fn push(&mut self, values: impl IntoIterator<Item = T>) {
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
    /// Adds values to the current list.
    #[inline]
    pub(crate) fn add(&mut self, values: impl IntoIterator<Item = u32>) {
        self.values.extend(values);
    }

    /// Ends the current list. It becomes a set: sorted, each value once.
    pub(crate) fn end_set(&mut self) {
        let begin = self.ends.last().map_or(0, |end| *end as usize);
        sort_from(&mut self.values, begin);
        self.ends.push(self.values.len() as i32);
    }

    pub(crate) fn people(self) -> Result<ArrayRef> {
        self.finish(DataType::UInt32, |people| Arc::new(UInt32Array::from(people)))
    }
}

impl Lists<u64> {
    pub(crate) fn conversations(self) -> Result<ArrayRef> {
        self.finish(DataType::UInt64, |keys| Arc::new(UInt64Array::from(keys)))
    }
}

/// A column of message or meeting keys.
pub(crate) fn keys(keys: Vec<Key>) -> Result<ArrayRef> {
    Ok(Arc::new(FixedSizeBinaryArray::try_new(KEY_BYTES as i32, keys.into_flattened().into(), None)?))
}

/// The type of durations and their sums in microseconds. It is wide enough that sums are exact.
pub(crate) fn micros_type() -> DataType {
    DataType::Decimal128(38, 0)
}

/// A column of durations in microseconds, of the type [`micros_type`].
pub(crate) fn micros(micros: Vec<i128>) -> ArrayRef {
    Arc::new(Decimal128Array::from(micros).with_data_type(micros_type()))
}

/// The type of a list of conversation hashes.
pub(crate) fn conversations_type() -> DataType {
    DataType::new_list(DataType::UInt64, true)
}

/// The type of a list of structs with these fields.
pub(crate) fn rows_type(fields: Fields) -> DataType {
    DataType::new_list(DataType::Struct(fields), true)
}

/// Fields from names and types. They are not nullable, except those whose name ends with `?`, which is
/// removed.
pub(crate) fn fields(fields: impl IntoIterator<Item = (&'static str, DataType)>) -> Fields {
    fields
        .into_iter()
        .map(|(name, data_type)| match name.strip_suffix('?') {
            Some(name) => Field::new(name, data_type, true),
            None => Field::new(name, data_type, false),
        })
        .collect()
}

/// A column of lists of structs. `columns` contains the structs of all lists, one list after the other;
/// `lengths` contains the number of structs in each list.
pub(crate) fn rows(fields: Fields, columns: Vec<ArrayRef>, lengths: Vec<usize>) -> Result<ArrayRef> {
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields.clone()), true));
    let rows = StructArray::try_new(fields, columns, None)?;
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), Arc::new(rows), None)?))
}

/// The name and the type of a field with lists of person numbers.
pub(crate) fn people_field(name: &'static str) -> (&'static str, DataType) {
    (name, people_type())
}
