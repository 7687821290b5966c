//! The functions of this project: the one list, and one file for each.
//!
//! [`register`] puts all of them on any context or session state. None holds a parameter, so a
//! plan that names them means the same on every machine that has registered them.

mod address_book;
#[cfg(test)]
mod damage;
mod define;
pub mod distinct_people;
mod engagement_score;
mod first_true;
mod graph;
mod group_sets;
mod grouped;
pub mod id_hash;
mod is_address;
mod is_blank;
mod local_date;
pub(crate) mod logs;
mod memo;
pub mod normalize_address;
mod numbers;
pub mod period_start;
mod reply_times;
mod set_union;
mod sets;
#[cfg(test)]
mod sizes;
mod standings;
#[cfg(test)]
mod testing;
mod text;
mod utc_timestamp;
mod value_counts;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

pub(crate) use utc_timestamp::udf as utc_timestamp_udf;
pub(crate) use utc_timestamp::utc_timestamp_type;

/// Every scalar function.
pub fn all_scalar() -> Vec<Arc<ScalarUDF>> {
    let [month_start, week_start] = period_start::udfs();
    let [standing, count_standing] = standings::standing_udfs();
    let engagement = vec![
        normalize_address::udf(),
        first_true::udf(),
        is_address::udf(),
        is_blank::udf(),
        id_hash::udf(),
        utc_timestamp::udf(),
        local_date::udf(),
        month_start,
        week_start,
        distinct_people::count_udf(),
        standing,
        count_standing,
        numbers::udf(),
        engagement_score::udf(),
    ];
    engagement.into_iter().chain(address_book::udfs()).chain(logs::udfs()).chain(graph::udfs()).collect()
}

/// Every aggregate function.
pub fn all_aggregate() -> Vec<Arc<AggregateUDF>> {
    let [distinct_people, distinct_people_state, distinct_people_merge] = distinct_people::udafs();
    let single = vec![
        address_book::udaf(),
        set_union::udf(),
        distinct_people,
        distinct_people_state,
        distinct_people_merge,
        reply_times::udaf(),
        standings::udaf(),
        value_counts::udaf(),
    ];
    single.into_iter().chain(logs::udafs()).collect()
}

/// Registers every function on a `SessionContext`, a `SessionState`, or what else holds functions.
///
/// # Errors
/// A registry that takes no functions.
pub fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for udf in all_scalar() {
        registry.register_udf(udf)?;
    }
    for udaf in all_aggregate() {
        registry.register_udaf(udaf)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_documented() {
        let mut names = HashSet::new();
        let scalar = all_scalar().into_iter().map(|f| (f.name().to_string(), f.documentation().cloned()));
        let aggregate =
            all_aggregate().into_iter().map(|f| (f.name().to_string(), f.documentation().cloned()));
        for (name, documentation) in scalar.chain(aggregate) {
            assert!(names.insert(name.clone()), "{name} twice");
            let documentation = documentation.unwrap();
            assert!(documentation.syntax_example.starts_with(&format!("{name}(")), "{name}");
            assert!(documentation.sql_example.is_some() && documentation.arguments.is_some(), "{name}");
        }
    }
}
