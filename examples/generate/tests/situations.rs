//! The situations that the data has to contain, and its proportions.

use std::collections::{HashMap, HashSet};

use super::organization;
use crate::calendar::Day;
use crate::organization::{Habit, Organization, Party};
use crate::plan::{Plan, Sizes};
use crate::traffic::{Kind, MailCopy, MeetingCopy, MeetingWeeks, Timeline};

fn mail(org: &Organization) -> Vec<MailCopy> {
    Timeline::new(org, 0, Plan::DAYS).flat_map(|day| day.copies().collect::<Vec<_>>()).collect()
}

fn account(party: &Party) -> Option<u32> {
    match party {
        Party::Contact { account, .. } | Party::SecondAddress { account, .. } => Some(*account),
        _ => None,
    }
}

/// Whether an address is spelled so that it cannot be normalized.
fn is_lost(address: &Option<String>) -> bool {
    address.as_ref().is_none_or(|address| !address.contains('@'))
}

#[test]
fn every_fault_of_mail_occurs() {
    let org = organization(Sizes::BUNDLED);
    let copies = mail(&org);
    assert_eq!(copies.len(), 5_000);
    let count = |is: fn(&MailCopy) -> bool| copies.iter().filter(|copy| is(copy)).count();
    let some_recipient = |copy: &MailCopy, is: fn(&str) -> bool| copy.to.iter().flatten().any(|to| is(to));
    let has = |is: fn(&str) -> bool| copies.iter().filter(|copy| some_recipient(copy, is)).count();
    for (what, rows, at_least) in [
        ("draft", count(|copy| copy.kind == Kind::Draft), 20),
        ("automatic reply", count(|copy| copy.kind == Kind::AutoReply), 20),
        ("invitation", count(|copy| copy.kind == Kind::Invitation), 5),
        ("missing id", count(|copy| copy.message_id.is_none()), 1),
        ("blank id", count(|copy| copy.message_id.as_deref() == Some(" ")), 1),
        ("missing time", count(|copy| copy.sent_at.is_none()), 1),
        ("missing thread", count(|copy| copy.thread.is_none()), 1),
        ("missing mailbox", count(|copy| copy.holder.is_none()), 1),
        ("lost sender", count(|copy| is_lost(&copy.sender)), 10),
        ("hidden recipient", count(|copy| !copy.bcc.is_empty()), 5),
        ("blank recipient", has(|to| to == " "), 1),
        ("display name", has(|to| to.ends_with('>')), 10),
        ("prefix", has(|to| to.starts_with("SMTP:")), 5),
        ("upper case", has(|to| !to.starts_with('/') && to.ends_with(".EXAMPLE")), 5),
        ("X.500 name", has(|to| to.starts_with("/O=")), 1),
        ("group", has(|to| to == "uk-sales@northwind.example"), 5),
        ("alias", has(|to| to.ends_with("@northwind-traders.example")), 20),
    ] {
        assert!(rows >= at_least, "{what}: {rows} rows");
    }
}

#[test]
fn every_fault_of_meetings_occurs() {
    let org = organization(Sizes::BUNDLED);
    let copies: Vec<MeetingCopy> = MeetingWeeks::new(&org).flatten().collect();
    let count = |is: fn(&MeetingCopy) -> bool| copies.iter().filter(|copy| is(copy)).count();
    for (what, rows) in [
        ("missing id", count(|copy| copy.meeting_id.is_none())),
        ("blank id", count(|copy| copy.meeting_id.as_deref() == Some(""))),
        ("missing begin", count(|copy| copy.start_at.is_none())),
        ("missing end", count(|copy| copy.end_at.is_none())),
        ("end before begin", count(|copy| copy.end_at.is_some() && copy.end_at < copy.start_at)),
        ("lost organizer", count(|copy| is_lost(&copy.organizer))),
        ("cancelled", count(|copy| copy.is_cancelled)),
        ("all-day", count(|copy| copy.is_all_day)),
        ("series master", count(|copy| copy.is_series_master)),
        ("declined", count(|copy| copy.attendees.iter().any(|attendee| attendee.has_declined))),
    ] {
        assert!(rows > 0, "{what}");
    }
    let outside = |copy: &&MeetingCopy| copy.start_at.is_some_and(|start| Day::of(start) > org.plan.as_of);
    assert!(copies.iter().any(|copy| outside(&copy)), "meetings after the as-of date");
}

#[test]
fn the_accounts_behave_as_they_should() {
    let org = organization(Sizes::BUNDLED);
    // For each account: the days of mail to it and from it, the day of the last mail, and its senders.
    let (mut to, mut from) = (HashMap::<u32, Vec<Day>>::new(), HashMap::<u32, Vec<Day>>::new());
    let mut people: HashMap<u32, HashSet<u16>> = HashMap::new();
    for day in Timeline::new(&org, 0, Plan::DAYS) {
        for message in day.messages().iter().filter(|message| message.kind == Kind::Mail) {
            let sent_on = Day::of(message.sent_at);
            if !(org.plan.first_day()..=org.plan.as_of).contains(&sent_on) {
                continue;
            }
            if let Party::Contact { account, number } | Party::SecondAddress { account, number } =
                message.from
            {
                from.entry(account).or_default().push(sent_on);
                people.entry(account).or_default().insert(number);
            } else if message.from.colleague().is_some_and(|colleague| org.is_listed(colleague))
                && let Some(account) = message.to.iter().find_map(account)
            {
                to.entry(account).or_default().push(sent_on);
            }
        }
    }
    let none = Vec::new();
    for (rank, account) in org.by_rank.iter().enumerate() {
        let (to, from) = (to.get(account).unwrap_or(&none), from.get(account).unwrap_or(&none));
        let last = to.iter().chain(from).max().map_or(i64::MAX, |last| org.plan.as_of.0 - last.0);
        let month = |back: i64| {
            let end = org.plan.as_of.plus(-31 * back);
            to.iter().chain(from).filter(|day| (end.plus(-30)..=end).contains(day)).count()
        };
        match org.habit(*account) {
            Habit::Silent => assert!(to.is_empty() && from.is_empty()),
            Habit::OneSided => assert!(from.is_empty()),
            Habit::Stale => assert!(last > 60),
            Habit::SingleThreaded => assert!(people.get(account).is_none_or(|people| people.len() == 1)),
            Habit::Cooling if rank < 20 => assert!(month(0) * 2 < month(1), "{} of {}", month(0), month(1)),
            Habit::Cooling | Habit::Regular => {}
        }
        if rank == 0 {
            assert!(to.len() > 50 && from.len() > 50 && last < 7, "the champion");
        }
        if rank == 1 {
            assert!(month(0) > 0, "the cooling account is not lost yet");
        }
        if rank == 5 {
            assert!(to.len() > 10, "we write to the one-sided account");
        }
    }
}

#[test]
fn proportions_are_those_of_real_exports() {
    let org = organization(Sizes::scaled(100_000));
    let (mut rows, mut recipients, mut outside) = (0.0, 0.0, 0.0);
    let mut messages = HashSet::new();
    let mut neighbours = 0;
    for day in Timeline::new(&org, 0, Plan::DAYS) {
        let copies: Vec<MailCopy> = day.copies().collect();
        neighbours += copies.windows(2).filter(|pair| pair[0].message_id == pair[1].message_id).count();
        for copy in copies {
            rows += 1.0;
            recipients += (copy.to.len() + copy.cc.len() + copy.bcc.len()) as f64;
            let sent_on = copy.sent_at.map(Day::of);
            outside += f64::from(u8::from(
                sent_on.is_some_and(|day| day < org.plan.first_day() || day > org.plan.as_of),
            ));
            messages.insert(copy.message_id);
        }
    }
    let with_customers: usize = Timeline::new(&org, 0, Plan::DAYS)
        .flat_map(|day| {
            let has_customer = |parties: &[Party]| parties.iter().any(|party| account(party).is_some());
            let with = day.messages().iter().filter(|message| {
                account(&message.from).is_some() || has_customer(&message.to) || has_customer(&message.cc)
            });
            with.map(|message| message.holders.len()).collect::<Vec<_>>()
        })
        .sum();
    for (what, value, expected) in [
        ("rows", rows, 100_000.0..=100_000.0),
        ("recipients of a row", recipients / rows, 2.0..=2.4),
        ("copies of a message", rows / messages.len() as f64, 1.65..=1.95),
        ("share outside the window", outside / rows, 0.08..=0.12),
        ("share with customers", with_customers as f64 / rows, 0.48..=0.60),
    ] {
        assert!(expected.contains(&value), "{what}: {value}");
    }
    assert!(neighbours < 1_500, "copies lie apart from each other: {neighbours}");
}
