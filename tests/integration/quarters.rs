//! Quarters: what one says is what a run says whose window is that quarter, and the quarters of a year add up to it.

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate};
use datafusion_engagement::config::{Enrichment, FiscalYearStart, Level};
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::publish;
use datafusion_engagement::query::session;

use crate::support::{block_on, bundled, rows};

/// The columns that depend on the days of the period alone. The others look at days before it, such as a reply to a
/// message of the quarter before.
const COLUMNS: &str = r#""CustomerId", "EngagementScore", "NoOfEmails_ToAccount", "NoOfEmails_FromAccount",
    "NoOfMeetings_FromAccount", "NoOfMeetings_ToAccount", "NoOfContactsInvolved_Meetings", "NoOfContactsInvolved_Emails",
    "NoOfAccountContactsInvolved_Meetings", "NoOfAccountContactsInvolved_Emails", "AverageDuration_Of_Meetings""#;

/// Runs an enrichment and returns the rows of a query over what it has published.
async fn published(enrichment: &Enrichment, sql: &str) -> Vec<Vec<String>> {
    pipeline::run(enrichment, &Silent).await.unwrap();
    rows(&session::published(enrichment).await.unwrap(), sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"))
}

/// Checks every quarter of the fiscal year that begins in a month. Returns the first days of the quarters.
async fn check(month: u32) -> Vec<NaiveDate> {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = bundled(folder.path());
    whole.levels = vec![Level::Quarter];
    whole.fiscal_year_start = FiscalYearStart::new(month).unwrap();
    let office = format!(r#"select "AggregationStartDate", {COLUMNS} from "Office" order by 1, 2"#);
    let mut quarters: BTreeMap<NaiveDate, Vec<Vec<String>>> = BTreeMap::new();
    for row in published(&whole, &office).await {
        quarters.entry(row[0].parse().unwrap()).or_default().push(row[1..].to_vec());
    }
    for (start, quarter) in &quarters {
        let first = (*start).max(whole.first_day());
        let last = (*start + Months::new(3) - Days::new(1)).min(whole.as_of);
        let mut alone = whole.clone();
        (alone.as_of, alone.levels) = (last, vec![Level::Year]);
        alone.window_days = (last - first).num_days() as u32 + 1;
        let engaged =
            format!(r#"select {COLUMNS} from "Office" where "EngagementStartDate" is not null order by 1"#);
        let alone = published(&alone, &engaged).await;
        assert!(alone.len() > 10, "{start}: only {} accounts", alone.len());
        assert_eq!(quarter.iter().zip(&alone).find(|(a, b)| a != b), None, "{start}");
        assert_eq!(quarter.len(), alone.len(), "{start}");
    }
    quarters.into_keys().collect()
}

fn days(days: &[&str]) -> Vec<NaiveDate> {
    days.iter().map(|day| day.parse().unwrap()).collect()
}

#[test]
fn quarters_of_the_calendar_are_runs_over_their_days() {
    let expected = days(&["2025-10-01", "2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"]);
    assert_eq!(block_on(check(1)), expected);
}

#[test]
fn quarters_of_a_fiscal_year_are_runs_over_their_days() {
    let expected = days(&["2025-11-01", "2026-02-01", "2026-05-01", "2026-08-01"]);
    assert_eq!(block_on(check(5)), expected, "the window has four whole quarters");
    let expected = days(&["2025-09-01", "2025-12-01", "2026-03-01", "2026-06-01", "2026-09-01"]);
    assert_eq!(block_on(check(12)), expected);
}

/// Counts add up from months to quarters to the year; people do not, and are between the most and the sum.
#[test]
fn quarters_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut enrichment = bundled(folder.path());
    enrichment.levels = Level::ALL.to_vec();
    enrichment.fiscal_year_start = FiscalYearStart::new(7).unwrap();
    block_on(async {
        let levels = r#"select "AggregationLevel", count(*) from "Office" group by 1 order by min("AggregationLevel")"#;
        let levels = published(&enrichment, levels).await;
        assert_eq!(
            levels.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
            ["month", "quarter", "week", "year"]
        );
        let ctx = session::published(&enrichment).await.unwrap();
        for (part, start) in
            [("month", r#"quarter_start("AggregationStartDate", 7)"#), ("quarter", "date '2025-11-01'")]
        {
            let whole = if part == "month" { "quarter" } else { "year" };
            let differ = format!(
                r#"with part as (
                    select "CustomerId", {start} as start, sum("NoOfEmails_ToAccount") as emails_to,
                        sum("NoOfMeetings_FromAccount") as meetings_from, max("NoOfContactsInvolved_Emails") as most,
                        sum("NoOfContactsInvolved_Emails") as total, min("EngagementStartDate") as first_on
                    from "Office" where "AggregationLevel" = '{part}' group by 1, 2
                )
                select * from (select * from "Office" where "AggregationLevel" = '{whole}') as whole
                full join part on part."CustomerId" = whole."CustomerId" and start = "AggregationStartDate"
                where whole."CustomerId" is null
                    or "NoOfEmails_ToAccount" <> coalesce(emails_to, 0)
                    or "NoOfMeetings_FromAccount" <> coalesce(meetings_from, 0)
                    or "NoOfContactsInvolved_Emails" not between coalesce(most, 0) and coalesce(total, 0)
                    or ("EngagementStartDate" is distinct from first_on)"#
            );
            assert_eq!(rows(&ctx, &differ).await.unwrap(), Vec::<Vec<String>>::new(), "{part}");
        }
        let description = publish::register(&session::new().unwrap(), &enrichment).await.unwrap();
        assert_eq!(description.get("fiscal_year_start"), Some("7"));
        assert_eq!(description.levels(), Level::ALL);

        // Live and published sessions agree.
        let live = session::live(&enrichment).await.unwrap();
        for table in ["Office", "Office_ScoreExplained"] {
            let all = format!(
                r#"select * from "{table}" where "AggregationLevel" = 'quarter' order by 1, 2, 3, 4"#
            );
            let (mut live, mut published) =
                (rows(&live, &all).await.unwrap(), rows(&ctx, &all).await.unwrap());
            live.sort();
            published.sort();
            assert!(live.len() > 100, "{table}");
            assert_eq!(live.iter().zip(&published).find(|(a, b)| a != b), None, "{table}");
            assert_eq!(live.len(), published.len(), "{table}");
        }
    });
}
