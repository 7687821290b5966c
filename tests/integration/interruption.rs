//! Runs that are killed or stopped, that run out of disk space, or that run at the same time: afterwards the
//! previous result or the new one is published, complete and from one run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use datafusion_engagement::publish::TABLES;
use tempfile::TempDir;

use crate::files::Random;
use crate::process::{
    self, DAYS, Disk, ENGAGEMENT, Published, arguments, bundled, caught, folders, published, refused, run,
    succeeded, whom_permissions_bind,
};
use crate::support::block_on;
use crate::worked;

/// How many runs are killed: of a small enrichment, and of a larger one. Half of them are killed at any
/// moment, half of them while they publish.
const ROUNDS: [u32; 2] = [88, 12];

/// An enrichment, and what a run for each of [`DAYS`] publishes.
struct Case {
    file: PathBuf,
    whole: Vec<Published>,
    /// The duration of a run.
    takes: Duration,
}

impl Case {
    fn of(file: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let began = Instant::now();
        let whole: Vec<_> = DAYS.iter().map(|day| run(&file, folder.path(), day)).collect();
        let differ = whole[0].iter().all(|(file, bytes)| whole[1][file] != *bytes);
        assert!(differ, "a mixture of two results could not be told from one");
        Self { file, whole, takes: began.elapsed() / 2 }
    }

    /// The bundled enrichment.
    fn bundled() -> &'static Self {
        static CASE: OnceLock<Case> = OnceLock::new();
        CASE.get_or_init(|| Self::of(process::bundled()))
    }

    /// The worked example.
    fn worked() -> &'static Self {
        static CASE: OnceLock<(Case, TempDir)> = OnceLock::new();
        let (case, _) = CASE.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            block_on(worked::inputs(folder.path()));
            (Self::of(folder.path().join("enrichment.toml")), folder)
        });
        case
    }

    /// The index in [`DAYS`] of the run whose files are published, all of them.
    fn day_of(&self, output: &Path) -> usize {
        let found = published(output).expect("every file is there");
        let day = self.whole.iter().position(|result| *result == found);
        day.expect("the files are those of one run")
    }

    fn start(&self, output: &Path, day: usize) -> Child {
        process::start(&self.file, output, DAYS[day])
    }

    fn run(&self, output: &Path, day: usize) {
        run(&self.file, output, DAYS[day]);
        assert_eq!(self.day_of(output), day);
    }
}

/// [`Case::day_of`] for the bundled enrichment.
fn day_of(output: &Path) -> usize {
    Case::bundled().day_of(output)
}

/// Kills a process, whatever its progress is.
fn kill(mut child: Child) {
    // The process may have ended.
    let _ = child.kill();
    child.wait().unwrap();
}

/// Waits until the condition is true or the process has ended.
fn wait_until(child: &mut Child, so: impl Fn() -> bool) {
    while !so() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_micros(200));
    }
}

/// The folder of the run in progress, which is not among the folders `before`.
fn new_folder(output: &Path, before: &[PathBuf]) -> Option<PathBuf> {
    folders(output).into_iter().find(|f| !before.contains(f))
}

fn killed(case: &Case, rounds: u32, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path();
    case.run(output, 0);
    let mut random = Random::new(seed);
    for round in 0..rounds {
        let before = case.day_of(output);
        let there = folders(output);
        let mut child = case.start(output, 1 - before);
        let part = random.below(1000) as u32;
        if round % 2 == 0 {
            sleep(case.takes * part / 1000);
        } else {
            // The last file exists; next, the links are switched.
            let last = |f: PathBuf| f.join("Office_Segments.parquet").exists();
            wait_until(&mut child, || new_folder(output, &there).is_some_and(last));
            sleep(Duration::from_micros(u64::from(part) * 30));
        }
        kill(child);
        case.day_of(output);
    }
    case.run(output, 1 - case.day_of(output));
    assert_eq!(folders(output).len(), 2, "this run and the one before: the others have been cleaned up");
}

#[test]
fn killed_at_any_moment() {
    killed(Case::worked(), ROUNDS[0], 11);
}

#[test]
fn killed_at_any_moment_of_a_larger_run() {
    killed(Case::bundled(), ROUNDS[1], 13);
}

#[test]
fn killed_before_anything_was_published() {
    let (folder, case) = (tempfile::tempdir().unwrap(), Case::worked());
    let mut random = Random::new(12);
    for round in 0..10 {
        let output = folder.path().join(format!("{round}"));
        let mut child = case.start(&output, 0);
        wait_until(&mut child, || new_folder(&output, &[]).is_some());
        sleep(case.takes * random.below(1000) as u32 / 1000);
        kill(child);
        let any = case.whole[0].keys().any(|file| output.join(file).exists());
        assert!(!any || case.day_of(&output) == 0, "all files or none");
    }
}

/// With a history, the tables of a date are also replaced as a whole. The two enrichment files for the same
/// date differ in their region, which is stored in every file.
#[test]
fn killed_while_a_date_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    block_on(worked::inputs(folder.path()));
    let text = fs::read_to_string(folder.path().join("enrichment.toml")).unwrap();
    let files = ["europe", "north_america"].map(|region| {
        let file = folder.path().join(format!("{region}.toml"));
        let text = text.replace("name = \"worked\"", &format!("name = \"worked\"\nregion = \"{region}\""));
        fs::write(&file, text + "[output]\npath = \"out/\"\nhistory = true\n").unwrap();
        file
    });
    let output = folder.path().join("out");
    let history = output.join("history");
    let kept = || -> Option<Published> {
        let tables = TABLES.iter().filter(|table| table.name != "Office_UserTable");
        let date = format!("AsOfDate={}", DAYS[0]);
        let file = |folder: String, name: String| {
            Some((name.clone(), fs::read(history.join(folder).join(&date).join(name)).ok()?))
        };
        tables.map(|table| file(table.folder("Office"), table.file("Office"))).collect()
    };
    let whole = [1, 0].map(|which| {
        run(&files[which], &output, DAYS[0]);
        kept().unwrap()
    });
    assert!(whole[0].iter().all(|(file, bytes)| whole[1][file] != *bytes));
    let mut random = Random::new(14);
    for round in 0..20 {
        let there = folders(&output);
        let mut child = process::start(&files[round % 2], &output, DAYS[0]);
        let begun = |f: PathBuf| f.display().to_string().contains("/retained-");
        wait_until(&mut child, || folders(&output).into_iter().any(|f| !there.contains(&f) && begun(f)));
        sleep(Duration::from_micros(random.below(1000) as u64 * 5));
        kill(child);
        assert!(whole.contains(&kept().expect("every file is there")), "the files are those of one run");
    }
    run(&files[0], &output, DAYS[0]);
    run(&files[1], &output, DAYS[0]);
    assert!(kept().as_ref() == Some(&whole[0]));
    assert_eq!(folders(&output).len(), 4, "two of what is published, two of the date");
}

#[test]
fn stopped_by_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path();
    Case::bundled().run(output, 0);
    for (signal, code, says) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let there = folders(output);
        let mut child = Case::bundled().start(output, 1);
        wait_until(&mut child, || new_folder(output, &there).is_some());
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        refused(&child.wait_with_output().unwrap(), code, says);
        assert_eq!((day_of(output), folders(output)), (0, there), "{signal}: nothing is left behind");
    }
}

#[test]
fn many_runs_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path();
    let children: Vec<_> = (0..4).map(|i| Case::bundled().start(output, i % 2)).collect();
    for child in children {
        succeeded(&child.wait_with_output().unwrap());
    }
    Case::bundled().run(output, 1 - day_of(output));
    assert_eq!(folders(output).len(), 2);
}

/// Runs the command in a shell, after this shell code.
fn under(shell: &str, output: &Path) -> std::process::Output {
    let mut all = vec!["-c".to_string(), format!("{shell}; exec \"$@\""), "sh".into(), ENGAGEMENT.into()];
    all.extend(arguments(&bundled(), output, DAYS[1]));
    caught("sh", &all).output().unwrap()
}

/// Like a full disk, but without root privileges: no file can grow beyond 4 KB.
#[test]
fn a_file_that_cannot_be_written_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    Case::bundled().run(folder.path(), 0);
    let there = folders(folder.path());
    let outcome = under("trap '' XFSZ; ulimit -f 8", folder.path());
    refused(&outcome, 1, "Office.parquet: cannot be written: ");
    assert_eq!((day_of(folder.path()), folders(folder.path())), (0, there));
}

#[test]
fn a_full_disk() {
    let needed: usize = Case::bundled().whole.iter().flat_map(|r| r.values()).map(Vec::len).sum();
    // There is space for one result, but not for a second one next to it.
    let Some(disk) = Disk::new(needed as u32 * 3 / 4 / 1024) else { return };
    let output = disk.path();
    Case::bundled().run(output, 0);
    let there = folders(output);
    let outcome = Case::bundled().start(output, 1).wait_with_output().unwrap();
    refused(&outcome, 75, "No space left on device");
    assert_eq!((day_of(output), folders(output)), (0, there.clone()));

    assert!(disk.mount(&["-o", "remount,ro"]));
    let outcome = Case::bundled().start(output, 1).wait_with_output().unwrap();
    refused(&outcome, 1, &format!("[output] {}: cannot be written to: ", output.display()));
    assert_eq!((day_of(output), folders(output)), (0, there));
    assert!(disk.mount(&["-o", "remount,rw,size=16m"]));
    Case::bundled().run(output, 1);
    assert_eq!(folders(output).len(), 2);
}

#[test]
fn an_output_that_cannot_be_written_to() {
    // No user can create a folder here, whatever the permissions are.
    let nowhere = Path::new("/proc/engagement");
    let outcome = Case::bundled().start(nowhere, 0).wait_with_output().unwrap();
    refused(&outcome, 1, "[output] /proc/engagement: cannot be written to: ");

    let folder = tempfile::tempdir().unwrap();
    Case::bundled().run(folder.path(), 0);
    let home = folder.path().join(".engagement/Office");
    let writable = |writable| {
        let mode = if writable { 0o755 } else { 0o555 };
        fs::set_permissions(&home, fs::Permissions::from_mode(mode)).unwrap();
    };
    writable(false);
    let arguments = arguments(&bundled(), folder.path(), DAYS[1]);
    match whom_permissions_bind(&arguments).output() {
        Ok(outcome) => refused(&outcome, 1, "cannot be written to: Permission denied"),
        Err(e) => eprintln!("skipped: {e}"),
    }
    assert_eq!(day_of(folder.path()), 0);
    writable(true);
}
