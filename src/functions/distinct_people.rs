//! `distinct_people`: the number of distinct people, and the set of people as binary state that can be
//! stored and merged.
//!
//! | call | aggregate? | argument | result |
//! |---|---|---|---|
//! | `distinct_people(person)` | yes | an id | Int64: the number of people |
//! | `distinct_people_state(person)` | yes | an id | the set, as binary state |
//! | `distinct_people_merge(state)` | yes | a state | the union of the sets, as binary state |
//! | `distinct_people_count(state)` | no | a state | Int64: the number of people |
//!
//! The result is exact up to collisions of a 128-bit hash ([`id_hash`]) and does not depend on the order
//! of rows. NULL and blank ids are ignored; a group without ids gives an empty set, which counts 0.
//!
//! State, version 1: one byte 0x01, then the keys of the people, 16 bytes each, ascending and without
//! duplicates. It contains only hashes, no names or ids. Memory per group: 20 bytes per person.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BinaryViewArray, Int64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    AggregateUDF, ColumnarValue, Documentation, EmitTo, ScalarFunctionArgs, ScalarUDF,
};

use super::id_hash::{KEY_BYTES, Key, id_hash};
use super::is_blank::is_blank;
use super::udf::declare::{Aggregate, OWN_SQL, Scalar, expect_arguments};
use super::udf::group_sets::GroupSets;
use super::udf::grouped::{Accumulators, GroupState, Rows};
use super::udf::strings::{Text, text_type};

/// The first byte of a state.
const VERSION: u8 = 1;

/// Writes the state of a set of people into `state`, whose content is replaced. The keys must be ascending
/// and without duplicates.
pub(crate) fn encode(keys: impl Iterator<Item = Key>, state: &mut Vec<u8>) {
    state.clear();
    state.push(VERSION);
    keys.for_each(|key| state.extend(key));
}

/// Reads the state of a set of people and returns its keys.
///
/// # Errors
/// The bytes are not a set of people of this version.
pub fn decode(state: &[u8]) -> Result<&[Key]> {
    let Some((&VERSION, keys)) = state.split_first() else {
        return exec_err!(
            "a set of people must begin with version {VERSION}; this state is damaged or of a newer version"
        );
    };
    let (keys, rest) = keys.as_chunks::<KEY_BYTES>();
    if !rest.is_empty() || !keys.is_sorted_by(|a, b| a < b) {
        return exec_err!(
            "a set of people is damaged: {} bytes, keys of {KEY_BYTES} bytes in ascending order expected",
            state.len()
        );
    }
    Ok(keys)
}

pub(crate) fn udafs() -> [Arc<AggregateUDF>; 3] {
    [
        Aggregate {
            name: "distinct_people",
            arguments: |types| person("distinct_people", types),
            returns: |_| Ok(DataType::Int64),
            state: |_| Ok(DataType::BinaryView),
            accumulators: |_| Accumulators::of::<People<false, true>>(),
            documentation: Documentation::builder(
                OWN_SQL,
                "The number of distinct people among ids. Exact, and independent of the order of rows.",
                "distinct_people(person)",
            )
            .with_argument("person", "The id or address of a person as text; NULL and blank are ignored.")
            .with_sql_example("> select distinct_people(p) from (values ('anna'), ('ben'), ('anna'), (null)) t(p);\n2")
            .with_related_udf("distinct_people_state")
            .build(),
        },
        Aggregate {
            name: "distinct_people_state",
            arguments: |types| person("distinct_people_state", types),
            returns: |_| Ok(DataType::BinaryView),
            state: |_| Ok(DataType::BinaryView),
            accumulators: |_| Accumulators::of::<People<false, false>>(),
            documentation: Documentation::builder(
                OWN_SQL,
                "The set of distinct people among ids, as binary state: a version byte and a 16-byte hash per person. \
                 The state can be stored, merged with distinct_people_merge and counted with distinct_people_count.",
                "distinct_people_state(person)",
            )
            .with_argument("person", "The id or address of a person as text; NULL and blank are ignored.")
            .with_sql_example(
                "> select distinct_people_count(distinct_people_state(p)) from (values ('anna'), ('ben'), ('anna')) t(p);\n2",
            )
            .with_related_udf("distinct_people_merge")
            .with_related_udf("distinct_people_count")
            .build(),
        },
        Aggregate {
            name: "distinct_people_merge",
            arguments: |types| state("distinct_people_merge", types),
            returns: |_| Ok(DataType::BinaryView),
            state: |_| Ok(DataType::BinaryView),
            accumulators: |_| Accumulators::of::<People<true, false>>(),
            documentation: Documentation::builder(
                OWN_SQL,
                "The union of sets of people, as binary state.",
                "distinct_people_merge(state)",
            )
            .with_argument("state", "A set of people from distinct_people_state or this function; NULL is ignored.")
            .with_sql_example(
                "> select distinct_people_count(distinct_people_merge(s)) from (select distinct_people_state(p) as s \
                 from (values (1, 'anna'), (1, 'ben'), (2, 'anna')) t(day, p) group by day);\n2",
            )
            .with_related_udf("distinct_people_count")
            .build(),
        },
    ]
    .map(Aggregate::into_udf)
}

pub(crate) fn count_udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "distinct_people_count",
        arguments: |types| state("distinct_people_count", types),
        returns: |_| Ok(DataType::Int64),
        invoke: count,
        documentation: Documentation::builder(
            OWN_SQL,
            "The number of people in a set. Never NULL.",
            "distinct_people_count(state)",
        )
        .with_argument(
            "state",
            "A set of people from distinct_people_state or distinct_people_merge; NULL counts 0.",
        )
        .with_sql_example("> select distinct_people_count(distinct_people_state('anna'));\n1")
        .with_related_udf("distinct_people_state")
        .build(),
    }
    .into_udf()
}

fn person(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    expect_arguments(name, types, 1)?;
    Ok(vec![text_type(name, &types[0])?])
}

fn state(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    expect_arguments(name, types, 1)?;
    match &types[0] {
        DataType::BinaryView | DataType::Binary | DataType::LargeBinary | DataType::Null => {
            Ok(vec![DataType::BinaryView])
        }
        other => plan_err!("{name} needs a set of people as binary state, not {other}"),
    }
}

fn count(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let counts = array.as_binary_view().iter().map(|s| s.map_or(Ok(0), |s| Ok(decode(s)?.len() as i64)));
    Ok(Arc::new(counts.collect::<Result<Int64Array>>()?))
}

/// The sets of all groups. The argument is a state if `MERGE`, else an id; the result is a count if `COUNT`,
/// else a state.
#[derive(Clone, Default)]
struct People<const MERGE: bool, const COUNT: bool>(GroupSets<Key>);

impl<const MERGE: bool, const COUNT: bool> GroupState for People<MERGE, COUNT> {
    fn grow(&mut self, groups: usize) {
        self.0.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        if MERGE {
            return self.merge(&values[0], rows);
        }
        let text = Text::new(&values[0])?;
        for (row, group) in rows.iter() {
            if let Some(id) = text.get(row).filter(|id| !is_blank(Some(id))) {
                self.0.add(group, id_hash(id));
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states: &BinaryViewArray = states.as_binary_view();
        for (row, group) in rows.not_null(states).iter() {
            decode(states.value(row))?.iter().for_each(|key| self.0.add(group, *key));
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        if !COUNT {
            return self.state(emit_to);
        }
        let mut counts = vec![];
        self.0.emit(emit_to, |set| counts.push(set.len() as i64));
        Ok(Arc::new(Int64Array::from(counts)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.0.emit_states(emit_to, |set, state| encode(set.iter().map(|(_, key)| *key), state))
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use datafusion::arrow::array::StringArray;
    use datafusion::arrow::datatypes::Int64Type;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::{Tester, invoke_scalar};

    #[test]
    fn what_is_written_can_be_read() {
        let mut keys = ["anna", "ben"].map(id_hash);
        keys.sort();
        let mut state = vec![];
        encode(keys.into_iter(), &mut state);
        assert_eq!(state.len(), 33);
        assert_eq!(decode(&state).unwrap(), keys);
    }

    #[test]
    fn damaged_states_are_refused() {
        for bad in [&[][..], &[2], &[1, 0], &[1; 34], &[0; 33]] {
            assert!(decode(bad).is_err(), "{bad:?}");
        }
        let mut twice = vec![VERSION];
        twice.extend([7; 32]);
        let error = decode(&twice).unwrap_err().strip_backtrace();
        assert!(error.contains("damaged: 33 bytes"), "{error}");
    }

    proptest! {
        #[test]
        fn counts_the_different(rows in vec((0..4usize, option::of("[a-c ]{0,2}")), 0..60), cuts in vec(any::<usize>(), 0..4)) {
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            let people: ArrayRef = Arc::new(StringArray::from_iter(rows.iter().map(|r| r.1.as_deref())));
            let mut expected = vec![BTreeSet::new(); 4];
            for (group, person) in &rows {
                expected[*group].extend(person.as_deref().filter(|p| !p.trim().is_empty()));
            }
            let expected: ArrayRef = Arc::new(Int64Array::from_iter_values(expected.iter().map(|s| s.len() as i64)));

            let [count, state, merge] = udafs();
            let counted = Tester::new(count, &[DataType::Utf8]).all_ways_agree(&[Arc::clone(&people)], &groups, 4, &cuts);
            prop_assert_eq!(&counted, &expected);

            let states = Tester::new(state, &[DataType::Utf8]).all_ways_agree(&[people], &groups, 4, &cuts);
            prop_assert_eq!(&invoke_scalar(&count_udf(), vec![Arc::clone(&states)]), &expected);

            // Two sets become one; the other two remain separate.
            let merged = Tester::new(merge, &[DataType::BinaryView]).all_ways_agree(&[states], &[1, 1, 0, 2], 3, &cuts);
            let both: BTreeSet<_> = rows.iter().filter(|r| r.0 < 2).filter_map(|r| r.1.as_deref()).filter(|p| !p.trim().is_empty()).collect();
            let counts = invoke_scalar(&count_udf(), vec![merged]);
            prop_assert_eq!(counts.as_primitive::<Int64Type>().value(1), both.len() as i64);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
        }
    }
}
