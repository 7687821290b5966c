//! What the tests of the card share.

use super::customer::Customer;
use super::explained::{Explanation, Term};
use crate::cli::session::Session;
use crate::config::{Level, Source};
use crate::query::testing;

pub async fn published() -> Session {
    let folder = tempfile::tempdir().unwrap();
    let (levels, sources) = (Level::ALL.to_vec(), Source::ALL.to_vec());
    let enrichment = testing::enrichment(folder.path());
    Session::over(testing::published().await, enrichment, levels, sources).await.unwrap()
}

/// A customer with the two measures of the same weight, which is half of all.
pub fn customer() -> Customer {
    let term = |label, value, standing, points| Term {
        label,
        is_in_meetings: false,
        value,
        standing,
        accounts: 97,
        weight: 20,
        total_weight: 40,
        points,
    };
    Customer {
        id: "a1".into(),
        name: Some("Acme\u{1b}[2J Ltd".into()),
        score: Some(95.04),
        emails: Some(1070),
        meetings: Some(4),
        months: Some(vec![("2026-10".into(), Some((8, 4))), ("2026-11".into(), Some((16, 0)))]),
        attributes: vec![],
        explanation: Explanation::Terms(vec![
            term("Emails from them", Some(1030), 84, 43.29896907216495),
            term("Days since the last", None, 0, 0.0),
        ]),
    }
}

pub const SOURCE: &str = "us-sales, as of 2026-11-22";
