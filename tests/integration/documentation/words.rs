//! Words that are figurative or hard to translate do not occur in the source and in the pages.

use std::fs;

use super::page::root;
use crate::support::files_in;

const WORDS: [&str; 4] = ["told", "parties", "kept", "dealt"];

/// Texts that may contain a word: plain English, and the prefix of folders that exist on disk.
const ALLOWED: [&str; 3] = ["there is no ", "There is no ", "kept-"];

/// A text in one line: without the marks of comments and the backslashes that continue a string, so that words
/// of two lines are neighbours. The offsets are those of its lines.
fn joined(text: &str) -> (String, Vec<usize>) {
    let (mut joined, mut offsets) = (String::new(), vec![]);
    for line in text.lines() {
        let line = line.trim();
        let mark = ["//!", "///", "//", "--"].into_iter().find_map(|mark| line.strip_prefix(mark));
        offsets.push(joined.len());
        joined += mark.unwrap_or(line).trim_end_matches('\\').trim();
        joined.push(' ');
    }
    (joined, offsets)
}

/// The words of a text with their offsets. A word is a run of letters, digits and underscores.
fn words(text: &str) -> Vec<(usize, &str)> {
    let is_separator = |c: char| !c.is_alphanumeric() && c != '_';
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split(is_separator).filter(|word| !word.is_empty()).map(|word| (offset(word), word)).collect()
}

/// The words of a text that are not permitted, each with its line and the words after it.
fn found(text: &str) -> Vec<(usize, String)> {
    let (text, lines) = joined(text);
    let words = words(&text);
    // The word after another one, if a single blank separates them.
    let next = |i: usize| {
        let ((at, word), (next_at, next)) = (words.get(i)?, words.get(i + 1)?);
        (&text[at + word.len()..*next_at] == " ").then_some(*next)
    };
    let mut found = vec![];
    for (i, (at, word)) in words.iter().enumerate() {
        let second = next(i);
        let third = second.and_then(|_| next(i + 1));
        let is_meant = match (*word, second, third) {
            ("let" | "lets", Some("go"), _) => true,
            ("is", Some("no"), Some(third)) => third.starts_with(|c: char| c.is_ascii_lowercase()),
            _ => WORDS.contains(word),
        };
        let is_allowed = || {
            let texts = ALLOWED.iter().flat_map(|allowed| text.match_indices(allowed));
            texts.map(|(start, text)| start..start + text.len()).any(|text| text.contains(at))
        };
        if is_meant && !is_allowed() {
            let phrase: Vec<&str> = [Some(*word), second, third].into_iter().flatten().collect();
            found.push((lines.partition_point(|line| line <= at), phrase.join(" ")));
        }
    }
    found
}

#[test]
fn figurative_words_do_not_occur() {
    let places = ["src", "sql", "docs", "README.md"];
    let files: Vec<_> = places.iter().flat_map(|place| files_in(&root().join(place))).collect();
    assert!(files.len() > 200, "the files are found");
    let mut all = vec![];
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root()).unwrap().display().to_string();
        all.extend(found(&text).into_iter().map(|(line, words)| format!("{name}:{line}: {words}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn words_are_found_at_their_lines() {
    let text = "//! A is\n//! no b. told_by, untold, Told\nlet x = dealt;\n\"is no \\\n  good\" there is no c, is no\n\nd\n";
    let lines: Vec<_> = found(text).into_iter().map(|(line, words)| format!("{line} {words}")).collect();
    assert_eq!(lines, ["1 is no b", "3 dealt", "4 is no good"]);
    assert!(found("lets go")[0].1.starts_with("lets go") && found("let gone, kept-a1").is_empty());
}
