//! The record of a published run: when and by which version it was published, what it found, and what was
//! published before it.
//!
//! It is beside the tables and not in them, because their bytes depend on the inputs and the enrichment only: in
//! the manifest of an object store or of Delta tables, and on this machine in the folder of the run:
//!
//! ```text
//! out/.engagement/Office/run-a1b2c3/run.json
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::overview::Overview;
use super::remembered::Remembered;
use super::run_metadata::BY_KIND;
use super::tables::every_table;

/// The largest size in bytes of a record: months of a million accounts.
const LARGEST: u64 = 4 << 30;

/// The file in the folder of a run.
pub(crate) const FILE: &str = "run.json";

/// The record of a published run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When the run was published, to the second.
    pub published_at: DateTime<Utc>,
    /// The version of this crate that has published it.
    pub version: String,
    /// `[privacy] min_people` of the run.
    #[serde(default = "unprotected")]
    pub min_people: u32,
    /// The rule by which the run suppressed numbers; blank if it suppressed none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suppression: String,
    /// What was published about months of accounts while numbers were suppressed, by this run and by the runs before it.
    #[serde(flatten)]
    pub remembered: Remembered,
    /// The same of other enrichments that were published here before, and were replaced (`--replace`), by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<String, Remembered>,
    /// The first and the last day with used rows of mail or meetings; `None` if there is no used row, or if numbers
    /// about few people are suppressed.
    pub covered: Option<(NaiveDate, NaiveDate)>,
    /// The row of Office_Overview.
    pub overview: Overview,
    /// What was expected and what the run found, as it was judged then.
    pub expectations: Vec<Judgement>,
    /// What was published before; `None` for a first run, if that has no record, or if it suppressed less.
    pub before: Option<Before>,
    /// The size in bytes of the file of each table, by the name of the table. Empty for Delta tables, whose logs
    /// have the sizes, and in records of version 0.1.0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sizes: BTreeMap<String, u64>,
}

fn unprotected() -> u32 {
    1
}

/// What was published before a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// When it was published, to the second.
    pub published_at: DateTime<Utc>,
    /// The version of this crate that had published it.
    pub version: String,
    /// Its row of Office_Overview.
    pub overview: Overview,
}

/// An expectation of `[expect]`, compared with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The key of `[expect]`, and to what it was applied: `max_age_days`, `max_drop of messages`.
    pub expectation: String,
    /// What was expected, in words: `at most 3`.
    pub expected: String,
    /// What was found, in words.
    pub found: String,
    /// The result.
    pub outcome: Outcome,
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// What was expected was found.
    Met,
    /// It was not.
    Missed,
    /// It cannot be known, for example because a number is suppressed.
    Unknown,
}

impl Outcome {
    /// The word for this result: `met`, `missed` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for Judgement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { expectation, expected, found, outcome } = self;
        write!(f, "{:7}  {expectation}: expected {expected}, found {found}", outcome.as_str())
    }
}

impl Record {
    /// The record of a run that is published now. `now` is truncated to seconds.
    pub(crate) fn new(
        now: DateTime<Utc>,
        min_people: u32,
        overview: Overview,
        covered: Option<(NaiveDate, NaiveDate)>,
        expectations: Vec<Judgement>,
        remembered: Remembered,
        before: Option<Self>,
    ) -> Self {
        let suppression = if min_people > 1 { BY_KIND.to_owned() } else { String::new() };
        let before = before.filter(|before| before.protection() >= min_people);
        let before = before.map(|Self { published_at, version, overview, .. }| Before {
            published_at,
            version,
            overview,
        });
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self {
            published_at: now.trunc_subsecs(0),
            version,
            min_people,
            suppression,
            remembered,
            replaced: BTreeMap::new(),
            covered,
            overview,
            expectations,
            before,
            sizes: BTreeMap::new(),
        }
    }

    /// The number of internal people from which on the run published numbers, by the rule of this version; 1 if it
    /// suppressed none, or by a weaker rule.
    pub(crate) fn protection(&self) -> u32 {
        if self.suppression == BY_KIND { self.min_people } else { 1 }
    }

    /// What is remembered, if this version can compare it: by its rule, or from before a run that suppressed nothing.
    pub(crate) fn comparable(&self) -> Remembered {
        let is_comparable = self.suppression.is_empty() || self.suppression == BY_KIND;
        if is_comparable { self.remembered.clone() } else { Remembered::default() }
    }

    /// The record with the sizes of the files, each with the name of its table.
    pub(crate) fn with_sizes(&self, sizes: BTreeMap<String, u64>) -> Self {
        Self { sizes, ..self.clone() }
    }

    /// The record as a part of a manifest.
    pub(crate) fn to_value(&self) -> Value {
        // Strings, numbers and dates always serialize, so this never is the default.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Writes the record to the folder of a run, with the sizes of the files there. `office` is the name of the Office
    /// table.
    pub(crate) fn write(&self, run: &Path, office: &str) -> io::Result<()> {
        let size = |path: &Path| fs::metadata(path).map(|meta| meta.len());
        let tables = every_table().map(|t| (t, run.join(t.file(office))));
        let written = tables.filter(|(t, file)| !t.is_optional() || file.exists());
        let sizes = written.map(|(t, file)| Ok((t.name.to_owned(), size(&file)?)));
        let record = self.with_sizes(sizes.collect::<io::Result<_>>()?);
        fs::write(run.join(FILE), format!("{:#}\n", record.to_value()))
    }

    /// The record in the folder of a run; `None` if there is none that can be read. A pipe could block, and what is in a
    /// link is elsewhere.
    pub(crate) fn of_run(run: &Path) -> Option<Self> {
        let file = run.join(FILE);
        let meta = fs::symlink_metadata(&file).ok()?;
        (meta.is_file() && meta.len() <= LARGEST).then_some(())?;
        serde_json::from_slice(&fs::read(file).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::PublishedMonth;

    fn overview(as_of: &str) -> Overview {
        Overview {
            enrichment: "us-sales".into(),
            as_of: as_of.parse().unwrap(),
            first_day: None,
            last_day: None,
            days_covered: Some(3),
            mailboxes_listed: 2,
            mailboxes_active: Some(1),
            messages_engaged: None,
            meetings_engaged: Some(4),
            accounts_in_profile: 5,
            accounts_engaged: 6,
            shared_addresses: 0,
            addresses_by_domain: Some(0),
            accounts_by_domain: Some(0),
            shared_domains: 0,
        }
    }

    #[test]
    fn only_a_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (run, elsewhere) = (folder.path().join("run"), folder.path().join("run.json"));
        fs::create_dir(&run).unwrap();
        let record =
            Record::new(Utc::now(), 1, overview("2026-10-30"), None, vec![], Remembered::default(), None);
        fs::write(&elsewhere, record.to_value().to_string()).unwrap();
        assert_eq!(Record::of_run(&run), None);
        std::os::unix::fs::symlink(&elsewhere, run.join(FILE)).unwrap();
        assert_eq!(Record::of_run(&run), None);
        fs::remove_file(run.join(FILE)).unwrap();
        fs::rename(&elsewhere, run.join(FILE)).unwrap();
        assert_eq!(Record::of_run(&run), Some(record));
    }

    #[test]
    fn read_as_written_with_the_run_before() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let missed = Judgement {
            expectation: "max_age_days".into(),
            expected: "at most 3".into(),
            found: "20".into(),
            outcome: Outcome::Missed,
        };
        assert_eq!(missed.to_string(), "missed   max_age_days: expected at most 3, found 20");
        let first = Record::new(
            at("2026-10-31T03:15:00Z"),
            1,
            overview("2026-10-30"),
            None,
            vec![],
            Remembered::default(),
            None,
        );
        let second = Record::new(
            at("2026-11-01T03:15:00.987Z"),
            1,
            overview("2026-10-31"),
            None,
            vec![missed],
            Remembered::default(),
            Some(first.clone()),
        );
        let value = second.to_value();
        assert_eq!(value["published_at"], "2026-11-01T03:15:00Z");
        assert_eq!(value["overview"]["AsOfDate"], "2026-10-31");
        assert_eq!(value["expectations"][0]["outcome"], "missed");
        let before = second.before.as_ref().unwrap();
        assert_eq!((&before.overview, before.published_at), (&first.overview, first.published_at));
        assert_eq!(serde_json::from_value::<Record>(value).unwrap(), second);
        // Numbers that are suppressed from now on are not repeated.
        let record = |min_people, remembered, before| {
            let now = at("2026-11-02T03:15:00Z");
            Record::new(now, min_people, overview("2026-10-31"), None, vec![], remembered, before)
        };
        let month = |account: &str, month: &str, numbers: &str| PublishedMonth {
            account: account.into(),
            month: month.parse().unwrap(),
            numbers: numbers.into(),
            people: "2 0 0".into(),
        };
        let months = vec![month("a", "2026-09-01", "1"), month("b", "2026-10-01", "2")];
        let months = Remembered::default().with(months, "2026-10-31".parse().unwrap(), 2);
        let protected = record(2, months.clone(), Some(second));
        assert_eq!((&protected.before, protected.protection()), (&None, 2));
        let value = protected.to_value();
        let known = (&value["months"][0]["account"], &value["steps"][0]["as_of"], &value["forgotten"]);
        assert_eq!(known, (&"a".into(), &"2026-10-31".into(), &"2024-10-31".into()));
        assert_eq!(serde_json::from_value::<Record>(value).unwrap(), protected);
        let weaker = Record { suppression: "accounts-by-month".into(), ..protected.clone() };
        assert_eq!((weaker.comparable(), protected.comparable()), (Remembered::default(), months.clone()));
        assert!(record(2, Remembered::default(), Some(protected.clone())).before.is_some());
        assert!(record(2, Remembered::default(), Some(weaker)).before.is_none());
        let unprotected = record(1, months.clone(), Some(protected));
        assert_eq!((unprotected.protection(), unprotected.comparable()), (1, months));
    }
}
