//! What is credited in one log of copies, dealt out to the buckets of accounts.
//!
//! Rows of accounts, one by one through the engine, would cost more than all the merging before
//! and after them. So the entries of `engagements` are written where the copies are merged, and what
//! goes through the engine is one log per bucket.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, Int64Array, ListArray, UInt8Array, make_view, new_empty_array,
};
use datafusion::arrow::buffer::{Buffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::bucket::of_account;
use super::bytes::Writer;
use super::columns::{fields, rows, rows_type};
use super::engagements::{self, Engagement};
use super::entry::Entry;
use super::group_logs::log_type;
use super::sides::{Engaged, Merge};
use crate::functions::address_book::BookArgument;
use crate::functions::local_date::with_local_days;

/// How many buckets there are.
const BUCKETS: usize = 256;

/// A list of dealt rows.
pub(super) fn dealt_type() -> DataType {
    rows_type(dealt_fields())
}

fn dealt_fields() -> Fields {
    fields([("bucket", DataType::UInt8), ("first_rows", DataType::Int64), ("engagements", log_type())])
}

/// The body of a function of a book, copies and a zone.
pub(super) fn invoke<M: Merge>(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let ColumnarValue::Scalar(ScalarValue::Utf8(Some(zone))) = &args.args[2] else {
        return exec_err!("engagements need one zone for all rows, such as 'Europe/London'");
    };
    let Some(book) = BookArgument::new(M::DEALT_BY, &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let logs = args.args[1].to_array(args.number_rows)?;
    let logs = logs.as_list::<i32>();
    with_local_days(zone, |days| {
        let (mut dealt, mut merged) = (Dealt::default(), M::default());
        for row in 0..logs.len() {
            merged.for_each_engaged(&book, logs, row, |engaged| match days.day(engaged.at) {
                Some(day) => dealt.push(engaged, day),
                None => Ok(()),
            })?;
            dealt.end_log();
        }
        dealt.finish()
    })
}

/// The engagements of one log after the other.
struct Dealt {
    /// Of the log under way: its entries as they come, the bucket and end of each, and by bucket how
    /// many of them are the first of their message or meeting.
    entries: Writer,
    ends: Vec<(u8, usize)>,
    firsts: [i64; BUCKETS],
    /// The rows that have been dealt out, and how many of them each log has given.
    buckets: Vec<u8>,
    first_rows: Vec<i64>,
    views: Vec<u128>,
    buffers: Vec<Buffer>,
    lengths: Vec<usize>,
}

impl Default for Dealt {
    fn default() -> Self {
        let firsts = [0; BUCKETS];
        let (entries, ends, buckets, first_rows) = (Writer::default(), vec![], vec![], vec![]);
        Self { entries, ends, firsts, buckets, first_rows, views: vec![], buffers: vec![], lengths: vec![] }
    }
}

impl Dealt {
    fn push(&mut self, engaged: &Engaged, day: i32) -> Result<()> {
        let bucket = of_account(engaged.sides.account);
        self.firsts[usize::from(bucket)] += i64::from(engaged.is_first);
        engagements::write(engaged, day, &mut self.entries)?;
        self.ends.push((bucket, self.entries.written().len()));
        Ok(())
    }

    /// The log is at its end: its entries go to a chunk for each bucket.
    ///
    /// Chunks of their own, because whoever holds a part of a buffer holds, and counts, all of it.
    fn end_log(&mut self) {
        let mut chunks: [Vec<u8>; BUCKETS] = [const { vec![] }; BUCKETS];
        let mut sizes = [0; BUCKETS];
        let mut begin = 0;
        for &(bucket, end) in &self.ends {
            sizes[usize::from(bucket)] += end - begin;
            begin = end;
        }
        begin = 0;
        for (bucket, end) in self.ends.drain(..) {
            let (chunk, size) = (&mut chunks[usize::from(bucket)], sizes[usize::from(bucket)]);
            if chunk.is_empty() {
                chunk.reserve_exact(1 + size);
                chunk.push(Engagement::VERSION);
            }
            chunk.extend_from_slice(&self.entries.written()[begin..end]);
            begin = end;
        }
        self.entries.clear();
        let before = self.buckets.len();
        for (bucket, chunk) in (0u8..=u8::MAX).zip(chunks).filter(|(_, chunk)| !chunk.is_empty()) {
            self.buckets.push(bucket);
            self.first_rows.push(std::mem::take(&mut self.firsts[usize::from(bucket)]));
            self.views.push(make_view(&chunk, self.buffers.len() as u32, 0));
            self.buffers.push(Buffer::from_vec(chunk));
        }
        self.lengths.push(self.buckets.len() - before);
    }

    fn finish(self) -> Result<ArrayRef> {
        let chunks = BinaryViewArray::try_new(self.views.into(), self.buffers, None)?;
        let item = Arc::new(Field::new_list_field(DataType::BinaryView, true));
        let one_each = OffsetBuffer::from_repeated_length(1, chunks.len());
        let logs = ListArray::try_new(item, one_each, Arc::new(chunks), None)?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt8Array::from(self.buckets)),
            Arc::new(Int64Array::from(self.first_rows)),
            Arc::new(logs),
        ];
        rows(dealt_fields(), columns, self.lengths)
    }
}
