//! Exports of mail and meetings with everything that the service delivers: bodies, headers, links.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::{date_time, mail, meetings};
use crate::canonical::Result;
use crate::organization::Organization;
use crate::parallel;
use crate::random::Random;
use crate::traffic::{MailCopy, MeetingWeeks, Timeline};

/// The sizes of bodies in bytes, without the escape sequences.
const MAIL_BODY: (i64, i64) = (2_000, 18_000);
const MEETING_BODY: (i64, i64) = (500, 5_000);
/// The number of header fields of a mail that came from outside.
const HEADERS: u64 = 40;

const WORDS: [&str; 24] = [
    "the",
    "offer",
    "we",
    "project",
    "with",
    "meeting",
    "please",
    "regards",
    "attached",
    "price",
    "and",
    "delivery",
    "next",
    "week",
    "to",
    "contract",
    "für",
    "Rechnung",
    "of",
    "plan",
    "a",
    "café",
    "your",
    "questions",
];

/// Writes mail as JSON lines, in `files` files; returns the number of rows.
pub fn write_mail(org: &Organization, folder: &Path, files: u64, threads: usize) -> Result<u64> {
    parallel::write(&org.plan.split(files), threads, |(from, to)| {
        let copies = Timeline::new(org, *from, *to).flat_map(|day| day.copies().collect::<Vec<_>>());
        lines(
            &folder.join(format!("Message-{}.json", org.plan.day(*from))),
            copies.map(|copy| mail_row(org, &copy)),
        )
    })
}

/// Writes meetings as JSON lines; returns the number of rows.
pub fn write_meetings(org: &Organization, path: &Path) -> Result<u64> {
    let copies = MeetingWeeks::new(org).flatten().enumerate();
    lines(
        path,
        copies.map(|(number, copy)| {
            let mut random = Random::new(&[31, number as u64]);
            let mut row = meetings::row(org, number, &copy);
            add(&mut row, item(&mut random, MEETING_BODY));
            row
        }),
    )
}

fn lines(path: &Path, rows: impl Iterator<Item = Value>) -> Result<u64> {
    let write = || -> std::io::Result<u64> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let mut count = 0;
        for row in rows {
            serde_json::to_writer(&mut file, &row)?;
            file.write_all(b"\n")?;
            count += 1;
        }
        file.flush()?;
        Ok(count)
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}

fn mail_row(org: &Organization, copy: &MailCopy) -> Value {
    let mut random = Random::new(&[37, copy.thread.unwrap_or(0), copy.sent_at.unwrap_or(0) as u64]);
    let mut row = mail::row(org, copy);
    let received = json!(date_time(copy.sent_at.unwrap_or(0)) + "Z");
    let own = row["internetMessageHeaders"].as_array().cloned().unwrap_or_default();
    let headers: Vec<_> = (0..HEADERS).map(|number| header(&mut random, number)).chain(own).collect();
    add(&mut row, item(&mut random, MAIL_BODY));
    add(
        &mut row,
        json!({
            "receivedDateTime": received,
            "bodyPreview": words(&mut random, 240),
            "inferenceClassification": "microsoft.graph.inferenceClassificationType'focused'",
            "internetMessageHeaders": headers,
            "isDeliveryReceiptRequested": null,
            "isRead": true,
            "isReadReceiptRequested": false,
            "flag": { "completedDateTime": null, "dueDateTime": null, "flagStatus": "notFlagged", "startDateTime": null },
            "parentFolderId": id(&mut random, 120),
            "replyTo": [],
        }),
    );
    row
}

/// What mails and events have in common.
fn item(random: &mut Random, (least, most): (i64, i64)) -> Value {
    let id_of_item = id(random, 152);
    let size = random.between(least, most) as usize;
    json!({
        "body": { "content": html(random, size), "contentType": "microsoft.graph.bodyType'html'" },
        "categories": [],
        "changeKey": id(random, 40),
        "createdDateTime": "2026-01-01T00:00:00Z",
        "hasAttachments": random.chance(200),
        "importance": "normal",
        "lastModifiedDateTime": "2026-01-01T00:00:00Z",
        "subject": words(random, 40),
        "webLink": format!("https://outlook.office365.com/owa/?ItemID={id_of_item}&exvsurl=1&viewmodel=ReadMessageItem"),
        "id": id_of_item,
    })
}

fn header(random: &mut Random, number: u64) -> Value {
    let name =
        ["Received", "X-MS-Exchange-Organization", "ARC-Seal", "Authentication-Results"][number as usize % 4];
    let value =
        format!("from {}.eurprd04.prod.example ({}) by mail;\r\n {}", id(random, 16), number, id(random, 60));
    json!({ "name": format!("{name}-{number}"), "value": value })
}

/// HTML as Outlook writes it, of about this size.
fn html(random: &mut Random, size: usize) -> String {
    let mut text = "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body>".to_owned();
    while text.len() < size {
        text.push_str("<p class=\"MsoNormal\"><span style=\"font-size:11.0pt\">");
        let length = random.between(20, 300) as usize;
        text.push_str(&words(random, length));
        text.push_str("<o:p></o:p></span></p>\r\n");
    }
    text + "</body></html>"
}

fn words(random: &mut Random, size: usize) -> String {
    let mut text = String::with_capacity(size + 16);
    while text.len() < size {
        text.push_str(WORDS[random.below(WORDS.len() as u64) as usize]);
        text.push(' ');
    }
    text
}

/// An identifier with letters and digits.
fn id(random: &mut Random, length: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..length).map(|_| char::from(DIGITS[random.below(64) as usize])).collect()
}

/// Adds members to an object, in place of those of the same names.
fn add(row: &mut Value, members: Value) {
    if let (Value::Object(row), Value::Object(members)) = (row, members) {
        row.extend(members);
    }
}
