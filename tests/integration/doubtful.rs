//! Values that are used as they are written and probably mean something else: a check and a run say so, with numbers, and
//! results do not change.

use crate::layouts::{World, write_rows};
use crate::skipped::{EVERY, all_used, csv, says};

/// Replaces mail by rows with these ids and recipients.
fn mail(world: &World, rows: &[(&str, &str)]) {
    let rows: Vec<_> = rows.iter().map(|(id, to)| format!("('{id}', '{to}')")).collect();
    write_rows(
        &world.path("mail.parquet"),
        &format!(
            "select id as message_id, 'k' as conversation_id, timestamp '2026-06-01T00:00:00' as sent_at, \
             'anna@us.com' as sender, [\"to\"] as \"to\" from (values {}) as v(id, \"to\")",
            rows.join(", ")
        ),
    );
}

/// Both commands print a note that begins like this.
fn begins(world: &World, note: &str) {
    let texts = world.printed();
    for text in &texts {
        assert!(text.contains(&format!("Note: {note}")), "{note}: {text}");
    }
    assert!(!texts[1].contains(EVERY), "{}", texts[1]);
}

#[test]
fn placeholders_as_identifiers() {
    let leave = "if it means that the value is missing, leave it empty; now";
    for (section, text, note) in [
        (
            "contacts",
            "email,account_id,contact_id\ncarl@acme.com,acme,NULL\ndora@bolt.com,bolt,\\N\nzoe@acme.com,acme,c1\n",
            "2 rows have a placeholder such as NULL in contact_id: {leave} within an account they are one person",
        ),
        (
            "contacts",
            "email,account_id\ncarl@acme.com,acme\ndora@bolt.com,#N/A\n",
            "1 row has a placeholder such as NULL in account_id: {leave} they are contacts of one account",
        ),
        (
            "users",
            "email,entra_id\nanna@us.com,nan\nben@us.com,00000000-0000-0000-0000-000000000000\n",
            "2 rows have a placeholder such as NULL in entra_id: {leave} their addresses are those of one person",
        ),
        (
            "accounts",
            "account_id,name\nacme,ACME\nbolt,Bolt\n(null),None\n",
            "1 row has a placeholder such as NULL in account_id: {leave} they are one account",
        ),
    ] {
        let world = all_used();
        csv(&world, section, text);
        says(&world, &format!("[{section}] {}", note.replace("{leave}", leave)));
    }
    let world = all_used();
    mail(&world, &[("NULL", "carl@acme.com"), ("null", "dora@bolt.com"), ("<1>", "dora@bolt.com")]);
    says(
        &world,
        &format!(
            "[mail] 2 used rows have a placeholder such as NULL in message_id, first in {}: {leave} they are copies of one \
             message",
            world.path("mail.parquet").display()
        ),
    );
    // Nothing is changed: two ids are two messages.
    assert_eq!(world.query("select messagesengaged from office_overview"), ["3"]);
}

/// Values that no list of words knows: rows that do not belong together share one.
#[test]
fn identifiers_that_strangers_share() {
    let rows = |count: usize, columns: &str, more: &str| {
        let numbers: Vec<_> = (0..count).map(|i| format!("({i})")).collect();
        format!(
            "select {columns}, 'anna@us.com' as sender, ['carl@acme.com'] as \"to\", {more} as sent_at \
             from (values {}) as v(i)",
            numbers.join(", ")
        )
    };
    let micros =
        |micros: &str| format!("arrow_cast(1775001600000000 + {micros}, 'Timestamp(Microsecond, None)')");
    let at = |days: &str| micros(&format!("86400000000 * {days}"));
    let is = "they are copies of one message: if such a value means that it is missing, leave it empty";
    let apart = "in rows that are days apart, or hours apart with several senders";
    let mail = |sql: &str| {
        let world = all_used();
        write_rows(&world.path("mail.parquet"), sql);
        world
    };
    says(
        &mail(&rows(4, "'0' as message_id", &at("i"))),
        &format!("[mail] 1 of the 1 identifier in message_id is {apart} (4 rows); {is}"),
    );
    let half = "case when i < 3 then 'x' when i < 6 then 'y' else concat('m', i) end as message_id";
    says(
        &mail(&rows(9, half, &at("2 * i"))),
        &format!("[mail] 2 of the 5 identifiers in message_id are {apart} (6 rows); {is}"),
    );
    // Two senders and two hours, but not two senders or two hours.
    let senders = |column: &str, hours: usize| {
        format!(
            "select '1' as message_id, {column} as sender, ['carl@acme.com'] as \"to\", \
             {} as sent_at from (values (0), (1)) as v(i)",
            micros(&format!("3600000000 * {hours} * i"))
        )
    };
    let both = "case i when 0 then 'anna@us.com' else 'ben@us.com' end";
    says(
        &mail(&senders(both, 2)),
        &format!("[mail] 1 of the 1 identifier in message_id is {apart} (2 rows); {is}"),
    );
    for (column, hours) in [(both, 0), (both, 1), ("'anna@us.com'", 40)] {
        let [_, run] = mail(&senders(column, hours)).printed();
        assert!(run.contains(EVERY), "{run}");
    }
    let thread = |count, days: &str| {
        rows(count, "concat('m', i) as message_id, '0' as conversation_id", &at(&format!("{days} * i")))
    };
    says(
        &mail(&thread(20, "2")),
        "[mail] 20 of 20 rows with a value of conversation_id have the same one; they are one thread: if it means that the \
         value is missing, leave it empty",
    );
    for (count, days) in [(19, "2"), (20, "1")] {
        let [_, run] = mail(&thread(count, days)).printed();
        assert!(run.contains(EVERY), "{run}");
    }
}

#[test]
fn meetings_without_an_end() {
    for (end, says_so) in
        [("9999-12-31T23:59:59", true), ("2026-07-02T09:00:01", true), ("2026-07-02T09:00:00", false)]
    {
        let world = all_used();
        write_rows(
            &world.path("meetings.parquet"),
            &format!(
                "select '1' as meeting_id, 'anna@us.com' as organizer, ['carl@acme.com'] as attendees, \
                 arrow_cast('2026-06-01T09:00:00', 'Timestamp(Microsecond, None)') as start_at, \
                 arrow_cast('{end}', 'Timestamp(Microsecond, None)') as end_at"
            ),
        );
        match says_so {
            true => says(
                &world,
                "[meetings] 1 used row lasts more than 31 days, which count in durations; check end_at",
            ),
            false => assert!(world.printed()[1].contains(EVERY)),
        }
    }
}

#[test]
fn contacts_that_share_an_identifier() {
    let contacts = |rows: &str| {
        let world = all_used();
        csv(&world, "contacts", &format!("email,account_id,contact_id\n{rows}"));
        world
    };
    let then = "within an account they are one person: check which column contact_id names, and leave a missing value empty";
    let zeros: String =
        (0..6).map(|i| format!("p{i}@acme.com,{},0\n", if i < 3 { "acme" } else { "bolt" })).collect();
    says(
        &contacts(&zeros),
        &format!("[contacts] 1 identifier in contact_id has more addresses than a person, 6 in all; {then}"),
    );
    let of_account: String = (0..6)
        .map(|i| if i < 3 { ("acme", i) } else { ("bolt", i) })
        .map(|(id, i)| format!("p{i}@x.com,{id},{id}\n"))
        .collect();
    says(
        &contacts(&of_account),
        &format!(
            "[contacts] 2 identifiers in contact_id have more addresses than a person, 6 in all; {then}"
        ),
    );
    // Persons with several addresses, and persons who are accounts themselves.
    for rows in [
        "carl@acme.com,acme,0\nb@acme.com,acme,0\nc@acme.com,acme,0\n",
        "carl@acme.com,acme,acme\nb@acme.com,acme,acme\nc@bolt.com,bolt,bolt\n",
    ] {
        let [_, run] = contacts(rows).printed();
        assert!(run.contains(EVERY), "{run}");
    }
}

/// Spreadsheets show long numbers without their last digits, and write them so.
#[test]
fn identifiers_without_their_last_digits() {
    let then = "different identifiers become the same; write the column as text, with all digits";
    let world = all_used();
    csv(
        &world,
        "accounts",
        "account_id,name\n1.00001E+14,A\n2e+20,B\nacme,C\nbolt,D\nE+1,E\n1E5,F\n12E+3,G\n",
    );
    says(
        &world,
        &format!(
            "[accounts] 2 rows have a number without its last digits, such as 1.23457E+11, in account_id: {then}"
        ),
    );
    let world = all_used();
    mail(&world, &[("1,5E+10", "carl@acme.com"), ("#REF!", "dora@bolt.com")]);
    let file = world.path("mail.parquet").display().to_string();
    says(
        &world,
        &format!(
            "[mail] 1 used row has a number without its last digits, such as 1.23457E+11, in message_id, first in {file}: {then}"
        ),
    );
    says(
        &world,
        &format!(
            "[mail] 1 used row has a placeholder such as NULL in message_id, first in {file}: if it means that the value is \
             missing, leave it empty; now they are copies of one message"
        ),
    );
}

#[test]
fn addresses_that_are_probably_not_meant_so() {
    let world = all_used();
    let zero_width = "carl@acme\u{200b}.com";
    mail(
        &world,
        &[("1", zero_width), ("2", "carl@acme.com."), ("3", "Carl <carl@acme.com> Dora <dora@bolt.com>")],
    );
    begins(
        &world,
        &format!(
            "[mail] addresses that are probably not meant so: to (1 used row with an invisible character, 1 used row with a dot \
             at an end, 1 used row with several addresses in angle brackets, of which the last counts, first in {}); they \
             count as they are written\n",
            world.path("mail.parquet").display()
        ),
    );
    for (section, text, note) in [
        (
            "contacts",
            "email,account_id\nmailto:carl@acme.com?subject=Hi,acme\n[dora@bolt.com],bolt\n",
            "email (1 row with the rest of a link, 1 row with a bracket, quote or other sign at an end)",
        ),
        (
            "contacts",
            "email,account_id\ncarl@bücher.example,acme\njose\u{301}@bolt.com,bolt\n",
            "email (1 row with an accent that is a character of its own, 1 row with a domain that is not ASCII, which mail may \
             write as xn--)",
        ),
        (
            "users",
            "email,entra_id\n\u{feff}anna@us.com,e1\nanna@us.com,e1\nben@us.com,e2\n",
            "email (1 row with an invisible character)",
        ),
        (
            "groups",
            "group_email,member_email\nsales@us.com,sip:eve@us.com\n",
            "member_email (1 row with a prefix such as sip:)",
        ),
    ] {
        let world = all_used();
        csv(&world, section, text);
        begins(&world, &format!("[{section}] addresses that are probably not meant so: {note}; they count"));
    }
}

#[test]
fn identifiers_that_differ_in_spelling_only() {
    let (lower, upper) = ("7ed4bffc-f189-40b0-9090-c58e1cba14b8", "{7ED4BFFC-F189-40B0-9090-C58E1CBA14B8}");
    let note = |many: &str, column: &str| {
        format!(
            "{many} identifiers in {column} would be the same as others if they were written alike: case, white space, \
             brackets, invisible characters, hyphens of GUIDs, leading zeros, a trailing .0 and Salesforce's 15 and 18 \
             characters are not ignored, because identifiers are compared as bytes"
        )
    };
    for (section, text, many, column) in [
        ("users", format!("email,entra_id\nanna@us.com,{lower}\nben@us.com,{upper}\n"), "1 of the 2", "entra_id"),
        ("accounts", "account_id,name\n001AB,A\n001ab,B\nacme,C\nbolt,D\n".to_owned(), "1 of the 4", "account_id"),
        ("accounts", "account_id,name\n007,A\n7.0,B\nacme,C\nbolt,D\n".to_owned(), "1 of the 4", "account_id"),
        ("accounts", "account_id,name\nA\u{200b}1,A\nA1,B\nacme,C\nbolt,D\n".to_owned(), "1 of the 4", "account_id"),
        (
            "contacts",
            "email,account_id,contact_id\ncarl@acme.com,acme,C1\ndora@bolt.com,bolt,c1\neve@bolt.com,bolt, c1 \n".to_owned(),
            "2 of the 3",
            "contact_id",
        ),
    ] {
        let world = all_used();
        csv(&world, section, &text);
        begins(&world, &format!("[{section}] {}\n", note(many, column)));
    }
    let world = all_used();
    mail(&world, &[("<a@x>", "carl@acme.com"), ("A@X", "carl@acme.com"), ("<b@x>", "carl@acme.com")]);
    begins(&world, &format!("[mail] {}\n", note("1 of the 3", "message_id")));
    // Case is a part of the 15 characters of Salesforce.
    let world = all_used();
    csv(&world, "accounts", "account_id,name\n0015g00000AbCdE,A\n0015g00000AbCde,B\nacme,C\nbolt,D\n");
    let [_, run] = world.printed();
    assert!(run.contains(EVERY), "{run}");
}

#[test]
fn people_that_share_an_identifier() {
    let world = all_used();
    world.change("\"ben@us.com\"]", "\"ben@us.com\", \"eve@us.com\"]");
    csv(
        &world,
        "users",
        "email,entra_id\nanna@us.com,tenant\nben@us.com,tenant\neve@us.com,tenant\nzoe@us.com,z\n",
    );
    says(
        &world,
        "[users] 1 identifier in entra_id has more than a person has, 3 mailboxes in all; they are one person: check which \
         column entra_id names, and leave a missing value empty",
    );
}

#[test]
fn members_that_nothing_knows() {
    let world = all_used();
    world.change("\"ben@us.com\"]", "\"ben@us.com\", \"sales@us.com\"]");
    csv(
        &world,
        "groups",
        "group_email,member_email\nsales@us.com,anna@us.com\nsales@us.com,eu@us.com\nsales@us.com,uk@us.com\n",
    );
    says(
        &world,
        "[groups] 2 of the 2 members of listed groups are neither in [users] nor a group in [groups]: each counts as a mailbox \
         that has no other address; members of a group may be missing in [groups]",
    );
}

#[test]
fn entries_that_nothing_knows() {
    let world = all_used();
    world.change("\"ben@us.com\"]", "\"ben@us.com\", \"west@us.com\"]");
    says(
        &world,
        "[mailboxes] 1 of the 3 entries is neither in [users] nor a group in [groups], first \"west@us.com\": it counts as a \
         mailbox that has no other address",
    );
    let world = all_used();
    world.change("\"ben@us.com\"]", "\"ben@us.com\", \"zoe\\u200e@us.com\"]");
    says(
        &world,
        "[mailboxes] 1 of the 3 entries is probably not meant so, first \"zoe\\u{200e}@us.com\": it counts as it is written",
    );
    let world = all_used();
    csv(&world, "contacts", "email,account_id\ncarl@acme.com; sales@us.com,acme\ndora@bolt.com,bolt\n");
    says(
        &world,
        "[contacts] 1 address is that of a group in [groups]: what is sent to a group counts as sent to the contact",
    );
}

#[test]
fn accounts_that_are_probably_none() {
    let accounts = |lines: &str| {
        let world = all_used();
        csv(&world, "accounts", &format!("account_id,name\nacme,ACME\nbolt,Bolt\n{lines}"));
        world
    };
    for footer in
        ["Total: 123,", "Grand Totals (123 records),", "(3 rows),", "Generated by: Eve,", "\"1,234 rows\","]
    {
        says(
            &accounts(&format!("{footer}\n")),
            "[accounts] 1 account id is like the last line of a report, such as a total; in the profile it counts as an account",
        );
    }
    let [_, run] = accounts("total-energies,Total\nRecord Co,R\n4711,\n").printed();
    assert!(run.contains(EVERY), "{run}");
    says(
        &accounts("acme,Acme Inc.\nacme,\n"),
        "[accounts] 1 account id has rows with different names; the row with the smallest name counts",
    );
}

/// With `min_people`, a run has no notes about used rows; a check has.
#[test]
fn no_numbers_about_few_people() {
    let world = all_used();
    mail(&world, &[("NULL", "carl@acme.com."), ("null", "dora@bolt.com")]);
    world.change("levels = [\"year\"]", "levels = [\"year\"]\n[privacy]\nmin_people = 2");
    let [check, run] = world.printed();
    for note in [
        "[mail] 2 used rows have a placeholder such as NULL in message_id, first in",
        "[mail] addresses that are",
    ] {
        assert!(check.contains(note) && !run.contains(note), "{check}{run}");
    }
}

/// Rows of mail with their own identifiers, in pairs: `in_pairs` of the rows agree with another one in all else.
fn pairs(in_pairs: usize) -> World {
    let world = all_used();
    let rows: Vec<_> =
        (0..40).map(|row| format!("('m{row}', {})", if row < in_pairs { row / 2 } else { row })).collect();
    write_rows(
        &world.path("mail.parquet"),
        &format!(
            "select id as message_id, to_timestamp_seconds(1780000000 + 60 * minute) as sent_at, 'anna@us.com' as sender, \
             ['carl@acme.com', 'dora@bolt.com'] as \"to\" from (values {}) as v(id, minute)",
            rows.join(", ")
        ),
    );
    world
}

#[test]
fn copies_with_an_identifier_of_their_own() {
    begins(
        &pairs(8),
        "[mail] 4 of the 40 identifiers in message_id are in rows that agree with those of another one in sender, sent_at and \
         to, so they do not count as copies; check which column message_id names, and whether all mailboxes write it in the same way\n",
    );
    let [_, run] = pairs(6).printed();
    assert!(run.contains(EVERY), "{run}");
}

/// Contacts of which so many are in rows of two accounts.
#[test]
fn contacts_of_several_accounts() {
    for (moved, says_so) in [(5, true), (4, false)] {
        let world = all_used();
        let rows = (0..20).flat_map(|contact| {
            let versions = if contact < moved { 2 } else { 1 };
            (0..versions).map(move |version| {
                let account = ["acme", "bolt"][version];
                format!("('p{contact}@acme.com', '{account}', 'c{contact}')")
            })
        });
        let rows = rows.chain(["('carl@acme.com', 'acme', 'c')".to_owned()]).collect::<Vec<_>>().join(", ");
        let sql = format!("select * from (values {rows}) as v(email, account_id, contact_id)");
        write_rows(&world.path("contacts.parquet"), &sql);
        let says = "[contacts] 5 of the 21 identifiers in contact_id have rows of several accounts";
        for text in world.printed() {
            assert_eq!(text.contains(says), says_so, "{text}");
        }
    }
}

#[test]
fn meetings_that_begin_within_hours() {
    for (hours, says_so) in [(1, true), (13, true), (14, false), (0, false)] {
        let world = all_used();
        let rows: Vec<_> = (0..10).map(|row| format!("('m{}', {row})", row / 2)).collect();
        write_rows(
            &world.path("meetings.parquet"),
            &format!(
                "select id as meeting_id, 'anna@us.com' as organizer, ['carl@acme.com'] as attendees, start_at, \
                 start_at + interval '1 hour' as end_at from (select id, \
                 to_timestamp_seconds(1780000000 + 3600 * {hours} * (row % 2)) as start_at from (values {}) as v(id, row)) as t",
                rows.join(", ")
            ),
        );
        let note = "[meetings] 5 of the 5 identifiers in meeting_id have rows that begin at different times within 14 hours, so \
                    they count as several meetings; check the zone and the seconds of the times of all copies\n";
        match says_so {
            true => begins(&world, note),
            false => assert!(world.printed()[1].contains(EVERY), "{hours}"),
        }
    }
}

#[test]
fn addresses_of_contacts_of_many_accounts() {
    for (accounts, says_so) in [(10, false), (11, true)] {
        let world = all_used();
        let rows = |cell: &str| (0..accounts).map(|n| format!("{cell},a{n}\n")).collect::<String>();
        // Contacts without an address have none in common.
        let contacts = [rows("No@Reply.com "), rows(""), (0..20).map(|n| format!(",b{n}\n")).collect()];
        csv(&world, "contacts", &format!("email,account_id\n{}carl@acme.com,acme\n", contacts.concat()));
        let note = "[contacts] 1 address is that of contacts of more than 10 accounts, 11 in all; what is sent to it counts for \
                    each of these accounts: if such an address means that it is missing, leave it empty\n";
        for text in world.printed() {
            assert_eq!(text.contains(&format!("Note: {note}")), says_so, "{text}");
            assert_eq!(text.contains("of more than 10 accounts"), says_so, "{text}");
        }
    }
}

/// One file of an export has the recipients under another name.
#[test]
fn files_without_recipients() {
    let world = all_used();
    let rows = |file: &str, to: &str, count: usize| {
        let path = world.path(&format!("mail/{file}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let rows: Vec<_> = (0..count).map(|row| format!("('{file}{row}', {row})")).collect();
        write_rows(
            &path,
            &format!(
                "select id as message_id, to_timestamp_seconds(1780000000 + 60 * row) as sent_at, 'anna@us.com' as sender, \
                 {to} as \"to\" from (values {}) as v(id, row)",
                rows.join(", ")
            ),
        );
    };
    rows("a.parquet", "['carl@acme.com']", 3);
    rows("b.parquet", "arrow_cast(null, 'List(Utf8)')", 20);
    rows("c.parquet", "arrow_cast(null, 'List(Utf8)')", 19);
    world.change("path = \"mail.parquet\"", "path = \"mail/\"");
    let note = |more: &str| {
        format!(
            "[mail] no used row of {}{more} has a value of to, and rows of other files have: check the names of the columns",
            world.path("mail/b.parquet").display()
        )
    };
    says(&world, &note(""));
    rows("d.parquet", "arrow_cast(null, 'List(Utf8)')", 30);
    says(&world, &note(" and of 1 more file"));
}

#[test]
fn folders_of_several_dates() {
    let world = all_used();
    world.write("contacts/dt=2026-01-31/a.parquet", world.input("contacts.parquet"));
    world.change("path = \"contacts.parquet\"", "path = \"contacts/\"");
    assert!(world.printed()[1].contains(EVERY));
    world.write("contacts/dt=2026-02-28/a.parquet", world.input("contacts.parquet"));
    world.says(
        "[contacts] files are in folders of 2 dates, dt=2026-02-28 the last one, and the rows of all of them count; if each date \
         has the whole table, set path to the folder of one",
    );
}
