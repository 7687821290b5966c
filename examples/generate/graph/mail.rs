//! Message exports: several files of different shapes.

use std::path::Path;

use datafusion::arrow::datatypes::Field;
use serde_json::{Value, json};

use super::file::{self, list, nested};
use super::{date_time, recipient, row_information};
use crate::canonical::Result;
use crate::canonical::parquet::{flag, text};
use crate::organization::Organization;
use crate::traffic::ids::{conversation_id_in, conversation_index};
use crate::traffic::{Kind, MailCopy, Timeline};

/// The number of files; the shapes alternate.
const FILES: u64 = 8;
/// Columns of the older datasets, in which nested columns are JSON text.
const OLDER: [&str; 13] = [
    "InternetMessageId",
    "ConversationId",
    "SentDateTime",
    "From",
    "ToRecipients",
    "CcRecipients",
    "BccRecipients",
    "IsDraft",
    "InternetMessageHeaders",
    "Body",
    "ODataType",
    "Puser",
    "Rowinformation",
];

/// Writes the files.
pub fn write(org: &Organization, folder: &Path) -> Result<()> {
    for (number, (from, to)) in org.plan.split(FILES).into_iter().enumerate() {
        let mut rows: Vec<Value> = Timeline::new(org, from, to)
            .flat_map(|day| day.copies().collect::<Vec<_>>())
            .map(|c| row(org, &c))
            .collect();
        let path = |ending| folder.join(format!("Message-{}.{ending}", org.plan.day(from)));
        match number % 4 {
            0 => file::parquet(&path("parquet"), &columns(), &rows)?,
            1 => {
                rows.push(json!({ "puser": org.entra_id(0), "rowinformation": row_information(true) }));
                file::json_lines(&path("json.gz"), &rows)?;
            }
            2 => {
                let rows: Vec<_> = rows.iter().map(file::pascal_case).collect();
                file::parquet_of_text(&path("parquet"), &OLDER, &rows)?;
            }
            _ => {
                let rows: Vec<_> = rows.iter().map(file::pascal_case).collect();
                file::json_lines_utf_16(&path("json.gz"), &rows)?;
            }
        }
    }
    Ok(())
}

/// The columns of a file with nested ones; it has neither conversationId nor sender.
fn columns() -> Vec<Field> {
    let person = || nested("element", vec![nested("emailAddress", vec![text("address")])]);
    vec![
        text("internetMessageId"),
        text("conversationIndex"),
        text("sentDateTime"),
        nested("from", vec![nested("emailAddress", vec![text("address")])]),
        list("toRecipients", person()),
        list("ccRecipients", person()),
        list("bccRecipients", person()),
        flag("isDraft"),
        list("internetMessageHeaders", nested("element", vec![text("name"), text("value")])),
        nested("body", vec![text("content"), text("contentType")]),
        text("ODataType"),
        text("puser"),
        nested("rowinformation", vec![text("errorInformation"), flag("isUserSummaryRow")]),
    ]
}

/// A row with the columns that are used.
pub fn row(org: &Organization, copy: &MailCopy) -> Value {
    let people = |addresses: &[Option<String>]| -> Vec<Value> {
        addresses.iter().map(|address| recipient(address.as_deref())).collect()
    };
    let headers = (copy.kind == Kind::AutoReply)
        .then(|| json!([{ "name": "auto-submitted", "value": "auto-replied; owner-email=\"\"" }]));
    let kind = if copy.kind == Kind::Invitation { "eventMessageRequest" } else { "message" };
    json!({
        "internetMessageId": copy.message_id,
        "conversationIndex": copy.thread.map(conversation_index),
        "conversationId": copy.thread.map(|thread| conversation_id_in(thread, copy.holder)),
        // An unknown time is 0001-01-01.
        "sentDateTime": copy.sent_at.map_or("0001-01-01T00:00:00Z".to_owned(), |at| date_time(at) + "Z"),
        "from": recipient(copy.sender.as_deref()),
        "toRecipients": people(&copy.to),
        "ccRecipients": people(&copy.cc),
        "bccRecipients": people(&copy.bcc),
        "isDraft": copy.kind == Kind::Draft,
        "internetMessageHeaders": headers,
        "body": { "content": "<html>not read</html>", "contentType": "microsoft.graph.bodyType'html'" },
        "ODataType": format!("#microsoft.graph.{kind}"),
        "puser": copy.holder.map(|holder| org.entra_id(holder)),
        "rowinformation": row_information(false),
    })
}
