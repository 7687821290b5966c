//! Caches the results of a function for the values of a dictionary, across batches.
//!
//! A row group of a Parquet file has few distinct addresses, and all its batches share one dictionary of
//! them. The result of a pure function is therefore computed once per dictionary value, not once per row.
//! Each thread caches the results for a few dictionaries, and the keys of the last dictionary. A
//! dictionary is recognized by its memory address, so the cache holds a reference to it: its memory is not
//! reused while it is cached.

use std::cell::RefCell;
use std::rc::Rc;

use datafusion::arrow::array::{Array, DictionaryArray, StringArray};
use datafusion::arrow::datatypes::Int32Type;

use super::addresses::addresses;
use super::normalize::normalize;
use super::one_address::{Found, find};
use crate::functions::id_hash::{Key, id_hash};

/// How many memos a thread caches: enough for the dictionaries of all columns of an input, in two files. Two
/// functions are called for each of the five columns of mail.
const REMEMBERED: usize = 20;

/// The type of the dictionaries that are cached.
pub(crate) type AddressDictionary = DictionaryArray<Int32Type>;

/// The keys (see `id_hash`) of the addresses in the values of a dictionary.
pub(crate) struct AddressKeys {
    /// For each value, the key of its normalized address; `None` for a value that is not one address.
    pub(crate) one: Vec<Option<Key>>,
    /// The values that are not one address but that hold addresses as items of a list: their positions, and
    /// the keys of these addresses.
    pub(crate) listed: Vec<(usize, Vec<Key>)>,
}

impl AddressKeys {
    fn of(values: &StringArray) -> Self {
        let mut listed = vec![];
        let key = |address: &str| Some(id_hash(address));
        let one = values.iter().enumerate().map(|(position, raw)| match find(raw?) {
            Found::Address(address) => key(&address),
            Found::NoAddress => None,
            Found::Separator => {
                let one = normalize(raw?);
                let items = if one.is_none() { addresses(raw?) } else { vec![] };
                if !items.is_empty() {
                    listed.push((position, items.iter().map(|address| id_hash(address)).collect()));
                }
                key(&one?)
            }
        });
        Self { one: one.collect(), listed }
    }
}

thread_local! {
    static MEMOS: RefCell<Vec<Memo>> = const { RefCell::new(vec![]) };
    /// The last dictionary that [`address_keys`] was called with, and its keys.
    static KEYS: RefCell<Option<(StringArray, Rc<AddressKeys>)>> = const { RefCell::new(None) };
}

/// The keys of the addresses in the values of a dictionary. The last result is cached, because several
/// functions need the keys of one dictionary, one after the other.
pub(crate) fn address_keys(values: &StringArray) -> Rc<AddressKeys> {
    let last = KEYS.with_borrow(|last| {
        last.as_ref().filter(|last| same(&last.0, values)).map(|last| Rc::clone(&last.1))
    });
    last.unwrap_or_else(|| {
        let keys = Rc::new(AddressKeys::of(values));
        KEYS.set(Some((values.clone(), Rc::clone(&keys))));
        keys
    })
}

/// The answers of one function, with one setting, for the values of one dictionary.
pub(crate) struct Memo {
    setting: u128,
    values: StringArray,
    answers: Vec<u32>,
}

impl Memo {
    /// Takes the memo for the values of a dictionary out of the cache, or computes it. `setting` identifies
    /// the function and everything else that its answers depend on. `ask` computes the answers for all
    /// values in one call, so that its memory loads can overlap. The caller puts the memo back into the
    /// cache with [`Memo::remember`].
    pub(crate) fn recall(
        setting: u128,
        values: &StringArray,
        ask: impl FnOnce(&StringArray) -> Vec<u32>,
    ) -> Self {
        let found = MEMOS.with_borrow_mut(|memos| {
            let at = memos.iter().position(|m| m.setting == setting && same(&m.values, values))?;
            Some(memos.remove(at))
        });
        found.unwrap_or_else(|| Self { setting, values: values.clone(), answers: ask(values) })
    }

    /// Puts the memo into the cache, for the next batch.
    pub(crate) fn remember(self) {
        MEMOS.with_borrow_mut(|memos| {
            if memos.len() >= REMEMBERED {
                memos.remove(0);
            }
            memos.push(self);
        });
    }

    /// All answers, in the order of `ask`.
    pub(crate) fn answers(&self) -> &[u32] {
        &self.answers
    }

    /// The answer for the value with this dictionary key, if answers are one bit each, beginning with the
    /// lowest bit of the first number. So small, many answers fit into the L1 cache of the processor. A key
    /// that is out of range gives an arbitrary answer.
    #[inline]
    pub(crate) fn bit(&self, key: i32) -> bool {
        self.answer(key >> 5) >> (key & 31) & 1 != 0
    }

    /// The answer for the value with this dictionary key. A key can be out of range where the row is null;
    /// it gives an arbitrary answer.
    #[inline]
    pub(crate) fn answer(&self, key: i32) -> u32 {
        let last = self.answers.len().saturating_sub(1);
        self.answers.get((key as usize).min(last)).copied().unwrap_or_default()
    }
}

/// Whether two arrays are the same bytes at the same memory address.
pub(crate) fn same(a: &StringArray, b: &StringArray) -> bool {
    a.len() == b.len()
        && a.offsets().inner().inner().as_ptr() == b.offsets().inner().inner().as_ptr()
        && a.value_data().as_ptr() == b.value_data().as_ptr()
        && a.nulls() == b.nulls()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn values_are_asked_for_once() {
        let values = StringArray::from(vec![Some("a"), None, Some("bb")]);
        let asked = Cell::new(0);
        for _ in 0..3 {
            let memo = Memo::recall(1, &values, |values| {
                asked.set(asked.get() + 1);
                values.iter().map(|value| value.map_or(9, |value| value.len() as u32)).collect()
            });
            assert_eq!([0, 1, 2].map(|key| memo.answer(key)), [1, 9, 2]);
            memo.remember();
        }
        assert_eq!(asked.get(), 1);
    }

    #[test]
    fn keys_of_addresses() {
        let values = [
            Some("Ann <ANN@x.com>"),
            None,
            Some("no address"),
            Some("a@x.com; b@x.com"),
            Some("a@x.com,"),
            Some("Lee, Ann <ann@x.com>"),
        ];
        let values = StringArray::from(values.to_vec());
        let other = StringArray::from(vec!["bea@x.com"]);
        for _ in 0..2 {
            let ann = Some(id_hash("ann@x.com"));
            assert_eq!(address_keys(&values).one, [ann, None, None, None, None, ann]);
            let [a, b] = ["a@x.com", "b@x.com"].map(id_hash);
            assert_eq!(address_keys(&values).listed, [(3, vec![a, b]), (4, vec![a])]);
            assert_eq!(address_keys(&other).one, [Some(id_hash("bea@x.com"))]);
            assert!(Rc::ptr_eq(&address_keys(&other), &address_keys(&other)));
        }
    }

    #[test]
    fn answers_of_a_bit() {
        let values = StringArray::from_iter_values((0..70).map(|i| i.to_string()));
        let memo = Memo::recall(3, &values, |_| vec![1 << 31, 0b110, 1]);
        let set: Vec<_> = (0..96).filter(|key| memo.bit(*key)).collect();
        assert_eq!(set, [31, 33, 34, 64]);
        assert!(!memo.bit(-1) && memo.bit(i32::MAX - 31), "of the last number");
    }

    #[test]
    fn other_settings_and_other_values_are_asked_anew() {
        let (one, other) = (StringArray::from(vec!["a"]), StringArray::from(vec!["b"]));
        for (setting, values, answer) in [(1, &one, 7), (2, &one, 8), (1, &other, 9), (2, &one, 8)] {
            let memo = Memo::recall(setting, values, |_| vec![answer]);
            assert_eq!(memo.answer(0), answer);
            memo.remember();
        }
    }

    #[test]
    fn few_are_remembered() {
        let arrays: Vec<_> = (0..3 * REMEMBERED).map(|i| StringArray::from(vec![i.to_string()])).collect();
        arrays.iter().for_each(|values| Memo::recall(5, values, |_| vec![0]).remember());
        assert!(MEMOS.with_borrow(Vec::len) <= REMEMBERED);
    }
}
