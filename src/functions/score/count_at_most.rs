//! `count_at_most(counts, value)` and `nonzero_count_at_most(counts, value)`: what a distribution says
//! about a value.
//!
//! `counts` is the result of `cumulative_counts`. `count_at_most` is the number of values that are at most
//! the given one, NULL where an argument is NULL. `nonzero_count_at_most` is the standing of the score: the
//! same number, but 0 for the value 0 and where an argument is NULL. Of the distributions of lists and a list
//! of values both give a list, position by position; it is NULL where the list of values is NULL.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::cumulative_counts::{shaped_as, whole_numbers};
use super::distribution::{CumulativeCounts, Distributions};
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

const COUNTS: &str = "The result of cumulative_counts().";

/// The count of one value; both can be NULL.
type CountOf = fn(Option<&[u8]>, Option<i64>) -> Result<Option<i64>>;

pub(crate) fn udfs() -> [Arc<ScalarUDF>; 2] {
    [
        Scalar {
            name: "count_at_most",
            arguments: |types| arguments("count_at_most", types),
            returns: |types| Ok(shaped_as(&types[1], DataType::Int64)),
            invoke: |args| invoke("count_at_most", args, at_most),
            documentation: Documentation::builder(
                OWN_SQL,
                "How many of the values that went into cumulative_counts() are at most this one: the numerator of \
                 CUME_DIST. NULL where an argument is NULL. Of two lists, a list, position by position.",
                "count_at_most(counts, value)",
            )
            .with_argument("counts", COUNTS)
            .with_argument("value", "A whole number, or a list of as many as there are distributions.")
            .with_sql_example(
                "> select count_at_most(cumulative_counts(v), 2) from (values (1), (2), (2), (5)) t(v);\n3",
            )
            .with_related_udf("cumulative_counts")
            .with_related_udf("nonzero_count_at_most")
            .build(),
        },
        Scalar {
            name: "nonzero_count_at_most",
            arguments: |types| arguments("nonzero_count_at_most", types),
            returns: |types| Ok(shaped_as(&types[1], DataType::Int64)),
            invoke: |args| invoke("nonzero_count_at_most", args, nonzero),
            documentation: Documentation::builder(
                OWN_SQL,
                "The standing of a value in the score: count_at_most() of it, but 0 for the value 0, which means no \
                 engagement, and 0 where a value is NULL. Of two lists, a list, position by position.",
                "nonzero_count_at_most(counts, value)",
            )
            .with_argument("counts", COUNTS)
            .with_argument("value", "A whole number, or a list of as many as there are distributions.")
            .with_sql_example(
                "> select nonzero_count_at_most(cumulative_counts(v), 2) as two, \
                 nonzero_count_at_most(cumulative_counts(v), 0) as zero from (values (0), (2), (5)) t(v);\n2, 0",
            )
            .with_related_udf("count_at_most")
            .build(),
        },
    ]
    .map(Scalar::into_udf)
}

fn arguments(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    expect_arguments(name, types, 2)?;
    let value = whole_numbers(name, &types[1])?;
    Ok(vec![DataType::BinaryView, value])
}

fn at_most(counts: Option<&[u8]>, value: Option<i64>) -> Result<Option<i64>> {
    match (counts, value) {
        // No count is larger than an Int64, unless the counts are damaged.
        (Some(counts), Some(value)) => {
            let count = CumulativeCounts::open(counts)?.at_most(value);
            Ok(Some(i64::try_from(count).unwrap_or(i64::MAX)))
        }
        _ => Ok(None),
    }
}

fn nonzero(counts: Option<&[u8]>, value: Option<i64>) -> Result<Option<i64>> {
    Ok(Some(at_most(counts, value.filter(|value| *value != 0))?.unwrap_or(0)))
}

fn invoke(name: &str, args: &ScalarFunctionArgs, count_of: CountOf) -> Result<ArrayRef> {
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let [counts, values] = [&arrays[0], &arrays[1]];
    let DataType::List(_) = values.data_type() else {
        let rows = counts.as_binary_view().iter().zip(values.as_primitive::<Int64Type>());
        let counted = rows.map(|(counts, value)| count_of(counts, value));
        return Ok(Arc::new(counted.collect::<Result<Int64Array>>()?));
    };
    let (counts, values) = (counts.as_binary_view(), values.as_list::<i32>());
    let all_values = values.values().as_primitive::<Int64Type>();
    let mut counted = Int64Array::builder(all_values.len());
    let mut lengths = Vec::with_capacity(values.len());
    for row in 0..values.len() {
        if values.is_null(row) {
            lengths.push(0);
            continue;
        }
        let [from, to] = [row, row + 1].map(|at| values.value_offsets()[at] as usize);
        let mut distributions = match counts.is_valid(row) {
            true => Some(Distributions::open(counts.value(row))?),
            false => None,
        };
        let mut width = 0;
        for value in from..to {
            let one = distributions.as_mut().map(Distributions::next).transpose()?.flatten();
            width += usize::from(one.is_some());
            let value = all_values.is_valid(value).then(|| all_values.value(value));
            counted.append_option(count_of(one, value)?);
        }
        width += distributions.map_or(Ok(0), |rest| rest.all().map(|rest| rest.len()))?;
        if width != to - from && width > 0 {
            return exec_err!("{name} needs as many distributions as values: {width} and {}", to - from);
        }
        lengths.push(to - from);
    }
    let item = Arc::new(Field::new_list_field(DataType::Int64, true));
    let offsets = datafusion::arrow::buffer::OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(counted.finish()), values.nulls().cloned())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_null_have_no_standing() {
        // 0, 2 and 5, each once.
        let mut counts = vec![1];
        for (value, upto) in [(0i64, 1u64), (2, 2), (5, 3)] {
            counts.extend(value.to_le_bytes());
            counts.extend(upto.to_le_bytes());
        }
        let counts = Some(counts.as_slice());
        assert_eq!(
            [0, 1, 2, 9].map(|v| at_most(counts, Some(v)).unwrap()),
            [Some(1), Some(1), Some(2), Some(3)]
        );
        assert_eq!(
            [0, 1, 2, -1].map(|v| nonzero(counts, Some(v)).unwrap()),
            [Some(0), Some(1), Some(2), Some(0)]
        );
        assert_eq!((at_most(counts, None).unwrap(), nonzero(counts, None).unwrap()), (None, Some(0)));
        assert_eq!((at_most(None, Some(1)).unwrap(), nonzero(None, Some(1)).unwrap()), (None, Some(0)));
        assert!(at_most(Some(&[7]), Some(1)).is_err());
    }
}
