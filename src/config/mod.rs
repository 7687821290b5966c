//! The enrichment file: its sections and keys, their defaults, and the checks.
//!
//! [`Enrichment::open`] reads a TOML file and rejects every mistake that the file alone shows: an unknown
//! key, a missing consent, weights that do not add up to 100. It reads no input except the mailbox list.

mod consent;
pub(crate) mod date;
mod delta;
mod dispositions;
mod expect;
mod inputs;
mod levels;
mod line_list;
mod mailbox_list;
mod measure;
mod mistakes;
mod notes;
mod output;
mod parse;
mod privacy;
mod public_mail;
mod run_command;
mod schema;
mod section;
mod source_text;
mod storage;
#[cfg(test)]
mod testing;
pub(crate) mod text_file;
mod unknown_keys;
mod values;
mod weights;
mod window;
mod zone;
mod zone_abbreviations;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

pub use self::expect::{Amount, Expectations, Share};
pub use self::measure::{Measure, Weights};
pub(crate) use self::output::FOLDER as OUTPUT_FOLDER;
#[cfg(test)]
pub(crate) use self::schema::columns_of;
pub(crate) use self::source_text::{listed, quote};
pub use self::values::{Format, OutputFormat, Region, Source};
use crate::error::Result;
pub use crate::functions::time::{FiscalYearStart, Level};
pub use crate::storage::StorageOptions;

#[cfg(not(feature = "delta"))]
pub(crate) use self::delta::delta_disabled;
/// One enrichment: its inputs, its mailboxes, the days that count, and the output.
///
/// Paths of inputs and output are as written in the file. [`Enrichment::resolve`] resolves them against the
/// folder of the file.
#[derive(Debug, Clone)]
pub struct Enrichment {
    /// The path of the enrichment file.
    pub file: PathBuf,
    /// The name of the enrichment.
    pub name: String,
    /// The as-of date: the last day that counts, in `time_zone`. With `min_people` above 1 it is the last day of
    /// the last complete month at the date that is given.
    pub as_of: NaiveDate,
    /// The zone of all days and dates.
    pub time_zone: Tz,
    /// The number of days in the window, including the as-of date; at least 1.
    pub window_days: u32,
    /// The longest time of a reply, in days of 24 hours. An answer that takes longer is not a reply.
    pub reply_window_days: u32,
    /// The levels of Office, without duplicates, in the order year, quarter, month, week.
    pub levels: Vec<Level>,
    /// The month in which quarters begin to count.
    pub fiscal_year_start: FiscalYearStart,
    /// Where the data may be stored. It is recorded with the output and has no other effect.
    pub region: Option<Region>,
    /// The agreement of the tenant administrator.
    pub consent: Consent,
    /// The listed addresses of people and groups: normalized, sorted, without duplicates. Groups are not yet
    /// resolved.
    pub mailboxes: Vec<String>,
    /// The largest number of mailboxes after groups are resolved.
    pub mailbox_limit: u32,
    /// The directory; optional.
    pub users: Option<InputConfig>,
    /// The distribution groups; optional.
    pub groups: Option<InputConfig>,
    /// The contacts of the accounts; optional if the accounts have domains.
    pub contacts: Option<Contacts>,
    /// The profile to enrich; without it, the profile is every account of the contacts.
    pub accounts: Option<Accounts>,
    /// The domains of public mail providers, normalized, which belong to no account.
    pub public_mail_domains: Vec<String>,
    /// Copies of messages. At least one of `mail` and `meetings` is present.
    pub mail: Option<InputConfig>,
    /// Copies of meetings.
    pub meetings: Option<InputConfig>,
    /// Where and how the result is published.
    pub output: OutputConfig,
    /// Options of the object stores.
    pub storage: StorageOptions,
    /// The nine weights of the score, as the file gives them; they add up to 100.
    pub weights: Weights,
    /// Numbers about fewer internal people than this are suppressed; 1 suppresses nothing. Above 1, the window is
    /// twelve calendar months, and `levels` does not contain weeks.
    pub min_people: u32,
    /// What a run must find, so that it publishes.
    pub expect: Expectations,
    /// Whether the as-of date of a run may be in the future. Only the command line can permit it, and only if
    /// `min_people` is 1.
    pub allow_future: bool,
    /// With `min_people` above 1: whether a run publishes months with other numbers than those that were published
    /// about them. Only the command line can permit it.
    pub publish_changed: bool,
    /// The options of the command line that decide what a run publishes, for errors that suggest a command.
    pub run_options: Vec<String>,
}

/// Values of the command line that replace values of the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The as-of date, `YYYY-MM-DD`.
    pub as_of: Option<String>,
    /// The output folder, relative to the working directory.
    pub output: Option<PathBuf>,
    /// Whether a run replaces tables of another enrichment, and files of other programs.
    pub replace: bool,
    /// The number of days in the window.
    pub window_days: Option<u32>,
    /// The levels of Office, by their names.
    pub levels: Option<Vec<String>>,
    /// Whether a run publishes even if it does not find what `[expect]` expects.
    pub publish_anyway: bool,
    /// Whether the as-of date of a run may be in the future.
    pub allow_future: bool,
    /// Whether a run publishes months with other numbers than those that were published about them.
    pub publish_changed: bool,
}

/// One input: a path and the format of its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputConfig {
    /// A file, a folder or a glob, as written: a local path or the URL of an object store.
    pub path: String,
    /// The format.
    pub format: Format,
    /// The names that the files have for columns: by the name of the column in this project, the name in the files.
    /// Columns that are not mapped have the same name in both. Names count in any case.
    pub columns: BTreeMap<&'static str, String>,
}

/// The contacts input and its column mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// A file, a folder or a glob, as written: a local path or the URL of an object store.
    pub path: String,
    /// The format: canonical, Delta or CSV.
    pub format: Format,
    /// The columns with email addresses; at least one. Names that differ only in case are one column.
    pub email: Vec<String>,
    /// The column with the account id.
    pub account_id: String,
    /// The column with the id of the contact. `None` if it is not mapped: then `contact_id` is used if the
    /// input has it.
    pub contact_id: Option<String>,
}

/// The accounts input and its column mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// A file, a folder or a glob, as written: a local path or the URL of an object store.
    pub path: String,
    /// The format: canonical, Delta or CSV.
    pub format: Format,
    /// The column with the account id.
    pub account_id: String,
    /// The column with the name of the account. `None` if it is not mapped: then `name` is used if the input
    /// has it.
    pub name: Option<String>,
    /// The columns with web sites, domains or addresses, by whose domains accounts know people. Empty if they are
    /// not mapped. Names that differ only in case are one column.
    pub domains: Vec<String>,
    /// The columns that are published with the profile, as the enrichment file spells them.
    pub attributes: Vec<String>,
}

/// Where and how the result is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputConfig {
    /// The output folder: a path as written in the file (relative to it), an absolute path from the command
    /// line, or the URL of a folder in an object store.
    pub path: String,
    /// The name of the Office table; the names of the other tables begin with it.
    pub table: String,
    /// The format of the published tables.
    pub format: OutputFormat,
    /// Whether the tables of each as-of date are retained; always true for Delta tables.
    pub history: bool,
    /// Whether `Office_ScoreExplained` is published, too.
    pub score_explained: bool,
    /// The output folder as the command line gives it; `None` if it does not.
    pub given: Option<PathBuf>,
    /// Whether a run replaces tables that it does not own: those of another enrichment, and files of other
    /// programs. Only the command line can permit it.
    pub replace: bool,
}

/// The agreement of the tenant administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The person who agreed.
    pub granted_by: String,
    /// The day of the agreement, not after the as-of date.
    pub granted_on: NaiveDate,
}

impl Enrichment {
    /// Reads and checks an enrichment file, and the mailbox list that it names.
    ///
    /// # Errors
    /// The mistakes in the file and in the mailbox list, with file and line; a file that cannot be read. Of each
    /// section, it is the first one.
    pub fn open(file: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(file, &Overrides::default())
    }

    /// Reads and checks an enrichment file, and the mailbox list that it names. Values of the command line
    /// replace those of the file; the replaced values are checked, too.
    ///
    /// # Errors
    /// The mistakes in the file, in the mailbox list, and in the values of the command line; a file that cannot be
    /// read. Of each section, it is the first one.
    pub fn open_with(file: impl AsRef<Path>, overrides: &Overrides) -> Result<Self> {
        let file = file.as_ref();
        parse::open(file, overrides).map_err(|e| e.with_context("path", file.display().to_string()))
    }

    /// Reads and checks the text of an enrichment file, which need not exist, and the mailbox list that it names.
    pub(crate) fn of_text(file: &Path, text: &str) -> Result<Self> {
        parse::of_text(file, text, &Overrides::default())
    }

    /// The sources of engagement that the enrichment has, at least one.
    pub fn sources(&self) -> Vec<Source> {
        let is_there = |source: &Source| match source {
            Source::Mail => self.mail.is_some(),
            Source::Meetings => self.meetings.is_some(),
        };
        Source::ALL.into_iter().filter(is_there).collect()
    }

    /// The weights with which scores are computed: those of the file, and 0 for the measures of a source that the
    /// enrichment does not have.
    pub fn score_weights(&self) -> Weights {
        self.weights.of_sources(&self.sources())
    }

    /// Whether accounts know people by the domain of their address.
    pub fn has_domains(&self) -> bool {
        self.accounts.as_ref().is_some_and(|accounts| !accounts.domains.is_empty())
    }

    /// The columns of the accounts input that are published with the profile.
    pub fn attributes(&self) -> &[String] {
        self.accounts.as_ref().map_or(&[], |accounts| &accounts.attributes)
    }

    /// The first day of the window.
    pub fn first_day(&self) -> NaiveDate {
        self.as_of.checked_sub_days(Days::new(u64::from(self.window_days) - 1)).unwrap_or(NaiveDate::MIN)
    }

    /// A path as written in the file, resolved against the folder of the file.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.folder().join(path)
    }

    /// The folder of the enrichment file; relative paths are relative to it.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

/// The smallest number of mailboxes after groups are resolved, and the largest unless `[mailboxes] limit` sets
/// another one.
pub const MAILBOXES: (u32, u32) = (2, 2_500);
/// The largest `[mailboxes] limit`.
const LARGEST_LIMIT: u32 = 1_000_000;
