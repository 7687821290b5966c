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

use chrono::{DateTime, Months, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::overview::Overview;
use super::run_metadata::BY_OWN_PEOPLE;
use crate::views::PublishedMonth;

/// How long a run remembers what was published about a month, in months before the as-of date: two windows.
const MONTHS: u32 = 24;
use super::tables::TABLES;

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
    /// What was published about months of accounts, by this run and by the runs before it, if numbers are suppressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<PublishedMonth>,
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
        months: Vec<PublishedMonth>,
        before: Option<Self>,
    ) -> Self {
        let mut before = before.filter(|before| before.protection() >= min_people);
        let earlier = before.as_mut().map(|before| std::mem::take(&mut before.months)).unwrap_or_default();
        let months = if min_people > 1 { remembered(earlier, months, overview.as_of) } else { vec![] };
        let suppression = if min_people > 1 { BY_OWN_PEOPLE.to_owned() } else { String::new() };
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
            months,
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
        if self.suppression == BY_OWN_PEOPLE { self.min_people } else { 1 }
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
        let sizes = TABLES.iter().map(|t| Ok((t.name.to_owned(), size(&run.join(t.file(office)))?)));
        let record = self.with_sizes(sizes.collect::<io::Result<_>>()?);
        fs::write(run.join(FILE), format!("{:#}\n", record.to_value()))
    }

    /// The record in the folder of a run; `None` if there is none that can be read.
    pub(crate) fn of_run(run: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(run.join(FILE)).ok()?).ok()
    }
}

/// What was published about months: `now`, and what was known before about other months and accounts. Months that no
/// window of this as-of date or a later one contains, nor one of the year before it, are forgotten.
fn remembered(
    earlier: Vec<PublishedMonth>,
    now: Vec<PublishedMonth>,
    as_of: NaiveDate,
) -> Vec<PublishedMonth> {
    let first = as_of.checked_sub_months(Months::new(MONTHS)).unwrap_or(NaiveDate::MIN);
    let earlier = earlier.into_iter().filter(|known| known.month > first);
    let by_month = earlier.chain(now).map(|known| ((known.account, known.month), known.numbers));
    let by_month: BTreeMap<_, _> = by_month.collect();
    let known = |((account, month), numbers)| PublishedMonth { account, month, numbers };
    by_month.into_iter().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            accounts_by_domain: 0,
            shared_domains: 0,
        }
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
        let first =
            Record::new(at("2026-10-31T03:15:00Z"), 1, overview("2026-10-30"), None, vec![], vec![], None);
        let second = Record::new(
            at("2026-11-01T03:15:00.987Z"),
            1,
            overview("2026-10-31"),
            None,
            vec![missed],
            vec![],
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
        let record = |min_people, months, before| {
            let now = at("2026-11-02T03:15:00Z");
            Record::new(now, min_people, overview("2026-10-31"), None, vec![], months, before)
        };
        let month = |account: &str, month: &str, numbers: &str| PublishedMonth {
            account: account.into(),
            month: month.parse().unwrap(),
            numbers: numbers.into(),
        };
        let protected =
            record(2, vec![month("a", "2026-09-01", "1"), month("b", "2026-10-01", "2")], Some(second));
        assert_eq!((&protected.before, protected.protection()), (&None, 2));

        // What was published about months is remembered, but not what an earlier version did by a weaker rule.
        let more = vec![month("a", "2026-09-01", "3"), month("b", "2026-09-01", "4")];
        let old = Record {
            months: vec![month("b", "2024-10-01", "5"), month("b", "2024-11-01", "6")],
            ..protected
        };
        let weaker = Record { suppression: "accounts-by-month".into(), ..old.clone() };
        let later = record(2, more.clone(), Some(old));
        assert_eq!(later.months, [more[0].clone(), month("b", "2024-11-01", "6"), more[1].clone()]);
        assert!(later.before.is_some());
        assert_eq!(serde_json::from_value::<Record>(later.to_value()).unwrap(), later);
        assert_eq!(record(3, more.clone(), Some(later)).months, more);
        let after_weaker = record(2, more.clone(), Some(weaker));
        assert_eq!((after_weaker.months, after_weaker.before), (more.clone(), None));
        assert!(record(1, more, None).months.is_empty());
    }
}
