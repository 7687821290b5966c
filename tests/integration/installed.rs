//! Programs that the tests use and that are not crates: npm and Python 3 install them once, into a folder
//! outside the checkout.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of a Python environment with these packages.
pub fn python(name: &str, packages: &str) -> PathBuf {
    installed(name, packages, |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder));
        let pip = folder.join("bin/pip");
        run(Command::new(pip).args(["install", "--quiet"]).args(packages.split(' ')));
    })
}

/// The folder of a program, which is installed if it is not there. Tests of several checkouts may run this at
/// the same time.
pub fn installed(name: &str, version: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home).expect("HOME is set");
    let cache = cache.join("datafusion-engagement/servers");
    fs::create_dir_all(&cache).unwrap();
    let lock = File::create(cache.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let (folder, done) = (cache.join(name), cache.join(format!("{name}.installed")));
    if fs::read_to_string(&done).is_ok_and(|installed| installed == version) {
        return folder;
    }
    let _ = fs::remove_dir_all(&folder);
    install(&folder);
    fs::write(done, version).unwrap();
    folder
}

pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|e| panic!("{command:?} is needed for these tests: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
