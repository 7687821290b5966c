//! The record of a published run: when and by which version it was published, what it found, and what was
//! published before it.
//!
//! It is beside the tables and not in them, because their bytes depend on the inputs and the enrichment only: in
//! the manifest of an object store or of Delta tables, and on this machine in the folder of the run:
//!
//! ```text
//! out/.engagement/Office/run-a1b2c3/run.json
//! ```

use std::path::Path;
use std::{fs, io};

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::overview::Overview;

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
    /// The first and the last day with used rows of mail or meetings; `None` if there is no used row, or if numbers
    /// about few people are suppressed.
    pub covered: Option<(NaiveDate, NaiveDate)>,
    /// The row of Office_Overview.
    pub overview: Overview,
    /// What was expected and what the run found, as it was judged then.
    pub expectations: Vec<Judgement>,
    /// What was published before; `None` for a first run, if that has no record, or if it suppressed less.
    pub before: Option<Before>,
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
        before: Option<Self>,
    ) -> Self {
        let before = before.filter(|before| before.min_people >= min_people);
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
            covered,
            overview,
            expectations,
            before,
        }
    }

    /// The record as a part of a manifest.
    pub(crate) fn to_value(&self) -> Value {
        // Strings, numbers and dates always serialize, so this never is the default.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Writes the record to the folder of a run.
    pub(crate) fn write(&self, run: &Path) -> io::Result<()> {
        fs::write(run.join(FILE), format!("{:#}\n", self.to_value()))
    }
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
        let first = Record::new(at("2026-10-31T03:15:00Z"), 1, overview("2026-10-30"), None, vec![], None);
        let second = Record::new(
            at("2026-11-01T03:15:00.987Z"),
            1,
            overview("2026-10-31"),
            None,
            vec![missed],
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
        let protected =
            Record::new(at("2026-11-02T03:15:00Z"), 2, overview("2026-10-31"), None, vec![], Some(second));
        assert_eq!(protected.before, None);
    }
}
