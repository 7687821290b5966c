//! The copy of a meeting in one calendar.

use super::ids::meeting_id;
use super::meeting::{Cancelled, Meeting};
use super::spelling::spelled;
use crate::calendar::{HOUR, MINUTE};
use crate::organization::{Organization, Party};
use crate::random::Random;

/// An attendee.
#[derive(Debug, Clone, PartialEq)]
pub struct Attendee {
    /// The address, as this copy spells it.
    pub address: Option<String>,
    /// Whether this copy records that the attendee declined. The organizer's copy records it for all
    /// attendees, another copy only for its holder.
    pub has_declined: bool,
}

/// A copy of a meeting, with the spellings and gaps of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct MeetingCopy {
    /// The iCalUId; sometimes missing or blank.
    pub meeting_id: Option<String>,
    /// The organizer.
    pub organizer: Option<String>,
    /// The attendees.
    pub attendees: Vec<Attendee>,
    /// The colleague who owns the calendar; `None` if that is unknown.
    pub holder: Option<u32>,
    /// Microseconds since 1970-01-01 UTC.
    pub start_at: Option<i64>,
    /// Microseconds since 1970-01-01 UTC.
    pub end_at: Option<i64>,
    /// Whether this copy is marked as cancelled.
    pub is_cancelled: bool,
    /// Whether it takes whole days.
    pub is_all_day: bool,
    /// Whether it is a series master.
    pub is_series_master: bool,
}

impl MeetingCopy {
    /// Copy number `copy` of a meeting.
    pub fn new(org: &Organization, meeting: &Meeting, copy: usize) -> Self {
        let holder = meeting.holders[copy];
        let mut random = Random::new(&[meeting.key, meeting.start_at as u64, u64::from(holder)]);
        let fault = random.below(1_000);
        let mut spell = |party: &Party| spelled(org, *party, &mut random);
        let organizer =
            if fault < 12 { Some("unknown organizer".to_owned()) } else { spell(&meeting.organizer) };
        let is_organizer = meeting.organizer.colleague() == Some(holder);
        let knows = |party: &Party| is_organizer || party.colleague() == Some(holder);
        let attendees = meeting.attendees.iter().map(|party| Attendee {
            address: spell(party),
            has_declined: meeting.declined.contains(party) && knows(party),
        });
        let attendees = attendees.collect();
        let end_at =
            if (12..24).contains(&fault) { meeting.start_at - HOUR + MINUTE } else { meeting.end_at };
        Self {
            meeting_id: match fault {
                24..30 => None,
                30..36 => Some(String::new()),
                _ => Some(meeting_id(meeting.key)),
            },
            organizer,
            attendees,
            holder: (!(36..44).contains(&fault)).then_some(holder),
            start_at: (!(44..50).contains(&fault)).then_some(meeting.start_at),
            end_at: (!(50..56).contains(&fault)).then_some(end_at),
            is_cancelled: match meeting.cancelled {
                Cancelled::No => false,
                Cancelled::FirstCopy => copy == 0,
                Cancelled::AllCopies => true,
            },
            is_all_day: meeting.is_all_day,
            is_series_master: meeting.is_series_master,
        }
    }
}
