//! The command as a process: started, waited for, ended; and whether what it leaves is whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use datafusion_engagement::output::TABLES;

use crate::support::data;

/// Two as-of dates of the bundled data, whose results differ in every file.
pub const DAYS: [&str; 2] = ["2026-10-31", "2026-09-15"];

/// What a run has published, file by file.
pub type Published = BTreeMap<String, Vec<u8>>;

/// The arguments of a run of the bundled enrichment.
pub fn arguments(output: &Path, as_of: &str) -> Vec<String> {
    let file = data().join("enrichment.toml").display().to_string();
    let output = output.display().to_string();
    ["run", &file, "--output", &output, "--as-of", as_of].map(str::to_owned).to_vec()
}

/// A command whose output is caught.
pub fn caught(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The command under test.
pub const ENGAGEMENT: &str = env!("CARGO_BIN_EXE_engagement");

pub fn start(output: &Path, as_of: &str) -> Child {
    caught(ENGAGEMENT, &arguments(output, as_of)).spawn().unwrap()
}

/// A run that must succeed; what it has published.
pub fn run(output: &Path, as_of: &str) -> Published {
    let outcome = start(output, as_of).wait_with_output().unwrap();
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    published(output).unwrap()
}

/// What the command told on standard error.
pub fn error(outcome: &Output) -> String {
    String::from_utf8_lossy(&outcome.stderr).into_owned()
}

/// Failed with this code and one line that says this.
pub fn refused(outcome: &Output, code: i32, says: &str) {
    let error = error(outcome);
    assert_eq!(outcome.status.code(), Some(code), "{error}");
    assert!(error.starts_with("error: ") && error.contains(says) && error.lines().count() == 1, "{error}");
}

/// All published files; `None` where one is missing.
pub fn published(output: &Path) -> Option<Published> {
    let file = |t: &datafusion_engagement::output::Table| t.file("Office");
    TABLES.iter().map(|t| Some((file(t), fs::read(output.join(file(t))).ok()?))).collect()
}

/// What stands beside the published run: other runs and temporary links.
pub fn folders(output: &Path) -> Vec<PathBuf> {
    let home = output.join(".engagement/Office");
    let entries = fs::read_dir(home).into_iter().flatten().map(|e| e.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|p| !p.is_symlink()).collect();
    folders.sort();
    folders
}
