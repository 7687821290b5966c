//! JSON: one array, or one object per line. NULL is written as `null`.

use std::io::Write;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::{JsonArray, JsonFormat, LineDelimited, Writer};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::Sink;
use crate::cli::out::written;
use crate::error::Result;

type Out<'a> = &'a mut (dyn Write + Send);

fn writer<'a, F: JsonFormat>(out: Out<'a>) -> Writer<Out<'a>, F> {
    WriterBuilder::new().with_explicit_nulls(true).build(out)
}

/// Returns an error for an instant outside the calendar. Without this check, the writer would write the
/// text of its error as the value.
fn check(batch: &RecordBatch) -> Result<(), ArrowError> {
    let options = FormatOptions::default().with_display_error(false);
    for column in batch.columns().iter().filter(|column| has_time(column.data_type())) {
        let formatter = ArrayFormatter::try_new(column, &options)?;
        (0..column.len()).try_for_each(|row| formatter.value(row).try_to_string().map(drop))?;
    }
    Ok(())
}

fn has_time(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.iter().any(|field| has_time(field.data_type())),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => has_time(item.data_type()),
        DataType::Dictionary(_, value) => has_time(value),
        other => other.is_temporal(),
    }
}

pub struct Array<'a>(Writer<Out<'a>, JsonArray>);

impl<'a> Array<'a> {
    pub fn new(out: Out<'a>) -> Self {
        Self(writer(out))
    }
}

impl Sink for Array<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        written(check(batch))?;
        written(self.0.write(batch))
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<String>> {
        written(self.0.finish())?;
        written(self.0.get_mut().write_all(b"\n")).map(|()| vec![])
    }
}

pub struct Lines<'a>(Writer<Out<'a>, LineDelimited>);

impl<'a> Lines<'a> {
    pub fn new(out: Out<'a>) -> Self {
        Self(writer(out))
    }
}

impl Sink for Lines<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        written(check(batch))?;
        written(self.0.write(batch))
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<String>> {
        written(self.0.finish()).map(|()| vec![])
    }
}
