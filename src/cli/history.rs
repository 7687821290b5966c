//! `engagement history`: lists the retained as-of dates, or drops some.

use std::sync::Arc;

use clap::Args;
use datafusion::arrow::array::{BooleanArray, Date32Array, Int64Array, RecordBatch, TimestampSecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use super::format::{Format, Layout};
use super::limits::{Limits, within};
use super::out::{self, note, written};
use super::results::binary_to_terminal;
use super::session::{Target, date};
use crate::error::Result;
use crate::error::numbers::count;
use crate::publish::{self, Dropped, RetainedDate};

/// List the as-of dates whose tables are retained, or drop some of them.
///
/// The tables of several dates are retained with history = true in `[output]`, and in Delta tables. In SQL,
/// Office_AllDates has the rows of all dates. The list has the date, whether its tables are the published ones,
/// when Office was written, its rows, and the size of all tables.
///
/// A dropped date is gone with all its tables, or not at all. If it is the published one, the newest date that is
/// left is published instead.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement history enrichment.toml
  engagement history enrichment.toml --drop 2030-01-01
  engagement history enrichment.toml --keep 24")]
pub struct History {
    #[command(flatten)]
    target: Target,
    /// Drop this as-of date, YYYY-MM-DD.
    #[arg(long, value_name = "DATE", conflicts_with = "keep")]
    drop: Option<String>,
    /// Drop all dates but the newest N.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// The format of the list.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl History {
    pub async fn run(self) -> Result<()> {
        let lists = self.drop.is_none() && self.keep.is_none();
        if lists && self.format == Format::Parquet && out::is_terminal() {
            return Err(binary_to_terminal());
        }
        let dropped = self.drop.as_deref().map(|text| date("--drop", text)).transpose()?;
        let (ctx, enrichment) = (self.target.resources.session()?, self.target.open(None)?);
        let limits = Limits::of_run(&self.target.resources);
        match (dropped, self.keep) {
            (Some(date), _) => {
                let dropped = within(limits, publish::drop_date(&ctx, &enrichment, date)).await?;
                note(said(&dropped));
            }
            (None, Some(number)) => {
                let number = number as usize;
                let dropped = within(limits, publish::keep_newest(&ctx, &enrichment, number)).await?;
                note(said(&dropped));
            }
            (None, None) => {
                let dates = within(limits, publish::retained_dates(&ctx, &enrichment)).await?;
                list(&dates, self.format)?;
            }
        }
        Ok(())
    }
}

/// What was dropped, and what is published now.
fn said(dropped: &Dropped) -> String {
    let what = match dropped.dates.as_slice() {
        [] => "nothing is dropped".to_owned(),
        [one] => format!("{one} is dropped"),
        [first, .., last] => {
            format!("{} are dropped, {first} to {last}", count(dropped.dates.len(), "as-of date"))
        }
    };
    let unknown = match dropped.is_recorded {
        true => "",
        false => {
            "; an earlier version has published them, so max_age_days and max_drop of [expect] are unknown until the \
             next run"
        }
    };
    format!("{what}; the published tables are those of {}{unknown}", dropped.current)
}

fn list(dates: &[RetainedDate], format: Format) -> Result<()> {
    let batch = batch(dates)?;
    let mut out = out::stdout();
    let mut sink = format.sink(&batch.schema(), Layout::default(), &mut out)?;
    sink.write(&batch)?;
    sink.finish()?;
    written(std::io::Write::flush(&mut out))
}

fn batch(dates: &[RetainedDate]) -> Result<RecordBatch> {
    let utc = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
    let schema = Schema::new(vec![
        Field::new("AsOfDate", DataType::Date32, false),
        Field::new("IsPublished", DataType::Boolean, false),
        Field::new("WrittenAt", utc, false),
        Field::new("Rows", DataType::Int64, false),
        Field::new("Bytes", DataType::Int64, false),
    ]);
    let days = dates.iter().map(|date| date.as_of.to_epoch_days());
    let seconds = dates.iter().map(|date| date.written_at.timestamp());
    written(RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(Date32Array::from_iter_values(days)),
            Arc::new(BooleanArray::from_iter(dates.iter().map(|date| Some(date.is_current)))),
            Arc::new(TimestampSecondArray::from_iter_values(seconds).with_timezone("UTC")),
            Arc::new(dates.iter().map(|date| date.office_rows.cast_signed()).collect::<Int64Array>()),
            Arc::new(dates.iter().map(|date| date.bytes.cast_signed()).collect::<Int64Array>()),
        ],
    ))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn what_is_said_of_dropped_dates() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        let dropped = |days: &[u32]| Dropped {
            dates: days.iter().map(|d| day(*d)).collect(),
            current: day(31),
            is_recorded: true,
        };
        let unknown = said(&Dropped { is_recorded: false, ..dropped(&[5]) });
        assert!(unknown.ends_with("so max_age_days and max_drop of [expect] are unknown until the next run"));
        let said = |days: &[u32]| said(&dropped(days));
        assert_eq!(said(&[]), "nothing is dropped; the published tables are those of 2026-10-31");
        assert_eq!(said(&[5]), "2026-10-05 is dropped; the published tables are those of 2026-10-31");
        assert_eq!(
            said(&[5, 6, 7]),
            "3 as-of dates are dropped, 2026-10-05 to 2026-10-07; the published tables are those of 2026-10-31"
        );
    }
}
