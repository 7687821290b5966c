//! A folder in which the commands of one page run.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{data, files_in, inputs};

/// A temporary folder that contains the bundled inputs and enrichment files in `data/`, as a clone does.
pub struct Workspace {
    /// Two folders: `page`, in which commands run, and `bin`, with the command `engagement`.
    root: TempDir,
}

/// The end of a command.
pub struct Ended {
    pub succeeded: bool,
    /// What it printed on standard output and standard error, in this order of events.
    pub output: String,
}

impl Workspace {
    pub fn new() -> Self {
        let workspace = Self { root: tempfile::tempdir().unwrap() };
        let toml = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "toml");
        let enrichments = fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path()).filter(toml);
        for file in inputs().into_iter().chain(enrichments).chain(files_in(&data().join("segments"))) {
            let copy = workspace.folder().join("data").join(file.strip_prefix(data()).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&file, copy).unwrap();
        }
        fs::create_dir(workspace.programs()).unwrap();
        symlink(env!("CARGO_BIN_EXE_engagement"), workspace.programs().join("engagement")).unwrap();
        workspace
    }

    /// The folder in which commands run.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("page")
    }

    fn programs(&self) -> PathBuf {
        self.root.path().join("bin")
    }

    /// Runs a command line.
    pub fn bash(&self, line: &str) -> Ended {
        self.run("bash", ["-c", &format!("exec 2>&1\n{line}")])
    }

    /// Runs a program, which is found on the path or is a path, with standard output and standard error in
    /// one file.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<Path>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Ended {
        let printed = self.root.path().join("printed");
        let file = fs::File::create(&printed).unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [self.programs()].into_iter().chain(std::env::split_paths(&path));
        let program = program.as_ref();
        let status = Command::new(program)
            .args(arguments)
            .current_dir(self.folder())
            .env("PATH", std::env::join_paths(path).unwrap())
            // The order in which `ls` and `sort` print.
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .status()
            .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        let output = String::from_utf8_lossy(&fs::read(printed).unwrap()).into_owned();
        Ended { succeeded: status.success(), output }
    }
}

#[test]
fn commands_run_in_the_folder_and_both_outputs_are_in_order() {
    let workspace = Workspace::new();
    let ended = workspace.bash("echo a; echo b >&2; ls data/enrichment.toml; command -v engagement; exit 3");
    let engagement = workspace.programs().join("engagement");
    assert_eq!(ended.output, format!("a\nb\ndata/enrichment.toml\n{}\n", engagement.display()));
    assert!(!ended.succeeded);
}
