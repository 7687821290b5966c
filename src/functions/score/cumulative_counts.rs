//! `cumulative_counts(value)`: the distribution of a group's values, as one binary value.
//!
//! The scalar `count_at_most(counts, value)` reads from it how many values are at most the given one: the
//! numerator of SQL's CUME_DIST. For a measure where less is better, take both of the negated value.
//! `cumulative_counts(values)` of lists does this position by position: the result is a list of
//! distributions, one per position. The lists of one call have one length.
//!
//! Exact and independent of the order of rows. NULL is not counted, neither as a value, nor as a list, nor
//! as an element. A group without values has a distribution in which every count is 0; a group without
//! lists has an empty list. An error for lists of different lengths and for damaged state.
//!
//! State and result are the same: the bytes of [`super::distribution`], version 1, or a list of them.
//! Memory per group and position: some 30 bytes per distinct value; 256 more for each of the first 256
//! groups.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryViewBuilder, ListArray, UInt64Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{concat, take};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{HashMap, Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use super::distribution::{CumulativeCounts, VERSION};
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
        returns: |types| Ok(shaped_as(&types[0], DataType::BinaryView)),
        state: |types| Ok(shaped_as(&types[0], DataType::BinaryView)),
        accumulators: |types| match types[0] {
            DataType::List(_) => Accumulators::of::<Positions>(),
            _ => Accumulators::of::<Counts>(),
        },
        documentation: Documentation::builder(
            OWN_SQL,
            "The distribution of values as one binary value, from which count_at_most() reads how many values are at \
             most a given one. Of lists, a list of distributions, one per position.",
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
    /// Whether a group has a list. One without has an empty list as its result.
    has_list: Vec<bool>,
}

impl Positions {
    /// Calls `add` with the counts of each position, the index of its element and the group, for every
    /// element of the lists that count.
    fn each(
        &mut self,
        lists: &ListArray,
        rows: &Rows,
        mut add: impl FnMut(&mut Counts, usize, usize) -> Result<()>,
    ) -> Result<()> {
        let elements = lists.values();
        for (row, group) in rows.not_null(lists).iter() {
            let range = lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize;
            if self.positions.is_empty() {
                self.positions.resize_with(range.len(), Counts::default);
                self.positions.iter_mut().for_each(|counts| counts.grow(self.has_list.len()));
            }
            // A group without lists has an empty list as its state.
            if range.len() != self.positions.len() && !range.is_empty() {
                return exec_err!(
                    "{NAME} needs lists of one length: {} and {}",
                    self.positions.len(),
                    range.len()
                );
            }
            self.has_list[group] |= !range.is_empty();
            for (counts, element) in self.positions.iter_mut().zip(range) {
                if elements.is_valid(element) {
                    add(counts, element, group)?;
                }
            }
        }
        Ok(())
    }
}

impl GroupState for Positions {
    fn grow(&mut self, groups: usize) {
        self.has_list.resize(groups.max(self.has_list.len()), false);
        self.positions.iter_mut().for_each(|counts| counts.grow(groups));
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let lists = values[0].as_list::<i32>();
        let numbers = lists.values().as_primitive::<Int64Type>().values().clone();
        self.each(lists, rows, |counts, element, group| {
            counts.add(group, numbers[element], 1);
            Ok(())
        })
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let lists = states.as_list::<i32>();
        let bytes = lists.values().as_binary_view();
        self.each(lists, rows, |counts, element, group| counts.merge_one(bytes.value(element), group))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let has_list = emit_to.take_needed(&mut self.has_list);
        let (groups, width) = (has_list.len(), self.positions.len());
        let by_position =
            self.positions.iter_mut().map(|counts| counts.evaluate(emit_to)).collect::<Result<Vec<_>>>()?;
        let item = Arc::new(Field::new_list_field(DataType::BinaryView, true));
        let lists = OffsetBuffer::from_lengths(has_list.iter().map(|has| if *has { width } else { 0 }));
        let by_group: ArrayRef = if by_position.is_empty() {
            Arc::new(BinaryViewBuilder::new().finish())
        } else {
            let all = concat(&by_position.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
            let with_list = (0..groups).filter(|group| has_list[*group]);
            let order = with_list
                .flat_map(|group| (0..width).map(move |position| (position * groups + group) as u64));
            take(&all, &UInt64Array::from_iter_values(order), None)?
        };
        Ok(Arc::new(ListArray::try_new(item, lists, by_group, None)?))
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
    use datafusion::arrow::array::{BinaryViewArray, Int64Array};
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
            let all = all.as_list::<i32>();
            for position in 0..2 {
                let single: ArrayRef = Arc::new(Int64Array::from_iter(rows.iter().map(|r| r.1.and_then(|v| v[position]))));
                let tester = Tester::new(udaf(), &[DataType::Int64]);
                let expected = tester.direct(&[single], &groups, 5);
                for group in 0..5 {
                    let list = all.value(group);
                    let has_list = rows.iter().any(|r| r.0 == group && r.1.is_some());
                    prop_assert_eq!(list.is_empty(), !has_list);
                    if has_list {
                        prop_assert_eq!(list.as_binary_view().value(position), expected.as_binary_view().value(group));
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
        }
    }
}
