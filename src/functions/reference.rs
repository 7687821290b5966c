//! The reference of all functions as one page of Markdown, which is `docs/functions.md`.

use datafusion::logical_expr::Documentation;

use super::udf::declare::GROUPS;
use super::{all_aggregate, all_scalar};

const HEAD: &str = "\
# SQL functions

This page is generated from the documentation of the functions: `APPROVE_DOCS=1 cargo test --test integration
documentation` writes it. `engagement functions NAME` prints one entry, and `engagement functions` lists all.

No function holds a parameter: what varies is an SQL argument, so a plan finds a function by its name on every
machine that has registered them (`functions::register`). Aggregate state is mergeable and exact, and no result depends
on the order of rows. The state is binary with a version, except for `set_union` and `value_counts`, whose states are
plain lists.
";

/// The page: the functions by group and name, with syntax, arguments and an example whose result is tested.
pub fn reference() -> String {
    let scalar =
        all_scalar().into_iter().map(|f| (f.name().to_owned(), "scalar", f.documentation().cloned()));
    let aggregate =
        all_aggregate().into_iter().map(|f| (f.name().to_owned(), "aggregate", f.documentation().cloned()));
    let mut all: Vec<_> = scalar.chain(aggregate).filter_map(|(n, kind, d)| Some((n, kind, d?))).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut page = HEAD.to_owned();
    for group in GROUPS {
        let functions = || all.iter().filter(|(_, _, d)| d.doc_section.label == group.label);
        page += &format!("\n## {}\n\n| function | kind | what it gives |\n|---|---|---|\n", group.label);
        for (name, kind, documentation) in functions() {
            page += &format!("| [`{name}`](#{name}) | {kind} | {} |\n", cell(&summary(documentation)));
        }
        for (name, kind, documentation) in functions() {
            page += &entry(name, kind, documentation);
        }
    }
    page
}

fn entry(name: &str, kind: &str, documentation: &Documentation) -> String {
    let description = documentation.description.trim();
    let mut text =
        format!("\n### {name}\n\n`{}` ({kind})\n\n{description}\n", documentation.syntax_example.trim());
    let arguments = documentation.arguments.as_deref().unwrap_or_default();
    if !arguments.is_empty() {
        text += "\n| argument | meaning |\n|---|---|\n";
        for (argument, meaning) in arguments {
            text += &format!("| `{argument}` | {} |\n", cell(meaning.trim()));
        }
    }
    if let Some(example) = &documentation.sql_example {
        text += &format!("\n```text\n{}\n```\n", example.trim());
    }
    let related = documentation.related_udfs.as_deref().unwrap_or_default();
    if !related.is_empty() {
        let links: Vec<_> = related.iter().map(|other| format!("[`{other}`](#{other})")).collect();
        text += &format!("\nSee also {}.\n", links.join(", "));
    }
    text
}

/// The first sentence of the description of a function.
pub(crate) fn summary(documentation: &Documentation) -> String {
    let text = documentation.description.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.find(". ") {
        Some(end) => text[..=end].to_owned(),
        None => text,
    }
}

/// A bar ends a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
