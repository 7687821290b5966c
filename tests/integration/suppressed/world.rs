//! Small random organizations: which internal people did what with which accounts on which day, over three years. Some
//! messages are with several accounts, some have copies with different times, and some rows arrive late.

use std::fs;
use std::path::Path;

use chrono::{Datelike, Days, Months, NaiveDate};
use datafusion::arrow::compute::concat_batches;
use datafusion_engagement::query::session;
use proptest::prelude::*;

use crate::files::write;

pub const ACCOUNTS: usize = 3;
pub const OURS: usize = 4;

/// The number of months with events. They contain the 29th of February 2024, and all of them are over.
const MONTHS: u32 = 36;
const FIRST_MONTH: &str = "2022-06-01";

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
    /// The day on which the inputs begin to have it.
    pub arrives: NaiveDate,
    /// The day of another copy of the message, which is after `day`.
    pub copy: Option<NaiveDate>,
}

impl Event {
    /// An event that is in the inputs at once, with one time.
    pub fn new(accounts: u8, day: NaiveDate, kind: usize, ours: u8) -> Self {
        Self { accounts, day, kind, ours, arrives: day, copy: None }
    }

    pub fn is_meeting(&self) -> bool {
        KINDS[self.kind].1
    }

    pub fn has(&self, account: usize) -> bool {
        self.accounts >> account & 1 == 1
    }
}

/// A reply of an account to a message of an earlier month.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub account: usize,
    pub question: Event,
    pub reply: Event,
}

/// Every message of an account within 30 days after one to it in an earlier month.
pub fn answers(events: &[Event]) -> Vec<Answer> {
    let mut answers = vec![];
    for reply in events.iter().filter(|event| event.kind == 1) {
        let month = reply.day.with_day(1).unwrap();
        let questions = events.iter().filter(|event| event.kind == 0);
        for question in questions.filter(|q| q.day < month && (reply.day - q.day).num_days() <= 30) {
            let both = (0..ACCOUNTS).filter(|a| reply.has(*a) && question.has(*a));
            answers.extend(both.map(|account| Answer { account, question: *question, reply: *reply }));
        }
    }
    answers
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

/// In most months of an account there is nothing, in many everybody takes part, in some only one or two. Some messages are
/// answered in the next month. In some organizations all people of the second account are also contacts of the first one.
pub fn events() -> impl Strategy<Value = Vec<Event>> {
    let of_month = |account: usize, number: u32| {
        let first = month(number);
        let last = last_day(first);
        let days = vec![first, first.with_day(2).unwrap(), first.with_day(15).unwrap(), last];
        let event = move |ours: std::ops::RangeInclusive<u8>, kinds: std::ops::Range<usize>| {
            let more = prop::option::weighted(0.1, 0..ACCOUNTS);
            let late = prop::option::weighted(0.08, 1..100u64);
            let copy = prop::option::weighted(0.08, 1..20u64);
            (prop::sample::select(days.clone()), kinds, ours, more, late, copy).prop_map(
                |(day, kind, ours, more, late, copy)| {
                    let arrives = day + Days::new(late.unwrap_or(0));
                    let copy = copy.filter(|_| !KINDS[kind].1).map(|after| day + Days::new(after));
                    (
                        more.map_or(0, |more| 1 << more),
                        Event { arrives, copy, ..Event::new(0, day, kind, ours) },
                    )
                },
            )
        };
        let everybody = 15..=15;
        let answer = prop::option::weighted(
            0.1,
            (0..OURS).prop_map(move |person| {
                let event = |day, kind| (0, Event::new(0, day, kind, 1 << person));
                [event(last, 0), event(last + Days::new(1), 1)]
            }),
        );
        let busy = (
            prop::collection::vec(event(1..=15, 0..KINDS.len()), 0..4),
            prop::option::of(event(everybody.clone(), 0..2)),
            prop::option::of(event(everybody, 2..4)),
            answer,
        );
        let busy = busy.prop_map(|(some, mail, meeting, answer)| {
            let all: Vec<(u8, Event)> =
                some.into_iter().chain(mail).chain(meeting).chain(answer.into_iter().flatten()).collect();
            // Whatever somebody does, everybody does in the same month, mostly.
            let with_everybody = all.iter().filter(|(more, event)| *more == 0 && event.day.day() != 2);
            let everybody = with_everybody.map(|(_, event)| {
                // More than 30 days apart from the answer of the other month, if the months are long enough.
                let day = match event.kind {
                    0 => event.day.with_day(1).unwrap(),
                    1 => last_day(event.day),
                    _ => event.day.with_day(20).unwrap(),
                };
                (0, Event::new(0, day, event.kind, 15))
            });
            all.iter().copied().chain(everybody).collect::<Vec<_>>()
        });
        let quiet = prop::collection::vec(event(1..=3, 0..KINDS.len()), 1..3);
        let of_kind = prop_oneof![6 => Just(vec![]), 4 => busy, 1 => quiet];
        of_kind.prop_map(move |events: Vec<(u8, Event)>| {
            let with = |(more, event): (u8, Event)| Event { accounts: 1 << account | more, ..event };
            events.into_iter().map(with).collect::<Vec<_>>()
        })
    };
    let months = (0..ACCOUNTS).flat_map(|account| (0..MONTHS).map(move |number| of_month(account, number)));
    let with = (prop::bool::weighted(0.3), prop::bool::weighted(0.5));
    (months.collect::<Vec<_>>(), with).prop_map(|(months, (is_nested, is_sparse))| {
        let shared = |event: Event| match is_nested && event.has(1) {
            true => Event { accounts: event.accounts | 1, ..event },
            false => event,
        };
        // In a few months of a year, often no account is suppressed.
        let events = months.concat().into_iter().filter(|event| !is_sparse || event.day.month() % 6 == 0);
        events.map(shared).collect()
    })
}

/// Writes the inputs to a folder, and an enrichment file with these settings over them.
pub async fn inputs(folder: &Path, events: &[Event], settings: &str) {
    let ctx = session::new().unwrap();
    let (mut mail, mut meetings) = (vec![], vec![]);
    for (id, event) in events.iter().enumerate() {
        let ours: Vec<_> =
            (0..OURS).filter(|p| event.ours >> p & 1 == 1).map(|p| format!("'p{p}@us.com'")).collect();
        // Several accounts share a contact.
        let theirs = vec![match event.accounts.count_ones() {
            1 => format!("'c@a{}.com'", event.accounts.trailing_zeros()),
            _ => format!("'c{}@shared.com'", event.accounts),
        }];
        // Everybody takes part, even if they do not send or organize.
        let others = [&ours[..], &theirs].concat().join(", ");
        let noon = |day: NaiveDate| format!("timestamp '{day}T12:00:00'");
        let at = noon(event.day);
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
                let copies = [Some(event.day), event.copy].into_iter().flatten().map(noon);
                mail.extend(copies.map(|at| format!("('{id}', {first}, [{others}], {at}, 'thread')")));
            }
        }
    }
    // An event without known people, so that the table has at least one row.
    let at = "timestamp '2024-02-02T12:00:00'";
    mail.push(format!("('nobody', 'x@x.com', ['y@y.com'], {at}, null)"));
    meetings.push(format!("('nobody', 'x@x.com', ['y@y.com'], {at}, {at})"));
    // The person of every second account is a contact; the others are known by domain.
    let own = (0..ACCOUNTS).step_by(2).map(|a| format!("('c@a{a}.com', 'a{a}')"));
    let shared = (1..1u8 << ACCOUNTS).filter(|of| of.count_ones() > 1).flat_map(|of| {
        let accounts = (0..ACCOUNTS).filter(move |a| of >> a & 1 == 1);
        accounts.map(move |a| format!("('c{of}@shared.com', 'a{a}')"))
    });
    let contacts = own.chain(shared).collect();
    let accounts = (0..ACCOUNTS).map(|a| format!("('a{a}', 'a{a}.com')")).collect();
    for (name, columns, values) in [
        ("mail", r#"message_id, sender, "to", sent_at, conversation_id"#, mail),
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
        as_of = "2023-05-31"
        consent = {{ granted_by = "admin@us.com", granted_on = "2022-01-01" }}
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
