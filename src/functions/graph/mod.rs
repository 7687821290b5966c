//! What SQL cannot say about a Microsoft Graph export: nested values, thread keys, zones, headers.
//!
//! Every function takes the nested Arrow type of a Parquet file as well as JSON text, and finds
//! fields in any case.

mod attendees;
mod headers;
mod item;
mod text;
mod texts;
mod thread;
mod time;
mod zone;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// The functions for Microsoft Graph exports.
pub(super) fn udfs() -> [Arc<ScalarUDF>; 6] {
    [text::udf(), texts::udf(), attendees::udf(), headers::udf(), thread::udf(), time::udf()]
}
