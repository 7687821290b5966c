//! Which values of a dictionary have occurred, across batches.
//!
//! A row group of a Parquet file has few distinct addresses, and all its batches share one dictionary of them. An
//! aggregate that collects a set needs each value only once.

use std::ops::{Range, RangeInclusive};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray};
use prefetch_index::prefetch_index;

use crate::functions::address::dictionary_cache::{AddressDictionary, same};
use crate::functions::id_hash::{KEY_BYTES, Key, id_hash};
use crate::functions::udf::grouped::Rows;

/// A column of addresses, or of lists of addresses, whose values are in a dictionary.
pub(super) struct DictionaryRows<'a> {
    lists: Option<&'a ListArray>,
    items: &'a AddressDictionary,
    pub(super) values: &'a StringArray,
}

impl<'a> DictionaryRows<'a> {
    /// `None` if the values of the column are not in a dictionary.
    pub(super) fn new(column: &'a ArrayRef) -> Option<Self> {
        let lists = column.as_list_opt::<i32>();
        let items: &AddressDictionary = lists.map_or(column, ListArray::values).as_any().downcast_ref()?;
        Some(Self { lists, items, values: items.values().as_string_opt::<i32>()? })
    }

    /// Whether a row is a list.
    pub(super) fn is_list(&self) -> bool {
        self.lists.is_some()
    }

    /// The positions of the values of some rows in the dictionary: those that have not occurred before.
    pub(super) fn new_values(&self, rows: &Rows<'_>, seen: &mut SeenValues) -> Vec<usize> {
        let column: &dyn Array = self.lists.map_or(self.items, |lists| lists);
        let nulls = self.items.nulls();
        let mut new = vec![];
        for rows in rows.not_null(column).ranges() {
            let items = self.items_of(rows);
            for (at, value) in items.clone().zip(&self.items.keys().values()[items]) {
                let value = *value as usize;
                let is_valid = nulls.is_none_or(|nulls| nulls.is_valid(at));
                if is_valid && seen.insert(value) && self.values.is_valid(value) {
                    new.push(value);
                }
            }
        }
        new
    }

    /// The items of rows that follow each other, none of which is null.
    fn items_of(&self, rows: Range<usize>) -> Range<usize> {
        let first = |row: usize| self.lists.map_or(row, |lists| lists.value_offsets()[row] as usize);
        first(rows.start)..first(rows.end)
    }
}

/// The values of one dictionary that have occurred.
#[derive(Clone)]
pub(super) struct SeenValues {
    /// A reference to the dictionary, so that its memory is not reused: it is recognized by its memory address.
    values: StringArray,
    /// One bit per value.
    seen: Vec<u64>,
}

impl SeenValues {
    /// Those of a dictionary; if `last` are those of another one, none of its values has occurred.
    pub(super) fn of<'a>(last: &'a mut Option<Self>, values: &StringArray) -> &'a mut Self {
        let fresh = || Self { values: values.clone(), seen: vec![0; values.len().div_ceil(64)] };
        if !last.as_ref().is_some_and(|last| same(&last.values, values)) {
            *last = None;
        }
        last.get_or_insert_with(fresh)
    }

    /// Adds a value by its position in the dictionary. Returns whether it has not occurred before.
    ///
    /// # Panics
    /// The dictionary has no such position.
    #[inline]
    pub(super) fn insert(&mut self, value: usize) -> bool {
        let (word, bit) = (&mut self.seen[value / 64], 1 << (value % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// The memory in bytes, without the dictionary, which the batches own.
    pub(super) fn size(&self) -> usize {
        self.seen.capacity() * size_of::<u64>()
    }
}

/// The fewest and the most texts that are remembered, in 16 bytes each.
const REMEMBERED: RangeInclusive<usize> = 1 << 10..=1 << 19;

/// How many slots are prefetched at a time.
const AT_A_TIME: usize = 64;

/// Texts that have occurred lately, in whatever dictionary: nearly all addresses of a row group are in the next one, too.
/// Each is remembered by its key, in one of two slots, until two others have come into them.
#[derive(Clone, Default)]
pub(super) struct RecentTexts {
    slots: Vec<Key>,
    /// How many texts were new since there are so many slots.
    new: usize,
}

impl RecentTexts {
    /// Adds values of a column. Returns those that have not occurred lately.
    ///
    /// A slot is rarely in the CPU cache. So for a block of values, first all slots are prefetched.
    pub(super) fn new_ones(&mut self, column: &DictionaryRows<'_>, mut values: Vec<usize>) -> Vec<usize> {
        let mut keys = [Key::default(); AT_A_TIME];
        let mut new = 0;
        for begin in (0..values.len()).step_by(AT_A_TIME) {
            if self.new >= self.slots.len() && self.slots.len() < *REMEMBERED.end() {
                self.grow();
            }
            let end = values.len().min(begin + AT_A_TIME);
            for (key, value) in keys.iter_mut().zip(&values[begin..end]) {
                *key = id_hash(column.values.value(*value));
                // An item of a list may hold several addresses.
                key[KEY_BYTES - 2] ^= u8::from(column.is_list());
                prefetch_index(&self.slots, self.slot(*key));
            }
            let before = new;
            for at in begin..end {
                let key = keys[at - begin];
                if self.insert(key) {
                    values[new] = values[at];
                    new += 1;
                }
            }
            self.new += new - before;
        }
        values.truncate(new);
        values
    }

    /// The first one of the two slots of a key; the other one is its neighbour.
    fn slot(&self, key: Key) -> usize {
        u128::from_be_bytes(key) as usize % self.slots.len()
    }

    /// Puts a key into its slot, and what was there into the neighbour. Returns whether it was in neither.
    fn insert(&mut self, key: Key) -> bool {
        let slot = self.slot(key);
        if self.slots[slot] == key || self.slots[slot ^ 1] == key {
            return false;
        }
        self.slots[slot ^ 1] = std::mem::replace(&mut self.slots[slot], key);
        true
    }

    #[cold]
    fn grow(&mut self) {
        let more = (2 * self.slots.len()).max(*REMEMBERED.start());
        let fewer = std::mem::replace(&mut self.slots, vec![Key::default(); more]);
        self.new = 0;
        for key in fewer.into_iter().filter(|key| *key != Key::default()) {
            self.insert(key);
        }
    }

    /// The memory in bytes.
    pub(super) fn size(&self) -> usize {
        self.slots.capacity() * size_of::<Key>()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::buffer::OffsetBuffer;
    use datafusion::arrow::datatypes::Field;

    use super::*;

    #[test]
    fn each_value_is_new_once() {
        let [one, other] =
            [0, 7].map(|from| StringArray::from_iter_values((from..from + 130).map(|i| i.to_string())));
        let mut last = None;
        for (values, is_new) in [(&one, true), (&one, false), (&other, true), (&one, true)] {
            let seen = SeenValues::of(&mut last, values);
            assert!((0..130).all(|value| seen.insert(value) == is_new));
        }
    }

    /// The numbers of texts that have not occurred lately.
    fn new_ones(lately: &mut RecentTexts, texts: impl Iterator<Item = String>, is_list: bool) -> usize {
        let texts: AddressDictionary =
            texts.collect::<Vec<_>>().iter().map(|text| Some(text.as_str())).collect();
        let one = OffsetBuffer::from_lengths(vec![1; texts.len()]);
        let field = Arc::new(Field::new_list_field(texts.data_type().clone(), true));
        let column: ArrayRef = match is_list {
            true => Arc::new(ListArray::new(field, one, Arc::new(texts), None)),
            false => Arc::new(texts),
        };
        let (rows, mut seen) = (vec![0; column.len()], None);
        let column = DictionaryRows::new(&column).unwrap();
        let new = column.new_values(&Rows::of(&rows), SeenValues::of(&mut seen, column.values));
        lately.new_ones(&column, new).len()
    }

    #[test]
    fn a_text_is_new_until_it_is_remembered() {
        let mut lately = RecentTexts::default();
        assert_eq!(lately.size(), 0);
        for (texts, is_list, new) in [("abba", false, 2), ("ab", true, 2), ("cab", false, 1), ("cb", true, 1)]
        {
            let texts = texts.chars().map(String::from);
            assert_eq!(new_ones(&mut lately, texts, is_list), new);
        }
    }

    #[test]
    fn memory_grows_with_what_is_new_up_to_a_limit() {
        let mut lately = RecentTexts::default();
        let sizes = [1, 2000, 2_000_000].map(|many| {
            new_ones(&mut lately, (0..many).map(|i| i.to_string()), false);
            lately.size()
        });
        assert_eq!(sizes, [1 << 14, 1 << 15, 1 << 23]);
        assert_eq!(new_ones(&mut lately, ["1999999".to_owned()].into_iter(), false), 0, "the last one");
    }
}
