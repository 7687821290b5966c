//! `merge_logs(log)`: several logs as one. Large chunks are taken over without a copy.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use super::group_logs::{GroupLogs, log_type};
use crate::functions::define::{Aggregate, SECTION, expect_arguments};
use crate::functions::grouped::{Accumulators, GroupState, Rows};

pub(super) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "merge_logs",
        arguments: |types| {
            expect_arguments("merge_logs", types, 1)?;
            Ok(vec![log_type()])
        },
        returns: |_| Ok(log_type()),
        state: |_| Ok(log_type()),
        accumulators: |_| Accumulators::of::<Merged>(),
        documentation: Documentation::builder(
            SECTION,
            "Several logs of one kind as one. The order of rows makes no difference to what is read from it.",
            "merge_logs(log)",
        )
        .with_argument(
            "log",
            "A log from message_copies(), meeting_copies(), engagements(), or of a function that deals them out; NULL has no entries.",
        )
        .with_sql_example(
            "> select copies_people(merge_logs(c)) from (select message_copies(id_hash('m1'), timestamp \
             '2026-06-01T09:00:00Z', [0], [1073741825], 't') as c);\n[0]",
        )
        .with_related_udf("message_engagements")
        .build(),
    }
    .into_udf()
}

#[derive(Clone, Default)]
struct Merged(GroupLogs);

impl GroupState for Merged {
    fn grow(&mut self, groups: usize) {
        self.0.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        self.merge(&values[0], rows)
    }

    fn merge(&mut self, logs: &ArrayRef, rows: &Rows) -> Result<()> {
        let logs = logs.as_list::<i32>();
        rows.iter().for_each(|(row, group)| self.0.absorb(group, logs, row));
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
