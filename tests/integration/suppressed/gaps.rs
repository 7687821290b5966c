//! What once gave numbers about few people away although every account was judged: what accounts share, copies with
//! several times, replies across months, numbers of people, and inputs that change. With real runs.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{Days, NaiveDate};
use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline::{self, Report, Silent};
use datafusion_engagement::publish::drop_date;
use datafusion_engagement::query::session;

use super::world::{Event, inputs, last_day, month, month_ends};
use super::{MEETING_TO, TO, open, settings};
use crate::support::{block_on, rows, value};

const FROM: usize = 1;
pub const EVERYBODY: u8 = 15;

/// A day of a month, from 1.
pub fn day(number: u32, day: u64) -> NaiveDate {
    month(number) + Days::new(day - 1)
}

/// Everybody writes to these accounts, to each alone, in every one of 24 months.
pub fn busy(accounts: &[u8]) -> Vec<Event> {
    let months = (0..24).flat_map(|number| accounts.iter().map(move |of| (number, *of)));
    months.map(|(number, of)| Event::new(of, day(number, 15), TO, EVERYBODY)).collect()
}

pub async fn run_with(enrichment: &Enrichment) -> Report {
    pipeline::run(enrichment, &Silent).await.unwrap()
}

/// The accounts whose year is suppressed after a run over these events.
async fn suppressed(folder: &Path, events: &[Event], as_of: NaiveDate) -> Vec<String> {
    inputs(folder, events, &settings(2, 1)).await;
    run_with(&open(folder, as_of)).await;
    suppressed_now(folder, as_of).await
}

pub async fn suppressed_now(folder: &Path, as_of: NaiveDate) -> Vec<String> {
    let ctx = session::published(&open(folder, as_of)).await.unwrap();
    let sql = r#"select "CustomerId" from "Office" where "AggregationLevel" = 'year' and "EngagementScore" is null order by 1"#;
    rows(&ctx, sql).await.unwrap().concat()
}

/// All numbers of the months of Office but scores, which compare accounts, and days, which are those of the window.
async fn months(folder: &Path, as_of: NaiveDate) -> BTreeMap<String, Vec<String>> {
    let ctx = session::published(&open(folder, as_of)).await.unwrap();
    let sql = r#"select concat("CustomerId", ' ', "AggregationStartDate"),
        * except ("CustomerId", "AggregationStartDate", "AggregationLevel", "EngagementScore", "EngagementStartDate",
            "DaysSinceLastEmail", "DaysSinceLastMeeting")
        from "Office" where "AggregationLevel" = 'month'"#;
    let rows = rows(&ctx, sql).await.unwrap();
    rows.into_iter().map(|mut row| (row.remove(0), row)).collect()
}

/// The number of one account less that of another is about what the first one does not share. And a message that is
/// with another account does not make an account large.
#[test]
fn accounts_are_judged_by_what_is_with_them_alone() {
    let as_of = month_ends()[0];
    let more = |events: Vec<Event>| {
        let folder = tempfile::tempdir().unwrap();
        let all = [busy(&[0b001, 0b100]), events].concat();
        block_on(suppressed(folder.path(), &all, as_of))
    };
    // The second account has no messages of its own: the first one has one of one person more.
    let nested = |ours: u8| {
        let shared = Event::new(0b011, day(3, 1), MEETING_TO, EVERYBODY);
        more(vec![shared, Event::new(0b001, day(3, 2), MEETING_TO, ours)])
    };
    assert_eq!(nested(0b0001), ["a0", "a1"]);
    assert_eq!(nested(0b0011), ["a1"]);
    // Whoever shares a message and has enough of its own, is published.
    assert!(more(vec![Event::new(0b101, day(3, 2), TO, 1)]).is_empty());
}

/// With other times or without the month before, the numbers of a month are the same.
#[test]
fn numbers_of_a_month_do_not_depend_on_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let last = last_day(month(0));
    let copy = Event { copy: Some(day(1, 2)), ..Event::new(1, last, TO, EVERYBODY) };
    let reply = Event::new(1, day(1, 1), FROM, EVERYBODY);
    let events = [busy(&[1]), vec![copy, reply]].concat();
    block_on(async {
        inputs(folder, &events, &settings(3, 1)).await;
        let mut of_runs = vec![];
        for as_of in &month_ends()[..2] {
            run_with(&open(folder, *as_of)).await;
            of_runs.push(months(folder, *as_of).await);
        }
        let key = format!("a0 {}", month(1));
        assert_eq!(of_runs[0].len(), 12);
        assert_eq!(of_runs[0][&key], of_runs[1][&key]);
        // Two messages, one of which has another copy in the month; no reply, because its question is in the month before.
        assert_eq!(of_runs[1][&key][..2], ["1", "1"]);
        assert_eq!(of_runs[1][&key].last().unwrap(), "NULL");
        // Four people, in steps of three.
        let ctx = session::published(&open(folder, month_ends()[1])).await.unwrap();
        let people = r#"select distinct "NoOfContactsInvolved_Emails" from "Office""#;
        let mut people = rows(&ctx, people).await.unwrap().concat();
        people.sort();
        assert_eq!(people, ["0", "3"], "a0 and the accounts without engagement");
        let history = r#"select "Emails" from "CustomerCard_History" where "CustomerId" = 'a0' order by "Month" limit 1"#;
        assert_eq!(value(&ctx, history).await, "2");
    });
}

/// What was published about a month stays known if its date is dropped.
#[test]
fn what_a_dropped_date_had_published_stays() {
    let [first, second] = [month_ends()[0], month_ends()[1]];
    for output in ["history = true", "format = 'delta'"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let settings = format!("{}\noutput = {{ path = 'out', {output} }}", settings(2, 1));
        let before = busy(&[1, 4]);
        // The last month of the second window, which the first one does not have.
        let late = Event::new(1, day(12, 20), TO, 1);
        block_on(async {
            inputs(folder, &before, &settings).await;
            for as_of in [first, second] {
                run_with(&open(folder, as_of)).await;
            }
            let dropped = drop_date(&session::new().unwrap(), &open(folder, second), second).await.unwrap();
            assert!(dropped.current == first && dropped.is_recorded, "{output}: {dropped:?}");
            inputs(folder, &[&before[..], &[late]].concat(), &settings).await;
            run_with(&open(folder, second)).await;
            assert_eq!(suppressed_now(folder, second).await, ["a0"], "{output}");
        });
    }
}

/// A month that was published is not published with other numbers, neither in its window nor in the next ones.
#[test]
fn what_was_published_about_a_month_stays() {
    for output in ["", "output = { path = 'out', format = 'delta' }"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let settings = format!("{}\n{output}", settings(2, 1));
        let before = busy(&[1, 4]);
        let late = Event { arrives: month_ends()[1], ..Event::new(1, day(5, 20), TO, 1) };
        let after = [&before[..], &[late]].concat();
        block_on(async {
            let note = |report: &Report| {
                report.notes.iter().find(|note| note.starts_with("[privacy]")).cloned().unwrap()
            };
            inputs(folder, &before, &settings).await;
            let first = run_with(&open(folder, month_ends()[0])).await;
            assert!(
                note(&first).contains(": all numbers of 0 accounts are suppressed; the window"),
                "{first:?}"
            );
            let published = months(folder, month_ends()[0]).await;

            inputs(folder, &after, &settings).await;
            for as_of in [month_ends()[0], month_ends()[0] + Days::new(3), month_ends()[1], month_ends()[5]] {
                let report = run_with(&open(folder, as_of)).await;
                let says = ": all numbers of 1 account are suppressed (1 of them because what was published about a month";
                assert!(note(&report).contains(says), "{report:?}");
                assert_eq!(suppressed_now(folder, as_of).await, ["a0"], "{as_of}");
                let now = months(folder, as_of).await;
                let both = now.iter().filter_map(|(month, numbers)| Some((numbers, published.get(month)?)));
                assert!(both.clone().count() > 6 && both.clone().all(|(now, before)| now == before));
            }
            // The changed month has left the window.
            run_with(&open(folder, month_ends()[6])).await;
            assert!(suppressed_now(folder, month_ends()[6]).await.is_empty());

            // The command line can permit it.
            let changed = Event::new(4, day(8, 1), FROM, EVERYBODY);
            inputs(folder, &[&before[..], &[changed]].concat(), &settings).await;
            run_with(&open(folder, month_ends()[6])).await;
            assert_eq!(suppressed_now(folder, month_ends()[6]).await, ["a2"]);
            let permitted = |as_of: NaiveDate| {
                let (as_of, output) = (Some(as_of.to_string()), Some(folder.join("out")));
                let overrides = Overrides { as_of, output, publish_changed: true, ..Overrides::default() };
                Enrichment::open_with(folder.join("enrichment.toml"), &overrides).unwrap()
            };
            run_with(&permitted(month_ends()[6])).await;
            assert!(suppressed_now(folder, month_ends()[6]).await.is_empty());
            // From now on, this is what was published.
            run_with(&open(folder, month_ends()[7])).await;
            assert!(suppressed_now(folder, month_ends()[7]).await.is_empty());

            // After later dates, an earlier one is refused.
            let error = pipeline::run(&open(folder, month_ends()[2]), &Silent).await.unwrap_err().to_string();
            let says = format!("{} is published already, and with [privacy] min_people = 2", month_ends()[7]);
            assert!(error.contains(&says) && error.ends_with(" --publish-changed"), "{error}");
            let checked = pipeline::check(&open(folder, month_ends()[2])).await.unwrap_err().to_string();
            assert_eq!(checked, error);
            run_with(&permitted(month_ends()[2])).await;
        });
    }
}

/// Another mailbox changes the numbers of months that are published.
#[test]
fn another_mailbox_suppresses_what_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let events = busy(&[1, 4]);
    block_on(async {
        inputs(folder, &events, &settings(2, 1)).await;
        let file = folder.join("enrichment.toml");
        let all = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, all.replace(", \"p3@us.com\"]", "]").replace(", \"p2@us.com\"", "")).unwrap();
        run_with(&open(folder, month_ends()[0])).await;
        assert!(suppressed_now(folder, month_ends()[0]).await.is_empty());
        std::fs::write(&file, all).unwrap();
        run_with(&open(folder, month_ends()[0])).await;
        assert_eq!(suppressed_now(folder, month_ends()[0]).await, ["a0", "a2"]);
    });
}

/// Whether every row is used tells of a single one.
#[test]
fn a_report_does_not_say_that_every_row_is_used() {
    let events = [Event::new(1, day(13, 15), TO, EVERYBODY)];
    let is_every_row_used = |min_people| {
        let folder = tempfile::tempdir().unwrap();
        block_on(async {
            inputs(folder.path(), &events, &settings(min_people, 1)).await;
            run_with(&open(folder.path(), month_ends()[12])).await.is_every_row_used
        })
    };
    assert!(is_every_row_used(1) && !is_every_row_used(2));
}
