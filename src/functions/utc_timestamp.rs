//! `utc_timestamp(timestamp)`: an instant of any unit and zone, floored to microseconds of UTC.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{
    DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::define::{SECTION, Scalar, expect_arguments};

/// Microseconds of UTC: the type of every instant after staging.
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
            SECTION,
            "The same instant in microseconds of UTC. Nanoseconds are floored (also before 1970); an instant too far away for \
             microseconds becomes the nearest that fits, which no calendar holds either. A timestamp without a zone means UTC.",
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

/// The type in which a function takes an instant: a timestamp as it is, as a cast would fail on one
/// outside the calendar and not floor one before 1970; whatever else as microseconds of UTC.
pub(super) fn instant_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(_, _) => data_type.clone(),
        _ => utc_timestamp_type(),
    }
}

/// A timestamp column of any unit and zone in microseconds of UTC.
pub(super) fn utc_micros(array: &dyn Array) -> TimestampMicrosecondArray {
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
    use crate::functions::testing::invoke_scalar;

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
