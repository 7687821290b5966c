//! The pages of the documentation, and their blocks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::files_in;

/// One page.
pub struct Page {
    /// Its path from the root of the repository, such as `docs/output.md`.
    pub name: String,
    pub text: String,
}

/// A fenced block of a page.
pub struct Block {
    /// What follows the opening fence.
    pub language: String,
    /// The line number of the first line of the text.
    pub line: usize,
    pub text: String,
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages whose blocks are tested, and all of whose links lead somewhere.
pub fn pages() -> Vec<Page> {
    let is_page = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "md");
    let docs = files_in(&root().join("docs")).into_iter().filter(is_page);
    let name = |file: PathBuf| file.strip_prefix(root()).unwrap().display().to_string();
    let mut names: Vec<_> = docs.map(name).collect();
    names.sort();
    assert!(!names.is_empty(), "docs has pages");
    ["README.md".to_owned(), "CONTRIBUTING.md".to_owned()].into_iter().chain(names).map(Page::read).collect()
}

/// The [`pages`] that apply to this build: without the feature, the page about Delta tables does not.
pub fn tested_pages() -> Vec<Page> {
    let applies = |page: &Page| cfg!(feature = "delta") || page.name != "docs/delta.md";
    pages().into_iter().filter(applies).collect()
}

impl Page {
    /// Reads a page.
    pub fn read(name: impl Into<String>) -> Self {
        let name = name.into();
        let text = fs::read_to_string(root().join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        Self { name, text }
    }

    /// A line of the page as editors understand it.
    pub fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.name)
    }

    /// The fenced blocks, in their order.
    pub fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut open) = (vec![], None::<(Block, usize)>);
        for (number, line) in (1..).zip(self.text.lines()) {
            let fence = line.trim_start().strip_prefix("```");
            match (&mut open, fence) {
                (Some(_), Some("")) => blocks.extend(open.take().map(|(block, _)| block)),
                // A block in a list is indented as its fence is.
                (Some((block, indent)), _) => {
                    block.text += line.get(*indent..).unwrap_or(line.trim_start());
                    block.text += "\n";
                }
                (None, Some(language)) => {
                    let language = language.trim().to_owned();
                    let block = Block { language, line: number + 1, text: String::new() };
                    open = Some((block, line.len() - line.trim_start().len()));
                }
                (None, None) => {}
            }
        }
        if let Some((block, _)) = open {
            panic!("{}: this block does not end", self.place(block.line));
        }
        blocks
    }

    /// The text with empty lines in the place of blocks, and with blanks in the place of inline code.
    pub fn prose(&self) -> String {
        let (mut prose, mut in_block, mut in_code) = (String::new(), false, false);
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            } else if !in_block {
                for c in line.chars() {
                    in_code ^= c == '`';
                    prose.push(if in_code || c == '`' { ' ' } else { c });
                }
            }
            // Inline code does not go beyond its paragraph.
            in_code &= !line.trim().is_empty();
            prose.push('\n');
        }
        prose
    }
}

#[test]
fn blocks_and_prose_of_a_page() {
    let text = "# A `b`\n\n```sh\none\n\ntwo\n```\n- c\n  ```toml\n  d = 1\n  ```\n";
    let page = Page { name: "page.md".into(), text: text.into() };
    let blocks: Vec<_> = page.blocks().into_iter().map(|b| (b.language, b.line, b.text)).collect();
    let expected = [("sh", 4, "one\n\ntwo\n"), ("toml", 10, "d = 1\n")];
    assert_eq!(blocks, expected.map(|(language, line, text)| (language.into(), line, text.into())));
    assert_eq!(page.prose(), "# A    \n\n\n\n\n\n\n- c\n\n\n\n");
}
