//! Keys of Hive-style folders that are not read, or not as they are meant: notes say so.

use std::path::Path;

use crate::layouts::{World, write_rows};

const MAIL: &str = "select '1' as message_id, timestamp '2026-06-01T00:00:00' as sent_at, 'carl@acme.com' as sender, \
    ['list@us.com'] as \"to\"";

fn write(world: &World, folder: &str, sql: &str) {
    std::fs::create_dir_all(world.path(folder)).unwrap();
    write_rows(&world.path(folder).join("part-0.parquet"), sql);
}

fn says_nothing_of_keys(world: &World) {
    world.printed().iter().for_each(|text| assert!(!text.contains(" key "), "{text}"));
}

fn own_column(section: &str, key: &str, file: &Path) -> String {
    format!(
        "[{section}] 1 of 3 files has a column {key} (the first is {}), so the key {key} of folders is not read; of the \
         files in such folders, 1 lack the column: write it into all files or into none",
        file.display()
    )
}

#[test]
fn a_column_of_one_file_switches_a_key_off() {
    let world = World::new();
    write(&world, "mail/mailbox=anna%40us.com", MAIL);
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    says_nothing_of_keys(&world);
    write(&world, "mail/other", &format!("{MAIL}, 'ben@us.com' as \"Mailbox\""));
    write(&world, "mail/without", MAIL);
    world.says(&own_column("mail", "mailbox", &world.path("mail/other/part-0.parquet")));
    // If every file in such a folder has the column, nothing is lost.
    write(&world, "mail/mailbox=anna%40us.com", &format!("{MAIL}, 'anna@us.com' as mailbox"));
    says_nothing_of_keys(&world);
}

#[test]
fn in_csv_and_exports_too() {
    let world = World::new();
    world.change("path = \"contacts.parquet\"", "path = \"contacts\"\nformat = \"csv\"");
    world.write("contacts/contact_id=c1/a.csv", "email,account_id\ncarl@acme.com,acme\n");
    world.write("contacts/b.csv", "email,account_id,contact_id\nDORA@bolt.com,bolt,c2\n");
    world.write("contacts/c.csv", "email,account_id\neve@bolt.com,bolt\n");
    world.says(&own_column("contacts", "contact_id", &world.path("contacts/b.csv")));

    let world = World::new();
    world.change("path = \"mail.parquet\"", "path = \"mail\"\nformat = \"graph-data-connect\"");
    let message = |more: &str| {
        format!(
            "{{\"internetMessageId\": \"1\", \"sentDateTime\": \"2026-06-01T00:00:00Z\", \"from\": \"carl@acme.com\", \
             \"toRecipients\": [\"list@us.com\"]{more}}}"
        )
    };
    world.write("mail/puser=e1/a.json", message(""));
    world.write("mail/b.json", message(", \"puser\": \"e2\""));
    world.write("mail/c.json", message(""));
    world.says(&own_column("mail", "puser", &world.path("mail/b.json")));
}

#[test]
fn values_that_are_not_percent_encoded_text() {
    for value in ["%zz%40us.com", "100%", "caf%E9"] {
        let world = World::new();
        write(&world, &format!("mail/mailbox={value}"), MAIL);
        write(&world, "mail/mailbox=anna%40us.com", MAIL);
        world.change("path = \"mail.parquet\"", "path = \"mail\"");
        // An address is not shown.
        let shown = if value.contains("%40") { "…" } else { value };
        let file = world.path(&format!("mail/mailbox={shown}/part-0.parquet"));
        world.says(&format!(
                "[mail] 1 of 2 files has a value of the key mailbox that is not percent-encoded UTF-8 (the first is {}) \
                 and is read as it is written; write % as %25",
                file.display()
            ),
        );
    }
}

/// Neither notes nor errors show an address or an identifier in the name of a folder.
#[test]
fn people_in_the_names_of_folders_are_not_shown() {
    let world = World::new();
    let file = |folder: &str| world.path(folder).join("part-0.parquet").display().to_string();
    write(&world, "mail/mailbox=anna%40us.com", &MAIL.replace("['list", "['no address', 'list"));
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    for text in world.printed() {
        assert!(text.contains(&format!("first in {}", file("mail/mailbox=…"))), "{text}");
        assert!(!text.contains("anna%40"), "{text}");
    }
    std::fs::write(file("mail/mailbox=anna%40us.com"), "no Parquet file").unwrap();
    for command in ["check", "run"] {
        let error = crate::process::error(&world.command(command, &[]));
        assert!(
            error.contains(&format!("[mail] {}: is not a Parquet file", file("mail/mailbox=…"))),
            "{error}"
        );
        assert!(!error.contains("anna%40"), "{error}");
    }
}
