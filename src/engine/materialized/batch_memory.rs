//! The size of batches in memory, and whether the memory pool has room for them.

use std::collections::HashSet;

use datafusion::arrow::array::{Array, ArrayData, RecordBatch};
use datafusion::execution::memory_pool::MemoryPool;

use crate::engine::memory::limit;

/// The target size in bytes of the batches for readers and in spill files. It is a size and not a number of
/// rows, because one row can be a whole bucket.
pub(crate) const BATCH_BYTES: usize = 1 << 22;

/// The start addresses of the Arrow buffers that are already counted: slices of one result share buffers.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<usize>);

impl Seen {
    /// The bytes of the buffers of a batch that no earlier batch has.
    pub(crate) fn unseen_bytes(&mut self, batch: &RecordBatch) -> usize {
        batch.columns().iter().map(|column| self.of(&column.to_data())).sum()
    }

    fn of(&mut self, data: &ArrayData) -> usize {
        let buffers = data.buffers().iter().chain(data.nulls().map(|nulls| nulls.buffer()));
        let new = buffers.filter(|buffer| self.0.insert(buffer.data_ptr().as_ptr() as usize));
        let own = new.map(|buffer| buffer.capacity()).sum::<usize>();
        own + data.child_data().iter().map(|child| self.of(child)).sum::<usize>()
    }
}

/// Slices of a batch of about [`BATCH_BYTES`] each; `bytes` is the size of the whole batch. Slices share its
/// buffers.
pub(crate) fn slices(batch: &RecordBatch, bytes: usize) -> impl Iterator<Item = RecordBatch> + use<> {
    let (batch, count) = (batch.clone(), batch.num_rows());
    let rows = (count * BATCH_BYTES / bytes.max(1)).clamp(1, count.max(1));
    (0..count).step_by(rows).map(move |at| batch.slice(at, rows.min(count - at)))
}

/// Whether a quarter of the pool remains free if a materialized result grows by `bytes`. Running operators
/// need that memory to make progress, and they cannot reclaim the memory of materialized results.
pub(crate) fn is_room_for(pool: &dyn MemoryPool, bytes: usize) -> bool {
    let most = limit(pool).map_or(usize::MAX, |limit| limit - limit / 4);
    pool.reserved().saturating_add(bytes) < most
}
