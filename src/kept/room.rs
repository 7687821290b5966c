//! What batches weigh, and whether there is room for it.

use std::collections::HashSet;

use datafusion::arrow::array::{Array, ArrayData, RecordBatch};
use datafusion::execution::memory_pool::MemoryPool;

use crate::memory::limit;

/// Readers get batches of about this many bytes, and files too: a row can be a whole bucket.
pub(super) const BATCH_BYTES: usize = 1 << 22;

/// Where buffers begin that have been counted: the slices of one result share them.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<usize>);

impl Seen {
    /// The bytes of buffers that no batch before has.
    pub(super) fn unseen_bytes(&mut self, batch: &RecordBatch) -> usize {
        batch.columns().iter().map(|column| self.of(&column.to_data())).sum()
    }

    fn of(&mut self, data: &ArrayData) -> usize {
        let buffers = data.buffers().iter().chain(data.nulls().map(|nulls| nulls.buffer()));
        let new = buffers.filter(|buffer| self.0.insert(buffer.data_ptr().as_ptr() as usize));
        let own = new.map(|buffer| buffer.capacity()).sum::<usize>();
        own + data.child_data().iter().map(|child| self.of(child)).sum::<usize>()
    }
}

/// A batch in slices of about [`BATCH_BYTES`], if these are its bytes.
pub(super) fn slices(batch: &RecordBatch, bytes: usize) -> impl Iterator<Item = RecordBatch> + use<> {
    let (batch, count) = (batch.clone(), batch.num_rows());
    let rows = (count * BATCH_BYTES / bytes.max(1)).clamp(1, count.max(1));
    (0..count).step_by(rows).map(move |at| batch.slice(at, rows.min(count - at)))
}

/// Whether what is kept would leave enough to those who work if it were to grow by so many bytes: they
/// need some to get any further, and nobody can take from what is kept.
pub(super) fn is_room_for(pool: &dyn MemoryPool, bytes: usize) -> bool {
    let most = limit(pool).map_or(usize::MAX, |limit| limit - limit / 4);
    pool.reserved().saturating_add(bytes) < most
}
