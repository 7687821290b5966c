//! Rust blocks are doc tests: the crate includes the pages.

use super::page::{pages, root};

#[test]
fn pages_with_rust_are_doc_tests() {
    let library = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let is_rust = |language: &str| language.split(',').any(|word| word == "rust");
    let pages: Vec<_> = pages()
        .into_iter()
        .filter(|page| page.blocks().iter().any(|block| is_rust(&block.language)))
        .collect();
    assert!(!pages.is_empty(), "the blocks are found");
    for page in pages {
        let included = format!("#[cfg(doctest)]\n#[doc = include_str!(\"../{}\")]\nstruct ", page.name);
        assert!(library.contains(&included), "{}: src/lib.rs does not have\n{included}", page.name);
    }
}
