//! The front page is short, begins with the two commands, and they are those that every change runs.

use super::page::{Page, root};

const COMMANDS: [&str; 2] = ["cargo run -- run data/enrichment.toml", "cargo test"];

#[test]
fn the_front_page_is_short_and_begins_with_the_two_commands() {
    let text = Page::read("README.md").text;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() <= 180, "README.md has {} lines", lines.len());
    for command in COMMANDS {
        let is_command = |line: &&str| line.split(" #").next().is_some_and(|line| line.trim_end() == command);
        assert!(lines.iter().take(25).any(is_command), "{command:?} is not a line of the first 25");
    }
}

#[test]
fn every_change_runs_the_two_commands() {
    let script = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let code: Vec<&str> = script.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    for command in COMMANDS {
        assert!(code.iter().any(|line| line.contains(command)), ".ci/run does not run {command:?}");
    }
}
