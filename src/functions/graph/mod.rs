//! Functions that read a Microsoft Graph export where SQL is not enough: nested values, thread keys, time
//! zones, headers.
//!
//! Every function accepts the nested Arrow types of a Parquet file as well as JSON text, and finds fields in
//! any case. A value that is there and cannot be read is distinguished from one that is absent.

mod attendees;
mod header_lines;
mod headers;
mod is_object;
mod item;
pub(crate) mod json;
mod other_key;
mod recipient;
mod recipients;
mod text;
mod texts;
mod thread;
mod time;
mod unknown_words;
pub(crate) mod zone;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

pub(crate) use self::recipients::udf as addresses_udf;
pub(crate) use self::time::udf as time_udf;

/// The functions for Microsoft Graph exports.
pub(crate) fn udfs() -> Vec<Arc<ScalarUDF>> {
    vec![
        text::udf(),
        texts::udf(),
        recipient::udf(),
        recipients::udf(),
        attendees::udf(),
        unknown_words::udf(),
        headers::udf(),
        is_object::udf(),
        other_key::udf(),
        thread::udf(),
        time::udf(),
    ]
}
