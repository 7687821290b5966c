//! Mail: each file contains a range of days; the files are written in parallel.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};

use super::Result;
use super::parquet::{BATCH_ROWS, Table, address_lists, addresses, flag, instant, text};
use crate::organization::{Organization, Party};
use crate::parallel;
use crate::traffic::ids::conversation_id;
use crate::traffic::{Kind, MailCopy, Timeline};

/// A file and its days.
pub struct Part {
    name: String,
    from: i64,
    to: i64,
}

/// The files, named after their first days.
pub fn parts(org: &Organization, files: u64) -> Vec<Part> {
    let days = org.plan.split(files).into_iter();
    days.map(|(from, to)| Part { name: format!("{}.parquet", org.plan.day(from)), from, to }).collect()
}

/// Refuses a folder that contains other Parquet files.
pub fn refuse_other_files(folder: &Path, parts: &[Part]) -> Result<()> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".parquet") && !parts.iter().any(|part| part.name == name) {
            return Err(format!(
                "{}: holds {name}, which is none of the files to be written; remove the folder or choose another",
                folder.display()
            ));
        }
    }
    Ok(())
}

/// Writes the files on `threads` threads; returns the number of rows.
pub fn write(org: &Organization, folder: &Path, parts: &[Part], threads: usize) -> Result<u64> {
    parallel::write(parts, threads, |part| write_part(org, folder, part))
}

fn write_part(org: &Organization, folder: &Path, part: &Part) -> Result<u64> {
    let fields = vec![
        text("message_id"),
        text("conversation_id"),
        instant("sent_at"),
        text("sender"),
        addresses("to"),
        addresses("cc"),
        addresses("bcc"),
        text("mailbox"),
        flag("is_draft"),
        flag("is_automatic"),
    ];
    let mut table = Table::create(&folder.join(&part.name), fields)?;
    let mut columns = Columns::new();
    for day in Timeline::new(org, part.from, part.to) {
        for copy in day.copies() {
            columns.push(org, copy);
            if columns.rows == BATCH_ROWS {
                table.write(columns.take())?;
            }
        }
    }
    table.write(columns.take())?;
    table.close()
}

/// The columns of a batch of rows.
struct Columns {
    message_id: StringBuilder,
    conversation_id: StringBuilder,
    sent_at: TimestampMicrosecondBuilder,
    sender: StringBuilder,
    to: ListBuilder<StringBuilder>,
    cc: ListBuilder<StringBuilder>,
    bcc: ListBuilder<StringBuilder>,
    mailbox: StringBuilder,
    is_draft: BooleanBuilder,
    is_automatic: BooleanBuilder,
    rows: usize,
}

impl Columns {
    fn new() -> Self {
        Self {
            message_id: StringBuilder::new(),
            conversation_id: StringBuilder::new(),
            sent_at: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            sender: StringBuilder::new(),
            to: address_lists(),
            cc: address_lists(),
            bcc: address_lists(),
            mailbox: StringBuilder::new(),
            is_draft: BooleanBuilder::new(),
            is_automatic: BooleanBuilder::new(),
            rows: 0,
        }
    }

    fn push(&mut self, org: &Organization, copy: MailCopy) {
        self.message_id.append_option(copy.message_id.as_deref());
        self.conversation_id.append_option(copy.thread.map(conversation_id));
        self.sent_at.append_option(copy.sent_at);
        self.sender.append_option(copy.sender.as_deref());
        self.to.append_value(copy.to);
        self.cc.append_value(copy.cc);
        // Bcc is null if the copy does not have any, as in an export.
        self.bcc.append_option((!copy.bcc.is_empty()).then_some(copy.bcc));
        self.mailbox.append_option(copy.holder.map(|holder| org.address(Party::Colleague(holder))));
        self.is_draft.append_value(copy.kind == Kind::Draft);
        self.is_automatic.append_value(matches!(copy.kind, Kind::AutoReply | Kind::Invitation));
        self.rows += 1;
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        self.rows = 0;
        vec![
            Arc::new(self.message_id.finish()),
            Arc::new(self.conversation_id.finish()),
            Arc::new(self.sent_at.finish()),
            Arc::new(self.sender.finish()),
            Arc::new(self.to.finish()),
            Arc::new(self.cc.finish()),
            Arc::new(self.bcc.finish()),
            Arc::new(self.mailbox.finish()),
            Arc::new(self.is_draft.finish()),
            Arc::new(self.is_automatic.finish()),
        ]
    }
}
