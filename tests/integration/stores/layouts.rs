//! Tables of Delta, Iceberg and Hudi, keys of folders, and CSV, in object stores.

use super::lake::Lake;
use super::{fine, local, refused};
use crate::support::data;

fn tables_are_refused(lake: &Lake) {
    let mail = std::fs::read(data().join("mail/2026-10-08.parquet")).unwrap();
    for name in ["delta/d=1/a.parquet", "ice/data/a.parquet", "hudi/a.parquet"] {
        lake.put(name, mail.clone());
    }
    lake.put("delta/_delta_log/00000000000000000000.json", b"{}".to_vec());
    lake.put("ice/metadata/v1.metadata.json", b"{}".to_vec());
    lake.put("hudi/.hoodie/hoodie.properties", b"x".to_vec());
    for (path, table, what) in [
        (
            "delta/",
            "delta",
            "is a Delta table; to read it, set path to this folder and format = \"delta\" in [mail]",
        ),
        ("delta/d=1", "delta", "is a Delta table"),
        ("delta/d=1/a.parquet", "delta", "is a Delta table"),
        ("del*/**/*.parquet", "delta", "is a Delta table"),
        ("ice/data/", "ice", "is an Iceberg table, whose files also contain deleted and old rows"),
        ("ice/data/*.parquet", "ice", "is an Iceberg table"),
        ("hudi/a.parquet", "hudi", "is a Hudi table"),
    ] {
        let outcome = lake.command("check", &lake.enrichment(path, "out/"), &[]);
        refused(&outcome, 1, &["[mail] path = ", &format!("{}{table} {what}", lake.url)]);
    }
}

#[test]
fn tables_on_azure() {
    tables_are_refused(&Lake::azure("tables"));
}

#[test]
fn tables_on_s3() {
    tables_are_refused(&Lake::s3("tables"));
}

/// The contacts as CSV, one folder for each account, which has the account in its name only.
#[test]
fn csv_with_keys_of_folders() {
    let lake = Lake::s3("csv");
    let contacts = crate::files::read(&data().join("contacts.parquet"));
    let names: Vec<_> = contacts.schema().fields().iter().map(|f| f.name().clone()).collect();
    let account = names.iter().position(|name| name == "parentcustomerid").unwrap();
    let without = |fields: Vec<String>| {
        let fields = fields.into_iter().enumerate().filter(|(i, _)| *i != account).map(|(_, field)| field);
        fields.collect::<Vec<_>>().join(";") + "\n"
    };
    let quoted = |text: &String| match text.as_str() {
        "NULL" => String::new(),
        text => format!("\"{}\"", text.replace('"', "\"\"")),
    };
    let mut folders: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for row in crate::support::texts(&[contacts]) {
        let key = match row[account].as_str() {
            "NULL" => "__HIVE_DEFAULT_PARTITION__".to_owned(),
            account => account.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        };
        let text = folders.entry(key).or_insert_with(|| without(names.clone()));
        text.push_str(&without(row.iter().map(quoted).collect()));
    }
    for (key, text) in &folders {
        lake.put(&format!("contacts/parentcustomerid={key}/part-0.csv"), text.clone().into_bytes());
    }
    let file = lake.enrichment("mail/", "out/");
    let contacts = format!("path = \"{}contacts.parquet\"", lake.url);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&contacts));
    let text = text.replace(&contacts, &format!("path = \"{}contacts/\"\nformat = \"csv\"", lake.url));
    fine(&lake.command("run", &lake.raw(&text), &[]));
    assert_eq!(lake.published("out"), local());
}
