//! The rooms of `src/` and the order in which they may import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::files_in;

/// The rooms, each of which imports only those before it.
const ROOMS: [&str; 11] = [
    "error",
    "functions",
    "storage",
    "config",
    "engine",
    "inputs",
    "views",
    "publish",
    "query",
    "pipeline",
    "cli",
];

/// A `use` line outside of tests: where it is, and the module paths that it names, from the crate's root.
struct Import {
    file: PathBuf,
    line: usize,
    text: String,
    paths: Vec<Vec<String>>,
    is_public: bool,
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// `a::{b, c::{self, d}}` → the paths of its leaves.
fn leaves(tree: &str, prefix: &[String]) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        let names = path.split("::").map(str::trim).filter(|name| *name != "self" || prefix.is_empty());
        return vec![prefix.iter().cloned().chain(names.map(str::to_owned)).collect()];
    };
    let head = tree[..open].trim_end_matches("::").split("::").map(|name| name.trim().to_owned());
    let prefix: Vec<String> = prefix.iter().cloned().chain(head.filter(|name| !name.is_empty())).collect();
    let (mut depth, mut start, mut found) = (0, open + 1, vec![]);
    for (at, c) in tree.char_indices().skip(open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if (c == ',' && depth == 1) || (c == '}' && depth == 0) {
            if !tree[start..at].trim().is_empty() {
                found.extend(leaves(&tree[start..at], &prefix));
            }
            start = at + 1;
        }
    }
    found
}

/// The module of a file: `storage::bucket` of `src/storage/bucket.rs`.
fn module(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(source()).unwrap().with_extension("");
    let names = relative.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect()
}

/// Every import of the crate's own modules outside of tests.
fn imports() -> Vec<Import> {
    let mut all = vec![];
    let is_code = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        name.ends_with(".rs") && !["tests.rs", "testing.rs", "main.rs"].contains(&name.as_str())
    };
    for file in files_in(&source()).into_iter().filter(is_code) {
        // Comments become blank lines, so that line numbers stay.
        let text = fs::read_to_string(&file).unwrap();
        let is_comment = |line: &str| line.trim_start().starts_with("//");
        let text: String = text
            .lines()
            .map(|line| if is_comment(line) { "\n".into() } else { format!("{line}\n") })
            .collect();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let here = module(&file);
        let mut rest = code;
        let mut line = 1;
        while let Some(at) = rest.find("use ") {
            let (before, found) = rest.split_at(at);
            line += before.matches('\n').count();
            let start = before.rsplit('\n').next().unwrap().trim();
            let end = found.find(';').unwrap_or(found.len());
            let statement = &found[..end];
            if start.is_empty() || start.starts_with("pub") && !start.contains(' ') {
                let own = |path: Vec<String>| -> Option<Vec<String>> {
                    let depth = path.iter().take_while(|name| *name == "super").count();
                    match path[0].as_str() {
                        "crate" => Some(path[1..].to_vec()),
                        "self" => Some(here.iter().chain(&path[1..]).cloned().collect()),
                        "super" => {
                            Some(here[..here.len() - depth].iter().chain(&path[depth..]).cloned().collect())
                        }
                        _ => None,
                    }
                };
                let paths: Vec<_> = leaves(&statement[4..], &[]).into_iter().filter_map(own).collect();
                let text = statement.split_whitespace().collect::<Vec<_>>().join(" ");
                let is_public = !start.is_empty();
                all.push(Import { file: file.clone(), line, text, paths, is_public });
            }
            line += statement.matches('\n').count();
            rest = &found[end..];
        }
    }
    all
}

fn room(name: &str) -> Option<usize> {
    ROOMS.iter().position(|room| *room == name)
}

#[test]
fn rooms_import_only_those_before_them() {
    let mut wrong = vec![];
    for import in imports() {
        let Some(here) = module(&import.file).first().and_then(|name| room(name)) else { continue };
        for path in &import.paths {
            let Some(there) = room(&path[0]) else { continue };
            if there > here {
                let (file, line) = (import.file.strip_prefix(source()).unwrap().display(), import.line);
                wrong.push(format!(
                    "src/{file}:{line}: {} may not import {}: {}",
                    ROOMS[here], ROOMS[there], import.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_and_file_of_the_source_is_a_room() {
    let rooms: BTreeSet<_> =
        files_in(&source()).iter().filter_map(|file| module(file).into_iter().next()).collect();
    assert_eq!(rooms, ROOMS.map(str::to_owned).into());
}

/// Maps each file to the files that it imports. An item that a `mod.rs` re-exports counts as imported from
/// the file that defines it.
fn graph() -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
    let files: BTreeMap<Vec<String>, PathBuf> =
        files_in(&source()).into_iter().map(|file| (module(&file), file)).collect();
    let imports = imports();
    let mut passed_on = BTreeMap::new();
    for import in imports.iter().filter(|import| import.is_public) {
        for path in &import.paths {
            let name = module(&import.file).into_iter().chain(path.last().cloned()).collect::<Vec<_>>();
            passed_on.insert(name, path.clone());
        }
    }
    let mut graph: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for import in imports.iter().filter(|import| !import.is_public) {
        for path in &import.paths {
            let mut path = path;
            while let Some(origin) = passed_on.get(path).filter(|origin| *origin != path) {
                path = origin;
            }
            let defined_in = (1..=path.len()).rev().find_map(|length| files.get(&path[..length]));
            if let Some(file) = defined_in.filter(|file| **file != import.file) {
                graph.entry(import.file.clone()).or_default().insert(file.clone());
            }
        }
    }
    graph
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    let mut graph = graph();
    assert!(graph.len() > 100, "the imports are found");
    // Removes files that import nothing that remains, until no such file is left.
    loop {
        let open: BTreeSet<PathBuf> = graph.keys().cloned().collect();
        graph.values_mut().for_each(|imported| imported.retain(|file| open.contains(file)));
        let before = graph.len();
        graph.retain(|_, imported| !imported.is_empty());
        if graph.len() == before {
            break;
        }
    }
    // Removes files that nothing remaining imports; only cycles remain.
    loop {
        let imported: BTreeSet<PathBuf> = graph.values().flatten().cloned().collect();
        let before = graph.len();
        graph.retain(|file, _| imported.contains(file));
        if graph.len() == before {
            break;
        }
    }
    let show = |file: &PathBuf| file.strip_prefix(source()).unwrap().display().to_string();
    let circles: Vec<_> = graph
        .iter()
        .map(|(file, imported)| {
            format!("{} imports {}", show(file), imported.iter().map(show).collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert!(circles.is_empty(), "files that import each other:\n{}", circles.join("\n"));
}
