//! The states of a partial aggregate, apart from each other.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array, new_null_array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;

use super::room::BATCH_BYTES;
use crate::functions::logs::{log_type, pieces};

/// Which columns the states have.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) schema: SchemaRef,
    /// The first columns are the keys of the groups.
    keys: usize,
    /// These are logs.
    logs: Vec<usize>,
    /// By column: the state of a group without rows, which changes nothing where it is merged.
    nothing: Vec<ArrayRef>,
}

impl Layout {
    /// That of an aggregate with groups whose states are logs, among others.
    pub(super) fn of(partial: &AggregateExec) -> Result<Option<Self>> {
        let (schema, groups) = (partial.schema(), partial.group_expr());
        let keys = groups.expr().len();
        let logs: Vec<_> =
            (keys..schema.fields().len()).filter(|i| *schema.field(*i).data_type() == log_type()).collect();
        if keys == 0 || !groups.is_single() || logs.is_empty() {
            return Ok(None);
        }
        let mut nothing: Vec<_> =
            schema.fields()[..keys].iter().map(|key| new_null_array(key.data_type(), 1)).collect();
        for aggregate in partial.aggr_expr() {
            let state = aggregate.create_accumulator()?.state()?;
            nothing.extend(state.iter().map(|s| s.to_array_of_size(1)).collect::<Result<Vec<_>>>()?);
        }
        Ok(Some(Self { schema, keys, logs, nothing }))
    }

    /// A hash of each group.
    pub(super) fn groups(&self, states: &RecordBatch) -> Result<Vec<u64>> {
        let mut hashes = vec![0; states.num_rows()];
        create_hashes(&states.columns()[..self.keys], &RandomState::with_seed(0), &mut hashes)?;
        Ok(hashes)
    }

    /// The state of one group as batches of one row and about [`BATCH_BYTES`] each. They say together
    /// what it says, and hold no chunk of another: whoever lets one go frees its bytes.
    pub(super) fn apart(&self, states: &RecordBatch, row: usize) -> Result<Vec<RecordBatch>> {
        let index = UInt32Array::from_iter_values([row as u32]);
        let mut rest = self.nothing.clone();
        for (i, column) in states.columns().iter().enumerate().filter(|(i, _)| !self.logs.contains(i)) {
            rest[i] = take(column, &index, None)?;
        }
        let mut apart = vec![];
        for &log in &self.logs {
            for piece in pieces(states.column(log).as_list(), row, BATCH_BYTES)? {
                let mut columns = rest.clone();
                columns[log] = piece;
                apart.push(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
                // What is no log is said once.
                rest[self.keys..].clone_from_slice(&self.nothing[self.keys..]);
            }
        }
        Ok(apart)
    }
}
