//! Numbers about too few people are suppressed, and no sum or difference of published numbers discloses one
//! of them.

mod attacker;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::publish::{self, TABLES};
use datafusion_engagement::query::session;
use proptest::prelude::*;

use crate::files::read;
use crate::support::{block_on, bundled, published, rows, value};
use attacker::{Number, given_away};
use world::{ACCOUNTS, DAYS, Event, KINDS, date, events, inputs, part, period};

/// Office rows: account, level and first day, and the other columns.
type Office = BTreeMap<(usize, String, NaiveDate), Vec<Option<f64>>>;

const COUNTS: &str = r#""NoOfEmails_ToAccount", "NoOfEmails_FromAccount", "NoOfMeetings_FromAccount", "NoOfMeetings_ToAccount""#;

/// The published tables of a run over a world.
struct Tables {
    office: Office,
    /// Account, emails, meetings.
    card: Vec<(usize, [Option<i64>; 2])>,
    /// Account, month, emails, meetings.
    history: Vec<(usize, NaiveDate, [Option<i64>; 2])>,
    /// Messages, meetings.
    overview: [Option<i64>; 2],
    bytes: BTreeMap<String, Vec<u8>>,
}

fn number(text: &str) -> Option<i64> {
    (text != "NULL").then(|| text.parse().unwrap())
}

fn account(id: &str) -> usize {
    id[1..].parse().unwrap()
}

async fn tables(events: &[Event], levels: &[&str], min_people: u32) -> Tables {
    let folder = tempfile::tempdir().unwrap();
    let enrichment = inputs(folder.path(), events, levels, min_people).await;
    pipeline::run(&enrichment, &Silent).await.unwrap();
    let ctx = session::published(&enrichment).await.unwrap();
    let all = async |sql: String| rows(&ctx, &sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
    let office = all(format!(
        r#"select "CustomerId", "AggregationLevel", "AggregationStartDate", {COUNTS}, "NoOfContactsInvolved_Emails",
            "NoOfContactsInvolved_Meetings", "NoOfAccountContactsInvolved_Emails", "NoOfAccountContactsInvolved_Meetings",
            "EngagementScore", "AverageDuration_Of_Meetings", "AverageDuration_Of_AccountEmailReplies",
            cast("EngagementStartDate" as int), "DaysSinceLastEmail", "DaysSinceLastMeeting" from "Office""#
    ))
    .await;
    let office = office.iter().map(|row| {
        let key = (account(&row[0]), row[1].clone(), row[2].parse().unwrap());
        (key, row[3..].iter().map(|v| (v != "NULL").then(|| v.parse().unwrap())).collect())
    });
    let card = all(r#"select "CustomerId", "Emails", "Meetings" from "CustomerCard""#.into()).await;
    let history =
        all(r#"select "CustomerId", "Month", "Emails", "Meetings" from "CustomerCard_History""#.into()).await;
    let overview = all(r#"select "MessagesEngaged", "MeetingsEngaged" from "Office_Overview""#.into()).await;
    let month = |r: &Vec<String>| (account(&r[0]), r[1].parse().unwrap(), [number(&r[2]), number(&r[3])]);
    Tables {
        office: office.collect(),
        card: card.iter().map(|r| (account(&r[0]), [number(&r[1]), number(&r[2])])).collect(),
        history: history.iter().map(month).collect(),
        overview: [0, 1].map(|i| number(&overview[0][i])),
        bytes: published(&enrichment.resolve(&enrichment.output.path)),
    }
}

/// Every number that can be added to others, with the parts that it sums.
fn numbers(tables: &Tables, levels: &[&str]) -> Vec<Number> {
    // If a level has no row for a period, everyone can see that nothing happened in it.
    let possible = |account: usize, day: usize| {
        let has_row = |level: &&&str| {
            tables.office.contains_key(&(account, level.to_string(), period(level, date(day))))
        };
        levels.iter().filter(|level| **level != "year").all(|level| has_row(&level))
    };
    let parts = |account: usize, kinds: &[usize], within: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
        let days = (0..DAYS.len()).filter(|&day| within(day) && possible(account, day));
        days.flat_map(|day| kinds.iter().map(move |&kind| part(account, day, kind))).collect()
    };
    let mut numbers = vec![];
    for ((account, level, start), columns) in &tables.office {
        for (kind, column) in columns.iter().enumerate().take(KINDS) {
            numbers.push(Number {
                name: format!("Office a{account} {level} {start} {kind}"),
                parts: parts(*account, &[kind], &|day| period(level, date(day)) == *start),
                shown: column.map(|n| n as i64),
            });
        }
    }
    // Emails, meetings.
    for (i, kinds) in [[0, 1], [2, 3]].iter().enumerate() {
        for (account, shown) in &tables.card {
            let parts = parts(*account, kinds, &|_| true);
            numbers.push(Number { name: format!("card a{account} {i}"), parts, shown: shown[i] });
        }
        for (account, month, shown) in &tables.history {
            let parts = parts(*account, kinds, &|day| period("month", date(day)) == *month);
            numbers.push(Number { name: format!("history a{account} {month} {i}"), parts, shown: shown[i] });
        }
        let parts = (0..ACCOUNTS).flat_map(|account| parts(account, kinds, &|_| true)).collect();
        numbers.push(Number { name: format!("overview {i}"), parts, shown: tables.overview[i] });
    }
    numbers
}

/// The Office rows that the rule suppresses, computed by hand; `office` contains all rows with all columns.
fn suppressed(office: &Office, min_people: u32) -> BTreeSet<(usize, String, NaiveDate)> {
    let is_small = |columns: &Vec<Option<f64>>| {
        columns[4..6].iter().flatten().any(|&people| people > 0.0 && people < f64::from(min_people))
    };
    let mut suppressed = BTreeSet::new();
    for account in 0..ACCOUNTS {
        let of = |level: &str| -> Vec<_> {
            office.iter().filter(|((a, l, _), _)| *a == account && l == level).collect()
        };
        let levels = ["month", "week"].map(of);
        let items = |rows: &Vec<(&_, &Vec<Option<f64>>)>| -> f64 {
            rows.iter().flat_map(|(_, columns)| &columns[..KINDS]).flatten().sum()
        };
        let year = of("year");
        let year_is_small = year.iter().any(|(_, columns)| is_small(columns));
        if !year_is_small && !levels.iter().flatten().any(|(_, columns)| is_small(columns)) {
            continue;
        }
        suppressed.extend(levels.iter().flatten().map(|(key, _)| (*key).clone()));
        let gives_away =
            |rows: &Vec<_>| rows.len() == 1 || !rows.is_empty() && items(rows) <= rows.len() as f64;
        if year_is_small || levels.iter().any(gives_away) {
            suppressed.extend(year.iter().map(|(key, _)| (*key).clone()));
        }
    }
    suppressed
}

const LEVELS: [&[&str]; 4] = [&["year", "month", "week"], &["year", "month"], &["year", "week"], &["year"]];

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_suppressed_number_can_be_had(events in events(), levels in 0..LEVELS.len(), min_people in 2..=3u32) {
        let levels = LEVELS[levels];
        let (everything, open, closed, again) = block_on(async {
            // Months count even if Office does not contain them, because the history contains them.
            let with_months = if levels.contains(&"week") { LEVELS[0] } else { LEVELS[1] };
            let everything = tables(&events, with_months, 1).await;
            let open = tables(&events, levels, 1).await;
            let closed = tables(&events, levels, min_people).await;
            // Doubles the activity of each account whose year row is about too few people.
            let years = open.office.iter().filter(|((_, level, _), _)| level == "year");
            let small = suppressed(&years.map(|(key, columns)| (key.clone(), columns.clone())).collect(), min_people);
            let more = events.iter().copied().filter(|e| small.iter().any(|(a, ..)| *a == e.account));
            let again = tables(&events.iter().copied().chain(more).collect::<Vec<_>>(), levels, min_people).await;
            (everything, open, closed, again)
        });

        // Published numbers are correct, and exactly the rows of the rule are suppressed.
        let known = numbers(&closed, levels);
        for number in &known {
            let count = |e: &&Event| number.parts.contains(&part(e.account, e.day, e.kind));
            let sum = events.iter().filter(count).count() as i64;
            prop_assert!(number.shown.is_none_or(|shown| shown == sum), "{number:?} is {sum}");
        }
        let expected = suppressed(&everything.office, min_people);
        prop_assert!(open.office.keys().eq(closed.office.keys()));
        for (account, month, shown) in &closed.history {
            let is_suppressed = expected.iter().any(|(a, level, _)| a == account && level == "month");
            prop_assert_eq!(*shown == [None; 2], is_suppressed, "a{} {}", account, month);
        }
        for (key, columns) in &closed.office {
            let shown = columns.iter().any(Option::is_some);
            prop_assert_eq!(shown, !expected.contains(key), "{:?}", key);
            let alike = columns.iter().zip(&open.office[key]).enumerate().all(|(i, (a, b))| i == 8 || a == b);
            prop_assert!(!shown || alike, "{:?}", key);
        }

        prop_assert_eq!(given_away(&known), Vec::<&str>::new());
        // No published byte depends on the activity of those accounts, which includes the scores of other
        // accounts.
        for (file, bytes) in &closed.bytes {
            prop_assert!(file.ends_with("_Dispositions.parquet") || *bytes == again.bytes[file], "{file}");
        }
    }
}

/// The check above finds what a rule discloses that suppresses only small rows.
#[test]
fn withholding_small_rows_alone_would_give_them_away() {
    let on = |day, ours| Event { account: 0, day, kind: 0, ours };
    // Two internal people on two days of June, one of them also on a day in March.
    let events = [on(0, 1), on(2, 3), on(4, 3), on(4, 3)];
    let levels = LEVELS[1];
    let mut tables = block_on(tables(&events, levels, 1));
    let small = |columns: &&mut Vec<Option<f64>>| columns[4] == Some(1.0);
    let march = tables.office.values_mut().find(small).unwrap();
    march.iter_mut().for_each(|column| *column = None);
    tables.history.iter_mut().for_each(|(_, _, shown)| *shown = [None; 2]);
    let naive = numbers(&tables, levels);
    assert_eq!(given_away(&naive)[0], "Office a0 month 2026-03-01 0");
}

/// The bundled enrichment with `min_people` set.
#[test]
fn suppressed_rows_are_nobodys_score_and_no_segment() {
    let folder = tempfile::tempdir().unwrap();
    let mut enrichment = bundled(folder.path());
    enrichment.min_people = 2;
    block_on(async {
        let report = pipeline::run(&enrichment, &Silent).await.unwrap();
        let ctx = session::new().unwrap();
        let description = publish::register(&ctx, &enrichment).await.unwrap();
        assert_eq!(description.min_people(), 2);
        for table in TABLES {
            let batch = read(&folder.path().join(table.file("Office")));
            assert_eq!(batch.schema().fields(), table.schema(2).fields(), "{}", table.name);
        }
        let years =
            r#"select count(*) from "Office" where "AggregationLevel" = 'year' and "EngagementScore" is"#;
        let (suppressed, shown) =
            (value(&ctx, &format!("{years} null")).await, value(&ctx, &format!("{years} not null")).await);
        assert!(suppressed != "0" && shown.parse::<usize>().unwrap() > 20, "{suppressed} {shown}");
        let note = format!("[privacy] min_people = 2: all numbers of {suppressed} accounts are suppressed");
        assert!(report.notes.iter().any(|n| n.starts_with(&note)), "{:?}", report.notes);

        // Live and published sessions agree, and scores follow from the published tables alone.
        let live = session::live(&enrichment).await.unwrap();
        for table in
            ["Office", "Office_ScoreExplained", "CustomerCard", "CustomerCard_History", "Office_Overview"]
        {
            let all = format!(r#"select * from "{table}""#);
            let (mut a, mut b) = (rows(&live, &all).await.unwrap(), rows(&ctx, &all).await.unwrap());
            a.sort();
            b.sort();
            assert_eq!(a.len(), b.len(), "{table}");
            assert_eq!(a.iter().zip(&b).find(|(a, b)| a != b), None, "{table}");
        }
        let explained =
            r#"select count(*) from "Office_ScoreExplained" where "Standing" is null and "Value" is null"#;
        let null = r#"select 9 * count(*) from "Office" where "EngagementScore" is null"#;
        assert_eq!(value(&ctx, explained).await, value(&ctx, null).await);
        datafusion_engagement::query::segments::register(&ctx, &enrichment).await.unwrap();
        for segment in ["Stale", "Silent", "Champions", "OneSided", "SingleThreaded", "Cooling"] {
            let member = format!(
                r#"select * from "Segment_{segment}" join "CustomerCard" using ("CustomerId") where "EngagementScore" is null"#
            );
            assert!(rows(&ctx, &member).await.unwrap().is_empty(), "{segment}");
        }
        assert_ne!(value(&ctx, r#"select count(*) from "Segment_Silent""#).await, "0");
    });
}
