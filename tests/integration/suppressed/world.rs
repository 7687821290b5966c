//! Small random organizations: which internal people did what with which account on which day.

use std::fs;
use std::path::Path;

use chrono::{Datelike, Days, Months, NaiveDate};
use datafusion::arrow::compute::concat_batches;
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::query::session;
use proptest::prelude::*;

use crate::files::write;

pub const ACCOUNTS: usize = 5;
const OURS: usize = 3;

/// The columns of Office that count messages and meetings: emails to and from the account, meetings from and to
/// it, in the order of Office.
pub const COLUMNS: usize = 4;

/// The kinds of events: the columns that count one, and whether it is a meeting.
pub const KINDS: [(&[usize], bool); 7] = [
    (&[0], false),
    (&[1], false),
    (&[2], true),
    (&[3], true),
    // A message in both directions: its copies disagree about the sender.
    (&[0, 1], false),
    // A meeting whose copies name an organizer of each side.
    (&[2, 3], true),
    // A meeting that a third party organizes.
    (&[], true),
];

/// Months with two weeks, weeks in two months, and a month and a week with only one day. In some fiscal years, one
/// quarter has most of the days; in others, several have some.
pub const DAYS: [&str; 8] = [
    "2026-03-18",
    "2026-05-30",
    "2026-06-02",
    "2026-06-03",
    "2026-06-10",
    "2026-06-29",
    "2026-06-30",
    "2026-07-01",
];

/// One message or meeting.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub account: usize,
    pub day: usize,
    pub kind: usize,
    /// One bit for each internal person who takes part.
    pub ours: u8,
}

/// The number of a part, which is an account, a day and a kind.
pub fn part(account: usize, day: usize, kind: usize) -> usize {
    (account * DAYS.len() + day) * KINDS.len() + kind
}

pub fn date(day: usize) -> NaiveDate {
    DAYS[day].parse().unwrap()
}

/// The calendar that Office has: its levels, and the month in which quarters begin to count.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    pub levels: &'static [&'static str],
    pub fiscal_year_start: u32,
}

impl Calendar {
    /// The first day of the period of a level that contains a day.
    pub fn period(&self, level: &str, day: NaiveDate) -> NaiveDate {
        let first = day.with_day(1).unwrap();
        match level {
            "year" => "2025-08-01".parse().unwrap(),
            "quarter" => first - Months::new((12 + day.month() - self.fiscal_year_start) % 3),
            "month" => first,
            _ => day - Days::new(day.weekday().num_days_from_monday().into()),
        }
    }
}

/// Some accounts involve many internal people, some only a few; some days are busy.
pub fn events() -> impl Strategy<Value = Vec<Event>> {
    let of_account = |account: usize| {
        let everybody = prop::bool::weighted(0.4);
        let days = prop::collection::vec(0..DAYS.len(), 1..5);
        (everybody, days, 0..25usize).prop_flat_map(move |(everybody, days, most)| {
            let ours = if everybody { Just(7u8).boxed() } else { (1..8u8).boxed() };
            let event = (prop::sample::select(days), 0..KINDS.len(), ours);
            prop::collection::vec(event, 0..=most).prop_map(move |events| {
                events
                    .into_iter()
                    .map(move |(day, kind, ours)| Event { account, day, kind, ours })
                    .collect::<Vec<_>>()
            })
        })
    };
    (0..ACCOUNTS).map(of_account).collect::<Vec<_>>().prop_map(|accounts| accounts.concat())
}

/// Writes the inputs to a folder and opens an enrichment over them.
pub async fn inputs(folder: &Path, events: &[Event], calendar: Calendar, min_people: u32) -> Enrichment {
    let Calendar { levels, fiscal_year_start } = calendar;
    let ctx = session::new().unwrap();
    let (mut mail, mut meetings) = (vec![], vec![]);
    for (id, event) in events.iter().enumerate() {
        let ours: Vec<_> =
            (0..OURS).filter(|p| event.ours >> p & 1 == 1).map(|p| format!("'p{p}@us.com'")).collect();
        let theirs = format!("'c@a{}.com'", event.account);
        // All internal people of the event take part, even if they do not send or organize.
        let others = [&ours[..], std::slice::from_ref(&theirs)].concat().join(", ");
        let at = format!("timestamp '{}T12:00:00'", DAYS[event.day]);
        let third_party = "'x@x.com'".to_string();
        let firsts = match KINDS[event.kind].0 {
            [] => vec![&third_party],
            [0] | [3] => vec![&ours[0]],
            [1] | [2] => vec![&theirs],
            _ => vec![&ours[0], &theirs],
        };
        // One copy for each sender or organizer.
        for first in firsts {
            if KINDS[event.kind].1 {
                meetings.push(format!("('{id}', {first}, [{others}], {at}, {at} + interval '30 minutes')"));
            } else {
                mail.push(format!("('{id}', {first}, [{others}], {at})"));
            }
        }
    }
    // An event without known people, so that the table has at least one row.
    mail.push("('none', 'x@x.com', ['y@y.com'], timestamp '2026-07-02T12:00:00')".to_string());
    let at = "timestamp '2026-07-02T12:00:00'";
    meetings.push(format!("('none', 'x@x.com', ['y@y.com'], {at}, {at})"));
    let contacts: Vec<_> = (0..ACCOUNTS).map(|a| format!("('c@a{a}.com', 'a{a}')")).collect();
    for (name, columns, values) in [
        ("mail", r#"message_id, sender, "to", sent_at"#, mail),
        ("meetings", "meeting_id, organizer, attendees, start_at, end_at", meetings),
        ("contacts", "email, account_id", contacts),
    ] {
        let sql = format!("select * from (values {}) as t ({columns})", values.join(", "));
        let batches = ctx.sql(&sql).await.unwrap().collect().await.unwrap();
        let batch = concat_batches(&batches[0].schema(), &batches).unwrap();
        write(&folder.join(format!("{name}.parquet")), &batch);
    }
    let text = format!(
        r#"
        name = "world"
        as_of = "2026-07-31"
        levels = {levels:?}
        fiscal_year_start = {fiscal_year_start}
        consent = {{ granted_by = "admin@us.com", granted_on = "2026-01-01" }}
        mailboxes = {{ addresses = ["p0@us.com", "p1@us.com", "p2@us.com"] }}
        contacts = {{ path = "contacts.parquet" }}
        mail = {{ path = "mail.parquet" }}
        meetings = {{ path = "meetings.parquet" }}
        output = {{ path = "out-{min_people}" }}
        privacy = {{ min_people = {min_people} }}
        "#
    );
    let file = folder.join("enrichment.toml");
    fs::write(&file, text).unwrap();
    Enrichment::open(file).unwrap()
}
