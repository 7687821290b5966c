//! Values that are used as they are written and probably mean something else: a check and a run say so, with numbers, and
//! results do not change.

use crate::layouts::{World, write_rows};
use crate::skipped::{EVERY, all_used, csv, printed, says};

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
    let texts = printed(world);
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
             at the end, 1 used row with several addresses in angle brackets, of which the last counts, first in {}); they \
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
            "{many} identifiers in {column} would be the same as others if case, and white space and brackets around them, \
             were ignored; identifiers are compared as bytes, so write them alike"
        )
    };
    for (section, text, many, column) in [
        ("users", format!("email,entra_id\nanna@us.com,{lower}\nben@us.com,{upper}\n"), "1 of the 2", "entra_id"),
        ("accounts", "account_id,name\n001AB,A\n001ab,B\nacme,C\nbolt,D\n".to_owned(), "1 of the 4", "account_id"),
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
    let [_, run] = printed(&world);
    assert!(run.contains(EVERY), "{run}");
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
    let [_, run] = printed(&accounts("total-energies,Total\nRecord Co,R\n4711,\n"));
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
    let [check, run] = printed(&world);
    for note in [
        "[mail] 2 used rows have a placeholder such as NULL in message_id, first in",
        "[mail] addresses that are",
    ] {
        assert!(check.contains(note) && !run.contains(note), "{check}{run}");
    }
}
