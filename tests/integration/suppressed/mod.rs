//! Numbers about too few people are suppressed, and nobody can calculate them from anything that is ever published.
//!
//! The proof has three parts. A model of what is published, over messages and meetings, is attacked with all results of
//! two years ([`nobody_can_calculate_a_number_about_few_people`], and each of its rules is needed). The model is
//! compared with the tables of real runs ([`runs_publish_what_the_model_does`]). And no byte that a run publishes or
//! prints depends on what suppressed accounts do ([`suppressed_accounts_change_nothing`]), which covers everything
//! that is not a sum.

mod attacker;
mod gaps;
mod model;
mod records;
mod switched_on;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{Datelike, Days, NaiveDate};
use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline::{self, Report, Silent};
use datafusion_engagement::publish::{self, TABLES};
use datafusion_engagement::query::{segments, session};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::files::read;
use crate::support::{attributes, block_on, data, published, rows, value};
use attacker::given_away;
use model::{MISTAKES, Rules};
use world::{ACCOUNTS, Event, KINDS, events, inputs, last_day, month, month_ends};

fn rules(min_people: u32, fiscal_year_start: u32) -> Rules {
    Rules { min_people, fiscal_year_start, mistake: None }
}

/// The dates of the monthly runs, and of the daily runs that can differ from those of the day before: something
/// happens or arrives on that day or the day after, or leaves a window of 365 days.
fn dates(events: &[Event]) -> BTreeSet<NaiveDate> {
    let (first, last) = (month_ends()[0], *month_ends().last().unwrap());
    let year = Days::new(365);
    let near = |day: NaiveDate| [day.pred_opt().unwrap(), day, day + year - Days::new(1), day + year];
    let daily = events.iter().flat_map(|event| near(event.day).into_iter().chain([event.arrives]));
    daily.filter(|day| (first..=last).contains(day)).chain(month_ends()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_can_calculate_a_number_about_few_people(
        events in events(),
        min_people in 2..=3u32,
        fiscal_year_start in 1..=12u32,
    ) {
        let published = rules(min_people, fiscal_year_start).published(&events, &dates(&events));
        prop_assert_eq!(given_away(&published, &events, min_people), None);
    }
}

/// Each rule is needed: without it, the attacker finds a number in some of a thousand organizations.
#[test]
fn each_mistake_gives_something_away() {
    let mut runner = TestRunner::deterministic();
    let mut open = MISTAKES.to_vec();
    for _ in 0..1000 {
        let events = events().new_tree(&mut runner).unwrap().current();
        let dates = dates(&events);
        open.retain(|mistake| {
            let rules = Rules { mistake: Some(*mistake), ..rules(2, 1) };
            given_away(&rules.published(&events, &dates), &events, 2).is_none()
        });
        if open.is_empty() {
            return;
        }
    }
    panic!("nothing is found with {open:?}");
}

/// Office rows: account, level and first day, and the four counts and the two numbers of our people.
type Office = BTreeMap<(usize, String, NaiveDate), [Option<i64>; 6]>;

const COUNTS: &str = r#""NoOfEmails_ToAccount", "NoOfEmails_FromAccount", "NoOfMeetings_FromAccount",
    "NoOfMeetings_ToAccount", "NoOfContactsInvolved_Emails", "NoOfContactsInvolved_Meetings""#;

fn number(text: &str) -> Option<i64> {
    (text != "NULL").then(|| text.parse().unwrap())
}

/// The model of the Office of a run, and of the months of the customer cards: account, month, emails and meetings.
fn expected(rules: &Rules, events: &[Event], as_of: NaiveDate) -> (Office, BTreeSet<Vec<String>>) {
    let window = rules.window(as_of);
    let (mut office, mut history) = (Office::new(), BTreeSet::new());
    let counts = |of: &[&Event]| {
        let count = |column| of.iter().filter(|e| KINDS[e.kind].0.contains(&column)).count() as i64;
        let people = |side| {
            let people = of.iter().filter(|e| e.is_meeting() == side).fold(0, |people, e| people | e.ours);
            // Numbers of our people are in steps of min_people.
            i64::from(people.count_ones() / rules.min_people * rules.min_people)
        };
        [count(0), count(1), count(2), count(3), people(false), people(true)]
    };
    for account in 0..ACCOUNTS {
        let is_suppressed = rules.is_suppressed(events, account, window);
        office.insert(
            (account, "year".to_owned(), window.0),
            if is_suppressed { [None; 6] } else { [Some(0); 6] },
        );
        let mut months = BTreeMap::new();
        for level in ["year", "quarter", "month"].into_iter().filter(|_| !is_suppressed) {
            for (start, of) in rules.periods(events, account, level, window) {
                office.insert((account, level.to_owned(), start), counts(&of).map(Some));
                if level == "month" {
                    months.insert(start, counts(&of));
                }
            }
        }
        for back in 0..12 {
            let month = rules.period("month", window.1, window.0) - chrono::Months::new(back);
            let [to, from, meetings_from, meetings_to, ..] = months.get(&month).copied().unwrap_or_default();
            let numbers = [to + from, meetings_from + meetings_to];
            let shown = numbers.map(|n| if is_suppressed { "NULL".to_owned() } else { n.to_string() });
            history.insert([vec![format!("a{account}"), month.to_string()], shown.to_vec()].concat());
        }
    }
    (office, history)
}

fn open(folder: &Path, as_of: NaiveDate) -> Enrichment {
    let (as_of, output) = (Some(as_of.to_string()), Some(folder.join("out")));
    let overrides = Overrides { as_of, output, ..Overrides::default() };
    Enrichment::open_with(folder.join("enrichment.toml"), &overrides).unwrap()
}

/// Runs the enrichment of a folder. Returns what the report says, without the times of stages, and the bytes of all
/// files.
async fn run(folder: &Path, as_of: NaiveDate) -> (String, BTreeMap<String, Vec<u8>>) {
    let Report {
        overview,
        covered,
        dispositions,
        is_every_row_used,
        expectations,
        domains,
        office,
        newer,
        replaced,
        office_rows,
        notes,
        stages,
    } = pipeline::run(&open(folder, as_of), &Silent).await.unwrap();
    let rows: Vec<_> = stages.iter().map(|stage| (&stage.name, stage.rows_in, stage.rows_out)).collect();
    assert!(office.ends_with("Office.parquet"));
    let report = format!(
        "{overview:?} {covered:?} {dispositions:?} {is_every_row_used} {expectations:?} {domains:?} {newer:?} {replaced:?} {office_rows} \
         {notes:?} {rows:?}"
    );
    (report, published(&folder.join("out")))
}

fn settings(min_people: u32, fiscal_year_start: u32) -> String {
    format!(
        "levels = ['year', 'quarter', 'month']\nfiscal_year_start = {fiscal_year_start}\n\
         privacy = {{ min_people = {min_people} }}"
    )
}

/// Some organizations in which accounts are suppressed at one date and published at another.
fn organizations(count: usize) -> Vec<Vec<Event>> {
    let mut runner = TestRunner::deterministic();
    let mut found = vec![];
    while found.len() < count {
        let events = events().new_tree(&mut runner).unwrap().current();
        let rules = rules(2, 1);
        let suppressed = |as_of: NaiveDate| {
            (0..ACCOUNTS).filter(|a| rules.is_suppressed(&events, *a, rules.window(as_of))).count()
        };
        if [0, 12].iter().all(|run| (1..ACCOUNTS).contains(&suppressed(month_ends()[*run]))) {
            found.push(events);
        }
    }
    found
}

#[test]
fn runs_publish_what_the_model_does() {
    for (events, (min_people, start)) in organizations(3).iter().zip([(2, 1), (3, 2), (2, 6)]) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let rules = rules(min_people, start);
        block_on(async {
            inputs(folder, events, &settings(min_people, start)).await;
            let mut last = None;
            // The third date is in the month after the second one.
            for as_of in [month_ends()[0], month_ends()[12], month_ends()[12] + Days::new(20)] {
                let published = run(folder, as_of).await;
                if month_ends().contains(&as_of) {
                    last = Some(published);
                } else {
                    assert_eq!(Some(published), last, "results change once a month");
                }
                let ctx = session::published(&open(folder, as_of)).await.unwrap();
                let all = async |sql: String| rows(&ctx, &sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
                let office = all(format!(
                    r#"select "CustomerId", "AggregationLevel", "AggregationStartDate", {COUNTS} from "Office""#
                ))
                .await;
                let office: Office = office
                    .iter()
                    .map(|row| {
                        let key = (row[0][1..].parse().unwrap(), row[1].clone(), row[2].parse().unwrap());
                        (key, std::array::from_fn(|i| number(&row[3 + i])))
                    })
                    .collect();
                let history =
                    r#"select "CustomerId", "Month", "Emails", "Meetings" from "CustomerCard_History""#;
                let history: BTreeSet<_> = all(history.into()).await.into_iter().collect();
                assert_eq!((office, history), expected(&rules, events, as_of), "{as_of}");

                // Nothing else is about what accounts do, save what follows from Office.
                let overview = r#"select "DaysCovered", "MailboxesActive", "MessagesEngaged", "MeetingsEngaged",
                    "FirstDay" is not distinct from first_day, "LastDay" is not distinct from last_day
                    from "Office_Overview" cross join (
                        select min("EngagementStartDate") as first_day,
                            max(date '{}' - cast(least("DaysSinceLastEmail", "DaysSinceLastMeeting") as int)) as last_day
                        from "Office" where "AggregationLevel" = 'year'
                    ) as years"#;
                let overview = all(overview.replace("{}", &rules.window(as_of).1.to_string())).await;
                assert_eq!(overview, [["NULL", "NULL", "NULL", "NULL", "true", "true"]]);
                let dispositions =
                    all(r#"select distinct source from "Office_Dispositions" order by 1"#.into()).await;
                assert_eq!(dispositions, [["contacts"], ["domains"]]);
            }
        });
    }
}

/// Nothing that a run publishes or reports depends on what suppressed accounts do.
#[test]
fn suppressed_accounts_change_nothing() {
    let as_of = month_ends()[12];
    let rules = rules(2, 1);
    let (first, last) = rules.window(as_of);
    let mut compared = 0;
    for events in organizations(40) {
        let of_suppressed: Vec<usize> =
            (0..ACCOUNTS).filter(|a| rules.is_suppressed(&events, *a, (first, last))).collect();
        // They do everything a second time, on another day of the month.
        let theirs = |event: &&Event| (0..ACCOUNTS).all(|a| !event.has(a) || of_suppressed.contains(&a));
        let is_counted = |event: &Event| event.kind < 6 && (first..=last).contains(&event.day);
        if compared == 2 || !events.iter().filter(theirs).any(is_counted) {
            continue;
        }
        compared += 1;
        let again = events.iter().filter(theirs).map(|e| {
            let day = e.day.with_day0(9).unwrap();
            Event { day, copy: None, ..*e }
        });
        let more: Vec<_> = events.iter().copied().chain(again).collect();
        let both = |min_people| {
            let all = [&events, &more].map(|events| {
                let folder = tempfile::tempdir().unwrap();
                block_on(async {
                    inputs(folder.path(), events, &settings(min_people, 1)).await;
                    run(folder.path(), as_of).await
                })
            });
            let [(report, bytes), (report_again, bytes_again)] = all;
            let files = bytes.iter().filter(|(file, bytes)| **bytes != bytes_again[*file]);
            (files.map(|(file, _)| file.clone()).collect::<Vec<_>>(), report == report_again)
        };
        assert_eq!(both(2), (vec![], true));
        // Without suppression, everything tells of them, and also the lists of mailboxes and of accounts if the days with
        // used rows, which are in the footers, are others, and those of members of segments.
        let (files, is_same_report) = both(1);
        let tells = |table: &str| files.iter().any(|file| file.ends_with(table));
        let lists = ["_UserTable", "_Accounts", "_Segments"];
        let mut others = TABLES.iter().filter(|table| !lists.contains(&table.suffix));
        assert!(others.all(|table| tells(&table.file("Office"))) && !is_same_report, "{files:?}");
    }
    assert_eq!(compared, 2);
}

/// Kinds of events: a message to the account, and a meeting that one of ours organizes.
const TO: usize = 0;
const MEETING_TO: usize = 3;

/// An organization in which one account has these events, on the 15th of months: month, kind, internal people.
fn is_suppressed(events: &[(u32, usize, u8)], min_people: u32) -> bool {
    let of_account = |&(number, kind, ours): &(u32, usize, u8)| {
        let day = month(number) + Days::new(14);
        Event::new(1, day, kind, ours)
    };
    let events: Vec<_> = events.iter().map(of_account).collect();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        inputs(folder.path(), &events, &settings(min_people, 1)).await;
        let as_of = last_day(month(11));
        run(folder.path(), as_of).await;
        let ctx = session::published(&open(folder.path(), as_of)).await.unwrap();
        let rows = value(&ctx, r#"select count(*) from "Office" where "CustomerId" = 'a0'"#).await;
        let is_null = r#"select "EngagementScore" is null from "Office" where "CustomerId" = 'a0' and "AggregationLevel" = 'year'"#;
        let is_null = value(&ctx, is_null).await == "true";
        assert_eq!(rows == "1", is_null, "a suppressed account has one row");
        is_null
    })
}

#[test]
fn mail_and_meetings_of_each_month_are_judged_apart() {
    const THIRD_PARTY: usize = 6;
    let busy = [(0, TO, 7), (0, MEETING_TO, 7)];
    let with = |more: &[(u32, usize, u8)]| is_suppressed(&[&busy[..], more].concat(), 3);
    assert!(!with(&[]));
    // One message of two people in a month with a meeting of everybody.
    assert!(with(&[(1, TO, 3), (1, MEETING_TO, 15)]));
    // Two in each of two months, who are four in the year.
    assert!(with(&[(2, TO, 3), (3, TO, 12)]));
    // Meetings that the columns to and from do not count.
    assert!(with(&[(4, THIRD_PARTY, 3)]));
    assert!(with(&[(4, THIRD_PARTY, 3), (4, MEETING_TO, 14)]));
    assert!(!with(&[(4, THIRD_PARTY, 7)]));
    // One of us writes in a month in which everybody is written to.
    const FROM: usize = 1;
    assert!(with(&[(5, TO, 15), (5, FROM, 1)]));
    assert!(!with(&[(5, TO, 15), (5, FROM, 14)]));
    // One of us writes in a month in which everybody writes, and has written in both directions.
    const BOTH: usize = 4;
    assert!(with(&[(6, BOTH, 15), (6, TO, 1)]));
    // They do not protect those that these columns count.
    assert!(with(&[(4, THIRD_PARTY, 15), (4, MEETING_TO, 3)]));
}

/// The bundled enrichment with `min_people`, without weeks.
pub fn bundled_with(output: &Path, min_people: u32) -> Enrichment {
    let text = std::fs::read_to_string(data().join("enrichment.toml")).unwrap();
    let text = text.replace("path = \"", &format!("path = \"{}/", data().display()));
    let text = text.replace(", \"week\"]", "]") + &format!("\n[privacy]\nmin_people = {min_people}\n");
    let file = output.join("enrichment.toml");
    std::fs::write(&file, text).unwrap();
    let overrides = Overrides { output: Some(output.join("out")), ..Overrides::default() };
    Enrichment::open_with(file, &overrides).unwrap()
}

#[test]
fn suppressed_accounts_are_nobodys_score_and_in_no_segment() {
    let folder = tempfile::tempdir().unwrap();
    let enrichment = bundled_with(folder.path(), 2);
    block_on(async {
        let report = pipeline::run(&enrichment, &Silent).await.unwrap();
        let ctx = session::new().unwrap();
        let description = publish::register(&ctx, &enrichment).await.unwrap();
        assert_eq!(description.min_people(), 2);
        for table in TABLES {
            let batch = read(&folder.path().join("out").join(table.file("Office")));
            assert_eq!(batch.schema().fields(), table.schema(2, &attributes()).fields(), "{}", table.name);
        }
        let years =
            r#"select count(*) from "Office" where "AggregationLevel" = 'year' and "EngagementScore" is"#;
        let (suppressed, shown) =
            (value(&ctx, &format!("{years} null")).await, value(&ctx, &format!("{years} not null")).await);
        assert!(suppressed != "0" && shown.parse::<usize>().unwrap() > 5, "{suppressed} {shown}");
        let note = format!(
            "[privacy] min_people = 2: all numbers of {suppressed} accounts are suppressed; the window is the twelve \
             calendar months from 2025-11-01 to 2026-10-31"
        );
        assert!(report.notes.contains(&note), "{:?}", report.notes);

        // Live and published sessions agree, and scores follow from the published tables alone.
        let live = session::live(&enrichment).await.unwrap();
        for table in [
            "Office",
            "Office_ScoreExplained",
            "CustomerCard",
            "CustomerCard_History",
            "Office_Overview",
            "Office_Dispositions",
        ] {
            let all = format!(r#"select * from "{table}""#);
            let (mut a, mut b) = (rows(&live, &all).await.unwrap(), rows(&ctx, &all).await.unwrap());
            a.sort();
            b.sort();
            assert_eq!(a.len(), b.len(), "{table}");
            assert_eq!(a.iter().zip(&b).find(|(a, b)| a != b), None, "{table}");
        }
        // The number of rows with some defect changes with each row that arrives.
        let sources =
            rows(&ctx, r#"select distinct source from "Office_Dispositions" order by 1"#).await.unwrap();
        assert_eq!(sources, [["contacts"], ["domains"]]);
        assert!(report.dispositions.iter().all(|d| ["contacts", "domains"].contains(&d.source.as_str())));
        let explained = r#"select count(*) from "Office_ScoreExplained" where "Standing" is null and "Value" is null and "Points" is null"#;
        assert_eq!(value(&ctx, explained).await, (9 * suppressed.parse::<u32>().unwrap()).to_string());
        segments::register(&ctx, &enrichment, &enrichment.sources()).await.unwrap();
        for segment in ["Stale", "Silent", "Champions", "OneSided", "SingleThreaded", "Cooling"] {
            let member = format!(
                r#"select * from "Segment_{segment}" join "CustomerCard" using ("CustomerId") where "EngagementScore" is null"#
            );
            assert!(rows(&ctx, &member).await.unwrap().is_empty(), "{segment}");
        }
        assert_ne!(value(&ctx, r#"select count(*) from "Segment_Silent""#).await, "0");
    });
}
