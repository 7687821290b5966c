//! The documentation of the functions: every SQL example produces the result that it shows, and docs/functions.md
//! is what the registry generates.
//!
//! `APPROVE_DOCS=1 cargo test --test integration documentation` writes the page again.

use std::collections::BTreeMap;
use std::fs;

use datafusion_engagement::functions::{all_aggregate, all_scalar, reference};

use super::console::listing;
use super::page::root;
use crate::support::{block_on, rows, session};

/// Maps each function to the example in its documentation.
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

#[test]
fn the_reference_is_what_the_registry_generates() {
    let (file, generated) = (root().join("docs/functions.md"), reference());
    if std::env::var_os("APPROVE_DOCS").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let page = fs::read_to_string(&file).unwrap_or_default();
    if page != generated {
        let (page, generated): (Vec<_>, Vec<_>) = (page.lines().collect(), generated.lines().collect());
        panic!("docs/functions.md (-) is not what is generated (+)\n{}", listing(&page, &generated));
    }
}
