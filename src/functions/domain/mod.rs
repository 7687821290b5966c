//! Domains: one spelling for web sites, domains and addresses, the Public Suffix List, and parents.

mod address_domain;
pub(crate) mod host;
mod normalize;
mod parents;
mod registrable;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringArray};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};

use crate::functions::udf::strings::Text;

/// The scalar functions of this module.
pub(crate) fn udfs() -> Vec<Arc<ScalarUDF>> {
    vec![normalize::udf(), address_domain::udf(), registrable::udf(), parents::udf()]
}

/// Calls a function with each text of the first argument; NULL gives NULL.
fn map_text(args: &ScalarFunctionArgs, f: impl Fn(&str) -> Option<String>) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    let mapped = (0..array.len()).map(|row| text.get(row).and_then(&f));
    Ok(Arc::new(mapped.collect::<StringArray>()))
}
