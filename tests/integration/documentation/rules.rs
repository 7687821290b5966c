//! docs/rules.md names the files that implement each rule, and the tests that check it.

use std::fs;

use super::page::{Page, root};

const IMPLEMENTED: &str = "Implemented in: ";
const TESTED: &str = "Tested by: ";

/// The labels of a paragraph of links ``[`label`](target)``, separated by commas.
///
/// # Errors
/// It is not such a paragraph, or a target is not the file of its label.
fn labels(links: &str) -> Result<Vec<&str>, String> {
    let label = |link: &'_ str| {
        let (label, target) = link.strip_prefix("[`")?.strip_suffix(')')?.split_once("`](../")?;
        (label.split("::").next() == Some(target)).then_some(label.len())
    };
    let links = links.split(',').map(str::trim);
    links
        .map(|link| label(link).map(|n| &link[2..2 + n]).ok_or(format!("not a link to its file: {link}")))
        .collect()
}

/// Checks that a file exists and, after `::`, that it contains a test of this name. A file of SQL tests is a
/// test.
///
/// # Errors
/// What is wrong.
fn is_test(label: &str) -> Result<(), String> {
    let (file, test) = label.split_once("::").map_or((label, None), |(file, test)| (file, Some(test)));
    let text = fs::read_to_string(root().join(file)).map_err(|e| format!("{file}: {e}"))?;
    match test {
        Some(test) if text.contains(&format!("fn {test}(")) => Ok(()),
        None if file.ends_with(".slt") => Ok(()),
        _ => Err(format!("{label} is not a test")),
    }
}

/// What is wrong with a section: a rule has one paragraph of each kind.
fn wrong(section: &str) -> Vec<String> {
    let paragraphs = || section.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    let mut wrong = vec![];
    for kind in [IMPLEMENTED, TESTED] {
        let found: Vec<_> = paragraphs().filter_map(|p| p.strip_prefix(kind).map(str::to_owned)).collect();
        let [links] = found.as_slice() else {
            wrong.push(format!("{} paragraphs {kind:?}", found.len()));
            continue;
        };
        match labels(links) {
            Err(error) => wrong.push(error),
            Ok(labels) if kind == TESTED => wrong.extend(labels.iter().filter_map(|l| is_test(l).err())),
            Ok(labels) => {
                let missing = labels.iter().filter(|file| !root().join(file).is_file());
                wrong.extend(missing.map(|file| format!("{file} does not exist")));
            }
        }
    }
    wrong
}

#[test]
fn rules_name_their_files_and_tests() {
    let page = Page::read("docs/rules.md");
    let sections: Vec<_> = page.text.split("\n## ").skip(1).filter(|s| !s.starts_with("Terms\n")).collect();
    let title = |section: &str| section.lines().next().unwrap_or_default().to_owned();
    let wrong: Vec<_> = sections
        .iter()
        .flat_map(|s| wrong(s).into_iter().map(move |w| format!("{}: {w}", title(s))))
        .collect();
    assert!(sections.len() > 5 && wrong.is_empty(), "{} rules\n{}", sections.len(), wrong.join("\n"));
}

#[test]
fn wrong_names_are_found() {
    assert_eq!(labels("[`a.rs::b`](../a.rs), [`c`](../c)"), Ok(vec!["a.rs::b", "c"]));
    assert!(labels("[`a.rs`](../b.rs)").is_err());
    assert!(is_test("src/lib.rs").is_err() && is_test("src/lib.rs::unknown").is_err());
    assert!(is_test("tests/slt/unknown.slt").is_err());
    assert_eq!(wrong("A rule\n\nText.\n").len(), 2);
}
