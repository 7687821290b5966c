//! Separates the state of one group from a batch of states of a partial aggregate.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array, new_null_array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;

use super::batch_memory::BATCH_BYTES;
use crate::functions::engagement::{buffer_type, pieces};

/// The columns of the states of an aggregate.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) schema: SchemaRef,
    /// The number of key columns, which come first.
    keys: usize,
    /// The columns that hold packed buffers.
    buffers: Vec<usize>,
    /// By column: the state of a group without rows. Merging it changes nothing.
    nothing: Vec<ArrayRef>,
}

impl Layout {
    /// The layout of a partial aggregate; `None` unless it has group keys, no grouping sets, and at least one
    /// state that is a packed buffer.
    ///
    /// # Errors
    /// An accumulator that cannot be created.
    pub(crate) fn of(partial: &AggregateExec) -> Result<Option<Self>> {
        let (schema, groups) = (partial.schema(), partial.group_expr());
        let keys = groups.expr().len();
        let buffers: Vec<_> = (keys..schema.fields().len())
            .filter(|i| *schema.field(*i).data_type() == buffer_type())
            .collect();
        if keys == 0 || !groups.is_single() || buffers.is_empty() {
            return Ok(None);
        }
        let mut nothing: Vec<_> =
            schema.fields()[..keys].iter().map(|key| new_null_array(key.data_type(), 1)).collect();
        for aggregate in partial.aggr_expr() {
            let state = aggregate.create_accumulator()?.state()?;
            nothing.extend(state.iter().map(|s| s.to_array_of_size(1)).collect::<Result<Vec<_>>>()?);
        }
        Ok(Some(Self { schema, keys, buffers, nothing }))
    }

    /// A hash of the group key of each row.
    pub(crate) fn groups(&self, states: &RecordBatch) -> Result<Vec<u64>> {
        let mut hashes = vec![0; states.num_rows()];
        create_hashes(&states.columns()[..self.keys], &RandomState::with_seed(0), &mut hashes)?;
        Ok(hashes)
    }

    /// The state of one group as batches of one row and about [`BATCH_BYTES`] each. Merged, they give the
    /// same state. No two batches share a chunk, so dropping a batch frees its bytes.
    pub(crate) fn apart(&self, states: &RecordBatch, row: usize) -> Result<Vec<RecordBatch>> {
        let index = UInt32Array::from_iter_values([row as u32]);
        let mut rest = self.nothing.clone();
        for (i, column) in states.columns().iter().enumerate().filter(|(i, _)| !self.buffers.contains(i)) {
            rest[i] = take(column, &index, None)?;
        }
        let mut apart = vec![];
        for &buffer in &self.buffers {
            for piece in pieces(states.column(buffer).as_list(), row, BATCH_BYTES)? {
                let mut columns = rest.clone();
                columns[buffer] = piece;
                apart.push(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
                // The other columns are in the first batch only: merged twice, they would count twice.
                rest[self.keys..].clone_from_slice(&self.nothing[self.keys..]);
            }
        }
        Ok(apart)
    }
}
