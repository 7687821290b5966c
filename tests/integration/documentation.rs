//! Every SQL example in the documentation of a function gives what it says.

use std::collections::BTreeMap;

use datafusion_engagement::functions::{all_aggregate, all_scalar};

use crate::support::{block_on, rows, session};

/// Function → the example of its documentation.
pub fn examples() -> BTreeMap<String, String> {
    let example = |documentation: Option<&datafusion::logical_expr::Documentation>| {
        documentation.and_then(|d| d.sql_example.clone()).unwrap_or_default()
    };
    let scalar = all_scalar().into_iter().map(|f| (f.name().to_string(), example(f.documentation())));
    let aggregate = all_aggregate().into_iter().map(|f| (f.name().to_string(), example(f.documentation())));
    scalar.chain(aggregate).collect()
}

#[test]
fn examples_give_what_they_say() {
    let ctx = session(2, 8192);
    block_on(async {
        for (name, example) in examples() {
            let (query, result) = example.split_once(";\n").unwrap_or_else(|| panic!("{name}: no result"));
            let query = query.strip_prefix("> ").unwrap_or_else(|| panic!("{name}: no prompt"));
            assert!(query.contains(&format!("{name}(")), "{name} is not called in its own example");
            let rows = rows(&ctx, query).await.unwrap_or_else(|e| panic!("{name}: {query}\n{e}"));
            let rows: Vec<_> = rows.iter().map(|values| values.join(", ")).collect();
            assert_eq!(rows.join("\n"), result, "{query}");
        }
    });
}
