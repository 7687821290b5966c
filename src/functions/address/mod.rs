//! Email addresses: normalization, and the address book, which maps an address to its people.

pub(crate) mod addresses;
pub(crate) mod book;
mod count_no_address;
mod dictionary_cache;
mod is_address;
pub(crate) mod normalize;
pub(crate) mod oddities;
pub(crate) mod one_address;
pub(crate) mod several;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

/// The scalar functions of this module.
pub(crate) fn udfs() -> Vec<Arc<ScalarUDF>> {
    let own =
        [normalize::udf(), addresses::udf(), is_address::udf(), count_no_address::udf(), oddities::udf()];
    own.into_iter().chain(book::udfs()).collect()
}

/// The aggregate functions of this module.
pub(crate) fn udafs() -> Vec<Arc<AggregateUDF>> {
    book::udafs().into()
}
