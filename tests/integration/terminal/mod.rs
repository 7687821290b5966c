//! The shell as a person sees it, on a pseudo terminal.

mod shell;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::layouts::World;
use crate::process::ENGAGEMENT;

/// The prompt of the worked example, and that of a further line.
pub const PROMPT: &str = "worked> ";
pub const FURTHER: &str = "     -> ";

/// A terminal on which the shell of the worked example is started.
pub struct Terminal {
    pub world: World,
    columns: u32,
    lines: u32,
    /// The environment of the shell. A dumb terminal shows each line once, as it was typed.
    variables: Vec<(&'static str, String)>,
}

impl Terminal {
    pub fn new(columns: u32, lines: u32) -> Self {
        let world = World::new();
        world.run();
        let state = world.path("state").display().to_string();
        let variables = [("TERM", "dumb"), ("PAGER", ""), ("XDG_STATE_HOME", state.as_str())];
        let variables = variables.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self { world, columns, lines, variables }
    }

    pub fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.retain(|(name, _)| *name != variable);
        self.variables.push((variable, value.to_owned()));
        self
    }

    /// A script that the shell can start, in the folder of the example. It is an editor or a pager.
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        self.world.write(name, script);
        self.world.path(name)
    }

    /// Types each text as soon as the terminal has shown what is before it. Returns what the terminal has shown.
    pub fn converse(&self, steps: &[(&str, &str)]) -> String {
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/terminal/drive.py");
        let mut driver = Command::new("python3")
            .arg(driver)
            .args([self.columns, self.lines].map(|number| number.to_string()))
            .args([ENGAGEMENT, "sql"])
            .arg(self.world.path("enrichment.toml"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env_remove("VISUAL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        serde_json::to_writer(driver.stdin.take().unwrap(), steps).unwrap();
        let ended = driver.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{shown}");
        shown
    }
}
