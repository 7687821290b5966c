//! Sets of small fixed-size values, one set per group, in one vector.
//!
//! A separate set object for each group would cost an allocation for each of millions of groups, most of
//! which have one to three values. Here, every value is an entry (group, value) of one vector. The vector
//! is sorted and deduplicated whenever it has doubled, and when it is read.

use std::hash::{BuildHasher, Hash};
use std::mem;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BinaryViewBuilder};
use datafusion::common::Result;
use datafusion::common::hash_utils::RandomState;
use datafusion::logical_expr::EmitTo;

/// The vector is not compacted before it has this many entries: to sort a few is not worth it.
const SMALL: usize = 1 << 16;

/// The number of slots of the cache of recent entries. Entries with the same slot replace each other.
const REMEMBERED: usize = 1 << 13;

/// The block size in bytes of the column that states are written to.
const STATE_BLOCK: u32 = 1 << 20;

/// One set of `T` per group.
#[derive(Debug)]
pub(crate) struct GroupSets<T> {
    entries: Vec<(u32, T)>,
    /// How many entries there were after the last compaction.
    compacted: usize,
    groups: usize,
    /// The cache of recent entries, which need not be added again. Allocated only if there are many entries.
    lately: Vec<Option<(u32, T)>>,
    hasher: RandomState,
}

/// The cache of recent entries is not cloned.
impl<T: Clone> Clone for GroupSets<T> {
    fn clone(&self) -> Self {
        let Self { ref entries, compacted, groups, .. } = *self;
        Self { entries: entries.clone(), compacted, groups, ..Self::default() }
    }
}

impl<T> Default for GroupSets<T> {
    fn default() -> Self {
        Self { entries: vec![], compacted: 0, groups: 0, lately: vec![], hasher: RandomState::default() }
    }
}

impl<T: Copy + Ord + Hash> GroupSets<T> {
    /// Raises the number of groups to at least `groups`.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }

    /// Adds a value to the set of a group, which must be below the number of groups.
    pub(crate) fn add(&mut self, group: usize, value: T) {
        let entry = (group as u32, value);
        if self.entries.last() == Some(&entry) || self.came_lately(entry) {
            return;
        }
        if self.entries.len() >= SMALL.max(2 * self.compacted)
            && self.entries.len() == self.entries.capacity()
        {
            self.compact();
        }
        self.entries.push(entry);
    }

    /// Whether the entry is in the cache of recent entries; puts it there if not.
    fn came_lately(&mut self, entry: (u32, T)) -> bool {
        if self.entries.len() < REMEMBERED {
            return false;
        }
        if self.lately.is_empty() {
            self.lately.resize(REMEMBERED, None);
        }
        let lately = &mut self.lately[self.hasher.hash_one(entry) as usize % REMEMBERED];
        lately.replace(entry) == Some(entry)
    }

    /// Sorts by group, then by value, and removes duplicates.
    ///
    /// Groups are numbered from 0, so a counting sort orders the entries by group. Only the few values of
    /// each group are then sorted by comparison.
    fn compact(&mut self) {
        if self.entries.len() == self.compacted {
            return;
        }
        let mut next = vec![0; self.groups + 1];
        self.entries.iter().for_each(|(group, _)| next[*group as usize + 1] += 1);
        for group in 0..self.groups {
            next[group + 1] += next[group];
        }
        let mut sorted = self.entries.clone();
        for entry in &self.entries {
            let at = &mut next[entry.0 as usize];
            sorted[*at] = *entry;
            *at += 1;
        }
        sorted.chunk_by_mut(|a, b| a.0 == b.0).for_each(|group| group.sort_unstable());
        sorted.dedup();
        self.entries = sorted;
        self.compacted = self.entries.len();
    }

    /// Takes the sets of the groups to emit, in order. The remaining groups are renumbered from 0.
    ///
    /// `f` is called once per emitted group with its values, ascending and without duplicates.
    pub(crate) fn emit(&mut self, emit_to: EmitTo, mut f: impl FnMut(&[(u32, T)])) {
        self.compact();
        // Its entries have the old group numbers.
        self.lately.clear();
        let groups = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(n) => n,
        };
        let end = self.entries.partition_point(|(g, _)| (*g as usize) < groups);
        let mut rest = self.entries.split_off(end);
        rest.iter_mut().for_each(|(g, _)| *g -= groups as u32);
        let emitted = mem::replace(&mut self.entries, rest);
        self.compacted = self.entries.len();
        self.groups -= groups;
        let mut at = 0;
        for group in 0..groups as u32 {
            let len = emitted[at..].iter().take_while(|(g, _)| *g == group).count();
            f(&emitted[at..at + len]);
            at += len;
        }
    }

    /// Takes the sets of the groups to emit, in order, as a column of binary states. The remaining groups are
    /// renumbered from 0. `encode` writes one set into an empty buffer.
    ///
    /// # Errors
    /// A state is too large for a binary view.
    pub(crate) fn emit_states(
        &mut self,
        emit_to: EmitTo,
        mut encode: impl FnMut(&[(u32, T)], &mut Vec<u8>),
    ) -> Result<ArrayRef> {
        let mut states = BinaryViewBuilder::new().with_fixed_block_size(STATE_BLOCK);
        let (mut state, mut outcome) = (vec![], Ok(()));
        self.emit(emit_to, |set| {
            state.clear();
            encode(set, &mut state);
            if outcome.is_ok() {
                outcome = states.try_append_value(&state);
            }
        });
        outcome?;
        Ok(Arc::new(states.finish()))
    }

    pub(crate) fn size(&self) -> usize {
        self.entries.capacity() * size_of::<(u32, T)>()
            + self.lately.capacity() * size_of::<Option<(u32, T)>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(sets: &mut GroupSets<u32>, emit_to: EmitTo) -> Vec<Vec<u32>> {
        let mut out = vec![];
        sets.emit(emit_to, |values| out.push(values.iter().map(|v| v.1).collect()));
        out
    }

    #[test]
    fn groups_move_down_after_a_partial_emission() {
        let mut sets = GroupSets::default();
        sets.grow(4);
        for (group, value) in [(2, 9), (0, 5), (0, 5), (3, 1), (0, 3), (2, 8)] {
            sets.add(group, value);
        }
        assert_eq!(take(&mut sets, EmitTo::First(2)), [vec![3, 5], vec![]]);
        sets.grow(3);
        sets.add(0, 7);
        sets.add(2, 4);
        assert_eq!(take(&mut sets, EmitTo::All), [vec![7, 8, 9], vec![1], vec![4]]);
        assert!(take(&mut sets, EmitTo::All).is_empty());
    }

    #[test]
    fn one_value_a_million_times_stays_small() {
        let mut sets = GroupSets::default();
        sets.grow(2);
        for i in 0..1_000_000usize {
            sets.add(i % 2, 7u32);
        }
        assert!(sets.size() <= 2 * SMALL * size_of::<(u32, u32)>());
        assert_eq!(take(&mut sets, EmitTo::All), [vec![7], vec![7]]);
    }
}
