//! Names count in any case, so two columns, fields or members that differ in case only could both be meant: none of them
//! is chosen in silence.

use crate::layouts::{World, write_rows};
use crate::process::refused;

const MAIL: &str = "select '1' as message_id, timestamp '2026-06-01T00:00:00' as sent_at, 'anna@us.com' as sender, \
    ['carl@acme.com'] as \"to\"";

fn refused_by_both(world: &World, says: &[&str]) {
    for command in ["check", "run"] {
        let outcome = world.command(command, &[]);
        says.iter().for_each(|says| refused(&outcome, 1, says));
    }
}

#[test]
fn columns_of_parquet_files() {
    let world = World::new();
    let file = world.path("mail.parquet");
    write_rows(&file, &format!("{MAIL}, 'anna@us.com' as mailbox, 'ben@us.com' as \"Mailbox\""));
    let says = "mail.parquet: column 'mailbox' is ambiguous: there are 'mailbox' and 'Mailbox', and names count in any case";
    refused_by_both(&world, &["[mail] ", says]);
    // What is not read may have any name.
    write_rows(&file, &format!("{MAIL}, 'x' as note, 'y' as \"Note\""));
    world.run();
}

#[test]
fn columns_and_structs_of_exports() {
    let world = World::new();
    world.change("path = \"mail.parquet\"", "path = \"mail.parquet\"\nformat = \"graph-data-connect\"");
    let file = world.path("mail.parquet");
    let message = "select '1' as \"internetMessageId\", '2026-06-01T00:00:00Z' as \"sentDateTime\", \
        'carl@acme.com' as \"from\"";
    write_rows(
        &file,
        &format!("{message}, 'anna@us.com' as \"toRecipients\", 'ben@us.com' as \"TORecipients\""),
    );
    refused_by_both(
        &world,
        &["column 'toRecipients' is ambiguous: there are 'toRecipients' and 'TORecipients'"],
    );
    let address = "named_struct('address', 'anna@us.com', 'Address', 'ben@us.com')";
    write_rows(&file, &format!("{message}, [named_struct('emailAddress', {address})] as \"toRecipients\""));
    refused_by_both(
        &world,
        &[
            "mail.parquet: column 'toRecipients' is ambiguous: it has fields 'address' and 'Address', and names count",
        ],
    );
}

#[test]
fn members_of_json() {
    let world = World::new();
    world.change("path = \"mail.parquet\"", "path = \"mail.json\"\nformat = \"graph-data-connect\"");
    let message = |more: &str| {
        format!(
            "{{\"internetMessageId\":\"1\",\"sentDateTime\":\"2026-06-01T00:00:00Z\",\"from\":\"carl@acme.com\",{more}}}\n"
        )
    };
    let to = message("\"toRecipients\":[\"anna@us.com\"]");
    let twice = message("\"toRecipients\":[\"anna@us.com\"],\"ToRecipients\":[\"ben@us.com\"]");
    world.write("mail.json", format!("{to}{twice}"));
    refused_by_both(
        &world,
        &[
            "mail.json is ambiguous: record 2, which ends at byte ",
            "has several members 'toRecipients' with different values",
        ],
    );
    // Two members with one value are no contradiction; a name that is not read may have several.
    let same =
        message("\"toRecipients\":[\"anna@us.com\"],\"ToRecipients\":[\"anna@us.com\"],\"x\":1,\"X\":2");
    world.write("mail.json", format!("{to}{same}"));
    world.run();
    let used =
        "select disposition, rows from office_dispositions where source = 'mail' and rows > 0 order by 1";
    assert_eq!(world.query(used), ["used,2"]);
    // Within a value, the row is unreadable.
    let inner = message(
        "\"toRecipients\":[{\"emailAddress\":{\"address\":\"anna@us.com\",\"Address\":\"ben@us.com\"}}]",
    );
    let outer =
        message("\"toRecipients\":[{\"emailAddress\":{\"address\":\"anna@us.com\"},\"EmailAddress\":null}]");
    world.write("mail.json", format!("{to}{inner}{outer}"));
    let text = world.run();
    assert!(text.contains("Note: [mail] ") && text.contains("toRecipients"), "{text}");
    assert_eq!(world.query(used), ["unreadable,2", "used,1"]);
}
