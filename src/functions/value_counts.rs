//! `value_counts(text)`: how often each text occurs, as a sorted list.
//!
//! A GROUP BY over the group and the text would give one row per group and text, and would look up two
//! keys for each row. This function gives one row per group. It is meant for a handful of distinct texts.
//! The result is exact and does not depend on the order of rows. NULL is not counted; a group without
//! texts gives an empty list. The state is the result. Memory per group: 8 bytes per distinct text.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, ListArray, StringArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::common::{HashMap, Result};
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use super::udf::declare::{Aggregate, OWN_SQL, expect_arguments};
use super::udf::grouped::{Accumulators, GroupState, Rows};
use super::udf::strings::{Text, text_type};

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "value_counts",
        arguments: |types| {
            expect_arguments("value_counts", types, 1)?;
            Ok(vec![text_type("value_counts", &types[0])?])
        },
        returns: |_| Ok(counts_type()),
        state: |_| Ok(counts_type()),
        accumulators: |_| Accumulators::of::<Counts>(),
        documentation: Documentation::builder(
            OWN_SQL,
            "How often each text occurs: a list of structs (value, count), one per distinct text, sorted by text. \
             NULL is not counted. A group without texts gives an empty list.",
            "value_counts(text)",
        )
        .with_argument("text", "Text in any encoding, with a handful of distinct values.")
        .with_sql_example(
            "> select value_counts(v)[2]['count'] from (values ('used'), ('draft'), ('used'), (null)) t(v);\n2",
        )
        .with_related_udf("cumulative_counts")
        .build(),
    }
    .into_udf()
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("value", DataType::Utf8, false),
        Field::new("count", DataType::Int64, false),
    ])
}

fn counts_type() -> DataType {
    DataType::new_list(DataType::Struct(fields()), true)
}

/// Counts by group and text. Each distinct text has a number, in the order of first appearance.
#[derive(Clone, Default)]
struct Counts {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, usize>,
    /// Counts by group, then by text number. Numbers after the last text of a group are left out.
    groups: Vec<Vec<i64>>,
    /// Heap bytes of the counts of all groups and of the texts.
    heap: usize,
}

impl Counts {
    fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.heap += 2 * (text.len() + size_of::<Box<str>>()) + size_of::<usize>();
        self.texts.push(text.into());
        self.numbers.insert(text.into(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    #[inline]
    fn add(&mut self, group: usize, number: usize, count: i64) {
        let counts = &mut self.groups[group];
        if counts.len() <= number {
            let before = counts.capacity();
            counts.resize(number + 1, 0);
            self.heap += (counts.capacity() - before) * size_of::<i64>();
        }
        counts[number] = counts[number].saturating_add(count);
    }
}

impl GroupState for Counts {
    fn grow(&mut self, groups: usize) {
        self.groups.resize_with(groups.max(self.groups.len()), Vec::new);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let texts = Text::new(&values[0])?;
        // Most rows repeat the text of the row before. Equal views in one column mean equal texts.
        if let Text::View(views) = texts {
            let mut last = None;
            for (row, group) in rows.not_null(views).iter() {
                let view = views.views()[row];
                let number = match last {
                    Some((same, number)) if same == view => number,
                    _ => self.number(views.value(row)),
                };
                last = Some((view, number));
                self.add(group, number, 1);
            }
            return Ok(());
        }
        for (row, group) in rows.iter() {
            if let Some(text) = texts.get(row) {
                let number = self.number(text);
                self.add(group, number, 1);
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let lists = states.as_list::<i32>();
        let counted = lists.values().as_struct();
        let (texts, counts) =
            (counted.column(0).as_string::<i32>(), counted.column(1).as_primitive::<Int64Type>());
        for (row, group) in rows.not_null(lists).iter() {
            for i in lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize {
                let number = self.number(texts.value(i));
                self.add(group, number, counts.value(i));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut in_order: Vec<usize> = (0..self.texts.len()).collect();
        in_order.sort_unstable_by_key(|number| &self.texts[*number]);
        let (mut texts, mut all, mut lengths) = (vec![], vec![], vec![]);
        for counts in emit_to.take_needed(&mut self.groups) {
            self.heap -= counts.capacity() * size_of::<i64>();
            let before = all.len();
            for number in &in_order {
                if let Some(count) = counts.get(*number).filter(|count| **count > 0) {
                    texts.push(&*self.texts[*number]);
                    all.push(*count);
                }
            }
            lengths.push(all.len() - before);
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from(texts)), Arc::new(Int64Array::from(all))];
        let item = Arc::new(Field::new_list_field(DataType::Struct(fields()), true));
        let counted = Arc::new(StructArray::try_new(fields(), columns, None)?);
        Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), counted, None)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.evaluate(emit_to)
    }

    fn size(&self) -> usize {
        self.heap + self.groups.capacity() * size_of::<Vec<i64>>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use datafusion::arrow::array::Array;
    use datafusion::arrow::compute::cast;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::Tester;

    fn lists(array: &ArrayRef) -> Vec<Vec<(String, i64)>> {
        let lists = array.as_list::<i32>();
        let of_group = |list: ArrayRef| {
            let list = list.as_struct();
            let (texts, counts) =
                (list.column(0).as_string::<i32>(), list.column(1).as_primitive::<Int64Type>());
            (0..list.len()).map(|i| (texts.value(i).to_string(), counts.value(i))).collect()
        };
        lists.iter().map(|list| of_group(list.unwrap())).collect()
    }

    proptest! {
        #[test]
        fn agrees_with_counting(
            rows in vec((0..4usize, option::of(prop_oneof!["[ab]", "a text longer than a view [ab]"])), 0..60),
            cuts in vec(any::<usize>(), 0..4),
        ) {
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            let plain: ArrayRef = Arc::new(StringArray::from_iter(rows.iter().map(|r| r.1.as_deref())));
            let mut expected = vec![BTreeMap::new(); 4];
            for (group, text) in &rows {
                text.iter().for_each(|text| *expected[*group].entry(text.clone()).or_insert(0) += 1);
            }
            let expected: Vec<Vec<_>> = expected.into_iter().map(|counts| counts.into_iter().collect()).collect();
            for data_type in [DataType::Utf8, DataType::Utf8View] {
                let column = cast(&plain, &data_type).unwrap();
                let tester = Tester::new(udaf(), &[data_type]);
                prop_assert_eq!(&lists(&tester.all_ways_agree(&[column], &groups, 4, &cuts)), &expected);
            }
        }
    }
}
