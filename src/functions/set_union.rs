//! `set_union(values)`: the union of sets, or of single values, as one sorted list.
//!
//! The enrichment uses it to unite the days that have used rows. DataFusion's `array_agg(distinct …)` does
//! not unite lists, and allocates a set for each group. The result is exact and does not depend on the
//! order of rows. NULL, and NULL in a list, adds nothing; a group without values gives an empty list. The
//! state is the result: a sorted list. Memory per group: 8 to 20 bytes per distinct value.

use std::hash::Hash;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, FixedSizeBinaryArray, ListArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, UInt32Type, UInt64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use super::id_hash::{KEY_BYTES, KEY_TYPE, Key};
use super::udf::declare::{Aggregate, OWN_SQL, expect_arguments};
use super::udf::group_sets::GroupSets;
use super::udf::grouped::{Accumulators, GroupState, Rows};

pub(crate) fn udf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "set_union",
        arguments: |types| {
            expect_arguments("set_union", types, 1)?;
            element(&types[0])?;
            Ok(types.to_vec())
        },
        returns: |types| Ok(list_of(element(&types[0])?)),
        state: |types| Ok(list_of(element(&types[0])?)),
        accumulators: |types| match element(&types[0])? {
            DataType::UInt32 => Accumulators::of::<Sets<u32>>(),
            DataType::UInt64 => Accumulators::of::<Sets<u64>>(),
            DataType::Date32 => Accumulators::of::<Sets<i32>>(),
            _ => Accumulators::of::<Sets<Key>>(),
        },
        documentation: Documentation::builder(
            OWN_SQL,
            "The union of sets, or of single values, as one sorted list without duplicates. NULL adds nothing; a group \
             without values gives an empty list. Exact, and independent of the order of rows.",
            "set_union(values)",
        )
        .with_argument(
            "values",
            "Values or lists of values: UInt32, UInt64, Date32, or 128-bit keys (FixedSizeBinary(16), see id_hash).",
        )
        .with_sql_example(
            "> select set_union(day) from (values (date '2026-01-02'), (date '2026-01-01'), (date '2026-01-02')) t(day);\n\
             [2026-01-01, 2026-01-02]",
        )
        .build(),
    }
    .into_udf()
}

/// The type of the values of a set.
fn element(data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::UInt32 | DataType::UInt64 | DataType::Date32 => Ok(data_type.clone()),
        DataType::FixedSizeBinary(n) if *n == KEY_BYTES as i32 => Ok(data_type.clone()),
        DataType::List(item) if !item.data_type().is_nested() => element(item.data_type()),
        other => {
            plan_err!(
                "set_union needs UInt32, UInt64, Date32, FixedSizeBinary(16) or a list of them, not {other}"
            )
        }
    }
}

fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

/// A value type that `set_union` accepts.
trait Value: Copy + Ord + Hash + Send + Sync + 'static {
    const TYPE: DataType;
    /// The values of a column of [`Self::TYPE`], by row.
    fn read(array: &dyn Array) -> impl Fn(usize) -> Self + '_;
    fn column(values: Vec<Self>) -> Result<ArrayRef>;
}

macro_rules! number {
    ($native:ty, $data_type:ident, $arrow_type:ident, $array:ident) => {
        impl Value for $native {
            const TYPE: DataType = DataType::$data_type;
            fn read(array: &dyn Array) -> impl Fn(usize) -> Self + '_ {
                let values = array.as_primitive::<$arrow_type>().values();
                |row| values[row]
            }
            fn column(values: Vec<Self>) -> Result<ArrayRef> {
                Ok(Arc::new($array::from(values)))
            }
        }
    };
}

number!(u32, UInt32, UInt32Type, UInt32Array);
number!(u64, UInt64, UInt64Type, UInt64Array);
number!(i32, Date32, Date32Type, Date32Array);

impl Value for Key {
    const TYPE: DataType = KEY_TYPE;
    fn read(array: &dyn Array) -> impl Fn(usize) -> Self + '_ {
        let keys = array.as_fixed_size_binary();
        move |row| {
            let mut key = [0; KEY_BYTES];
            key.copy_from_slice(keys.value(row));
            key
        }
    }
    fn column(values: Vec<Self>) -> Result<ArrayRef> {
        let bytes = values.into_flattened();
        Ok(Arc::new(FixedSizeBinaryArray::try_new(KEY_BYTES as i32, bytes.into(), None)?))
    }
}

#[derive(Clone)]
struct Sets<T>(GroupSets<T>);

impl<T> Default for Sets<T> {
    fn default() -> Self {
        Self(GroupSets::default())
    }
}

impl<T: Value> GroupState for Sets<T> {
    fn grow(&mut self, groups: usize) {
        self.0.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let array = &values[0];
        if array.data_type() == &T::TYPE {
            let value = T::read(array);
            for (row, group) in rows.not_null(array).iter() {
                self.0.add(group, value(row));
            }
            return Ok(());
        }
        self.merge(array, rows)
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let lists = states.as_list::<i32>();
        let (items, offsets) = (lists.values(), lists.value_offsets());
        let value = T::read(items);
        for (row, group) in rows.not_null(lists).iter() {
            for item in offsets[row] as usize..offsets[row + 1] as usize {
                if items.is_valid(item) {
                    self.0.add(group, value(item));
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (mut values, mut lengths) = (vec![], vec![]);
        self.0.emit(emit_to, |set| {
            values.extend(set.iter().map(|v| v.1));
            lengths.push(set.len());
        });
        let field = Arc::new(Field::new_list_field(T::TYPE, true));
        Ok(Arc::new(ListArray::try_new(
            field,
            OffsetBuffer::from_lengths(lengths),
            T::column(values)?,
            None,
        )?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.evaluate(emit_to)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use datafusion::arrow::array::{FixedSizeBinaryBuilder, ListBuilder, UInt64Builder};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::Tester;

    fn lists(array: &ArrayRef) -> Vec<Vec<u64>> {
        let lists = array.as_list::<i32>();
        lists.iter().map(|l| l.unwrap().as_primitive::<UInt64Type>().values().to_vec()).collect()
    }

    #[test]
    fn unites_lists_and_skips_nulls() {
        let mut column = ListBuilder::new(UInt64Builder::new());
        column.append_value([Some(3), None, Some(1)]);
        column.append_null();
        column.append_value([Some(1), Some(2)]);
        column.append_value([]);
        let column: ArrayRef = Arc::new(column.finish());
        let tester = Tester::new(udf(), &[column.data_type().clone()]);
        assert_eq!(
            lists(&tester.all_ways_agree(&[column], &[0, 0, 0, 2], 3, &[1, 3])),
            [vec![1, 2, 3], vec![], vec![]]
        );
    }

    #[test]
    fn text_is_refused() {
        let error = udf().return_type(&[DataType::Utf8]).unwrap_err().strip_backtrace();
        assert!(
            error.contains(
                "set_union needs UInt32, UInt64, Date32, FixedSizeBinary(16) or a list of them, not Utf8"
            ),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn is_a_union(rows in vec((0..5usize, option::of(0..20u64)), 0..60), cuts in vec(any::<usize>(), 0..4)) {
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            let column: ArrayRef = Arc::new(UInt64Array::from_iter(rows.iter().map(|r| r.1)));
            let mut expected = vec![BTreeSet::new(); 5];
            rows.iter().for_each(|(g, v)| expected[*g].extend(*v));
            let expected: Vec<Vec<u64>> = expected.into_iter().map(|s| s.into_iter().collect()).collect();
            let tester = Tester::new(udf(), &[DataType::UInt64]);
            prop_assert_eq!(lists(&tester.all_ways_agree(&[column], &groups, 5, &cuts)), expected);
        }

        #[test]
        fn keys_go_the_same_ways(rows in vec((0..3usize, any::<[u8; 16]>()), 0..40), cuts in vec(any::<usize>(), 0..4)) {
            let mut column = FixedSizeBinaryBuilder::new(KEY_BYTES as i32);
            rows.iter().for_each(|r| column.append_value(r.1).unwrap());
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            Tester::new(udf(), &[KEY_TYPE]).all_ways_agree(&[Arc::new(column.finish())], &groups, 3, &cuts);
        }
    }
}
