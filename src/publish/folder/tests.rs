//! Tests with many runs that publish into one folder at the same time.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const RUNS: usize = 8;
const ROUNDS: usize = 25;

/// A run that is ready to publish and whose files contain its name.
fn written(out: &Path, name: &str) -> Target {
    let target = Target::create(out.to_path_buf(), "Office", Claim::on_everything()).unwrap();
    for table in TABLES {
        fs::write(target.folder().join(table.file("Office")), name).unwrap();
    }
    target
}

/// The different contents of the published files.
fn read(folder: &Path) -> io::Result<BTreeSet<String>> {
    TABLES.iter().map(|table| fs::read_to_string(folder.join(table.file("Office")))).collect()
}

fn runs(out: &Path) -> usize {
    let names = fs::read_dir(out.join(HIDDEN).join("Office")).unwrap().map(|e| e.unwrap().file_name());
    names.filter(|n| n != CURRENT).count()
}

/// A run that suppresses numbers has to know what was published before it.
#[test]
fn a_protected_run_publishes_after_the_run_that_it_has_found() {
    let folder = tempfile::tempdir().unwrap();
    let protected = |name| {
        let mut claim = Claim::on_everything();
        claim.is_protected = true;
        let target = Target::create(folder.path().to_path_buf(), "Office", claim).unwrap();
        for table in TABLES {
            fs::write(target.folder().join(table.file("Office")), name).unwrap();
        }
        target
    };
    for round in ["a", "b"] {
        let (first, second) = (protected("first"), protected(round));
        second.publish().unwrap();
        let error = first.publish().unwrap_err();
        assert!(
            error.is_temporary() && error.to_string().contains("another run has published since"),
            "{error}"
        );
        assert_eq!(read(folder.path()).unwrap(), BTreeSet::from([round.to_owned()]));
    }
}

#[test]
fn whoever_publishes_last_is_published_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    written(out, "first").publish().unwrap();
    let (start, done) = (Barrier::new(RUNS), AtomicBool::new(false));
    thread::scope(|scope| {
        // A concurrent reader sees all files of one run, unless two more runs are published after it has
        // resolved the folder.
        let reader = scope.spawn(|| {
            let mut found = 0;
            while !done.load(Ordering::Relaxed) {
                let run = current(out, "Office").expect("something is always published");
                if let Ok(said) = read(&run) {
                    assert_eq!(said.len(), 1, "files of several runs: {said:?}");
                    found += 1;
                }
                for table in TABLES {
                    assert!(out.join(table.file("Office")).is_symlink());
                }
            }
            found
        });
        let writers: Vec<_> = (0..RUNS)
            .map(|run| {
                let start = &start;
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let target = written(out, &format!("{run}/{round}"));
                        start.wait();
                        target.publish().unwrap();
                    }
                })
            })
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(|w| w.join()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(outcomes.iter().all(Result::is_ok));
        assert!(reader.join().unwrap() > 0);
    });
    let said = read(out).unwrap();
    assert_eq!(said.len(), 1);
    assert!(said.first().unwrap().ends_with(&format!("/{}", ROUNDS - 1)), "{said:?}");
    // A run that publishes while others are in progress may leave their folders. The next run deletes all
    // but the previous one.
    written(out, "last").publish().unwrap();
    assert_eq!(read(out).unwrap(), BTreeSet::from(["last".to_string()]));
    assert_eq!(runs(out), 2, "this run and the one before");
}

/// If the first run is killed before the step that publishes, its links are dangling: no reader sees some
/// of its files.
#[test]
fn names_come_before_what_they_show() {
    let folder = tempfile::tempdir().unwrap();
    let target = written(folder.path(), "first");
    link(folder.path(), "Office", target.folder(), |link| fs::symlink_metadata(link).is_err()).unwrap();
    assert!(TABLES.iter().all(|t| fs::read(folder.path().join(t.file("Office"))).is_err()));
    assert_eq!(current(folder.path(), "Office"), None);
    target.publish().unwrap();
    assert_eq!(read(folder.path()).unwrap(), BTreeSet::from(["first".to_string()]));
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn first_runs_that_fail_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b/out");
    // A killed run has left its folder and, because it was about to publish, its links.
    let killed = written(&out, "killed");
    link(&out, "Office", killed.folder(), |_| true).unwrap();
    let run = killed.folder().to_path_buf();
    let copy = run.with_file_name("run-killed");
    fs::create_dir(&copy).unwrap();
    fs::File::create(copy.join(LOCK)).unwrap();
    let (one, other) = (written(&out, "one"), written(&out, "other"));
    drop(killed);
    assert!(!copy.exists() && other.folder().exists(), "a run in progress is not disturbed");
    // The folders remain as long as a run is in progress, whoever has created them.
    drop(one);
    assert_eq!(entries(&out), 1);
    assert!(other.publish().unwrap().exists());
    assert_eq!(read(&out).unwrap(), BTreeSet::from(["other".to_string()]));

    let out = folder.path().join("c/d");
    drop(written(&out, "failed"));
    assert_eq!(entries(folder.path()), 1, "neither c nor d");
    let out = folder.path().join("there");
    fs::create_dir(&out).unwrap();
    drop(written(&out, "failed"));
    assert_eq!((out.is_dir(), entries(&out)), (true, 0), "the folder was there before");
}

#[test]
fn a_run_that_fails_changes_nothing_of_what_is_published() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "first").publish().unwrap();
    let before = runs(folder.path());
    drop(written(folder.path(), "failed"));
    assert_eq!(read(folder.path()).unwrap(), BTreeSet::from(["first".to_string()]));
    assert_eq!(runs(folder.path()), before);
}

/// First runs that create and delete the same folders at the same time.
#[test]
fn concurrent_first_runs_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    thread::scope(|scope| {
        for run in 0..RUNS {
            let out = &out;
            scope.spawn(move || (0..ROUNDS).for_each(|round| drop(written(out, &format!("{run}/{round}")))));
        }
    });
    drop(written(&out, "last"));
    written(&out, "published").publish().unwrap();
    assert_eq!(read(&out).unwrap(), BTreeSet::from(["published".to_string()]));
}

/// A run that publishes the optional table, and then one that does not.
#[test]
fn the_name_of_a_table_that_is_no_longer_published_goes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let optional = every_table().find(|table| table.is_optional()).unwrap().file("Office");
    let with_optional = |says: &str| {
        let target = written(out, says);
        fs::write(target.folder().join(&optional), says).unwrap();
        target
    };
    with_optional("first").publish().unwrap();
    assert_eq!(fs::read_to_string(out.join(&optional)).unwrap(), "first");
    written(out, "second").publish().unwrap();
    assert!(fs::symlink_metadata(out.join(&optional)).is_err());
    // What somebody else has put there stays.
    fs::write(out.join(&optional), "of somebody else").unwrap();
    written(out, "third").publish().unwrap();
    assert_eq!(fs::read_to_string(out.join(&optional)).unwrap(), "of somebody else");
    with_optional("fourth").publish().unwrap();
    assert!(out.join(&optional).is_symlink());
    assert_eq!(fs::read_to_string(out.join(&optional)).unwrap(), "fourth");
}
