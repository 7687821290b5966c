//! Meetings: one file.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};

use super::Result;
use super::parquet::{BATCH_ROWS, Table, address_lists, addresses, flag, instant, text};
use crate::organization::{Organization, Party};
use crate::traffic::{MeetingCopy, MeetingWeeks};

/// Writes the meetings; returns the number of rows.
pub fn write(org: &Organization, path: &Path) -> Result<u64> {
    let fields = vec![
        text("meeting_id"),
        text("organizer"),
        addresses("attendees"),
        addresses("declined"),
        text("mailbox"),
        instant("start_at"),
        instant("end_at"),
        flag("is_cancelled"),
        flag("is_all_day"),
        flag("is_series_master"),
    ];
    let mut table = Table::create(path, fields)?;
    let mut columns = Columns::new();
    for copy in MeetingWeeks::new(org).flatten() {
        columns.push(org, copy);
        if columns.rows == BATCH_ROWS {
            table.write(columns.take())?;
        }
    }
    table.write(columns.take())?;
    table.close()
}

/// The columns of a batch of rows.
struct Columns {
    meeting_id: StringBuilder,
    organizer: StringBuilder,
    attendees: ListBuilder<StringBuilder>,
    declined: ListBuilder<StringBuilder>,
    mailbox: StringBuilder,
    start_at: TimestampMicrosecondBuilder,
    end_at: TimestampMicrosecondBuilder,
    is_cancelled: BooleanBuilder,
    is_all_day: BooleanBuilder,
    is_series_master: BooleanBuilder,
    rows: usize,
}

impl Columns {
    fn new() -> Self {
        Self {
            meeting_id: StringBuilder::new(),
            organizer: StringBuilder::new(),
            attendees: address_lists(),
            declined: address_lists(),
            mailbox: StringBuilder::new(),
            start_at: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            end_at: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            is_cancelled: BooleanBuilder::new(),
            is_all_day: BooleanBuilder::new(),
            is_series_master: BooleanBuilder::new(),
            rows: 0,
        }
    }

    fn push(&mut self, org: &Organization, copy: MeetingCopy) {
        self.meeting_id.append_option(copy.meeting_id.as_deref());
        self.organizer.append_option(copy.organizer.as_deref());
        let declined = copy.attendees.iter().filter(|attendee| attendee.has_declined);
        self.declined.append_value(declined.map(|attendee| attendee.address.as_deref()));
        self.attendees.append_value(copy.attendees.into_iter().map(|attendee| attendee.address));
        self.mailbox.append_option(copy.holder.map(|holder| org.address(Party::Colleague(holder))));
        self.start_at.append_option(copy.start_at);
        self.end_at.append_option(copy.end_at);
        // Every eighth row contains null instead of false.
        self.is_cancelled
            .append_option((copy.is_cancelled || !self.rows.is_multiple_of(8)).then_some(copy.is_cancelled));
        self.is_all_day.append_value(copy.is_all_day);
        self.is_series_master.append_value(copy.is_series_master);
        self.rows += 1;
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        self.rows = 0;
        vec![
            Arc::new(self.meeting_id.finish()),
            Arc::new(self.organizer.finish()),
            Arc::new(self.attendees.finish()),
            Arc::new(self.declined.finish()),
            Arc::new(self.mailbox.finish()),
            Arc::new(self.start_at.finish()),
            Arc::new(self.end_at.finish()),
            Arc::new(self.is_cancelled.finish()),
            Arc::new(self.is_all_day.finish()),
            Arc::new(self.is_series_master.finish()),
        ]
    }
}
