//! A run that is killed, stopped, out of disk or beside another: afterwards the previous result is
//! there, or the new one, complete and of one run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::files::Random;
use crate::process::{
    DAYS, ENGAGEMENT, Published, arguments, caught, error, folders, published, refused, run, start,
};

/// How often a run is killed; half of the times anywhere, half of the times while it publishes.
const ROUNDS: u32 = 12;

/// What each of [`DAYS`] publishes, and how long a run of it took.
fn whole() -> &'static (Vec<Published>, Duration) {
    static WHOLE: OnceLock<(Vec<Published>, Duration)> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let began = Instant::now();
        let results: Vec<_> = DAYS.iter().map(|day| run(folder.path(), day)).collect();
        let differ = results[0].iter().all(|(file, bytes)| results[1][file] != *bytes);
        assert!(differ, "a mixture of two results could not be told from one");
        (results, began.elapsed() / 2)
    })
}

/// Which of [`DAYS`] is published, as a whole.
fn day_of(output: &Path) -> usize {
    let found = published(output).expect("every file is there");
    let day = whole().0.iter().position(|result| *result == found);
    day.expect("the files are those of one run")
}

/// Ends a process, however far it is.
fn kill(mut child: Child) {
    // It may have come to its end.
    let _ = child.kill();
    child.wait().unwrap();
}

/// Waits until something is so, or the process has ended.
fn wait_until(child: &mut Child, so: impl Fn() -> bool) {
    while !so() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_micros(200));
    }
}

/// The folder of the run that goes on beside what was there before.
fn new_folder(output: &Path, before: &[PathBuf]) -> Option<PathBuf> {
    folders(output).into_iter().find(|f| !before.contains(f))
}

#[test]
fn killed_at_any_moment() {
    let (_, takes) = whole();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path();
    run(output, DAYS[0]);
    let mut random = Random::new(11);
    for round in 0..ROUNDS {
        let before = day_of(output);
        let there = folders(output);
        let mut child = start(output, DAYS[1 - before]);
        let part = random.below(1000) as u32;
        if round % 2 == 0 {
            sleep(*takes * part / 1000);
        } else {
            // The last file is there: what follows is the switch.
            let last = |f: PathBuf| f.join("Office_CustomerCard_History.parquet").exists();
            wait_until(&mut child, || new_folder(output, &there).is_some_and(last));
            sleep(Duration::from_micros(u64::from(part) * 30));
        }
        kill(child);
        day_of(output);
    }
    let after = 1 - day_of(output);
    run(output, DAYS[after]);
    assert_eq!(day_of(output), after);
    assert_eq!(folders(output).len(), 2, "this run and the one before: the others have been cleaned up");
}

#[test]
fn killed_before_anything_was_published() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(12);
    for round in 0..3 {
        let output = folder.path().join(format!("{round}"));
        let mut child = start(&output, DAYS[0]);
        wait_until(&mut child, || new_folder(&output, &[]).is_some());
        sleep(whole().1 * random.below(1000) as u32 / 1000);
        kill(child);
        let any = whole().0[0].keys().any(|file| output.join(file).exists());
        assert!(!any || day_of(&output) == 0, "all files or none");
    }
}

#[test]
fn stopped_by_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path();
    run(output, DAYS[0]);
    for (signal, code, says) in [("INT", 130, "interrupted"), ("TERM", 143, "asked to end")] {
        let there = folders(output);
        let mut child = start(output, DAYS[1]);
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
    let children: Vec<_> = (0..4).map(|i| start(output, DAYS[i % 2])).collect();
    for child in children {
        let outcome = child.wait_with_output().unwrap();
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    }
    let after = 1 - day_of(output);
    run(output, DAYS[after]);
    assert_eq!((day_of(output), folders(output).len()), (after, 2));
}

/// A run under a shell that has said something first.
fn under(shell: &str, output: &Path) -> std::process::Output {
    let mut all = vec!["-c".to_string(), format!("{shell}; exec \"$@\""), "sh".into(), ENGAGEMENT.into()];
    all.extend(arguments(output, DAYS[1]));
    caught("sh", &all).output().unwrap()
}

/// As on a full disk, but for everybody: no file may become larger than 4 KB.
#[test]
fn a_file_that_cannot_be_written_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), DAYS[0]);
    let there = folders(folder.path());
    let outcome = under("trap '' XFSZ; ulimit -f 8", folder.path());
    refused(&outcome, 1, "Office.parquet: cannot be written: ");
    assert_eq!((day_of(folder.path()), folders(folder.path())), (0, there));
}

/// A small file system in memory; `None` where this user may not mount one.
struct Disk(TempDir);

impl Disk {
    fn new(kilobytes: u32) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let mounted = disk.mount(&["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"]);
        if !mounted {
            eprintln!("skipped: a tmpfs cannot be mounted here");
        }
        mounted.then_some(disk)
    }

    fn mount(&self, options: &[&str]) -> bool {
        let mounted = Command::new("mount").args(options).arg(self.0.path()).output();
        mounted.is_ok_and(|o| o.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk() {
    let needed: usize = whole().0.iter().flat_map(|r| r.values()).map(Vec::len).sum();
    // Room for one result, but not for the second beside it.
    let Some(disk) = Disk::new(needed as u32 * 3 / 4 / 1024) else { return };
    let output = disk.0.path();
    run(output, DAYS[0]);
    let there = folders(output);
    let outcome = start(output, DAYS[1]).wait_with_output().unwrap();
    refused(&outcome, 1, "No space left on device");
    assert_eq!((day_of(output), folders(output)), (0, there.clone()));

    assert!(disk.mount(&["-o", "remount,ro"]));
    let outcome = start(output, DAYS[1]).wait_with_output().unwrap();
    refused(&outcome, 1, &format!("[output] {}: cannot be written to: ", output.display()));
    assert_eq!((day_of(output), folders(output)), (0, there));
    assert!(disk.mount(&["-o", "remount,rw,size=16m"]));
    run(output, DAYS[1]);
    assert_eq!((day_of(output), folders(output).len()), (1, 2));
}

#[test]
fn an_output_that_cannot_be_written_to() {
    // Nobody may make a folder here, whatever the permissions say.
    let nowhere = Path::new("/proc/engagement");
    let outcome = start(nowhere, DAYS[0]).wait_with_output().unwrap();
    refused(&outcome, 1, "[output] /proc/engagement: cannot be written to: ");

    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), DAYS[0]);
    let home = folder.path().join(".engagement/Office");
    let mut permissions = fs::metadata(&home).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&home, permissions.clone()).unwrap();
    if File::create(home.join("probe")).is_ok() {
        eprintln!("skipped: permissions do not bind this user");
        return;
    }
    let outcome = start(folder.path(), DAYS[1]).wait_with_output().unwrap();
    refused(&outcome, 1, "cannot be written to: Permission denied");
    assert_eq!(day_of(folder.path()), 0);
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&home, permissions).unwrap();
}
