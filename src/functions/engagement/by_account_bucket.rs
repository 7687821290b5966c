//! The engagements in one buffer of copies, hash-partitioned by account.
//!
//! If DataFusion processed one row per account and message, this would cost more than all the merging before
//! and after it. Therefore the records of `engagements` are written where copies are merged, and DataFusion
//! processes one buffer per bucket.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, Int64Array, ListArray, UInt8Array, make_view, new_empty_array,
};
use datafusion::arrow::buffer::{Buffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::bucket::of_account;
use super::buffer::buffer_type;
use super::codec::Writer;
use super::credit::{Engaged, Merge};
use super::engagements::{self, Engagement};
use super::record::Record;
use super::struct_lists::{fields, rows, rows_type};
use crate::functions::address::book::BookArgument;
use crate::functions::time::with_local_days;

/// The number of buckets.
const BUCKETS: usize = 256;

/// The type of the result: a list of structs, one per bucket of accounts.
pub(crate) fn partitioned_type() -> DataType {
    rows_type(partitioned_fields())
}

fn partitioned_fields() -> Fields {
    fields([("bucket", DataType::UInt8), ("first_rows", DataType::Int64), ("engagements", buffer_type())])
}

/// The body of `credit_messages` and `credit_meetings`. The arguments are the address book, buffers of
/// copies, and a time zone. A message or meeting outside the years 1 to 9999 in this zone is ignored.
///
/// # Errors
/// A zone that is NULL, unknown, or not the same for all rows; an address book that is not the same for all
/// rows or damaged; the errors of [`Merge::for_each_engaged`].
pub(crate) fn invoke<M: Merge>(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let ColumnarValue::Scalar(ScalarValue::Utf8(Some(zone))) = &args.args[2] else {
        return exec_err!("engagements need one zone for all rows, such as 'Europe/London'");
    };
    let Some(book) = BookArgument::new(M::PARTITIONED_BY, &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let buffers = args.args[1].to_array(args.number_rows)?;
    let buffers = buffers.as_list::<i32>();
    with_local_days(zone, |days| {
        let (mut partitioned, mut merged) = (Partitioned::default(), M::default());
        for row in 0..buffers.len() {
            merged.for_each_engaged(&book, buffers, row, |engaged| match days.day(engaged.at) {
                Some(day) => partitioned.push(engaged, day),
                None => Ok(()),
            })?;
            partitioned.end_buffer();
        }
        partitioned.finish()
    })
}

/// Partitions the engagements of one buffer of copies after the other.
struct Partitioned {
    /// For the current buffer: its records in the order in which they are added, the bucket and the end
    /// position of each record, and for each bucket, how many of its records are the first of their message
    /// or meeting.
    entries: Writer,
    ends: Vec<(u8, usize)>,
    firsts: [i64; BUCKETS],
    /// The result: one row per buffer and bucket, and for each buffer the number of its rows.
    buckets: Vec<u8>,
    first_rows: Vec<i64>,
    views: Vec<u128>,
    buffers: Vec<Buffer>,
    lengths: Vec<usize>,
}

impl Default for Partitioned {
    fn default() -> Self {
        let firsts = [0; BUCKETS];
        let (entries, ends, buckets, first_rows) = (Writer::default(), vec![], vec![], vec![]);
        Self { entries, ends, firsts, buckets, first_rows, views: vec![], buffers: vec![], lengths: vec![] }
    }
}

impl Partitioned {
    /// Adds an engagement of the current buffer.
    ///
    /// # Errors
    /// More people or conversations than 32 bits can count.
    fn push(&mut self, engaged: &Engaged, day: i32) -> Result<()> {
        let bucket = of_account(engaged.sides.account);
        self.firsts[usize::from(bucket)] += i64::from(engaged.is_first);
        engagements::write(engaged, day, &mut self.entries)?;
        self.ends.push((bucket, self.entries.written().len()));
        Ok(())
    }

    /// Ends the current buffer: its records are copied to one chunk per bucket.
    ///
    /// Each chunk has its own allocation. A slice of a shared allocation would hold all of it in memory, and
    /// memory accounting would count all of it for each slice.
    fn end_buffer(&mut self) {
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
        let buffers = ListArray::try_new(item, one_each, Arc::new(chunks), None)?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt8Array::from(self.buckets)),
            Arc::new(Int64Array::from(self.first_rows)),
            Arc::new(buffers),
        ];
        rows(partitioned_fields(), columns, self.lengths)
    }
}
