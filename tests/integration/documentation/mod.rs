//! The documentation is correct: its commands, queries, files, programs, links and names are tested as they are
//! written.
//!
//! The pages are README.md, CONTRIBUTING.md and docs/*.md. The block languages, and who tests them:
//!
//! | language | test |
//! |---|---|
//! | `console` | [`console`]: commands with their output, from the top of the page to its end, in one folder |
//! | `sql` | [`queries`]: succeeds on the published tables, or in DuckDB if the first line is `-- DuckDB` |
//! | `toml` | [`settings`]: an enrichment file, or some of its sections |
//! | `rust` | [`rust`]: doc tests of the crate, which includes the pages |
//! | `sh` | [`shell`]: commands that exist, with arguments that are accepted |
//! | `text`, `python`, `yaml` | not run, except for [`jobs`] of docs/operations.md |
//! | `mermaid` | not run |

mod console;
mod functions;
mod jobs;
mod links;
mod page;
mod programs;
mod queries;
mod readme;
mod rules;
mod rust;
mod settings;
mod shell;
mod words;
mod workspace;

pub use self::functions::examples;

use self::page::{Page, pages, tested_pages};
use self::workspace::Workspace;

/// Every block has a language of the list above. Without a language, a block would be a doc test in Rust.
#[test]
fn every_block_has_a_language() {
    let known = ["console", "sql", "toml", "rust", "rust,no_run", "sh", "text", "python", "yaml", "mermaid"];
    let mut unknown = vec![];
    for page in pages() {
        for block in page.blocks().iter().filter(|block| !known.contains(&block.language.as_str())) {
            unknown.push(format!("{}: {:?}", page.place(block.line), block.language));
        }
    }
    assert!(unknown.is_empty(), "blocks of an unknown language:\n{}", unknown.join("\n"));
}

#[test]
fn commands_and_queries_give_what_the_pages_show() {
    let failures: Vec<String> = tested_pages().iter().flat_map(failures).collect();
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Runs the commands and queries of a page in their order, in one folder. A failure does not end the page.
fn failures(page: &Page) -> Vec<String> {
    let (workspace, blocks) = (Workspace::new(), page.blocks());
    let (mut failures, mut with_output) = (vec![], 0);
    for block in &blocks {
        match block.language.as_str() {
            "console" => match console::commands(block) {
                Ok(commands) => {
                    with_output += commands.iter().filter(|command| command.shows_output()).count();
                    let failed = commands.iter().filter_map(|command| command.failure(page, &workspace));
                    failures.extend(failed);
                }
                Err(error) => failures.push(format!("{}: {error}", page.place(block.line))),
            },
            "sql" => {
                let failed = queries::run(&block.text, &workspace).err();
                failures.extend(failed.map(|e| format!("{}: {e}\n{}", page.place(block.line), block.text)));
            }
            _ => {}
        }
    }
    if with_output == 0 && blocks.iter().any(|block| block.language == "console") {
        failures.push(format!("{}: no command has an output that is checked", page.name));
    }
    failures
}
