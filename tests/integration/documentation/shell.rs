//! Shell blocks: commands of a developer. Those of this project are run; the targets, files and steps that
//! others name exist.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::page::{pages, root};
use super::programs;
use super::workspace::Workspace;
use crate::support::files_in;

/// What stands for words that a reader fills in, and for data that is large.
const PLACEHOLDERS: [(&str, &str); 4] = [
    ("NAME", "normalize_address"),
    // Invented data of any size has the shape of the bundled data.
    ("DIR/enrichment.toml", "data/enrichment.toml"),
    ("DIR", "invented"),
    ("10000000", "2000"),
];

/// Subcommands of cargo that have no arguments which could be wrong here.
const CARGO: [&str; 5] = ["build", "clippy", "doc", "fmt", "install"];

fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Turns a condition into a result.
fn holds(condition: bool, otherwise: impl Into<String>) -> Result<(), String> {
    if condition { Ok(()) } else { Err(otherwise.into()) }
}

/// Checks a line without its comment.
///
/// # Errors
/// What is wrong with it.
fn check(line: &str, workspace: &Workspace) -> Result<(), String> {
    let is_variable = |word: &&str| word.split_once('=').is_some_and(|(name, _)| !name.starts_with('-'));
    let words: Vec<&str> = line.split_whitespace().skip_while(is_variable).collect();
    match words.as_slice() {
        ["cargo", "run", rest @ ..] => cargo_run(rest, workspace),
        ["cargo", "test" | "bench", rest @ ..] => cargo_test(rest),
        ["cargo", "add", "--path", path] => holds(path.ends_with(env!("CARGO_PKG_NAME")), "another package"),
        ["cargo", "add", dependency, ..] => is_ours(dependency),
        ["cargo", subcommand, ..] => {
            holds(CARGO.contains(subcommand), format!("cargo {subcommand} is not known here"))
        }
        ["engagement", arguments @ ..] => run("engagement".as_ref(), arguments, workspace),
        ["git", _, paths @ ..] => {
            let missing = paths.iter().find(|path| !path.starts_with('-') && !root().join(path).exists());
            missing.map_or(Ok(()), |path| Err(format!("{path} does not exist")))
        }
        ["pip", "install", ..] => Ok(()),
        [".ci/run"] => Ok(()),
        [".ci/run", step] => has_step(&text(".ci/run"), step),
        [program, ..] if program.starts_with("benches/") => {
            let mode = fs::metadata(root().join(program)).map_or(0, |metadata| metadata.permissions().mode());
            holds(mode & 0o100 != 0, format!("{program} is not a program"))
        }
        _ => holds(text(".ci/run").lines().any(|l| l.trim() == line), "this command is not known here"),
    }
}

/// Checks that this package depends on the same version, written as `NAME@VERSION`.
fn is_ours(dependency: &str) -> Result<(), String> {
    let manifest: toml::Table = toml::from_str(&text("Cargo.toml")).unwrap();
    let ours = |name: &str| {
        let ours = manifest["dependencies"].get(name)?;
        ours.get("version").unwrap_or(ours).as_str().map(str::to_owned)
    };
    let (name, version) = dependency.split_once('@').ok_or("a dependency needs a version")?;
    let ours = ours(name);
    holds(ours.as_deref() == Some(version), format!("Cargo.toml has {ours:?}"))
}

/// Runs `cargo run [--example NAME] -- ARGUMENTS` with the programs that are built already.
fn cargo_run(words: &[&str], workspace: &Workspace) -> Result<(), String> {
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    let arguments = words.get(end + 1..).unwrap_or_default();
    match &words[..end] {
        [] | ["--release"] => run("engagement".as_ref(), arguments, workspace),
        ["--example", name] | ["--release", "--example", name] => {
            let binary = programs::binary(name);
            if binary.exists() {
                return run(&binary, arguments, workspace);
            }
            // An example that has tests is built as its tests: what is known are the options in its source.
            let source = root().join("examples").join(name).join("main.rs");
            let source = fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
            let options = arguments.iter().filter_map(|argument| argument.strip_prefix("--"));
            let unknown: Vec<_> =
                options.filter(|option| !source.contains(&format!("    {option}: "))).collect();
            holds(unknown.is_empty(), format!("{name} does not take {unknown:?}"))
        }
        options => Err(format!("options of cargo run that are not known here: {options:?}")),
    }
}

fn run(program: &Path, arguments: &[&str], workspace: &Workspace) -> Result<(), String> {
    let filled = arguments.iter().map(|argument| {
        PLACEHOLDERS.iter().fold((*argument).to_owned(), |text, (word, value)| text.replace(word, value))
    });
    let ended = workspace.run(program, filled);
    holds(ended.succeeded, ended.output)
}

/// Checks that the targets of `cargo test` and `cargo bench` exist, and that their filters find something.
fn cargo_test(words: &[&str]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().copied().filter(|word| *word != "--").collect();
    let nothing = |filter: &str| format!("nothing is called {filter}");
    match words.as_slice() {
        [] | ["--doc"] => Ok(()),
        ["--lib", filter] => {
            let is_called = |file: &Path| file.display().to_string().contains(filter);
            holds(files_in(&root().join("src")).iter().any(|file| is_called(file)), nothing(filter))
        }
        // This program.
        ["--test", "integration", filters @ ..] => filters.iter().try_for_each(|filter| {
            let list = Command::new(std::env::current_exe().unwrap()).args([filter, "--list"]).output();
            let list = String::from_utf8_lossy(&list.unwrap().stdout).into_owned();
            holds(list.lines().any(|line| line.ends_with(": test")), nothing(filter))
        }),
        ["--test" | "--bench" | "--example", name, filters @ ..] => {
            let folder = match words[0] {
                "--test" => "tests",
                "--bench" => "benches",
                _ => "examples",
            };
            let files = [format!("{folder}/{name}.rs"), format!("{folder}/{name}/main.rs")];
            let file = files.iter().find(|file| root().join(file).exists());
            let file = file.ok_or_else(|| nothing(name))?;
            filters.iter().try_for_each(|filter| holds(text(file).contains(filter), nothing(filter)))
        }
        other => Err(format!("arguments that are not known here: {other:?}")),
    }
}

/// Checks that a step is in the list of the script, which refuses every other name.
fn has_step(script: &str, name: &str) -> Result<(), String> {
    let steps = script.lines().find_map(|line| line.strip_prefix("STEPS=\"")?.strip_suffix('"'));
    let steps = steps.ok_or(".ci/run has no list STEPS")?;
    holds(steps.split(' ').any(|step| step == name), format!("the steps are: {steps}"))
}

#[test]
fn commands_of_developers_exist() {
    let (mut wrong, mut found) = (vec![], 0);
    for page in pages() {
        let workspace = Workspace::new();
        for block in page.blocks().iter().filter(|block| block.language == "sh") {
            for (number, line) in (block.line..).zip(block.text.lines()) {
                let line = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or(line) };
                if !line.trim().is_empty() {
                    found += 1;
                    let error = check(line.trim(), &workspace).err();
                    wrong.extend(error.map(|e| format!("{}: {}\n{e}", page.place(number), line.trim())));
                }
            }
        }
    }
    assert!(found > 0 && wrong.is_empty(), "{found} commands\n{}", wrong.join("\n\n"));
}

#[test]
fn commands_that_do_not_exist_are_found() {
    let workspace = Workspace::new();
    for line in [
        "cargo run -- run data/enrichment.toml --unknown",
        "cargo run -- run",
        "cargo add datafusion@54",
        "cargo add unknown@1",
        "cargo run -- functions UNKNOWN",
        "cargo run --example unknown_program",
        "cargo unknown",
        "cargo test --test unknown",
        "cargo test --test integration unknown::",
        "cargo test --lib unknown_file",
        "cargo bench --bench functions -- unknown_function",
        "git diff tests/unknown",
        "benches/peers/unknown 10",
        ".ci/run unknown",
        "unknown",
    ] {
        assert!(check(line, &workspace).is_err(), "{line}");
    }
}
