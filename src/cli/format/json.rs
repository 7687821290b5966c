//! JSON: one array, or one object on each line; NULL is written out.

use std::io::Write;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::{JsonArray, JsonFormat, LineDelimited, Writer};
use datafusion_engagement::error::Result;

use super::Sink;
use crate::cli::out::written;

type Out<'a> = &'a mut (dyn Write + Send);

fn writer<'a, F: JsonFormat>(out: Out<'a>) -> Writer<Out<'a>, F> {
    WriterBuilder::new().with_explicit_nulls(true).build(out)
}

pub struct Array<'a>(Writer<Out<'a>, JsonArray>);

impl<'a> Array<'a> {
    pub fn new(out: Out<'a>) -> Self {
        Self(writer(out))
    }
}

impl Sink for Array<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        written(self.0.write(batch))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        written(self.0.finish())?;
        written(self.0.get_mut().write_all(b"\n"))
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
        written(self.0.write(batch))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        written(self.0.finish())
    }
}
