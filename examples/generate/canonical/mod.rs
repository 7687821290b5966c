//! Writes the canonical shape: one Parquet file per table, except mail, which is split by day.

pub mod enrichment;
mod mail;
mod meetings;
pub mod parquet;
mod tables;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::organization::Organization;

/// A result whose error describes what went wrong and names the file.
pub type Result<T> = std::result::Result<T, String>;

/// The number of rows of each kind that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    mails: u64,
    mail_files: u64,
    meetings: u64,
    accounts: u64,
    contacts: u64,
    users: u64,
    group_members: u64,
}

/// Writes the organization and its traffic to a folder, with an enrichment file that reads them.
///
/// # Errors
/// A file cannot be written, or `mail/` contains Parquet files of an earlier run with other file names, which
/// would be read together with the new ones.
pub fn write(org: &Organization, folder: &Path, mail_files: u64, threads: usize) -> Result<Written> {
    let create =
        |folder: &Path| fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()));
    let mail = folder.join("mail");
    create(&mail)?;
    let parts = mail::parts(org, mail_files);
    mail::refuse_other_files(&mail, &parts)?;
    create(&folder.join("segments"))?;
    for (name, text) in enrichment::texts(org) {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(Written {
        mails: mail::write(org, &mail, &parts, threads)?,
        mail_files: parts.len() as u64,
        meetings: meetings::write(org, &folder.join("meetings.parquet"))?,
        accounts: tables::accounts(org, &folder.join("accounts.parquet"))?,
        contacts: tables::contacts(org, &folder.join("contacts.parquet"))?,
        users: tables::users(org, &folder.join("users.parquet"))?,
        group_members: tables::groups(org, &folder.join("groups.parquet"))?,
    })
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "mail      {:>12} rows in {} files", self.mails, self.mail_files)?;
        writeln!(f, "meetings  {:>12} rows", self.meetings)?;
        writeln!(f, "accounts  {:>12} rows", self.accounts)?;
        writeln!(f, "contacts  {:>12} rows", self.contacts)?;
        writeln!(f, "users     {:>12} rows", self.users)?;
        write!(f, "groups    {:>12} rows", self.group_members)
    }
}
