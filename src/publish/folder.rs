//! Output in a folder on this machine: where a run writes its files, and how they replace those of the
//! previous run in one step.
//!
//! ```text
//! out/Office.parquet             → .engagement/Office/current/Office.parquet
//! out/Office_UserTable.parquet   → .engagement/Office/current/Office_UserTable.parquet
//! out/.engagement/Office/current → run-a1b2c3
//! out/.engagement/Office/run-a1b2c3/*.parquet, run.json, lock
//! ```
//!
//! A run writes all its files into a folder of its own. The rename of one link, `current`, publishes
//! them. A file system does a rename as a whole or not at all: a reader of `Office.parquet` sees the
//! previous run until that instant and the new run after it, and the other tables are of the same run.
//! The next run that publishes deletes what killed runs have left. The previous run remains until then,
//! for its readers. Concurrent runs do not interfere: each holds the lock of its own folder, and also
//! the lock of the parent folder while it creates or publishes a run.
//!
//! A first run that fails leaves nothing: neither its folder, nor those that it has created for it.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use tempfile::TempDir;

use super::atomic_link::{LINK, lock_home, replace_by_link, sync_folder};
use super::history;
use super::home::{self, HIDDEN, HomeFolder, home, is_folder};
use super::location::{HISTORY, partition, retained_file, retained_tables};
use super::owner::{Claim, Owner};
use super::tables::{TABLES, Table, every_table};
use crate::error::{Error, Result};
use crate::storage::open_regular;

/// The link to the folder of the published run.
const CURRENT: &str = "current";
/// The file in the folder of a run that is locked until the run ends.
const LOCK: &str = "lock";
/// Prefix of the folder of a run.
pub(crate) const RUN: &str = "run-";

/// The folder of one run. It is deleted on drop, unless the run is published.
pub(crate) struct Target {
    out: PathBuf,
    table: String,
    /// `.engagement/<table>`
    home: PathBuf,
    claim: Claim,
    /// The folder of the run that was published when this one began.
    found: Option<PathBuf>,
    // What follows is dropped in this order.
    run: TempDir,
    /// Held until the run ends, so that another run does not delete the folder as a leftover.
    _lock: File,
    _leftovers: Leftovers,
    _home: HomeFolder,
}

impl Target {
    /// Creates the folder of a run.
    ///
    /// # Errors
    /// The output folder cannot be created or written to, or contains what the run may not replace.
    pub(crate) fn create(out: PathBuf, table: &str, claim: Claim) -> Result<Self> {
        check(&out, table, &claim)?;
        let create = |home: &Path| -> io::Result<_> {
            sync_folder(&out.join(HIDDEN))?;
            let _locked = lock_home(home)?;
            // The umask decides who can read: the published files are in this folder.
            let open = fs::Permissions::from_mode(0o777);
            let run = tempfile::Builder::new().prefix(RUN).permissions(open).tempdir_in(home)?;
            let lock = File::create(run.path().join(LOCK))?;
            lock.lock()?;
            Ok((run, lock))
        };
        let (folder, (run, lock)) = HomeFolder::create(&out, table, create).map_err(|e| {
            Error::output(format!("[output] {}: cannot be written to: {e}", out.display())).with_source(e)
        })?;
        let home = home(&out, table);
        Ok(Self {
            found: fs::read_link(home.join(CURRENT)).ok(),
            home,
            table: table.to_owned(),
            claim,
            run,
            _lock: lock,
            _leftovers: Leftovers { out: out.clone(), table: table.to_owned() },
            _home: folder,
            out,
        })
    }

    /// The output folder.
    pub(crate) fn out(&self) -> &Path {
        &self.out
    }

    /// The folder into which the run writes its files.
    pub(crate) fn folder(&self) -> &Path {
        self.run.path()
    }

    /// Publishes the files of this run. Returns the path of Office.
    ///
    /// # Errors
    /// The folder contains what the run may not replace, the links cannot be replaced, or another run was published that
    /// this one would have to know ([`Claim::follows`]).
    pub(crate) fn publish(mut self) -> Result<PathBuf> {
        let out = self.out.clone();
        let office = out.join(TABLES[0].file(&self.table));
        let cannot =
            |e| Error::output(format!("[output] {}: cannot be replaced: {e}", out.display())).with_source(e);
        self.sync().map_err(cannot)?;
        let _home = lock_home(&self.home).map_err(cannot)?;
        // Another run may have been published since this one began.
        check(&self.out, &self.table, &self.claim)?;
        self.claim.follows(fs::read_link(self.home.join(CURRENT)).ok() == self.found)?;
        self.switch().map_err(cannot)?;
        Ok(office)
    }

    /// Makes the files of the run durable.
    fn sync(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder())? {
            File::open(entry?.path())?.sync_all()?;
        }
        sync_folder(self.folder())
    }

    /// Makes this run the published one. The caller holds the lock of `home`.
    fn switch(&mut self) -> io::Result<()> {
        let before = switch(&self.out, &self.table, &mut self.run)?;
        clean(&self.home, &[self.folder().file_name().map(PathBuf::from), before]);
        Ok(())
    }
}

/// Makes the run with this folder, which is durable, the published one. Returns the name of the folder of the one
/// before. The caller holds the lock of `home`.
///
/// # Errors
/// A link cannot be replaced.
pub(crate) fn switch(out: &Path, table: &str, run: &mut TempDir) -> io::Result<Option<PathBuf>> {
    let home = home(out, table);
    let current = home.join(CURRENT);
    let before = fs::read_link(&current).ok();
    // Only the first run creates the links of the tables; later runs use them again. They are created
    // before the step that publishes, so that this step shows all files at once.
    link(out, table, run.path(), |link| fs::symlink_metadata(link).is_err())?;
    run.disable_cleanup(true);
    let name = run.path().file_name().map(PathBuf::from).unwrap_or_default();
    sync_folder(&home)?;
    replace_by_link(&home, &name, &current)?;
    sync_folder(&home)?;
    // A plain file with the name of a table is replaced only now, when the link leads to a file that
    // can be read.
    link(out, table, run.path(), |_| true)?;
    unlink(out, table, run.path())?;
    Ok(before)
}

/// Whether the run with this folder has the file of a table.
fn has(run: &Path, of: &Table, table: &str) -> bool {
    run.join(of.file(table)).exists()
}

/// Links the names of tables in the output folder to the published files: of those tables that the run has, for whose
/// link `which` is true, and that do not have this link already.
fn link(out: &Path, table: &str, run: &Path, which: impl Fn(&Path) -> bool) -> io::Result<()> {
    for published in every_table().filter(|of| has(run, of, table)) {
        let (link, target) = link_of(out, table, &published.file(table));
        if which(&link) && !leads_to(&link, &target) {
            replace_by_link(&home(out, table), &target, &link)?;
        }
    }
    sync_folder(out)
}

/// Removes the names of tables that an earlier run had and the published one has not: links to what is published and, in
/// a copy of an output folder, files of the enrichment that has published. Files of others stay.
fn unlink(out: &Path, table: &str, run: &Path) -> io::Result<()> {
    for absent in every_table().filter(|of| !has(run, of, table)) {
        let (link, target) = link_of(out, table, &absent.file(table));
        let is_own = || {
            let is_file = fs::symlink_metadata(&link).is_ok_and(|meta| meta.is_file());
            let owner = Owner::of_file(&run.join(TABLES[0].file(table)));
            is_file && matches!(owner, Owner::Enrichment(_)) && Owner::of_file(&link) == owner
        };
        if leads_to(&link, &target) || is_own() {
            fs::remove_file(&link)?;
            sync_folder(out)?;
        }
    }
    Ok(())
}

/// What runs that are dead have left, if nothing is published yet: their folders, and links that lead
/// nowhere. It is deleted on drop. (If a run is published, the next one that publishes deletes it.)
struct Leftovers {
    out: PathBuf,
    table: String,
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        let home = home(&self.out, &self.table);
        let Ok(_home) = lock_home(&home) else { return };
        if fs::symlink_metadata(home.join(CURRENT)).is_ok() {
            return;
        }
        clean(&home, &[]);
        for table in every_table() {
            let (link, target) = link_of(&self.out, &self.table, &table.file(&self.table));
            if leads_to(&link, &target) {
                let _ = fs::remove_file(link);
            }
        }
    }
}

/// Where a run links the file of a table in the output folder, and to what.
fn link_of(out: &Path, table: &str, file: &str) -> (PathBuf, PathBuf) {
    (out.join(file), Path::new(HIDDEN).join(table).join(CURRENT).join(file))
}

fn leads_to(link: &Path, target: &Path) -> bool {
    fs::read_link(link).is_ok_and(|leads| leads == target)
}

/// Checks that a run can replace what is in the output folder.
///
/// # Errors
/// What lies in the place of the program's own folders is not one of them, a folder has the path of a link, or a file
/// belongs to another enrichment or to nobody known.
pub(crate) fn check(out: &Path, table: &str, claim: &Claim) -> Result<()> {
    home::check(out, table).map_err(|e| Error::output(format!("[output] {e}")).with_source(e))?;
    let links: Vec<_> = claim.tables.iter().map(|t| link_of(out, table, &t.file(table))).collect();
    let places = links.iter().map(|(link, _)| link.clone());
    for place in places.chain([home(out, table).join(CURRENT)]) {
        if fs::symlink_metadata(&place).is_ok_and(|m| m.is_dir()) {
            return Err(in_the_way(&place));
        }
    }
    if let Some(run) = current(out, table) {
        for (published, (link, _)) in claim.tables.iter().map(|t| run.join(t.file(table))).zip(&links) {
            claim.replaces(&link.display().to_string(), &Owner::of_file(&published))?;
        }
    }
    for (link, target) in links {
        // A link that leads nowhere is a leftover of a run, or belongs to somebody else.
        if fs::symlink_metadata(&link).is_ok() && !leads_to(&link, &target) {
            let owner = match Owner::of_file(&link) {
                Owner::Nobody => Owner::Unknown,
                owner => owner,
            };
            claim.replaces(&link.display().to_string(), &owner)?;
        }
    }
    claim.retained.map_or(Ok(()), |date| check_history(out, table, claim, date))
}

/// Checks that a run can retain its tables.
///
/// # Errors
/// What lies in the place of the history is not one, or the tables of the date belong to another enrichment or to nobody
/// known.
fn check_history(out: &Path, table: &str, claim: &Claim, date: NaiveDate) -> Result<()> {
    let unread = |e: io::Error| Error::output(format!("[output] {e}")).with_source(e);
    let folders = retained_tables().map(|retained| out.join(HISTORY).join(retained.folder(table)));
    for folder in [out.join(HISTORY)].into_iter().chain(folders) {
        // What is in a link is elsewhere.
        if !is_folder(&folder).map_err(unread)? {
            continue;
        }
        is_folder(&folder.join(partition(date))).map_err(unread)?;
    }
    let files = history::dates(out, table).map_err(unread)?.remove(&date).unwrap_or_default();
    for (of, file) in retained_tables().filter_map(|of| Some((of, files.get(of.name)?))) {
        let place = out.join(retained_file(of, table, date));
        claim.replaces(&place.display().to_string(), &Owner::of_file(file))?;
    }
    Ok(())
}

fn in_the_way(place: &Path) -> Error {
    Error::output(format!(
        "[output] {}: is a folder, but a run writes a symbolic link here; move the folder away",
        place.display()
    ))
}

/// Checks that the names of tables in the output folder lead to the files of the published run, whose folder is `run`:
/// by the links that runs make or, in a copy of an output folder, to files of the same size. `again` is the command that
/// publishes.
///
/// # Errors
/// A name is missing, or leads to something else.
pub(crate) fn check_links(out: &Path, table: &str, run: &Path, again: &str) -> Result<()> {
    let size = |path: &Path| fs::metadata(path).ok().map(|meta| meta.len());
    for file in every_table().filter(|t| !t.is_optional() || has(run, t, table)).map(|t| t.file(table)) {
        let (link, target) = link_of(out, table, &file);
        let what = match size(&link) {
            _ if leads_to(&link, &target) => continue,
            None => "is missing: it was deleted after a run has published it; publish it",
            found if found == size(&run.join(&file)) => continue,
            Some(_) => "is not what the run has published: something else has replaced it; publish it",
        };
        return Err(Error::output(format!("[output] {}: {what} again with {again}", link.display())));
    }
    Ok(())
}

/// The folder of the published run; `None` before the first run. It is resolved once, so a reader sees
/// the files of one run only.
pub(crate) fn current(out: &Path, table: &str) -> Option<PathBuf> {
    let home = home(out, table);
    let current = home.join(CURRENT);
    let mut link = fs::read_link(&current).ok();
    loop {
        // In a copy of an output folder, `current` can be a folder instead of a link.
        let run = link.as_ref().map_or_else(|| current.clone(), |run| home.join(run));
        if run.is_dir() {
            return Some(run);
        }
        // If two runs were published since the link was read, its folder is gone and the link has changed.
        let now = fs::read_link(&current).ok();
        if now == link {
            return None;
        }
        link = now;
    }
}

/// Deletes the folders of earlier runs, except the given names and those of runs in progress. The caller
/// holds the lock of `home`. Errors are ignored: the result is already published, and the next run tries
/// again.
pub(crate) fn clean(home: &Path, keep: &[Option<PathBuf>]) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        let text = entry.file_name().to_string_lossy().into_owned();
        let is_internal = text.starts_with(RUN) || text.starts_with(LINK);
        if !is_internal || keep.iter().flatten().any(|k| *k == name) {
            continue;
        }
        if !goes_on(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether the run with this folder is in progress. The caller holds the lock of `home`.
pub(crate) fn goes_on(run: &Path) -> bool {
    match open_regular(&run.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_err(),
        // A run creates its folder and its lock file under the lock of `home`, so a folder without a lock file is
        // a leftover.
        Err(e) => e.kind() != io::ErrorKind::NotFound,
    }
}
