//! A CalendarView export.

use std::path::Path;

use chrono::{LocalResult, TimeZone};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{date_time, file, recipient, row_information};
use crate::canonical::Result;
use crate::organization::{Organization, Party};
use crate::traffic::{MeetingCopy, MeetingWeeks};

/// Time zones in the spelling of calendars.
const ZONES: [(&str, Tz); 3] =
    [("GMT Standard Time", Tz::Europe__London), ("Europe/Berlin", Tz::Europe__Berlin), ("UTC", Tz::UTC)];

/// Writes the export.
pub fn write(org: &Organization, folder: &Path) -> Result<()> {
    let copies = MeetingWeeks::new(org).flatten().enumerate();
    let rows: Vec<_> = copies.map(|(number, copy)| row(org, number, &copy)).collect();
    file::json_lines(&folder.join("CalendarView.json.gz"), &rows)
}

/// A row with the columns that are used.
pub fn row(org: &Organization, number: usize, copy: &MeetingCopy) -> Value {
    let zone = ZONES[number % ZONES.len()];
    let time = |micros: Option<i64>| micros.map(|micros| in_zone(micros, zone));
    // The response of the mailbox owner is in its own field.
    let holder = copy.holder.map(|holder| org.address(Party::Colleague(holder)));
    let is_holder = |address: &Option<String>| {
        let address = address.as_ref().map(|a| a.to_lowercase());
        holder.as_ref().zip(address).is_some_and(|(holder, address)| address.contains(holder))
    };
    let holder_declined = copy.attendees.iter().any(|a| a.has_declined && is_holder(&a.address));
    let attendee = |address: &Option<String>, kind: &str, response: &str| {
        let mut attendee = recipient(address.as_deref());
        attendee["type"] = json!(format!("microsoft.graph.attendeeType'{kind}'"));
        attendee["status"] = json!({
            "response": format!("microsoft.graph.responseType'{response}'"),
            "time": "0001-01-01T00:00:00Z",
        });
        attendee
    };
    let rooms = [0, 1, 2].map(|room| org.address(Party::Room(room)));
    let is_room = |address: &Option<String>| {
        let address = address.as_ref().map(|a| a.to_lowercase()).unwrap_or_default();
        rooms.iter().any(|room| address.contains(room))
    };
    let attendees: Vec<_> = copy
        .attendees
        .iter()
        .map(|a| {
            let declined = a.has_declined && !is_holder(&a.address);
            let kind = if is_room(&a.address) { "resource" } else { "required" };
            attendee(&a.address, kind, if declined { "declined" } else { "none" })
        })
        .collect();
    let kind = match copy.is_series_master {
        true => "seriesMaster",
        false if number.is_multiple_of(5) => "occurrence",
        false => "singleInstance",
    };
    json!({
        "iCalUId": copy.meeting_id,
        "organizer": recipient(copy.organizer.as_deref()),
        "attendees": attendees,
        "start": time(copy.start_at),
        "end": time(copy.end_at),
        "isCancelled": copy.is_cancelled,
        "isAllDay": copy.is_all_day,
        "type": kind,
        "responseStatus": {
            "response": format!("microsoft.graph.responseType'{}'", if holder_declined { "declined" } else { "accepted" }),
            "time": "0001-01-01T00:00:00Z",
        },
        "puser": copy.holder.map(|holder| org.entra_id(holder)),
        "rowinformation": row_information(false),
    })
}

/// A local time in the zone; UTC if the local time occurs twice.
fn in_zone(micros: i64, (name, zone): (&str, Tz)) -> Value {
    let utc = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let local = utc.with_timezone(&zone).naive_local();
    match zone.from_local_datetime(&local) {
        LocalResult::Single(_) => {
            json!({ "dateTime": date_time(local.and_utc().timestamp_micros()), "timeZone": name })
        }
        _ => json!({ "dateTime": date_time(micros), "timeZone": "UTC" }),
    }
}
