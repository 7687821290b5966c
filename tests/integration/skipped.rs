//! Sections without rows, and rows of users, groups and accounts that are not used: a check and a run say so, with
//! numbers.

use crate::files::{read, write};
use crate::layouts::{World, write_rows};

pub const EVERY: &str = "\nEvery input row was used.\n";

/// The worked example with one row of mail and of meetings, and with groups. Every row is used.
pub fn all_used() -> World {
    let world = World::new();
    for name in ["mail", "meetings"] {
        keep(&world, name, 1);
    }
    world.change("[users]", "[groups]\npath = \"groups.csv\"\nformat = \"csv\"\n[users]");
    world.write("groups.csv", "group_email,member_email\nsales@us.com,anna@us.com\nempty@us.com,\n");
    world
}

/// Leaves the first rows of an input.
fn keep(world: &World, name: &str, rows: usize) {
    let file = world.path(&format!("{name}.parquet"));
    let batch = read(&file);
    write(&file, &batch.slice(0, rows));
}

/// Gives a section another file.
pub fn csv(world: &World, section: &str, text: &str) {
    world.write(&format!("{section}.csv"), text);
    if section != "groups" {
        let path = format!("path = \"{section}.csv\"\nformat = \"csv\"");
        world.change(&format!("path = \"{section}.parquet\""), &path);
    }
}

/// Both commands print the note, and the run does not say that every row was used.
pub fn says(world: &World, note: &str) {
    let texts = world.printed();
    for text in &texts {
        assert!(text.contains(&format!("Note: {note}\n")), "{note}: {text}");
    }
    assert!(!texts[1].contains(EVERY), "{}", texts[1]);
}

#[test]
fn if_every_row_is_used_there_is_no_note() {
    let [check, run] = all_used().printed();
    assert!(run.contains(EVERY), "{run}");
    for text in [check, run] {
        assert!(!text.contains("has no") && !text.contains("not used"), "{text}");
    }
}

#[test]
fn a_section_without_rows() {
    for (section, then) in [
        ("mail", "no message counts"),
        ("meetings", "no meeting counts"),
        ("contacts", "no account has people"),
        ("users", "no other addresses of mailboxes are known"),
        ("accounts", "the profile has no accounts"),
    ] {
        let world = all_used();
        keep(&world, section, 0);
        let note = format!("[{section}] has no rows, so {then}");
        says(&world, &note);
    }
    let world = all_used();
    csv(&world, "groups", "group_email,member_email\n");
    says(&world, "[groups] has no rows, so no listed address is a group");
    csv(&world, "contacts", "email,account_id\n");
    says(&world, "[contacts] has no rows, so no account has people");
    let [check, _] = world.printed();
    assert!(!check.contains("no contact is in"), "{check}");
}

#[test]
fn rows_without_a_usable_address_or_id() {
    for (section, text, note) in [
        (
            "groups",
            "group_email,member_email\nsales@us.com,eve@us.com\nsales@us.com,Bob Brown\nsales@us.com,4711-guid\n\
             sales,bob@us.com\nempty@us.com,\n",
            "[groups] 3 of 5 rows are not used: group_email is not an address (1), member_email is not an address (2)",
        ),
        (
            "groups",
            "group_email,member_email\nsales@us.com,Bob Brown\n",
            "[groups] 1 of 1 row is not used: member_email is not an address",
        ),
        (
            "users",
            "email,entra_id\nAnn B,e1\nanna@us.com,\ncarl,\" \"\nben@us.com,e2\n",
            "[users] 3 of 4 rows are not used: entra_id is missing (2), email is not an address (1)",
        ),
        (
            "accounts",
            "account_id,name\nacme,ACME\n,None\n\" \",Blank\nbolt,Bolt\n",
            "[accounts] 2 of 4 rows are not used: account_id is missing",
        ),
    ] {
        let world = all_used();
        csv(&world, section, text);
        says(&world, note);
    }
}

/// A cell with members is used, and a part of it is not.
#[test]
fn a_part_of_a_member_that_is_not_an_address() {
    for cell in ["\"anna@us.com; Bob <bob@us.com\"", "\"anna@us.com, Bob Smith\""] {
        let world = all_used();
        csv(&world, "groups", &format!("group_email,member_email\nsales@us.com,{cell}\nempty@us.com,\n"));
        says(&world, "[groups] 1 row with a part of member_email that is not an address, and is passed over");
    }
    let world = all_used();
    csv(&world, "groups", "group_email,member_email\nsales@us.com,anna@us.com; ben@us.com\nempty@us.com,\n");
    let [_, run] = world.printed();
    assert!(run.contains(EVERY), "{run}");
}

/// An export has several addresses of a user, of which one is enough.
#[test]
fn exported_users_without_an_address() {
    let world = all_used();
    world.change("path = \"users.parquet\"", "path = \"users/\"\nformat = \"graph-data-connect\"");
    let known = "{\"id\":\"e1\",\"mail\":\"anna@us.com\",\"userPrincipalName\":\"anna\"}\n\
                 {\"id\":\"e2\",\"mail\":null,\"proxyAddresses\":[\"SMTP:ben@us.com\",\"X500:/o=us\"]}\n";
    world.write("users/a.json", known);
    let [_, run] = world.printed();
    assert!(run.contains(EVERY), "{run}");
    world.write("users/b.json", "{\"id\":\"e3\"}\n{\"id\":\"e4\",\"userPrincipalName\":\"zoe\"}\n");
    says(&world, "[users] 2 of 4 users are not used: no column has an address");
}

/// Values of used rows that are not addresses: the row counts, and both commands name the column.
#[test]
fn values_of_used_rows_that_are_not_addresses() {
    let mail = |mailbox: &str, to: &str| {
        format!(
            "select '1' as message_id, timestamp '2026-06-01T00:00:00' as sent_at, 'anna@us.com' as sender, {to} as \"to\", \
             [cast(null as varchar)] as cc, '{mailbox}' as mailbox"
        )
    };
    for (sql, places) in [
        (mail("", "['carl@acme.com', 'Carl', '7']"), "to (2 items in 1 row)"),
        (mail("", "['carl@acme.com; Carl', '']"), "to (1 item in 1 row)"),
        (mail("Anna", "['carl@acme.com', '']"), "mailbox (1 row)"),
        (mail("Anna", "['/o=org/cn=carl']"), "mailbox (1 row), to (1 item in 1 row)"),
    ] {
        let world = all_used();
        write_rows(&world.path("mail.parquet"), &sql);
        let file = world.path("mail.parquet");
        says(
            &world,
            &format!(
                "[mail] 1 used row with a value that is not used: {places}, first in {}; what is not an address counts for \
                 nobody",
                file.display()
            ),
        );
    }
    // Nothing is missing where nobody is named.
    let world = all_used();
    write_rows(
        &world.path("mail.parquet"),
        &mail(" ", "['carl@acme.com', '', null, 'undisclosed-recipients:;']"),
    );
    let [check, run] = world.printed();
    assert!(run.contains(EVERY) && !check.contains("not used"), "{check}{run}");

    let world = all_used();
    write_rows(
        &world.path("meetings.parquet"),
        "select '1' as meeting_id, 'anna@us.com' as organizer, ['carl@acme.com', 'Zoe'] as attendees, ['Zoe', 'Bo'] as declined, \
         timestamp '2026-06-01T09:00:00' as start_at, timestamp '2026-06-01T10:00:00' as end_at",
    );
    let [check, run] = world.printed();
    for text in [check, run] {
        let note = "1 used row with a value that is not used: attendees (1 item in 1 row), declined (2 items in 1 row), first in";
        assert!(text.contains(note), "{text}");
    }
    // Columns that are not read do not matter.
    let world = all_used();
    write_rows(
        &world.path("meetings.parquet"),
        "select '1' as meeting_id, 'anna@us.com' as organizer, ['carl@acme.com', 'Zoe'] as attendees, 1 as \"to\", 2 as \"To\", \
         timestamp '2026-06-01T09:00:00' as start_at, timestamp '2026-06-01T10:00:00' as end_at",
    );
    let file = world.path("meetings.parquet");
    says(
        &world,
        &format!(
            "[meetings] 1 used row with a value that is not used: attendees (1 item in 1 row), first in {}; what is not an \
             address counts for nobody",
            file.display()
        ),
    );
    let world = all_used();
    csv(&world, "contacts", "email,account_id\ncarl@acme.com; Carl,acme\ndora@bolt.com,bolt\n");
    says(&world, "[contacts] 1 used row with a part of email that is not an address, and is passed over");
}

/// A required column without any value, of a type or of none: both commands name it.
#[test]
fn required_columns_without_a_value() {
    let all = [
        ("message_id", "'1'"),
        ("sent_at", "timestamp '2026-06-01T00:00:00'"),
        ("sender", "'anna@us.com'"),
        ("to", "['carl@acme.com']"),
    ];
    for (column, null, then) in [
        ("message_id", "cast(null as varchar)", "no message counts"),
        ("sent_at", "null", "no message counts"),
        ("sent_at", "cast(null as timestamp)", "no message counts"),
        ("sender", "null", "no message counts"),
        ("to", "null", "nobody is a recipient in to"),
        ("to", "arrow_cast(null, 'List(Utf8)')", "nobody is a recipient in to"),
    ] {
        let value = |(name, value): (&str, &str)| {
            format!("{} as \"{name}\"", if name == column { null } else { value })
        };
        let world = all_used();
        write_rows(&world.path("mail.parquet"), &format!("select {}", all.map(value).join(", ")));
        says(&world, &format!("[mail] no row has a value of {column}, so {then}"));
    }
    // What is there and cannot be read is no value.
    for (column, text, then) in [
        ("sent_at", "'05/30/2026 10:00 PM'", "no message counts"),
        ("to", "'Carl Smith'", "nobody is a recipient in to"),
    ] {
        let value = |(name, value): (&str, &str)| {
            format!("{} as \"{name}\"", if name == column { text } else { value })
        };
        let world = all_used();
        write_rows(&world.path("mail.parquet"), &format!("select {}", all.map(value).join(", ")));
        says(&world, &format!("[mail] no row has a value of {column} that can be read, so {then}"));
    }
    for (section, text, note) in [
        ("contacts", "email,account_id\n,acme\n", "no row has a value of email, so it gives no address"),
        (
            "contacts",
            "email,account_id\ncarl@acme.com,\n",
            "no row has a value of account_id, so no contact counts",
        ),
        (
            "users",
            "email,entra_id\nanna@us.com,\n",
            "no row has a value of entra_id, so no other addresses of mailboxes are known",
        ),
        (
            "groups",
            "group_email,member_email\nsales@us.com,\n",
            "no row has a value of member_email, so no group has members",
        ),
    ] {
        let world = all_used();
        csv(&world, section, text);
        says(&world, &format!("[{section}] {note}"));
    }
}
