//! Functions that read a Microsoft Graph export where SQL is not enough: nested values, thread keys, time
//! zones, headers.
//!
//! Every function accepts the nested Arrow types of a Parquet file as well as JSON text, and finds fields in
//! any case.

mod attendees;
mod headers;
mod item;
pub(crate) mod json;
mod text;
mod texts;
mod thread;
mod time;
mod zone;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// The functions for Microsoft Graph exports.
pub(crate) fn udfs() -> Vec<Arc<ScalarUDF>> {
    vec![text::udf(), texts::udf(), attendees::udf(), headers::udf(), thread::udf(), time::udf()]
}
