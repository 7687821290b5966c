//! The same arguments give the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::organization;
use crate::canonical;
use crate::organization::Organization;
use crate::plan::{Plan, Sizes};
use crate::traffic::{MailCopy, Timeline};

/// All files below a folder, by their paths in it.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn written(org: &Organization, mail_files: u64, threads: usize) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    canonical::write(org, folder.path(), mail_files, threads).unwrap();
    files(folder.path())
}

#[test]
fn on_any_number_of_threads_and_again() {
    let sizes = Sizes::scaled(20_000);
    let once = written(&organization(sizes), 7, 1);
    assert_eq!(once.len(), 7 + 7, "seven files of mail, five other tables, two texts");
    for threads in [1, 2, 8] {
        assert!(written(&organization(sizes), 7, threads) == once, "{threads} threads");
    }
}

#[test]
fn another_seed_gives_other_data() {
    let copies = |seed| -> Vec<MailCopy> {
        let org = Organization::new(Plan::new(Sizes::BUNDLED, crate::AS_OF.parse().unwrap(), seed));
        Timeline::new(&org, 100, 110).flat_map(|day| day.copies().collect::<Vec<_>>()).collect()
    };
    assert_eq!(copies(1), copies(1));
    assert_ne!(copies(1), copies(2));
}

#[test]
fn a_day_does_not_depend_on_where_the_file_begins() {
    let org = organization(Sizes::scaled(20_000));
    let days = |from, to| -> Vec<Vec<MailCopy>> {
        Timeline::new(&org, from, to).map(|day| day.copies().collect()).collect()
    };
    let all = days(0, Plan::DAYS);
    for files in [2, 9, Plan::DAYS as u64] {
        let split = org.plan.split(files);
        assert!(
            split.into_iter().flat_map(|(from, to)| days(from, to)).eq(all.iter().cloned()),
            "{files} files"
        );
    }
}

#[test]
fn files_of_another_run_are_not_mixed_in() {
    let folder = tempfile::tempdir().unwrap();
    let org = organization(Sizes::BUNDLED);
    canonical::write(&org, folder.path(), 3, 1).unwrap();
    canonical::write(&org, folder.path(), 3, 1).unwrap();
    let error = canonical::write(&org, folder.path(), 4, 1).unwrap_err();
    assert!(error.contains("none of the files to be written"), "{error}");
}
