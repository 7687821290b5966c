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
    let target = Target::create(out.to_path_buf(), "Office").unwrap();
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
    target.link(|link| fs::symlink_metadata(link).is_err()).unwrap();
    assert!(TABLES.iter().all(|t| fs::read(folder.path().join(t.file("Office"))).is_err()));
    assert_eq!(current(folder.path(), "Office"), None);
    target.publish().unwrap();
    assert_eq!(read(folder.path()).unwrap(), BTreeSet::from(["first".to_string()]));
}
