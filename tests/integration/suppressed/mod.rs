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
use world::{ACCOUNTS, COLUMNS, Calendar, DAYS, Event, KINDS, date, events, inputs, part};

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

async fn tables(events: &[Event], calendar: Calendar, min_people: u32) -> Tables {
    let folder = tempfile::tempdir().unwrap();
    let enrichment = inputs(folder.path(), events, calendar, min_people).await;
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
fn numbers(tables: &Tables, calendar: Calendar) -> Vec<Number> {
    // If a level has no row for a period, everyone can see that nothing happened in it.
    let possible = |account: usize, day: usize| {
        let has_row = |level: &&&str| {
            tables.office.contains_key(&(account, level.to_string(), calendar.period(level, date(day))))
        };
        calendar.levels.iter().filter(|level| **level != "year").all(|level| has_row(&level))
    };
    // The parts of an account on some days; `often` says how often a number counts an event of a kind.
    let parts = |account: usize, often: &dyn Fn(usize) -> usize, within: &dyn Fn(usize) -> bool| {
        let days = (0..DAYS.len()).filter(|&day| within(day) && possible(account, day));
        let kinds =
            || (0..KINDS.len()).map(|kind| (kind, often(kind) as u64)).filter(|(_, often)| *often > 0);
        days.flat_map(|day| kinds().map(move |(kind, often)| (part(account, day, kind), often)))
            .collect::<BTreeMap<_, _>>()
    };
    let in_columns =
        |kind: usize, columns: &[usize]| KINDS[kind].0.iter().filter(|c| columns.contains(c)).count();
    let mut numbers = vec![];
    for ((account, level, start), values) in &tables.office {
        for (column, value) in values.iter().enumerate().take(COLUMNS) {
            let within = |day| calendar.period(level, date(day)) == *start;
            numbers.push(Number {
                name: format!("Office a{account} {level} {start} {column}"),
                parts: parts(*account, &|kind| in_columns(kind, &[column]), &within),
                shown: value.map(|n| n as i64),
            });
        }
    }
    // Emails, meetings.
    for (i, columns) in [[0, 1], [2, 3]].iter().enumerate() {
        let often = |kind: usize| in_columns(kind, columns);
        for (account, shown) in &tables.card {
            let parts = parts(*account, &often, &|_| true);
            numbers.push(Number { name: format!("card a{account} {i}"), parts, shown: shown[i] });
        }
        for (account, month, shown) in &tables.history {
            let parts = parts(*account, &often, &|day| calendar.period("month", date(day)) == *month);
            numbers.push(Number { name: format!("history a{account} {month} {i}"), parts, shown: shown[i] });
        }
        // The overview counts each message and meeting once.
        let once = |kind: usize| usize::from(KINDS[kind].1 == (i == 1));
        let parts = (0..ACCOUNTS).flat_map(|account| parts(account, &once, &|_| true)).collect();
        numbers.push(Number { name: format!("overview {i}"), parts, shown: tables.overview[i] });
    }
    numbers
}

/// Whether too few internal people take part in these messages, or in these meetings.
fn is_small(of: &[&Event], min_people: u32) -> bool {
    [false, true].into_iter().any(|meetings| {
        let of = of.iter().filter(|event| KINDS[event.kind].1 == meetings);
        let people = of.fold(0, |people, event| people | event.ours).count_ones();
        people > 0 && people < min_people
    })
}

fn of_account(events: &[Event], account: usize) -> Vec<&Event> {
    events.iter().filter(|event| event.account == account).collect()
}

/// What the rule suppresses, from the messages and meetings themselves, without any published number: the first
/// days of periods by account and level. Months count even if Office does not contain them, because the history
/// contains them.
fn suppressed(
    events: &[Event],
    calendar: Calendar,
    min_people: u32,
) -> BTreeSet<(usize, &'static str, NaiveDate)> {
    let mut suppressed = BTreeSet::new();
    for account in 0..ACCOUNTS {
        let of_account = of_account(events, account);
        let mut levels: BTreeSet<_> = calendar.levels.iter().copied().chain(["month"]).collect();
        levels.remove("year");
        let periods = levels.iter().map(|level| {
            let mut periods: BTreeMap<NaiveDate, Vec<&Event>> = BTreeMap::new();
            for event in &of_account {
                periods.entry(calendar.period(level, date(event.day))).or_default().push(event);
            }
            (*level, periods)
        });
        let periods: Vec<_> = periods.collect();
        let year_is_small = is_small(&of_account, min_people);
        let has_small =
            |periods: &BTreeMap<_, Vec<&Event>>| periods.values().any(|of| is_small(of, min_people));
        if !year_is_small && !periods.iter().any(|(_, periods)| has_small(periods)) {
            continue;
        }
        for (level, periods) in &periods {
            suppressed.extend(periods.keys().map(|start| (account, *level, *start)));
        }
        let gives_away = |periods: &BTreeMap<_, _>| periods.len() == 1 || of_account.len() <= periods.len();
        if year_is_small || periods.iter().any(|(_, periods)| gives_away(periods)) {
            suppressed.insert((account, "year", calendar.period("year", date(0))));
        }
    }
    suppressed
}

const LEVELS: [&[&str]; 7] = [
    &["year", "month", "week"],
    &["year", "month"],
    &["year", "week"],
    &["year"],
    &["year", "quarter", "month", "week"],
    &["year", "quarter"],
    &["quarter", "month"],
];

fn calendar() -> impl Strategy<Value = Calendar> {
    let levels = prop::sample::select(&LEVELS[..]);
    (levels, 1..=12u32).prop_map(|(levels, fiscal_year_start)| Calendar { levels, fiscal_year_start })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_suppressed_number_can_be_had(events in events(), calendar in calendar(), min_people in 2..=3u32) {
        let expected = suppressed(&events, calendar, min_people);
        let (open, closed, again) = block_on(async {
            let open = tables(&events, calendar, 1).await;
            let closed = tables(&events, calendar, min_people).await;
            // Doubles the activity of each account whose year is suppressed because it is about too few people.
            let small = |event: &Event| is_small(&of_account(&events, event.account), min_people);
            let more = events.iter().copied().filter(small);
            let again = tables(&events.iter().copied().chain(more).collect::<Vec<_>>(), calendar, min_people).await;
            (open, closed, again)
        });

        // Published numbers are correct, and exactly the rows of the rule are suppressed.
        let known = numbers(&closed, calendar);
        for number in &known {
            let count = |e: &Event| number.parts.get(&part(e.account, e.day, e.kind)).copied().unwrap_or(0);
            let sum = events.iter().map(count).sum::<u64>() as i64;
            prop_assert!(number.shown.is_none_or(|shown| shown == sum), "{number:?} is {sum}");
        }
        prop_assert!(open.office.keys().eq(closed.office.keys()));
        for (account, month, shown) in &closed.history {
            let is_suppressed = expected.iter().any(|(a, level, _)| a == account && *level == "month");
            prop_assert_eq!(*shown == [None; 2], is_suppressed, "a{} {}", account, month);
        }
        for (key, columns) in &closed.office {
            let shown = columns.iter().any(Option::is_some);
            prop_assert_eq!(shown, !expected.contains(&(key.0, key.1.as_str(), key.2)), "{:?}", key);
            let alike = columns.iter().zip(&open.office[key]).enumerate().all(|(i, (a, b))| i == 8 || a == b);
            prop_assert!(!shown || alike, "{:?}", key);
        }
        for (account, shown) in &closed.card {
            let is_suppressed = expected.iter().any(|(a, level, _)| a == account && *level == "year");
            prop_assert_eq!(*shown == [None; 2], is_suppressed, "a{}", account);
        }

        prop_assert_eq!(given_away(&known), Vec::<&str>::new());
        // No published byte depends on the activity of those accounts, which includes the scores of other
        // accounts.
        for (file, bytes) in &closed.bytes {
            prop_assert!(file.ends_with("_Dispositions.parquet") || *bytes == again.bytes[file], "{file}");
        }
    }
}

/// The accounts whose year is suppressed, in an organization of accounts with these events: account, day, kind,
/// internal people.
fn suppressed_years(events: &[(usize, usize, usize, u8)], levels: &'static [&'static str]) -> Vec<usize> {
    let event = |&(account, day, kind, ours): &_| Event { account, day, kind, ours };
    let events: Vec<_> = events.iter().map(event).collect();
    let tables = block_on(tables(&events, Calendar { levels, fiscal_year_start: 1 }, 3));
    let years =
        tables.office.iter().filter(|((_, level, _), columns)| level == "year" && columns[0].is_none());
    years.map(|((account, ..), _)| *account).collect()
}

/// Days 0 and 1 are in March and May. Everybody takes part in the year, but two people in each month.
#[test]
fn messages_and_meetings_count_once() {
    const TO: usize = 0;
    const BOTH_EMAIL: usize = 4;
    const BOTH_MEETING: usize = 5;
    const THIRD_PARTY: usize = 6;
    let months = LEVELS[1];
    // Two in each month, which the columns to and from do not count.
    let third_party =
        |account| [(0, 3), (0, 3), (1, 5), (1, 6)].map(|(day, ours)| (account, day, THIRD_PARTY, ours));
    // One in each month, which both columns count.
    let both = |account, kind| [(0, 3), (1, 6)].map(|(day, ours)| (account, day, kind, ours));
    let events = [&third_party(0)[..], &both(1, BOTH_EMAIL), &both(2, BOTH_MEETING), &both(3, TO)].concat();
    assert_eq!(suppressed_years(&events, months), [1, 2, 3]);
}

/// Days 1 and 2 are in May and June: two months of one quarter. Day 0 is in another quarter.
#[test]
fn an_account_with_a_single_quarter_has_no_published_year() {
    let on = |account, days: &[(usize, u8)]| {
        days.iter().map(|&(day, ours)| (account, day, 0, ours)).collect::<Vec<_>>()
    };
    let (one, two) = ([(1, 3), (1, 3), (2, 6)], [(0, 3), (0, 3), (2, 6)]);
    let events = [on(0, &one), on(1, &two)].concat();
    assert_eq!(suppressed_years(&events, &["year", "quarter", "month"]), [0]);
    assert_eq!(suppressed_years(&events, LEVELS[1]), Vec::<usize>::new());
}

/// The check above finds what a rule discloses that suppresses only small rows.
#[test]
fn withholding_small_rows_alone_would_give_them_away() {
    let on = |day, ours| Event { account: 0, day, kind: 0, ours };
    // Two internal people on two days of June, one of them also on a day in March.
    let events = [on(0, 1), on(2, 3), on(4, 3), on(4, 3)];
    let calendar = Calendar { levels: LEVELS[1], fiscal_year_start: 1 };
    let mut tables = block_on(tables(&events, calendar, 1));
    let small = |columns: &&mut Vec<Option<f64>>| columns[4] == Some(1.0);
    let march = tables.office.values_mut().find(small).unwrap();
    march.iter_mut().for_each(|column| *column = None);
    tables.history.iter_mut().for_each(|(_, _, shown)| *shown = [None; 2]);
    let naive = numbers(&tables, calendar);
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
        let explained = r#"select count(*) from "Office_ScoreExplained" where "Standing" is null and "Value" is null and "Points" is null"#;
        let null = r#"select 9 * count(*) from "Office" where "EngagementScore" is null"#;
        assert_eq!(value(&ctx, explained).await, value(&ctx, null).await);
        datafusion_engagement::query::segments::register(&ctx, &enrichment, &enrichment.sources())
            .await
            .unwrap();
        for segment in ["Stale", "Silent", "Champions", "OneSided", "SingleThreaded", "Cooling"] {
            let member = format!(
                r#"select * from "Segment_{segment}" join "CustomerCard" using ("CustomerId") where "EngagementScore" is null"#
            );
            assert!(rows(&ctx, &member).await.unwrap().is_empty(), "{segment}");
        }
        assert_ne!(value(&ctx, r#"select count(*) from "Segment_Silent""#).await, "0");
    });
}
