//! Small random organizations: which internal people did what with which accounts on which day, over three years.

use std::fs;
use std::path::Path;

use chrono::{Datelike, Months, NaiveDate};
use datafusion::arrow::compute::concat_batches;
use datafusion_engagement::query::session;
use proptest::prelude::*;

use crate::files::write;

pub const ACCOUNTS: usize = 3;
pub const OURS: usize = 4;

/// The number of months with events. They contain the 29th of February 2028.
const MONTHS: u32 = 36;
const FIRST_MONTH: &str = "2026-06-01";

/// The kinds of events: the columns of Office that count one (emails to and from the account, meetings from and to
/// it), and whether it is a meeting.
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

/// One message or meeting.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// One bit for each account that takes part.
    pub accounts: u8,
    pub day: NaiveDate,
    pub kind: usize,
    /// One bit for each internal person who takes part.
    pub ours: u8,
}

impl Event {
    pub fn is_meeting(&self) -> bool {
        KINDS[self.kind].1
    }

    pub fn has(&self, account: usize) -> bool {
        self.accounts >> account & 1 == 1
    }
}

/// The first day of a month with events, which are numbered from 0.
pub fn month(number: u32) -> NaiveDate {
    FIRST_MONTH.parse::<NaiveDate>().unwrap() + Months::new(number)
}

/// The last day of the month of a day.
pub fn last_day(day: NaiveDate) -> NaiveDate {
    (day.with_day(1).unwrap() + Months::new(1)).pred_opt().unwrap()
}

/// The as-of dates of 24 monthly runs. The window of the first one begins with the first event.
pub fn month_ends() -> Vec<NaiveDate> {
    (11..11 + 24).map(|number| last_day(month(number))).collect()
}

/// In most months of an account there is nothing, in many everybody takes part, in some only one or two.
pub fn events() -> impl Strategy<Value = Vec<Event>> {
    let of_month = |account: usize, number: u32| {
        let first = month(number);
        let last = last_day(first);
        let days = vec![first, first.with_day(2).unwrap(), first.with_day(15).unwrap(), last];
        let event = move |ours: std::ops::RangeInclusive<u8>, kinds: std::ops::Range<usize>| {
            let more = prop::option::weighted(0.1, 0..ACCOUNTS);
            (prop::sample::select(days.clone()), kinds, ours, more).prop_map(
                move |(day, kind, ours, more)| {
                    // Only what one of ours sends or organizes is to several accounts.
                    let more = more.filter(|_| [0, 3].contains(&kind)).map_or(0, |more| 1 << more);
                    Event { accounts: 1 << account | more, day, kind, ours }
                },
            )
        };
        let everybody = 15..=15;
        let busy = (
            prop::collection::vec(event(1..=15, 0..KINDS.len()), 0..4),
            prop::option::of(event(everybody.clone(), 0..2)),
            prop::option::of(event(everybody, 2..4)),
        );
        let busy =
            busy.prop_map(|(some, mail, meeting)| some.into_iter().chain(mail).chain(meeting).collect());
        let quiet = prop::collection::vec(event(1..=3, 0..KINDS.len()), 1..3);
        prop_oneof![6 => Just(vec![]), 4 => busy, 1 => quiet]
    };
    let months = (0..ACCOUNTS).flat_map(|account| (0..MONTHS).map(move |number| of_month(account, number)));
    months.collect::<Vec<_>>().prop_map(|months: Vec<Vec<Event>>| months.concat())
}

/// Writes the inputs to a folder, and an enrichment file with these settings over them.
pub async fn inputs(folder: &Path, events: &[Event], settings: &str) {
    let ctx = session::new().unwrap();
    let (mut mail, mut meetings) = (vec![], vec![]);
    for (id, event) in events.iter().enumerate() {
        let ours: Vec<_> =
            (0..OURS).filter(|p| event.ours >> p & 1 == 1).map(|p| format!("'p{p}@us.com'")).collect();
        let theirs: Vec<_> =
            (0..ACCOUNTS).filter(|a| event.has(*a)).map(|a| format!("'c@a{a}.com'")).collect();
        // Everybody takes part, even if they do not send or organize.
        let others = [&ours[..], &theirs].concat().join(", ");
        let at = format!("timestamp '{}T12:00:00'", event.day);
        let third_party = "'x@x.com'".to_string();
        let firsts = match KINDS[event.kind].0 {
            [] => vec![&third_party],
            [0] | [3] => vec![&ours[0]],
            [1] | [2] => vec![&theirs[0]],
            _ => vec![&ours[0], &theirs[0]],
        };
        // One copy for each sender or organizer.
        for first in firsts {
            if event.is_meeting() {
                meetings.push(format!("('{id}', {first}, [{others}], {at}, {at} + interval '30 minutes')"));
            } else {
                mail.push(format!("('{id}', {first}, [{others}], {at})"));
            }
        }
    }
    // An event without known people, so that the table has at least one row.
    let at = "timestamp '2028-02-02T12:00:00'";
    mail.push(format!("('none', 'x@x.com', ['y@y.com'], {at})"));
    meetings.push(format!("('none', 'x@x.com', ['y@y.com'], {at}, {at})"));
    // The person of every second account is a contact; the others are known by domain.
    let contacts = (0..ACCOUNTS).step_by(2).map(|a| format!("('c@a{a}.com', 'a{a}')")).collect();
    let accounts = (0..ACCOUNTS).map(|a| format!("('a{a}', 'a{a}.com')")).collect();
    for (name, columns, values) in [
        ("mail", r#"message_id, sender, "to", sent_at"#, mail),
        ("meetings", "meeting_id, organizer, attendees, start_at, end_at", meetings),
        ("contacts", "email, account_id", contacts),
        ("accounts", "account_id, domain", accounts),
    ] {
        let sql = format!("select * from (values {}) as t ({columns})", values.join(", "));
        let batches = ctx.sql(&sql).await.unwrap().collect().await.unwrap();
        let batch = concat_batches(&batches[0].schema(), &batches).unwrap();
        write(&folder.join(format!("{name}.parquet")), &batch);
    }
    let text = format!(
        r#"
        name = "world"
        as_of = "2027-05-31"
        consent = {{ granted_by = "admin@us.com", granted_on = "2026-01-01" }}
        mailboxes = {{ addresses = ["p0@us.com", "p1@us.com", "p2@us.com", "p3@us.com"] }}
        contacts = {{ path = "contacts.parquet" }}
        accounts = {{ path = "accounts.parquet", domain = "domain" }}
        mail = {{ path = "mail.parquet" }}
        meetings = {{ path = "meetings.parquet" }}
        {settings}
        "#
    );
    fs::write(folder.join("enrichment.toml"), text).unwrap();
}
