//! `local_date(timestamp, zone)`: the calendar day of an instant in a time zone.

use std::cell::Cell;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Offset, TimeZone};
use chrono_tz::Tz;
use datafusion::arrow::array::{Array, ArrayRef, BooleanBufferBuilder, Date32Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::utc_timestamp::{instant_type, utc_micros};
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::text_type;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// The first and last day of the calendar, 0001-01-01 and 9999-12-31, as days since 1970-01-01.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

/// Converts instants to days in one time zone.
///
/// The offset of a zone changes only a few times a year, so an hour of UTC is nearly always within one local
/// day. This day is looked up once per hour of UTC, and cached.
pub struct LocalDays {
    zone: Tz,
    /// A direct-mapped cache: (hour since 1970, the local day that contains all of it).
    hours: Vec<(i64, i32)>,
}

impl LocalDays {
    /// The number of cached hours: enough for every hour of a year to have a slot of its own.
    const SLOTS: i64 = 1 << 14;

    /// A converter for this zone, with an empty cache.
    pub fn new(zone: Tz) -> Self {
        Self { zone, hours: vec![(i64::MAX, 0); Self::SLOTS as usize] }
    }

    /// The local day of an instant. The instant is in microseconds since 1970 in UTC, the day in days since
    /// 1970-01-01. `None` if the instant is outside the years 1 to 9999, in UTC or in local time.
    #[inline]
    pub fn day(&mut self, micros: i64) -> Option<i32> {
        let hour = micros.div_euclid(HOUR);
        let (known, day) = self.hours[hour.rem_euclid(Self::SLOTS) as usize];
        if known == hour { Some(day) } else { self.look_up(hour, micros) }
    }

    #[cold]
    fn look_up(&mut self, hour: i64, micros: i64) -> Option<i32> {
        let local = |micros: i64| {
            if !(FIRST_DAY..=LAST_DAY).contains(&micros.div_euclid(DAY)) {
                return None;
            }
            let offset = offset(self.zone, micros)?;
            Some((offset, in_calendar(micros + offset)?))
        };
        let (_, day) = local(micros)?;
        let first = hour * HOUR;
        if let (Some(first), Some(last)) = (local(first), local(first + (HOUR - 1)))
            && first == last
        {
            self.hours[hour.rem_euclid(Self::SLOTS) as usize] = (hour, first.1);
        }
        Some(day)
    }
}

fn in_calendar(local_micros: i64) -> Option<i32> {
    let day = local_micros.div_euclid(DAY);
    (FIRST_DAY..=LAST_DAY).contains(&day).then_some(day as i32)
}

fn offset(zone: Tz, micros: i64) -> Option<i64> {
    let utc = DateTime::from_timestamp_micros(micros)?.naive_utc();
    debug_assert!((-1..=10_001).contains(&utc.year()));
    Some(i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * 1_000_000)
}

thread_local! {
    /// The converter for the zone that was used last.
    static ZONE: Cell<Option<LocalDays>> = const { Cell::new(None) };
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "local_date",
        arguments: |types| {
            expect_arguments("local_date", types, 2)?;
            text_type("local_date", &types[1])?;
            Ok(vec![instant_type(&types[0]), DataType::Utf8])
        },
        returns: |_| Ok(DataType::Date32),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The calendar day of an instant in a time zone. NULL if it is outside the years 1 to 9999.",
            "local_date(timestamp, zone)",
        )
        .with_argument(
            "timestamp",
            "A timestamp of any unit and zone, floored to microseconds; NULL gives NULL.",
        )
        .with_argument("zone", "An IANA zone name, the same for all rows, such as 'Europe/London'.")
        .with_sql_example(
            "> select local_date(timestamp '2026-11-02T07:59:59Z', 'America/Los_Angeles');\n2026-11-01",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let ColumnarValue::Scalar(ScalarValue::Utf8(Some(zone))) = &args.args[1] else {
        return exec_err!("local_date needs one zone for all rows, such as 'Europe/London'");
    };
    let instants = args.args[0].to_array(args.number_rows)?;
    let instants = utc_micros(&instants);
    let (mut dates, mut outside) = (Vec::with_capacity(instants.len()), vec![]);
    with_local_days(zone, |days| {
        for (row, micros) in instants.values().iter().enumerate() {
            dates.push(days.day(*micros).unwrap_or_else(|| {
                outside.push(row);
                0
            }));
        }
        Ok(())
    })?;
    let mut nulls = instants.nulls().cloned();
    if !outside.is_empty() {
        let mut inside = BooleanBufferBuilder::new(dates.len());
        inside.append_n(dates.len(), true);
        outside.into_iter().for_each(|row| inside.set_bit(row, false));
        nulls = NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::new(inside.finish())));
    }
    Ok(Arc::new(Date32Array::try_new(dates.into(), nulls)?))
}

/// Calls `f` with the converter for a zone. The next call on this thread with the same zone reuses its cache.
///
/// # Errors
/// The zone is unknown, or `f` returns an error.
pub(crate) fn with_local_days<T>(zone: &str, f: impl FnOnce(&mut LocalDays) -> Result<T>) -> Result<T> {
    let zone: Tz =
        zone.parse().map_err(|_| exec_datafusion_err!("local_date: unknown time zone '{zone}'"))?;
    let mut days = ZONE.take().filter(|days| days.zone == zone).unwrap_or_else(|| LocalDays::new(zone));
    let result = f(&mut days);
    ZONE.set(Some(days));
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(zone: &str, instant: &str) -> Option<String> {
        let micros = DateTime::parse_from_rfc3339(instant).unwrap().timestamp_micros();
        LocalDays::new(zone.parse().unwrap())
            .day(micros)
            .map(|d| DateTime::from_timestamp_micros(i64::from(d) * DAY).unwrap().date_naive().to_string())
    }

    #[test]
    fn days_follow_the_zone() {
        let la = "America/Los_Angeles";
        assert_eq!(day(la, "2026-09-03T07:00:00Z").unwrap(), "2026-09-03");
        assert_eq!(day(la, "2026-09-03T06:59:59.999999Z").unwrap(), "2026-09-02");
        assert_eq!(day(la, "2026-11-02T07:59:59Z").unwrap(), "2026-11-01", "the offset changed that morning");
        assert_eq!(day("Asia/Kolkata", "2026-01-01T18:30:00Z").unwrap(), "2026-01-02");
    }

    #[test]
    fn the_calendar_ends() {
        assert_eq!(day("UTC", "0001-01-01T00:00:00Z").unwrap(), "0001-01-01");
        assert_eq!(day("America/New_York", "0001-01-01T00:00:00Z"), None, "the year 0 there");
        assert_eq!(day("Asia/Tokyo", "9999-12-31T23:00:00Z"), None, "the year 10000 there");
        assert_eq!(LocalDays::new(Tz::UTC).day(i64::MAX), None);
        assert_eq!(LocalDays::new(Tz::UTC).day(i64::MIN), None);
    }

    proptest! {
        /// The cache does not change the results.
        #[test]
        fn agrees_with_chrono(seconds in proptest::collection::vec(-2_000_000_000i64..4_000_000_000, 1..50)) {
            for zone in [Tz::Europe__London, Tz::America__Los_Angeles, Tz::Australia__Lord_Howe, Tz::Africa__Monrovia] {
                let mut days = LocalDays::new(zone);
                for s in &seconds {
                    let expected = DateTime::from_timestamp(*s, 0).unwrap().with_timezone(&zone).date_naive();
                    let got = days.day(s * 1_000_000).unwrap();
                    prop_assert_eq!(i64::from(got), i64::from(expected.num_days_from_ce()) - 719_163);
                }
            }
        }
    }
}
