//! The SQL functions of this project: the one list of them, and one file per function.
//!
//! [`register`] registers all of them on a session context or session state. A function object has no
//! parameters: what varies is an SQL argument. So a plan, which refers to functions by name, means the
//! same on every machine that has registered them.

pub(crate) mod address;
pub mod distinct_people;
pub(crate) mod domain;
pub(crate) mod engagement;
pub mod expr_fn;
mod first_true;
pub(crate) mod graph;
pub mod id_hash;
mod id_spelling;
mod is_blank;
mod order_key;
pub(crate) mod placeholder;
mod reference;
mod score;
mod set_union;
mod sort_key;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod text_form;
pub(crate) mod time;
pub(crate) mod udf;
pub(crate) mod uuid_text;
mod value_counts;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

pub use self::reference::reference;
pub(crate) use self::reference::summary;

/// Every scalar function.
pub fn all_scalar() -> Vec<Arc<ScalarUDF>> {
    let single = vec![
        first_true::udf(),
        is_blank::udf(),
        placeholder::udf(),
        id_hash::udf(),
        id_spelling::udf(),
        distinct_people::count_udf(),
        order_key::udf(),
        sort_key::udf(),
        text_form::udf(),
        uuid_text::udf(),
    ];
    let rooms =
        [address::udfs(), domain::udfs(), time::udfs(), score::udfs(), engagement::udfs(), graph::udfs()];
    single.into_iter().chain(rooms.into_iter().flatten()).collect()
}

/// Every aggregate function.
pub fn all_aggregate() -> Vec<Arc<AggregateUDF>> {
    let [distinct_people, distinct_people_state, distinct_people_merge] = distinct_people::udafs();
    let single = vec![
        set_union::udf(),
        distinct_people,
        distinct_people_state,
        distinct_people_merge,
        value_counts::udaf(),
    ];
    let rooms = [address::udafs(), score::udafs(), engagement::udafs()];
    single.into_iter().chain(rooms.into_iter().flatten()).collect()
}

/// Registers every function on a `SessionContext`, a `SessionState`, or any other function registry.
///
/// # Errors
/// The registry does not accept functions.
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
