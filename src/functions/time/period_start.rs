//! `quarter_start(day, fiscal_year_start)`, `month_start(day)` and `week_start(day)`: the first day of the
//! quarter or of the calendar month that contains a day, and the Monday on or before a day.
//!
//! DataFusion's `date_trunc` converts to nanoseconds, which end in the year 2262.

use std::sync::Arc;

use chrono::{DateTime, Datelike};
use datafusion::arrow::array::{ArrayRef, AsArray, Date32Array};
use datafusion::arrow::datatypes::{DataType, Date32Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::fiscal_year::FiscalYearStart;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// 1970-01-01 was a Thursday, three days after a Monday.
const THURSDAY: i32 = 3;

/// The Monday on or before a day, both as days since 1970-01-01.
pub fn week_start(day: i32) -> i32 {
    day.saturating_sub(day.saturating_add(THURSDAY).rem_euclid(7))
}

/// The first day of the calendar month that contains a day, both as days since 1970-01-01; `None` outside the
/// calendar of the `chrono` crate, which covers more than 260,000 years before and after 1970.
pub fn month_start(day: i32) -> Option<i32> {
    let date = DateTime::from_timestamp(i64::from(day) * 86_400, 0)?.date_naive();
    Some(day - date.day0() as i32)
}

/// The first day of the quarter that contains a day, both as days since 1970-01-01. A quarter is three
/// calendar months; one of them begins with the fiscal year. `None` where [`month_start`] is.
pub fn quarter_start(day: i32, fiscal_year: FiscalYearStart) -> Option<i32> {
    let date = DateTime::from_timestamp(i64::from(day) * 86_400, 0)?.date_naive();
    // Months since a quarter began: both months are counted from 1, and 12 keeps the difference positive.
    let months = (date.month() + 12 - fiscal_year.month()) % 3;
    (0..months).try_fold(month_start(day)?, |start, _| month_start(start.checked_sub(1)?))
}

pub(crate) fn udfs() -> [Arc<ScalarUDF>; 3] {
    [
        Scalar {
            name: "quarter_start",
            arguments: |types| {
                expect_arguments("quarter_start", types, 2)?;
                Ok(vec![DataType::Date32, DataType::Int64])
            },
            returns: |_| Ok(DataType::Date32),
            invoke: each_quarter,
            documentation: Documentation::builder(
                OWN_SQL,
                "The first day of the quarter that contains a day. Quarters are three calendar months, counted from the \
                 first month of the fiscal year.",
                "quarter_start(day, fiscal_year_start)",
            )
            .with_argument("day", "A date; NULL gives NULL.")
            .with_argument(
                "fiscal_year_start",
                "The first month of the fiscal year, 1 to 12 (Int64). NULL and other numbers are errors.",
            )
            .with_sql_example(
                "> select quarter_start(date '2026-11-22', 1) as calendar, quarter_start(date '2026-11-22', 9) as fiscal;\n\
                 2026-10-01, 2026-09-01",
            )
            .with_related_udf("month_start")
            .build(),
        },
        Scalar {
            name: "month_start",
            arguments: |types| day("month_start", types),
            returns: |_| Ok(DataType::Date32),
            invoke: |args| each(args, month_start),
            documentation: Documentation::builder(
                OWN_SQL,
                "The first day of the calendar month that contains a day, also after the year 2262.",
                "month_start(day)",
            )
            .with_argument("day", "A date; NULL gives NULL.")
            .with_sql_example("> select month_start(date '2026-11-22');\n2026-11-01")
            .with_related_udf("week_start")
            .build(),
        },
        Scalar {
            name: "week_start",
            arguments: |types| day("week_start", types),
            returns: |_| Ok(DataType::Date32),
            invoke: |args| each(args, |day| Some(week_start(day))),
            documentation: Documentation::builder(
                OWN_SQL,
                "The Monday on or before a day, also after the year 2262.",
                "week_start(day)",
            )
            .with_argument("day", "A date; NULL gives NULL.")
            .with_sql_example("> select week_start(date '2026-11-22');\n2026-11-16")
            .with_related_udf("month_start")
            .build(),
        },
    ]
    .map(Scalar::into_udf)
}

fn day(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    expect_arguments(name, types, 1)?;
    Ok(vec![DataType::Date32])
}

fn each_quarter(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let days = arrays[0].as_primitive::<Date32Type>().iter();
    let starts = days.zip(arrays[1].as_primitive::<Int64Type>()).map(|(day, month)| {
        let fiscal_year = FiscalYearStart::of_argument("quarter_start", month)?;
        Ok(day.and_then(|day| quarter_start(day, fiscal_year)))
    });
    Ok(Arc::new(starts.collect::<Result<Date32Array>>()?))
}

fn each(args: &ScalarFunctionArgs, f: impl Fn(i32) -> Option<i32>) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let days = array.as_primitive::<Date32Type>();
    Ok(Arc::new(days.iter().map(|day| day.and_then(&f)).collect::<Date32Array>()))
}

#[cfg(test)]
mod tests {
    use chrono::{Days, Months, NaiveDate, Weekday};
    use proptest::prelude::*;

    use super::*;

    fn date(day: i32) -> NaiveDate {
        DateTime::from_timestamp(i64::from(day) * 86_400, 0).unwrap().date_naive()
    }

    #[test]
    fn by_hand() {
        assert_eq!(week_start(0), -3);
        assert_eq!(week_start(3), -3, "a Sunday");
        assert_eq!(week_start(4), 4, "a Monday");
        assert_eq!(month_start(30), Some(0));
        assert_eq!(month_start(-1), Some(-31));
        let quarter = |day, month| quarter_start(day, FiscalYearStart::new(month).unwrap());
        assert_eq!([1, 4, 7, 10].map(|month| quarter(40, month)), [Some(0); 4], "1970-02-10");
        assert_eq!([2, 5, 8, 11].map(|month| quarter(40, month)), [Some(31); 4]);
        assert_eq!([3, 6, 9, 12].map(|month| quarter(40, month)), [Some(-31); 4], "1969-12-01");
    }

    proptest! {
        #[test]
        fn agrees_with_the_calendar(day in -719_162..2_932_896i32) {
            let monday = date(week_start(day));
            prop_assert_eq!(monday.weekday(), Weekday::Mon);
            prop_assert!(monday <= date(day) && date(day) < monday.checked_add_days(Days::new(7)).unwrap());
            prop_assert_eq!(date(month_start(day).unwrap()), date(day).with_day(1).unwrap());
        }

        /// The quarter that contains a day begins at most two months before, in the month in which the fiscal
        /// year begins, or three, six or nine months after it.
        #[test]
        fn quarters_are_three_months(day in -719_000..2_932_896i32, month in 1..=12u32) {
            let start = date(quarter_start(day, FiscalYearStart::new(month).unwrap()).unwrap());
            prop_assert_eq!(start.day(), 1);
            prop_assert!([0, 3, 6, 9].contains(&((start.month() + 12 - month) % 12)), "{}", start);
            prop_assert!(start <= date(day) && date(day) < start.checked_add_months(Months::new(3)).unwrap());
        }

        #[test]
        fn no_day_panics(day in any::<i32>(), month in 1..=12u32) {
            week_start(day);
            month_start(day);
            quarter_start(day, FiscalYearStart::new(month).unwrap());
        }
    }
}
