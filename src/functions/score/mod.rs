//! The engagement score: cumulative counts of each measure, and the weighted sum of the standings of an
//! account.

mod count_at_most;
mod cumulative_counts;
mod distribution;
mod engagement_score;
mod int_list;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

/// The scalar functions of this module.
pub(crate) fn udfs() -> Vec<Arc<ScalarUDF>> {
    let [count_at_most, nonzero_count_at_most] = count_at_most::udfs();
    vec![count_at_most, nonzero_count_at_most, int_list::udf(), engagement_score::udf()]
}

/// The aggregate functions of this module.
pub(crate) fn udafs() -> Vec<Arc<AggregateUDF>> {
    vec![cumulative_counts::udaf()]
}
