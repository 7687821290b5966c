//! Relative standing: how many of a group's values are no greater than one.
//!
//! `standings(value)` is an aggregate that keeps how often each value occurs; the scalar
//! `standing(standings, value)` reads from it how many values are at most this one. With counts,
//! where more is better, that is how many accounts are no better; for a measure where less is
//! better, take both of the negated value. `count_standing(standings, count)` is the same for a count, of
//! which 0 has nothing to stand for: it is 0 there, and where an argument is NULL. With a handful of distinct
//! values this is one pass, and only they are sorted.
//!
//! Exact; the order of rows does not matter; NULL is no value. No value gives standings in which
//! everything stands at 0.
//!
//! State and result, version 1: one byte 0x01, then for each distinct value, ascending, the value
//! (Int64) and the number of values up to and including it (UInt64), both little-endian. Memory
//! per group: some 30 bytes per distinct value; 256 more for each of the first 256 groups.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BinaryViewBuilder, Int64Array};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{HashMap, Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{
    AggregateUDF, ColumnarValue, Documentation, EmitTo, ScalarFunctionArgs, ScalarUDF,
};

use super::define::{Aggregate, SECTION, Scalar, expect_arguments};
use super::grouped::{Accumulators, GroupState, Rows};

/// The first byte of standings.
const VERSION: u8 = 1;
/// Value and cumulated count.
const ENTRY: usize = 16;

/// Standings in place: distinct values, ascending, with the number of values up to each.
pub struct Standings<'a>(&'a [[u8; ENTRY]]);

impl<'a> Standings<'a> {
    /// Reads standings; looks at their length only, so that it can be called for every row.
    ///
    /// # Errors
    /// Bytes that `standings` cannot have written.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        match bytes.split_first() {
            Some((&VERSION, entries)) if entries.len() % ENTRY == 0 => Ok(Self(entries.as_chunks().0)),
            _ => {
                exec_err!("standings are damaged or of another version than {VERSION}: {} bytes", bytes.len())
            }
        }
    }

    /// How many values are at most this one.
    #[inline]
    pub fn at_most(&self, value: i64) -> u64 {
        // Of counts nearly all small ones occur, so that most stand where they would if all did.
        let first = self.0.first().map_or(0, |entry| read(entry).0);
        let guess = usize::try_from(value.wrapping_sub(first)).ok().and_then(|i| self.0.get(i)).map(read);
        if let Some((found, upto)) = guess
            && found == value
        {
            return upto;
        }
        let above = self.0.partition_point(|entry| read(entry).0 <= value);
        above.checked_sub(1).map_or(0, |i| read(&self.0[i]).1)
    }

    /// Checks what [`Self::open`] does not: values ascend, counts do not go down.
    fn check(&self) -> Result<()> {
        let ascend = |w: &[[u8; ENTRY]]| read(&w[0]).0 < read(&w[1]).0 && read(&w[0]).1 <= read(&w[1]).1;
        if self.0.windows(2).all(ascend) {
            Ok(())
        } else {
            exec_err!("standings are damaged: their values do not ascend")
        }
    }

    /// Distinct values and how often each occurs.
    fn counts(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let before = std::iter::once(0).chain(self.0.iter().map(|e| read(e).1));
        self.0.iter().zip(before).map(|(entry, before)| {
            let (value, upto) = read(entry);
            (value, upto.saturating_sub(before))
        })
    }
}

fn read(entry: &[u8; ENTRY]) -> (i64, u64) {
    let (halves, _) = entry.as_chunks::<8>();
    (i64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1]))
}

pub(super) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "standings",
        arguments: |types| {
            expect_arguments("standings", types, 1)?;
            Ok(vec![whole_number("standings", &types[0])?])
        },
        returns: |_| Ok(DataType::BinaryView),
        state: |_| Ok(DataType::BinaryView),
        accumulators: |_| Accumulators::of::<Counts>(),
        documentation: Documentation::builder(
            SECTION,
            "How often each value occurs, as binary state from which standing() reads how many values are at most a given one.",
            "standings(value)",
        )
        .with_argument("value", "A whole number; NULL is no value.")
        .with_sql_example("> select standing(standings(v), 2) from (values (1), (2), (2), (5)) t(v);\n3")
        .with_related_udf("standing")
        .build(),
    }
    .into_udf()
}

pub(super) fn standing_udfs() -> [Arc<ScalarUDF>; 2] {
    [standing_udf(), count_standing_udf()]
}

fn standing_udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "standing",
        arguments: |types| standing_types("standing", types),
        returns: |_| Ok(DataType::Int64),
        invoke: |args| {
            Ok(Arc::new(of_each(args, |standings, value| match (standings, value) {
                (Some(standings), Some(value)) => Ok(Some(whole(Standings::open(standings)?.at_most(value)))),
                _ => Ok(None),
            })?))
        },
        documentation: Documentation::builder(
            SECTION,
            "How many of the values that went into standings are at most this one: c in the score. NULL where an argument is NULL.",
            "standing(standings, value)",
        )
        .with_argument("standings", "The result of standings().")
        .with_argument("value", "A whole number.")
        .with_sql_example("> select standing(standings(v), 2) from (values (1), (2), (2), (5)) t(v);\n3")
        .with_related_udf("standings")
        .with_related_udf("count_standing")
        .build(),
    }
    .into_udf()
}

fn count_standing_udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "count_standing",
        arguments: |types| standing_types("count_standing", types),
        returns: |_| Ok(DataType::Int64),
        invoke: |args| {
            Ok(Arc::new(of_each(args, |standings, count| match (standings, count) {
                (Some(standings), Some(count)) if count > 0 => Ok(Some(whole(Standings::open(standings)?.at_most(count)))),
                _ => Ok(Some(0)),
            })?))
        },
        documentation: Documentation::builder(
            SECTION,
            "The standing() of a count: c in the score, where a count of 0 has nothing to stand for. 0 where an argument is NULL.",
            "count_standing(standings, count)",
        )
        .with_argument("standings", "The result of standings().")
        .with_argument("count", "A whole number; below 1 gives 0.")
        .with_sql_example("> select count_standing(standings(v), 2), count_standing(standings(v), 0) from (values (0), (2), (5)) t(v);\n2, 0")
        .with_related_udf("standing")
        .build(),
    }
    .into_udf()
}

/// No count is larger, unless the standings are damaged.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn standing_types(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    expect_arguments(name, types, 2)?;
    Ok(vec![DataType::BinaryView, whole_number(name, &types[1])?])
}

pub(super) fn whole_number(name: &str, data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::UInt64 => plan_err!("{name} needs an Int64, not UInt64; cast it"),
        number if number.is_integer() || number.is_null() => Ok(DataType::Int64),
        other => plan_err!("{name} needs a whole number, not {other}"),
    }
}

/// Calls `f` with the standings and the value of each row.
fn of_each(
    args: &ScalarFunctionArgs,
    f: impl Fn(Option<&[u8]>, Option<i64>) -> Result<Option<i64>>,
) -> Result<Int64Array> {
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let (standings, values) = (arrays[0].as_binary_view(), arrays[1].as_primitive::<Int64Type>());
    standings.iter().zip(values).map(|(standings, value)| f(standings, value)).collect()
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
            let standings = Standings::open(states.value(row))?;
            standings.check()?;
            standings.counts().for_each(|(value, count)| self.add(group, value, count));
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
                    exec_datafusion_err!("standings are damaged: they count too many values")
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

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::BinaryViewArray;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::Tester;

    fn bytes(values: &[i64]) -> Vec<u8> {
        let mut counts = Counts::default();
        counts.grow(1);
        values.iter().for_each(|v| counts.add(0, *v, 1));
        counts.evaluate(EmitTo::All).unwrap().as_binary_view().value(0).to_vec()
    }

    #[test]
    fn counts_values_at_most() {
        let bytes = bytes(&[5, -3, 5, 0]);
        let standings = Standings::open(&bytes).unwrap();
        let at = [i64::MIN, -4, -3, 0, 4, 5, i64::MAX].map(|v| standings.at_most(v));
        assert_eq!(at, [0, 0, 1, 2, 2, 4, 4]);
    }

    #[test]
    fn nothing_stands_at_nothing() {
        assert_eq!(Standings::open(&bytes(&[])).unwrap().at_most(i64::MAX), 0);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for bad in [&[][..], &[0], &[1, 2, 3]] {
            assert!(Standings::open(bad).is_err());
        }
        // Cumulated counts that go down cannot make a count negative.
        let mut odd = bytes(&[1, 2]);
        odd[9] = 9;
        assert_eq!(Standings::open(&odd).unwrap().counts().collect::<Vec<_>>(), [(1, 9), (2, 0)]);
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
                let standings = Standings::open(all.as_binary_view().value(group)).unwrap();
                for value in -10..SMALL as i64 + 10 {
                    let at_most = rows.iter().filter(|r| r.0 == group && r.1.is_some_and(|v| v <= value)).count();
                    prop_assert_eq!(standings.at_most(value), at_most as u64);
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..80), value in any::<i64>()) {
            if let Ok(standings) = Standings::open(&bytes) {
                standings.at_most(value);
                standings.counts().for_each(drop);
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
