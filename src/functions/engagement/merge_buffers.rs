//! `merge_buffers(buffer)`: merges several buffers into one. Large chunks are shared without a copy.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use super::buffer::{GroupBuffers, buffer_type};
use crate::functions::udf::declare::{Aggregate, STEPS, expect_arguments};
use crate::functions::udf::grouped::{Accumulators, GroupState, Rows};

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "merge_buffers",
        arguments: |types| {
            expect_arguments("merge_buffers", types, 1)?;
            Ok(vec![buffer_type()])
        },
        returns: |_| Ok(buffer_type()),
        state: |_| Ok(buffer_type()),
        accumulators: |_| Accumulators::of::<Merged>(),
        documentation: Documentation::builder(
            STEPS,
            "Merges several buffers of one kind into one buffer. The order of rows does not change what is \
             computed from the result.",
            "merge_buffers(buffer)",
        )
        .with_argument(
            "buffer",
            "A buffer from message_copies(), meeting_copies(), engagements(), credit_messages() or \
             credit_meetings(); NULL has no records.",
        )
        .with_sql_example(
            "> select people_in_copies(merge_buffers(c)) from (select message_copies(id_hash('m1'), timestamp \
             '2026-06-01T09:00:00Z', [0], [1073741825], 't') as c);\n[0]",
        )
        .with_related_udf("credit_messages")
        .build(),
    }
    .into_udf()
}

#[derive(Clone, Default)]
struct Merged(GroupBuffers);

impl GroupState for Merged {
    fn grow(&mut self, groups: usize) {
        self.0.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        self.merge(&values[0], rows)
    }

    fn merge(&mut self, buffers: &ArrayRef, rows: &Rows) -> Result<()> {
        let buffers = buffers.as_list::<i32>();
        rows.iter().for_each(|(row, group)| self.0.absorb(group, buffers, row));
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.0.emit(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.0.emit(emit_to)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}
