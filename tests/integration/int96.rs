//! INT96 timestamps, as Spark and Hive write them: distant instants stay distant.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::parquet::data_type::{ByteArray, ByteArrayType, Int96, Int96Type};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::file::writer::SerializedFileWriter;
use datafusion::parquet::schema::parser::parse_message_type;
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Silent};

use crate::files::write;
use crate::support::block_on;

const ENRICHMENT: &str = r#"
name = "int96"
as_of = "2026-06-30"
[consent]
granted_by = "admin@us.com"
granted_on = "2026-01-01"
[mailboxes]
addresses = ["anna@us.com", "ben@us.com"]
[contacts]
path = "contacts.parquet"
[mail]
path = "mail.parquet"
"#;

const SCHEMA: &str =
    "message mail { required binary message_id (UTF8); required int96 sent_at; required binary sender (UTF8);
    required group to (LIST) { repeated group list { required binary element (UTF8); } } }";

/// A day as INT96: nanoseconds of the day, then the Julian day.
fn int96(days_since_1970: u32) -> Int96 {
    let mut value = Int96::new();
    value.set_data(0, 0, days_since_1970 + 2_440_588);
    value
}

/// One email from Anna to Carl on each day.
fn write_mail(file: &Path, days: &[u32]) {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::default());
    let mut writer = SerializedFileWriter::new(File::create(file).unwrap(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |text: &dyn Fn(usize) -> String| -> Vec<ByteArray> {
        (0..days.len()).map(|i| text(i).into_bytes().into()).collect()
    };
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&texts(&|i| format!("<{i}@x>")), None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let instants: Vec<Int96> = days.iter().map(|d| int96(*d)).collect();
    column.typed::<Int96Type>().write_batch(&instants, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&texts(&|_| "anna@us.com".into()), None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let (definitions, repetitions) = (vec![1; days.len()], vec![0; days.len()]);
    let recipients = texts(&|_| "carl@acme.com".into());
    column.typed::<ByteArrayType>().write_batch(&recipients, Some(&definitions), Some(&repetitions)).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn far_away_is_outside_the_window() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("enrichment.toml"), ENRICHMENT).unwrap();
    let contact = [("email", "carl@acme.com"), ("account_id", "acme")];
    let contact = contact.map(|(name, value)| (name, Arc::new(StringArray::from(vec![value])) as ArrayRef));
    write(&folder.path().join("contacts.parquet"), &RecordBatch::try_from_iter(contact).unwrap());
    // 2026-06-01, and 213,503 days later. 2^64 nanoseconds are 213,503.98 days, so the later date would wrap
    // to the day before the first one if it were read as nanoseconds.
    write_mail(&folder.path().join("mail.parquet"), &[20_605, 20_605 + 213_503]);
    let enrichment = Enrichment::open(folder.path().join("enrichment.toml")).unwrap();
    let report = block_on(pipeline::run(&enrichment, &Silent)).unwrap();
    let mail: Vec<_> = report.dispositions.iter().filter(|d| d.source == "mail").collect();
    let mail: Vec<_> = mail.iter().map(|d| (d.disposition.as_str(), d.rows)).collect();
    assert_eq!(mail, [("outside_window", 1), ("used", 1)]);
    assert_eq!(report.overview.messages_engaged, Some(1));
}
