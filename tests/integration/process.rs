//! The command as a process: start it, wait for it, stop it, and check that its output is complete.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use datafusion_engagement::publish::TABLES;
use tempfile::TempDir;

use crate::support::data;

/// Two as-of dates of the bundled data, whose results differ in every file.
pub const DAYS: [&str; 2] = ["2026-10-31", "2026-09-15"];

/// The published files of a run, by name.
pub type Published = BTreeMap<String, Vec<u8>>;

/// The bundled enrichment.
pub fn bundled() -> PathBuf {
    data().join("enrichment.toml")
}

/// The arguments of a run.
pub fn arguments(file: &Path, output: &Path, as_of: &str) -> Vec<String> {
    let file = file.display().to_string();
    let output = output.display().to_string();
    ["run", &file, "--output", &output, "--as-of", as_of].map(str::to_owned).to_vec()
}

/// A command whose output is captured. With this variable, libraries append backtraces to their errors; the
/// errors of the command are one line nevertheless.
pub fn caught(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The command under test.
pub const ENGAGEMENT: &str = env!("CARGO_BIN_EXE_engagement");

/// The command without root privileges, so that file permissions apply even if root runs the tests.
pub fn whom_permissions_bind(arguments: &[String]) -> Command {
    if fs::metadata("/proc/self").is_ok_and(|me| me.uid() != 0) {
        return caught(ENGAGEMENT, arguments);
    }
    let without = ["--bounding-set=-all", "--inh-caps=-all", ENGAGEMENT].map(str::to_owned);
    caught("setpriv", &[&without[..], arguments].concat())
}

pub fn start(file: &Path, output: &Path, as_of: &str) -> Child {
    caught(ENGAGEMENT, &arguments(file, output, as_of)).spawn().unwrap()
}

/// A run that must succeed; returns the published files. The date may be earlier than the published one.
pub fn run(file: &Path, output: &Path, as_of: &str) -> Published {
    succeeded(&start(file, output, as_of).wait_with_output().unwrap());
    published(output).unwrap()
}

/// Asserts that a run has succeeded. It may have gone back to an earlier date than the published one.
pub fn succeeded(outcome: &Output) {
    let said = error(outcome);
    let said =
        said.lines().filter(|line| !line.starts_with("warning: the published as-of date goes back from "));
    assert_eq!((outcome.status.code(), said.collect::<String>().as_str()), (Some(0), ""));
}

/// The text of standard error.
pub fn error(outcome: &Output) -> String {
    String::from_utf8_lossy(&outcome.stderr).into_owned()
}

/// Asserts that the command failed with this exit code and one line that contains `says`.
pub fn refused(outcome: &Output, code: i32, says: &str) {
    let error = error(outcome);
    assert_eq!(outcome.status.code(), Some(code), "{error}");
    assert!(error.starts_with("error: ") && error.contains(says) && error.lines().count() == 1, "{error}");
}

/// All published files; `None` if one is missing.
pub fn published(output: &Path) -> Option<Published> {
    let file = |t: &datafusion_engagement::publish::Table| t.file("Office");
    TABLES.iter().map(|t| Some((file(t), fs::read(output.join(file(t))).ok()?))).collect()
}

/// What exists next to the published run: other runs and temporary links.
pub fn folders(output: &Path) -> Vec<PathBuf> {
    let home = output.join(".engagement/Office");
    let entries = fs::read_dir(home).into_iter().flatten().map(|e| e.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|p| !p.is_symlink()).collect();
    folders.sort();
    folders
}

/// A small file system in memory; `None` if this user cannot mount one.
pub struct Disk(TempDir);

impl Disk {
    pub fn new(kilobytes: u32) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let mounted = disk.mount(&["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"]);
        if !mounted {
            eprintln!("skipped: a tmpfs cannot be mounted here");
        }
        mounted.then_some(disk)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn mount(&self, options: &[&str]) -> bool {
        let mounted = Command::new("mount").args(options).arg(self.0.path()).output();
        mounted.is_ok_and(|o| o.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}
