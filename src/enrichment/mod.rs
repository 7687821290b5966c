//! The enrichment file: what it may say, its defaults, its checks.
//!
//! [`Enrichment::open`] reads a TOML file and refuses whatever cannot be right: an unknown key, a
//! missing consent, weights that do not add up. It looks at no input but the mailbox list.

use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use crate::error::Result;

mod dates;
mod delta;
mod inputs;
mod mailbox_list;
mod measure;
mod output;
mod parse;
mod place;
mod schema;
mod section;
mod storage;
#[cfg(test)]
mod testing;
mod text;
mod weights;
mod words;
mod zone;

pub use measure::{Measure, Weights};
pub use storage::Storage;
pub use words::{Format, Level, OutputFormat, Region};

/// One enrichment: what to read, for whom, over which days, and where the result goes.
///
/// Paths of inputs and output are as written; [`Enrichment::resolve`] makes them relative to the
/// file.
#[derive(Debug, Clone)]
pub struct Enrichment {
    /// The enrichment file.
    pub file: PathBuf,
    /// The name it gives itself.
    pub name: String,
    /// The last day that counts.
    pub as_of: NaiveDate,
    /// Days are days in this zone.
    pub time_zone: Tz,
    /// How many days count, the as-of date included; at least 1.
    pub window_days: u32,
    /// An answer that took longer is no reply.
    pub reply_window_days: u32,
    /// The levels of Office, each once, in the order year, month, week.
    pub levels: Vec<Level>,
    /// Where the data may be kept; recorded, not interpreted.
    pub region: Option<Region>,
    /// The tenant administrator's agreement.
    pub consent: Consent,
    /// The listed addresses, people or groups, normalized; groups are not yet resolved.
    pub mailboxes: Vec<String>,
    /// The directory.
    pub users: Option<Input>,
    /// Distribution groups.
    pub groups: Option<Input>,
    /// The contacts of the accounts.
    pub contacts: Contacts,
    /// The profile to enrich.
    pub accounts: Option<Accounts>,
    /// Mail copies.
    pub mail: Option<Input>,
    /// Meeting copies.
    pub meetings: Option<Input>,
    /// Where the result goes.
    pub output: Output,
    /// How object stores are reached.
    pub storage: Storage,
    /// The nine weights of the score.
    pub weights: Weights,
    /// Numbers of fewer people of ours than this are withheld; 1 withholds none.
    pub min_people: u32,
}

/// What the command line may say instead of the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The as-of date, `YYYY-MM-DD`.
    pub as_of: Option<String>,
    /// The output folder, relative to the working directory.
    pub output: Option<PathBuf>,
}

/// One input: a path and the shape of what lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// A file, a folder or a glob, as written; local or the URL of an object store.
    pub path: String,
    /// The shape.
    pub format: Format,
}

/// The contact table and its column names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// A file, a folder or a glob, as written; local or the URL of an object store.
    pub path: String,
    /// The shape: canonical or a Delta table.
    pub format: Format,
    /// The columns with email addresses; at least one.
    pub email: Vec<String>,
    /// The column with the account.
    pub account_id: String,
    /// The column with the contact's id; `None` where it was not mapped (then `contact_id` is
    /// taken if it is there).
    pub contact_id: Option<String>,
}

/// The profile and its column names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// A file, a folder or a glob, as written; local or the URL of an object store.
    pub path: String,
    /// The shape: canonical or a Delta table.
    pub format: Format,
    /// The column with the account.
    pub account_id: String,
    /// The column with its name; `None` where it was not mapped (then `name` is taken if it is
    /// there).
    pub name: Option<String>,
}

/// Where the result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The folder, as written in the file (relative to it), or as given on the command line
    /// (made absolute); or the URL of one in an object store.
    pub path: String,
    /// The name of the Office table; the others begin with it.
    pub table: String,
    /// As what the tables are published.
    pub format: OutputFormat,
    /// Whether the tables of each as-of date are kept, which Delta tables always do.
    pub history: bool,
}

/// The tenant administrator's agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who agreed.
    pub granted_by: String,
    /// When; not after the as-of date.
    pub granted_on: NaiveDate,
}

impl Enrichment {
    /// Reads and checks an enrichment file.
    ///
    /// # Errors
    /// Whatever the file says wrong, with the place in it.
    pub fn open(file: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(file, &Overrides::default())
    }

    /// The same, with what the command line says instead.
    pub fn open_with(file: impl AsRef<Path>, overrides: &Overrides) -> Result<Self> {
        parse::open(file.as_ref(), overrides)
    }

    /// The first day that counts.
    pub fn first_day(&self) -> NaiveDate {
        self.as_of.checked_sub_days(Days::new(u64::from(self.window_days) - 1)).unwrap_or(NaiveDate::MIN)
    }

    /// A path of this file, made absolute or relative to the working directory.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }
}

/// How few and how many mailboxes an enrichment may have after groups are resolved.
pub const MAILBOXES: (usize, usize) = (2, 2_500);
