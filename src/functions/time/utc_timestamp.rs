//! `utc_timestamp(timestamp)`: an instant of any unit and zone, floored to microseconds in UTC.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{
    DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// The type of every instant after staging: microseconds in UTC.
pub(crate) fn utc_timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "utc_timestamp",
        arguments: |types| {
            expect_arguments("utc_timestamp", types, 1)?;
            match &types[0] {
                DataType::Timestamp(_, _) => Ok(types.to_vec()),
                DataType::Null => Ok(vec![utc_timestamp_type()]),
                other => plan_err!("utc_timestamp needs a timestamp, not {other}"),
            }
        },
        returns: |_| Ok(utc_timestamp_type()),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "Converts a timestamp to microseconds in UTC. Nanoseconds are floored, also before 1970. An instant outside the \
             range of microseconds becomes the nearest one in it, which is outside the years 1 to 9999, too. A timestamp \
             without a zone is in UTC.",
            "utc_timestamp(timestamp)",
        )
        .with_argument("timestamp", "A timestamp of any unit and zone; NULL gives NULL.")
        .with_sql_example(
            "> select utc_timestamp(arrow_cast(-1, 'Timestamp(Nanosecond, None)'));\n1969-12-31T23:59:59.999999Z",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    Ok(Arc::new(utc_micros(&array)))
}

/// The type in which a function accepts an instant. A timestamp is accepted unchanged, because a cast fails
/// outside the calendar and does not floor before 1970; any other type is cast to microseconds in UTC.
pub(crate) fn instant_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(_, _) => data_type.clone(),
        _ => utc_timestamp_type(),
    }
}

/// Converts a timestamp column of any unit and zone to microseconds in UTC. Nanoseconds are floored; an
/// instant outside the range of microseconds becomes the nearest one in it.
pub(crate) fn utc_micros(array: &dyn Array) -> TimestampMicrosecondArray {
    let micros: TimestampMicrosecondArray = match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive::<TimestampSecondType>().unary(|v| v.saturating_mul(1_000_000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().unary(|v| v.saturating_mul(1_000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            array.as_primitive::<TimestampNanosecondType>().unary(|v| v.div_euclid(1_000))
        }
        _ => array.as_primitive::<TimestampMicrosecondType>().clone(),
    };
    micros.with_timezone("UTC")
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{TimestampNanosecondArray, TimestampSecondArray};

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    fn micros(array: ArrayRef) -> Vec<i64> {
        let out = invoke_scalar(&udf(), vec![array]);
        out.as_primitive::<TimestampMicrosecondType>().values().to_vec()
    }

    #[test]
    fn nanoseconds_are_floored() {
        assert_eq!(
            micros(Arc::new(TimestampNanosecondArray::from(vec![1_999, -1, -1_000, -1_001]))),
            [1, -1, -1, -2]
        );
    }

    #[test]
    fn far_away_stays_far_away() {
        let seconds = TimestampSecondArray::from(vec![i64::MIN, i64::MAX, 2]).with_timezone("+05:30");
        assert_eq!(micros(Arc::new(seconds)), [i64::MIN, i64::MAX, 2_000_000]);
    }
}
