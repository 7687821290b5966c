//! Example programs print what their documentation shows.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::console::{listing, matches};
use super::page::{Page, root};

/// The program of an example, which `cargo test` builds. It may not exist.
pub fn binary(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).expect("target/PROFILE/deps/integration-HASH");
    profile.join("examples").join(name)
}

/// The examples of one file.
fn examples() -> Vec<String> {
    let files = root().join("examples").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<_> =
        sources.map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The `text` block of the documentation of an example.
fn shown(name: &str) -> String {
    let file = format!("examples/{name}.rs");
    let source = Page::read(&file).text;
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let text = lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect();
    let blocks = Page { name: file.clone(), text }.blocks();
    let block = blocks.into_iter().find(|block| block.language == "text");
    block.unwrap_or_else(|| panic!("{file}: its documentation does not show what it prints")).text
}

#[test]
fn examples_print_what_they_show() {
    let (examples, mut wrong) = (examples(), vec![]);
    assert!(!examples.is_empty(), "examples/ has programs");
    for name in examples {
        let binary = binary(&name);
        assert!(binary.exists(), "{} is not built; `cargo build --examples` builds it", binary.display());
        let ended = Command::new(&binary).current_dir(root()).stdin(Stdio::null()).output().unwrap();
        let (shown, printed) = (shown(&name), String::from_utf8_lossy(&ended.stdout));
        let expected: Vec<&str> = shown.lines().map(str::trim_end).collect();
        let actual: Vec<&str> = printed.lines().map(str::trim_end).collect();
        if !ended.status.success() || !matches(&expected, &actual) {
            let (listing, error) = (listing(&expected, &actual), String::from_utf8_lossy(&ended.stderr));
            wrong.push(format!("{name} (- expected, + actual): {}\n{listing}{error}", ended.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
