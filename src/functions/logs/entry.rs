//! From rows to the entries of a log: the aggregate that gathers, for any kind of entry.

use std::marker::PhantomData;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt64Array};
use datafusion::arrow::datatypes::UInt64Type;
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;

use super::bytes::{Reader, damaged, write_list};
use super::group_logs::{GroupLogs, chunks};
use crate::functions::grouped::{GroupState, Rows};

/// A kind of entry.
pub(super) trait Entry: Send + Sync + 'static {
    /// The first byte of each chunk: which kind of entry, in which version.
    const VERSION: u8;
    /// The arguments of the aggregate, ready to be read by row.
    type Columns<'a>;
    /// An entry as it is read.
    type Read<'a>;

    fn columns(values: &[ArrayRef]) -> Result<Self::Columns<'_>>;
    /// Writes a row; false leaves it out.
    fn write(columns: &Self::Columns<'_>, row: usize, entry: &mut Vec<u8>) -> Result<bool>;
    fn read<'a>(reader: &mut Reader<'a>) -> Result<Self::Read<'a>>;
}

/// Calls `f` with every entry of a log.
///
/// # Errors
/// A damaged log, or entries of another kind.
pub(super) fn for_each<'a, E: Entry>(
    logs: &'a ListArray,
    row: usize,
    mut f: impl FnMut(E::Read<'a>),
) -> Result<()> {
    for chunk in chunks(logs, row) {
        let (&version, entries) = chunk.split_first().ok_or_else(damaged)?;
        if version != E::VERSION {
            return Err(damaged());
        }
        let mut reader = Reader(entries);
        while !reader.is_empty() {
            f(E::read(&mut reader)?);
        }
    }
    Ok(())
}

/// The aggregate: a log per group. Its state is its result.
pub(super) struct Gather<E> {
    logs: GroupLogs,
    entry: PhantomData<E>,
}

impl<E> Clone for Gather<E> {
    fn clone(&self) -> Self {
        Self { logs: self.logs.clone(), entry: PhantomData }
    }
}

impl<E> Default for Gather<E> {
    fn default() -> Self {
        Self { logs: GroupLogs::default(), entry: PhantomData }
    }
}

impl<E: Entry> GroupState for Gather<E> {
    fn grow(&mut self, groups: usize) {
        self.logs.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: Rows) -> Result<()> {
        let columns = E::columns(values)?;
        let mut entry = vec![];
        for (row, group) in rows.iter() {
            entry.clear();
            if E::write(&columns, row, &mut entry)? {
                self.logs.append(group, E::VERSION, &entry);
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: Rows) -> Result<()> {
        let states = states.as_list::<i32>();
        rows.iter().filter(|(row, _)| states.is_valid(*row)).for_each(|(row, group)| {
            self.logs.absorb(group, states, row);
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.logs.emit(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.logs.emit(emit_to)
    }

    fn size(&self) -> usize {
        self.logs.size()
    }
}

/// A column of lists of parties.
pub(super) struct PartyLists<'a> {
    lists: &'a ListArray,
    parties: &'a UInt64Array,
}

impl<'a> PartyLists<'a> {
    pub(super) fn new(array: &'a ArrayRef) -> Self {
        let lists = array.as_list::<i32>();
        Self { lists, parties: lists.values().as_primitive::<UInt64Type>() }
    }

    /// The parties of a row; NULL is nobody.
    pub(super) fn get(&self, row: usize) -> impl Iterator<Item = u64> + '_ {
        let offsets = self.lists.value_offsets();
        let range =
            if self.lists.is_valid(row) { offsets[row] as usize..offsets[row + 1] as usize } else { 0..0 };
        range.filter(|i| self.parties.is_valid(*i)).map(|i| self.parties.value(i))
    }

    pub(super) fn write(&self, row: usize, entry: &mut Vec<u8>) -> Result<()> {
        write_list(self.get(row).count(), self.get(row).map(u64::to_le_bytes), entry)
    }
}
