//! The result of a second look at a file of an export: what in it cannot be read.

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::error::DataFusionError;

use crate::inputs::source::{Unreadable, UnreadableKind};

/// What was found in a file: the rows (kind, value, rows) of a statement `sql/graph/unreadable_*.sql`, in the order
/// of the values.
pub(crate) fn found(file: &str, batches: &[RecordBatch]) -> Result<Vec<Unreadable>, DataFusionError> {
    let mut found = vec![];
    for batch in batches {
        let text = |column: usize| cast(batch.column(column), &DataType::Utf8);
        let (kinds, values) = (text(0)?, text(1)?);
        let rows = batch.column(2).as_primitive::<Int64Type>();
        found.extend((0..batch.num_rows()).map(|row| Unreadable {
            kind: match kinds.as_string::<i32>().value(row) {
                "zone" => UnreadableKind::Zone,
                "time" => UnreadableKind::Time,
                _ => UnreadableKind::Column,
            },
            value: values.as_string::<i32>().value(row).to_owned(),
            file: file.to_owned(),
            rows: rows.value(row).unsigned_abs(),
        }));
    }
    found.sort_by(|a, b| a.value.cmp(&b.value));
    Ok(found)
}
