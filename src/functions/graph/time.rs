//! `graph_time(value[, zone])`: an instant, from a timestamp or from text in the form of Microsoft Graph.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::zone;
use crate::functions::time::{utc_micros, utc_timestamp_type};
use crate::functions::udf::declare::{OWN_SQL, Scalar};
use crate::functions::udf::strings::{Text, text_type};

/// 0001-01-02 in microseconds since 1970. Exports contain 0001-01-01 for a missing time, so earlier values
/// are missing times.
const FIRST_TIME: i64 = -719_161 * 86_400_000_000;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_time",
        arguments: |types| match types {
            [value] => Ok(vec![value_type(value)?]),
            [value, zone] => Ok(vec![value_type(value)?, text_type("graph_time", zone)?]),
            _ => plan_err!("graph_time takes 1 or 2 arguments, not {}", types.len()),
        },
        returns: |_| Ok(utc_timestamp_type()),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "An instant of a Microsoft Graph export in microseconds in UTC; further digits are cut off. An offset in the text \
             takes precedence over the zone; without offset and zone, the time is in UTC. A local time that occurs twice is \
             the first one; a local time in a gap is shifted forward. /Date(1795168800000)/, milliseconds since 1970, is read, \
             too. NULL for 0001-01-01, for text that is not a time, and for an unknown zone.",
            "graph_time(value[, zone])",
        )
        .with_argument("value", "A timestamp, or text such as 2026-03-01T09:30:00.0000000; NULL gives NULL.")
        .with_argument("zone", "An IANA or Windows zone name; NULL or blank means UTC.")
        .with_sql_example(
            "> select graph_time('2026-07-01T09:30:00.0000000', 'Pacific Standard Time');\n2026-07-01T16:30:00Z",
        )
        .build(),
    }
    .into_udf()
}

fn value_type(value: &DataType) -> Result<DataType> {
    match value {
        DataType::Timestamp(_, _) => Ok(value.clone()),
        _ => text_type("graph_time", value),
    }
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let values = args.args[0].to_array(args.number_rows)?;
    let micros: TimestampMicrosecondArray = if let DataType::Timestamp(_, _) = values.data_type() {
        let values = utc_micros(&values);
        values.iter().map(|v| v.filter(|v| *v >= FIRST_TIME)).collect()
    } else {
        let zones = match args.args.get(1) {
            Some(zones) => cast(&zones.to_array(args.number_rows)?, &DataType::Utf8)?,
            None => Arc::new(StringArray::new_null(values.len())),
        };
        let (texts, zones) = (Text::new(&values)?, zones.as_string::<i32>());
        let mut known = HashMap::new();
        let instant = |row: usize| {
            let zone = zones.is_valid(row).then(|| zones.value(row)).filter(|z| !z.trim().is_empty());
            let zone =
                zone.map_or(Some(Tz::UTC), |name| *known.entry(name).or_insert_with(|| zone::named(name)));
            instant(texts.get(row)?, zone)
        };
        (0..values.len()).map(instant).collect()
    };
    Ok(Arc::new(micros.with_timezone("UTC")))
}

/// The instant of `/Date(1795168800000)/`, as .NET writes it: milliseconds since 1970 in UTC. An offset behind
/// the number, `+0100`, does not change the instant. `None` for any other text.
fn of_dot_net(text: &str) -> Option<i64> {
    let inside = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let digits = inside.strip_prefix('-').unwrap_or(inside);
    let end = digits.find(['+', '-']).unwrap_or(digits.len()) + inside.len() - digits.len();
    let (millis, offset) = inside.split_at(end);
    let is_offset = offset.is_empty() || offset.len() == 5 && offset[1..].bytes().all(|b| b.is_ascii_digit());
    let micros = millis.parse::<i64>().ok()?.checked_mul(1000)?;
    (is_offset && micros >= FIRST_TIME).then_some(micros)
}

/// The instant in microseconds since 1970 in UTC; `None` if the text is not a time, is on 0001-01-01, or
/// needs a zone that is unknown. A `zone` of `None` is an unknown one.
fn instant(text: &str, zone: Option<Tz>) -> Option<i64> {
    let text = text.trim();
    if text.starts_with('/') {
        return of_dot_net(text);
    }
    let (local, offset) = parse(text)?;
    if local.date() == NaiveDate::from_ymd_opt(1, 1, 1)? {
        return None;
    }
    match (offset, zone) {
        (Some(offset), _) => Some(local.and_utc().timestamp_micros() - offset * 1_000_000),
        (None, Some(Tz::UTC)) => Some(local.and_utc().timestamp_micros()),
        (None, zone) => zone::utc_micros(local, zone?),
    }
}

/// The largest offset from UTC in seconds, as in ISO 8601 of most languages. No zone has ever had more than 16 hours.
const LARGEST_OFFSET: i64 = 18 * 3600;

/// `2026-03-01T09:30:00.0000000+01:00` → the local time as written, and the offset in seconds if there is
/// one. Seconds, fraction and offset are optional.
fn parse(text: &str) -> Option<(NaiveDateTime, Option<i64>)> {
    let bytes = text.as_bytes();
    let number = |at: usize, digits: usize| -> Option<u32> {
        let digits = bytes.get(at..at + digits)?;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
    };
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|b| any.contains(b));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":")) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 2)?, number(8, 2)?)?;
    let (hour, minute) = (number(11, 2)?, number(14, 2)?);
    let (mut second, mut micros, mut at) = (0, 0, 16);
    if is(16, b":") {
        (second, at) = (number(17, 2)?, 19);
        if is(19, b".") {
            let digits = bytes[20..].iter().take_while(|b| b.is_ascii_digit()).count();
            micros = number(20, digits.clamp(1, 6))? * 10_u32.pow(6 - digits.clamp(1, 6) as u32);
            at = 20 + digits;
        }
    }
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    let rest = text.get(at..)?.trim_start();
    at = text.len() - rest.len();
    let offset = match rest.as_bytes() {
        [] => None,
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] | [sign @ (b'+' | b'-'), _, _, _, _] => {
            let minutes = number(text.len() - 2, 2)?;
            let seconds = i64::from(number(at + 1, 2)? * 3600 + minutes * 60);
            if seconds > LARGEST_OFFSET {
                return None;
            }
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    (date.year() >= 1).then_some((date.and_time(time), offset))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{TimestampMillisecondArray, TimestampNanosecondArray};
    use datafusion::arrow::datatypes::TimestampMicrosecondType;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    fn at(text: &str, zone: Option<Tz>) -> Option<String> {
        let micros = instant(text, zone)?;
        Some(
            chrono::DateTime::from_timestamp_micros(micros)
                .unwrap()
                .format("%Y-%m-%d %H:%M:%S%.6f")
                .to_string(),
        )
    }

    #[test]
    fn as_graph_writes_times() {
        let utc = |text| at(text, Some(Tz::UTC));
        assert_eq!(utc("2020-01-07T22:00:00.0000000").unwrap(), "2020-01-07 22:00:00.000000");
        assert_eq!(utc("2020-01-07T22:00:00.1234567Z").unwrap(), "2020-01-07 22:00:00.123456");
        assert_eq!(utc(" 2020-01-07 22:00:00.5+02:00 ").unwrap(), "2020-01-07 20:00:00.500000");
        assert_eq!(utc("2020-01-07T22:00-0530").unwrap(), "2020-01-08 03:30:00.000000");
        assert_eq!(utc("1969-12-31T23:59:59.9999999Z").unwrap(), "1969-12-31 23:59:59.999999");
        for none in [
            "0001-01-01T00:00:00Z",
            "0001-01-01T08:00:00.0000000",
            "0000-05-01T00:00:00Z",
            "2020-02-30T00:00:00Z",
            "2020-01-07",
            "2020-01-07T24:00:00",
            "2020-01-07T23:59:60Z",
            "2020-01-07T22:00:00.Z",
            "2020-01-07T22:00:00+1",
            "",
            "x",
            "2020-01-0aT22:00:00",
            "2020-01-07T22:00:00 UTC",
            "２020-01-07T22:00:00",
        ] {
            assert_eq!(utc(none), None, "{none}");
        }
    }

    #[test]
    fn as_dot_net_writes_times() {
        let nowhere = |text| at(text, None);
        let expected = Some("2026-11-20 10:00:00.000000".to_string());
        for text in ["/Date(1795168800000)/", " /Date(1795168800000+0100)/ ", "/Date(1795168800000-0500)/"] {
            assert_eq!(nowhere(text), expected, "{text}");
        }
        assert_eq!(nowhere("/Date(-1)/").unwrap(), "1969-12-31 23:59:59.999000");
        for none in [
            "/Date(-62135596800000)/",
            "/Date(9999999999999999999)/",
            "/Date(9223372036854775807)/",
            "/Date(+1)/",
            "/Date(1.5)/",
            "/Date()/",
            "/Date(-)/",
            "/Date(1+1)/",
            "/Date(1+é000)/",
            "/Date(1)",
            "/1/",
        ] {
            assert_eq!(nowhere(none), None, "{none}");
        }
    }

    #[test]
    fn an_offset_wins_over_the_zone() {
        assert_eq!(
            at("2026-07-01T09:30:00", Some(Tz::America__Los_Angeles)).unwrap(),
            "2026-07-01 16:30:00.000000"
        );
        assert_eq!(
            at("2026-07-01T09:30:00Z", Some(Tz::America__Los_Angeles)).unwrap(),
            "2026-07-01 09:30:00.000000"
        );
        assert_eq!(at("2026-07-01T09:30:00+00:30", None).unwrap(), "2026-07-01 09:00:00.000000");
        assert_eq!(at("2026-07-01T09:30:00", None), None, "an unknown zone");
        assert_eq!(at("2026-07-01T09:30:00+18:00", None).unwrap(), "2026-06-30 15:30:00.000000");
        assert_eq!(at("2026-07-01T09:30:00+25:00", None), None, "no such offset");
        assert_eq!(at("2026-07-01T09:30:00-99:99", None), None, "no such offset");
    }

    fn micros(columns: Vec<ArrayRef>) -> Vec<Option<i64>> {
        invoke_scalar(&udf(), columns).as_primitive::<TimestampMicrosecondType>().iter().collect()
    }

    #[test]
    fn zones_row_by_row() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("1970-01-01T00:00:00"); 4]));
        let zones: ArrayRef =
            Arc::new(StringArray::from(vec![Some("Tokyo Standard Time"), None, Some(" "), Some("Nowhere")]));
        assert_eq!(micros(vec![texts.clone(), zones]), [Some(-9 * 3_600_000_000), Some(0), Some(0), None]);
        assert_eq!(micros(vec![texts]), [Some(0); 4]);
    }

    #[test]
    fn timestamps_of_any_unit() {
        assert_eq!(
            micros(vec![Arc::new(TimestampNanosecondArray::from(vec![Some(-1), None]))]),
            [Some(-1), None]
        );
        let year_one = -62_135_596_800_000;
        let millis = TimestampMillisecondArray::from(vec![year_one, year_one + 86_400_000]);
        assert_eq!(micros(vec![Arc::new(millis)]), [None, Some(FIRST_TIME)]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9T :.+Zé-]{0,36}", other in ".{0,36}|/Date\\([0-9+é-]{0,20}\\)/") {
            for zone in [None, Some(Tz::UTC), Some(Tz::America__New_York)] {
                let _ = (instant(&text, zone), instant(&other, zone));
            }
        }

        #[test]
        fn agrees_with_chrono(seconds in -62_000_000_000i64..250_000_000_000, nanos in 0u32..1_000_000_000, minutes in -840i32..840) {
            let zone = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
            let time = chrono::DateTime::from_timestamp(seconds, nanos).unwrap().with_timezone(&zone);
            let text = time.format("%Y-%m-%dT%H:%M:%S%.9f%:z").to_string();
            prop_assert_eq!(instant(&text, Some(Tz::UTC)), Some(time.timestamp_micros()));
        }
    }
}
