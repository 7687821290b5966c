//! `cumulative_counts(value)`: the distribution of a group's values, as one binary value.
//!
//! The scalar `count_at_most(counts, value)` reads from it how many values are at most the given one: the
//! numerator of SQL's CUME_DIST. For a measure where less is better, take both of the negated value.
//! `cumulative_counts(values)` of lists does this position by position: the result is one binary value with
//! the distributions of all positions. The lists of one call have one length.
//!
//! Exact and independent of the order of rows. NULL is not counted, neither as a value, nor as a list, nor
//! as an element. A group without values has a distribution in which every count is 0; a group without
//! lists has no distributions. An error for lists of different lengths and for damaged state.
//!
//! State and result are the same: the bytes of [`super::distribution`], version 1, or version 2 of lists.
//! Memory per group and position: some 30 bytes per distinct value; 256 more for each of the first 256
//! groups.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryViewBuilder};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{HashMap, Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use super::distribution::{CumulativeCounts, Distributions, VERSION, VERSION_OF_LISTS};
use crate::functions::udf::declare::{Aggregate, OWN_SQL, expect_arguments};
use crate::functions::udf::grouped::{Accumulators, GroupState, Rows};

const NAME: &str = "cumulative_counts";

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: NAME,
        arguments: |types| {
            expect_arguments(NAME, types, 1)?;
            Ok(vec![whole_numbers(NAME, &types[0])?])
        },
        returns: |_| Ok(DataType::BinaryView),
        state: |_| Ok(DataType::BinaryView),
        accumulators: |types| match types[0] {
            DataType::List(_) => Accumulators::of::<Positions>(),
            _ => Accumulators::of::<Counts>(),
        },
        documentation: Documentation::builder(
            OWN_SQL,
            "The distribution of values as one binary value, from which count_at_most() reads how many values are at \
             most a given one. Of lists, the distributions of all positions, as one binary value, too.",
            "cumulative_counts(value)",
        )
        .with_argument(
            "value",
            "A whole number, or a list of them; the lists of one call have one length. NULL is not counted.",
        )
        .with_sql_example("> select count_at_most(cumulative_counts(v), 2) from (values (1), (2), (2), (5)) t(v);\n3")
        .with_related_udf("count_at_most")
        .with_related_udf("nonzero_count_at_most")
        .build(),
    }
    .into_udf()
}

pub(crate) fn whole_number(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::UInt64 => plan_err!("{name} needs an Int64, not UInt64; cast it"),
        number if number.is_integer() || number.is_null() => Ok(DataType::Int64),
        other => plan_err!("{name} needs a whole number, not {other}"),
    }
}

/// As [`whole_number`], for a number or a list of numbers.
pub(crate) fn whole_numbers(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Ok(DataType::new_list(whole_number(name, item.data_type())?, true))
        }
        number => whole_number(name, number),
    }
}

/// The type itself where `of` is a number, a list of it where `of` is a list.
pub(crate) fn shaped_as(of: &DataType, each: DataType) -> DataType {
    if matches!(of, DataType::List(_)) { DataType::new_list(each, true) } else { each }
}

/// How often each value occurs in each group. A handful of distinct values: they are counted as they
/// come, and sorted when they are read.
#[derive(Clone, Default)]
struct Counts {
    /// How often each small value occurs in each of the first groups: most values are small counts.
    small: Vec<[u64; SMALL]>,
    /// (group, value) of all others, and how often.
    counts: HashMap<(u32, i64), u64>,
    groups: usize,
}

/// Values from 0 until before this one are small.
const SMALL: usize = 32;
/// So many groups have room for small values.
const ROOMY: usize = 1 << 8;

impl Counts {
    #[inline]
    fn add(&mut self, group: usize, value: i64, count: u64) {
        let small = usize::try_from(value).ok().and_then(|value| self.small.get_mut(group)?.get_mut(value));
        let counted = match small {
            Some(counted) => counted,
            None => self.counts.entry((group as u32, value)).or_default(),
        };
        *counted = counted.saturating_add(count);
    }

    /// Adds the state of one group.
    fn merge_one(&mut self, state: &[u8], group: usize) -> Result<()> {
        let counts = CumulativeCounts::open(state)?;
        counts.check()?;
        counts.counts().for_each(|(value, count)| self.add(group, value, count));
        Ok(())
    }

    /// Takes all that has been counted, in the order of groups and values.
    fn take(&mut self) -> Vec<((u32, i64), u64)> {
        let small = std::mem::take(&mut self.small);
        let small = (0u32..).zip(&small).flat_map(|(group, counts)| {
            let occur = (0i64..).zip(counts).filter(|(_, count)| **count > 0);
            occur.map(move |(value, count)| ((group, value), *count))
        });
        let mut entries: Vec<_> = small.chain(std::mem::take(&mut self.counts)).collect();
        entries.sort_unstable();
        entries
    }
}

impl GroupState for Counts {
    fn grow(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
        self.small.resize(self.groups.min(ROOMY), [0; SMALL]);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let values = values[0].as_primitive::<Int64Type>();
        for (row, group) in rows.not_null(values).iter() {
            self.add(group, values.value(row), 1);
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_binary_view();
        for (row, group) in rows.not_null(states).iter() {
            self.merge_one(states.value(row), group)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(n) => n,
        };
        let mut entries = self.take().into_iter().peekable();
        let mut all = BinaryViewBuilder::new();
        let mut bytes = vec![];
        for group in 0..groups as u32 {
            bytes.clear();
            bytes.push(VERSION);
            let mut upto = 0u64;
            while let Some(((_, value), count)) = entries.next_if(|e| e.0.0 == group) {
                upto = upto.checked_add(count).ok_or_else(|| {
                    exec_datafusion_err!("cumulative counts are damaged: they count too many values")
                })?;
                bytes.extend(value.to_le_bytes());
                bytes.extend(upto.to_le_bytes());
            }
            all.try_append_value(&bytes)?;
        }
        self.groups -= groups;
        self.grow(self.groups);
        entries.for_each(|((group, value), count)| self.add(group as usize - groups, value, count));
        Ok(Arc::new(all.finish()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.evaluate(emit_to)
    }

    fn size(&self) -> usize {
        // A byte of the table goes with each place.
        self.counts.capacity() * (size_of::<((u32, i64), u64)>() + 1)
            + self.small.capacity() * size_of::<[u64; SMALL]>()
    }
}

/// [`Counts`] of each position of lists.
#[derive(Clone, Default)]
struct Positions {
    positions: Vec<Counts>,
    /// Whether a group has a list. One without has no distributions.
    has_list: Vec<bool>,
}

impl Positions {
    /// The counts of the positions of a group that has lists of this length.
    ///
    /// # Errors
    /// Other lists have another length.
    fn of_group(&mut self, group: usize, length: usize) -> Result<&mut [Counts]> {
        if self.positions.is_empty() {
            self.positions.resize_with(length, Counts::default);
            self.positions.iter_mut().for_each(|counts| counts.grow(self.has_list.len()));
        }
        // Nothing is known of a group without lists.
        if length != self.positions.len() && length > 0 {
            return exec_err!("{NAME} needs lists of one length: {} and {length}", self.positions.len());
        }
        self.has_list[group] |= length > 0;
        Ok(&mut self.positions[..length])
    }
}

impl GroupState for Positions {
    fn grow(&mut self, groups: usize) {
        self.has_list.resize(groups.max(self.has_list.len()), false);
        self.positions.iter_mut().for_each(|counts| counts.grow(groups));
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let lists = values[0].as_list::<i32>();
        let (elements, offsets) = (lists.values().as_primitive::<Int64Type>(), lists.value_offsets());
        for (row, group) in rows.not_null(lists).iter() {
            let range = offsets[row] as usize..offsets[row + 1] as usize;
            for (counts, element) in self.of_group(group, range.len())?.iter_mut().zip(range) {
                if elements.is_valid(element) {
                    counts.add(group, elements.value(element), 1);
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_binary_view();
        for (row, group) in rows.not_null(states).iter() {
            let all = Distributions::open(states.value(row))?.all()?;
            for (counts, one) in self.of_group(group, all.len())?.iter_mut().zip(all) {
                counts.merge_one(one, group)?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let has_list = emit_to.take_needed(&mut self.has_list);
        let by_position =
            self.positions.iter_mut().map(|counts| counts.evaluate(emit_to)).collect::<Result<Vec<_>>>()?;
        let mut all = BinaryViewBuilder::new();
        let mut bytes = vec![];
        for (group, has_list) in has_list.into_iter().enumerate() {
            bytes.clear();
            bytes.push(VERSION_OF_LISTS);
            for position in by_position.iter().filter(|_| has_list) {
                Distributions::append(&mut bytes, position.as_binary_view().value(group))?;
            }
            all.try_append_value(&bytes)?;
        }
        Ok(Arc::new(all.finish()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.evaluate(emit_to)
    }

    fn size(&self) -> usize {
        self.positions.capacity() * size_of::<Counts>()
            + self.positions.iter().map(Counts::size).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{BinaryViewArray, Int64Array, ListArray};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::Tester;

    fn bytes(values: &[i64]) -> Vec<u8> {
        let mut counts = Counts::default();
        counts.grow(1);
        values.iter().for_each(|v| counts.add(0, *v, 1));
        counts.evaluate(EmitTo::All).unwrap().as_binary_view().value(0).to_vec()
    }

    #[test]
    fn counts_values_at_most() {
        let bytes = bytes(&[5, -3, 5, 0]);
        let counts = CumulativeCounts::open(&bytes).unwrap();
        let at = [i64::MIN, -4, -3, 0, 4, 5, i64::MAX].map(|v| counts.at_most(v));
        assert_eq!(at, [0, 0, 1, 2, 2, 4, 4]);
    }

    #[test]
    fn without_values_every_count_is_zero() {
        assert_eq!(CumulativeCounts::open(&bytes(&[])).unwrap().at_most(i64::MAX), 0);
    }

    #[test]
    fn lists_of_different_lengths_are_refused() {
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1), Some(2)]),
            Some(vec![Some(1)]),
        ]));
        let mut positions = Positions::default();
        positions.grow(1);
        let error = positions.update(&[lists], &Rows::of(&[0, 0])).unwrap_err();
        assert!(
            error.to_string().contains("cumulative_counts needs lists of one length: 2 and 1"),
            "{error}"
        );
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for bad in [&[][..], &[0], &[1, 2, 3]] {
            assert!(CumulativeCounts::open(bad).is_err());
        }
        // Cumulated counts that go down cannot make a count negative.
        let mut odd = bytes(&[1, 2]);
        odd[9] = 9;
        assert_eq!(CumulativeCounts::open(&odd).unwrap().counts().collect::<Vec<_>>(), [(1, 9), (2, 0)]);
    }

    proptest! {
        #[test]
        fn agrees_with_counting(
            rows in vec((prop_oneof![0..3usize, ROOMY - 1..ROOMY + 2], option::of(-9..SMALL as i64 + 9)), 0..60),
            cuts in vec(any::<usize>(), 0..4),
        ) {
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            let column: ArrayRef = Arc::new(Int64Array::from_iter(rows.iter().map(|r| r.1)));
            let tester = Tester::new(udaf(), &[DataType::Int64]);
            let all = tester.all_ways_agree(&[column], &groups, ROOMY + 2, &cuts);
            for group in (0..3).chain(ROOMY - 1..ROOMY + 2) {
                let counts = CumulativeCounts::open(all.as_binary_view().value(group)).unwrap();
                for value in -10..SMALL as i64 + 10 {
                    let at_most = rows.iter().filter(|r| r.0 == group && r.1.is_some_and(|v| v <= value)).count();
                    prop_assert_eq!(counts.at_most(value), at_most as u64);
                }
            }
        }

        #[test]
        fn lists_are_counted_position_by_position(
            rows in vec((0..4usize, option::of([option::of(-3..40i64), option::of(-3..40i64)])), 0..40),
            cuts in vec(any::<usize>(), 0..4),
        ) {
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            let column: ArrayRef =
                Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(rows.iter().map(|r| r.1)));
            let tester = Tester::new(udaf(), &[DataType::new_list(DataType::Int64, true)]);
            let all = tester.all_ways_agree(&[column], &groups, 5, &cuts);
            let all = all.as_binary_view();
            for position in 0..2 {
                let single: ArrayRef = Arc::new(Int64Array::from_iter(rows.iter().map(|r| r.1.and_then(|v| v[position]))));
                let tester = Tester::new(udaf(), &[DataType::Int64]);
                let expected = tester.direct(&[single], &groups, 5);
                for group in 0..5 {
                    let list = Distributions::open(all.value(group)).unwrap().all().unwrap();
                    let has_list = rows.iter().any(|r| r.0 == group && r.1.is_some());
                    prop_assert_eq!(list.len(), if has_list { 2 } else { 0 });
                    if has_list {
                        prop_assert_eq!(list[position], expected.as_binary_view().value(group));
                    }
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..80), value in any::<i64>()) {
            if let Ok(counts) = CumulativeCounts::open(&bytes) {
                counts.at_most(value);
                counts.counts().for_each(drop);
            }
            let states: ArrayRef = Arc::new(BinaryViewArray::from_iter_values([&bytes, &bytes]));
            let mut counts = Counts::default();
            counts.grow(1);
            if counts.merge(&states, &Rows::of(&[0, 0])).is_ok() {
                let _ = counts.evaluate(EmitTo::All);
            }
            let mut of_lists = vec![VERSION_OF_LISTS];
            of_lists.extend(&bytes);
            let states: ArrayRef = Arc::new(BinaryViewArray::from_iter_values([&of_lists]));
            let mut positions = Positions::default();
            positions.grow(1);
            if positions.merge(&states, &Rows::of(&[0])).is_ok() {
                let _ = positions.evaluate(EmitTo::All);
            }
        }
    }
}
