//! The list of the segments.

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::remarks::{number, remarks, unknown};
use crate::cli::format::{Format, Layout};
use crate::cli::out::{self, written};
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::query::segments::Segment;

/// Prints the list.
pub(super) async fn list(session: &Session, format: Format) -> Result<()> {
    let batch = listing(session).await?;
    let mut out = out::stdout();
    let mut sink = format.sink(&batch.schema(), Layout::listing(), &mut out)?;
    sink.write(&batch)?;
    sink.finish()?;
    written(out.flush())
}

/// The name, size and description of every segment. A broken segment has no size, and the reason as its
/// description.
pub(super) async fn listing(session: &Session) -> Result<RecordBatch> {
    let mut sizes = vec![];
    let mut descriptions = vec![];
    for segment in &session.segments {
        let size = size(session, segment).await;
        descriptions.push(match &size {
            Err(error) => format!("broken: {error}"),
            Ok(_) => {
                let replaces = segment.replaces_shipped().then(|| "replaces the shipped segment".to_owned());
                let unknown = unknown(session, segment).await?;
                let remarks = replaces.into_iter().chain(remarks(session, segment).await?).chain(unknown);
                remarks.fold(segment.description.clone(), |text, remark| format!("{text} ({remark})"))
            }
        });
        sizes.push(size.ok());
    }
    let schema = Arc::new(Schema::new(vec![
        Field::new("Segment", DataType::Utf8, false),
        Field::new("Customers", DataType::Int64, true),
        Field::new("Description", DataType::Utf8, false),
    ]));
    let names = session.segments.iter().map(|s| s.name.as_str());
    written(RecordBatch::try_new(
        schema,
        vec![
            Arc::new(StringArray::from_iter_values(names)),
            Arc::new(Int64Array::from(sizes)),
            Arc::new(StringArray::from_iter_values(descriptions)),
        ],
    ))
}

/// The number of customers in a segment.
///
/// # Errors
/// The segment is broken or its query fails.
async fn size(session: &Session, segment: &Segment) -> Result<i64> {
    if let Some(reason) = &segment.broken {
        return Err(Error::query(reason.clone()));
    }
    number(session, &format!("select count(distinct \"CustomerId\") from \"{}\"", segment.view())).await
}
