//! A first run that fails leaves nothing behind: neither files, nor the folders that it has created.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{ENGAGEMENT, caught, error};
use crate::support::block_on;
use crate::worked;

/// How the output is written. Without the feature `delta` there is one way.
const OUTPUTS: &[&str] = if cfg!(feature = "delta") { &["", "format = \"delta\""] } else { &[""] };

/// Every file and folder in a folder, at any depth.
fn everything(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() && !entry.path().is_symlink() {
            found.extend(everything(&entry.path()));
        }
        found.insert(entry.path());
    }
    found
}

/// The worked example, with this output, changed.
fn enrichment(folder: &Path, output: &str, change: impl Fn(String) -> String) -> String {
    block_on(worked::inputs(folder));
    let text = fs::read_to_string(folder.join("enrichment.toml")).unwrap();
    let file = folder.join("changed.toml");
    fs::write(&file, change(format!("{text}[output]\npath = \"a/b/out\"\n{output}\n"))).unwrap();
    file.display().to_string()
}

/// Runs a command, after this shell code; it must fail with a text that contains `says`.
fn failed(shell: &str, arguments: &[&str], says: &str) {
    let script = format!("{shell}; exec \"$@\"");
    let all = [&["-c", &script, "sh", ENGAGEMENT], arguments].concat();
    let outcome = caught("sh", &all.into_iter().map(str::to_owned).collect::<Vec<_>>()).output().unwrap();
    assert_ne!(outcome.status.code(), Some(0));
    assert!(error(&outcome).contains(says) && error(&outcome).lines().count() == 1, "{}", error(&outcome));
}

#[test]
fn nothing_is_left() {
    for output in OUTPUTS {
        let folder = tempfile::tempdir().unwrap();
        let file = enrichment(folder.path(), output, |text| text.replace("\"ben@us.com\"", ""));
        let spill = folder.path().join("spill/here").display().to_string();
        let before = everything(folder.path());
        // After the output was prepared: too few mailboxes.
        for name in ["run", "check"] {
            failed("true", &[name, &file, "--spill-dir", &spill], "lists 1 mailboxes");
            assert_eq!(everything(folder.path()), before, "{output} {name}");
        }
        // While it is written: no file can grow beyond 512 bytes.
        let file = enrichment(folder.path(), output, |text| text);
        let before = everything(folder.path());
        failed("trap '' XFSZ; ulimit -f 1", &["run", &file], "cannot be written");
        assert_eq!(everything(folder.path()), before, "{output}");
        // A folder that was there before stays, empty.
        let there = folder.path().join("there");
        fs::create_dir(&there).unwrap();
        failed("trap '' XFSZ; ulimit -f 1", &["run", &file, "--output", there.to_str().unwrap()], "cannot");
        assert!(there.is_dir() && everything(&there).is_empty(), "{output}");
    }
}

#[test]
fn what_a_killed_run_has_left_is_deleted_by_the_next_one_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = enrichment(folder.path(), "", |text| text.replace("\"ben@us.com\"", ""));
    let home = folder.path().join("a/b/out/.engagement/Office");
    fs::create_dir_all(home.join("run-killed")).unwrap();
    fs::write(home.join("run-killed/lock"), "").unwrap();
    fs::write(home.join("run-killed/Office.parquet"), "half").unwrap();
    let link = folder.path().join("a/b/out/Office.parquet");
    std::os::unix::fs::symlink(".engagement/Office/current/Office.parquet", &link).unwrap();
    failed("true", &["run", &file], "lists 1 mailboxes");
    assert!(everything(&folder.path().join("a/b/out")).is_empty());
}

#[test]
fn a_check_creates_nothing() {
    for output in OUTPUTS {
        let folder = tempfile::tempdir().unwrap();
        let file = enrichment(folder.path(), output, |text| text);
        let before = everything(folder.path());
        let spill = folder.path().join("spill").display().to_string();
        let arguments = ["check", &file, "--spill-dir", &spill].map(str::to_owned);
        let outcome = caught(ENGAGEMENT, &arguments).output().unwrap();
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
        assert_eq!(everything(folder.path()), before, "{output}");
    }
}

/// Many first runs at the same time, of which most fail: the others publish.
#[test]
fn runs_that_fail_do_not_disturb_the_others() {
    for output in OUTPUTS {
        let folder = tempfile::tempdir().unwrap();
        let good = enrichment(folder.path(), output, |text| text);
        let bad = folder.path().join("bad.toml");
        let text = fs::read_to_string(&good).unwrap();
        fs::write(&bad, text.replace("\"ben@us.com\"", "")).unwrap();
        let bad = bad.display().to_string();
        for _ in 0..5 {
            let start =
                |file: &String| caught(ENGAGEMENT, &["run".to_owned(), file.clone()]).spawn().unwrap();
            let children: Vec<_> = [&bad, &good, &bad, &bad].map(start).into();
            let codes: Vec<_> = children
                .into_iter()
                .map(|c| c.wait_with_output().unwrap())
                .map(|o| (o.status.code(), error(&o)))
                .collect();
            assert_eq!(codes[1], (Some(0), String::new()), "{output}: {codes:?}");
            fs::remove_dir_all(folder.path().join("a")).unwrap();
        }
    }
}
