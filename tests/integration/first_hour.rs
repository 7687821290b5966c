//! What a new user meets: files with other names and types of columns, several mistakes at once, a proposed enrichment
//! file.

use std::fs;
use std::path::Path;
use std::process::Output;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{Field, Schema};

use datafusion_engagement::query::session;

use crate::files::{read, write};
use crate::layouts::{World, write_rows};
use crate::process::{ENGAGEMENT, caught, error, refused};
use crate::support::{block_on, data, files_in};

const OFFICE: &str = "select * from office order by customerid";
const DISPOSITIONS: &str =
    "select source, disposition, rows from office_dispositions order by source, disposition";

fn results(world: &World) -> [Vec<String>; 2] {
    world.run();
    [OFFICE, DISPOSITIONS].map(|sql| world.query(sql))
}

fn command(arguments: &[&str]) -> Output {
    caught(ENGAGEMENT, &arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>()).output().unwrap()
}

/// Gives the columns of a file other names: pairs of the old and the new one.
fn rename(file: &Path, names: &[(&str, &str)]) {
    let batch = read(file);
    let renamed = |field: &Field| {
        let new = names.iter().find(|(old, _)| old == field.name());
        new.map_or_else(|| field.clone(), |(_, new)| field.clone().with_name(*new))
    };
    let fields = batch.schema().fields().iter().map(|field| renamed(field)).collect::<Vec<_>>();
    let schema = std::sync::Arc::new(Schema::new(fields));
    write(file, &RecordBatch::try_new(schema, batch.columns().to_vec()).unwrap());
}

/// The lines of an error, each without the word in front.
fn lines(outcome: &Output, code: i32) -> Vec<String> {
    let text = error(outcome);
    assert_eq!(outcome.status.code(), Some(code), "{text}");
    let lines = text.lines().map(|line| line.strip_prefix("error: ").unwrap_or_else(|| panic!("{text}")));
    lines.map(str::to_owned).collect()
}

#[test]
fn columns_of_every_section_have_the_names_that_are_given() {
    let world = World::new();
    world.change("[contacts]", "[groups]\npath = \"groups.parquet\"\n[contacts]");
    write_rows(
        &world.path("groups.parquet"),
        "select 'sales@us.com' as group_email, 'ben@us.com' as member_email",
    );
    let expected = results(&world);
    let mail = [("message_id", "Message-ID"), ("sent_at", "Sent"), ("to", "to:"), ("cc", "Recipients CC")];
    let meetings = [("meeting_id", "UID"), ("declined", "said no"), ("is_cancelled", "off")];
    let users = [("email", "address"), ("entra_id", "oid")];
    let groups = [("group_email", "list"), ("member_email", "of")];
    for (section, names) in
        [("mail", &mail[..]), ("meetings", &meetings), ("users", &users), ("groups", &groups)]
    {
        rename(&world.path(&format!("{section}.parquet")), names);
        let keys = names.iter().map(|(key, name)| format!("{key} = \"{}\"\n", name.to_uppercase()));
        world.change(&format!("[{section}]\n"), &format!("[{section}]\n{}", keys.collect::<String>()));
    }
    assert_eq!(results(&world), expected);
    // A column that is mapped must be there, even if it is optional otherwise.
    world.change("cc = \"RECIPIENTS CC\"", "cc = \"carbon\"");
    refused(&world.command("check", &[]), 1, "column 'carbon' is missing; the file has: Message-ID, ");
    world.change("cc = \"carbon\"", "copies = \"carbon\"");
    refused(
        &world.command("check", &[]),
        2,
        "unknown key \"copies\" in [mail]; known are path, format, message_id, conversation_id, sent_at, sender, to, cc, bcc, \
         mailbox, is_draft and is_automatic",
    );
}

#[test]
fn a_column_of_csv_users_can_be_mapped() {
    let world = World::new();
    let expected = results(&world);
    world.change(
        "path = \"users.parquet\"",
        "path = \"users.csv\"\nformat = \"csv\"\nentra_id = \"Object Id\"",
    );
    world.write("users.csv", "email,Object Id\nanna@us.com,e1\nanna.alias@us.com,e1\nben@us.com,e2\n");
    assert_eq!(results(&world), expected);
}

#[test]
fn mistakes_of_several_inputs_are_reported_together() {
    let world = World::new();
    fs::remove_file(world.path("mail.parquet")).unwrap();
    rename(
        &world.path("contacts.parquet"),
        &[("email", "emailaddress1"), ("account_id", "parentcustomerid"), ("contact_id", "contactid")],
    );
    rename(&world.path("users.parquet"), &[("entra_id", "objectId")]);
    write_rows(&world.path("accounts.parquet"), "select true as account_id");
    for name in ["check", "run"] {
        let lines = lines(&world.command(name, &[]), 1);
        let ends = [
            "column 'entra_id' is missing; the file has: email, objectId; set entra_id = \"objectId\" in [users]",
            "column 'email' is missing; the file has: emailaddress1, parentcustomerid, contactid; set email = \
             \"emailaddress1\" and account_id = \"parentcustomerid\" in [contacts]",
            "column 'account_id' has type Boolean, but text or a whole number is needed",
            "matches nothing: there is no file ",
        ];
        assert_eq!(lines.len(), ends.len(), "{lines:#?}");
        for (line, end) in lines.iter().zip(ends) {
            assert!(line.contains(end), "{name}: {line}");
        }
    }
    // What the errors say is enough.
    world.change("path = \"mail.parquet\"", "path = \"meetings.parquet\"");
    let lines = lines(&world.command("check", &[]), 1);
    assert!(lines[3].contains("; set message_id = \"meeting_id\" and "), "{}", lines[3]);
}

#[test]
fn mistakes_of_an_enrichment_file_are_reported_together() {
    let world = World::new();
    world.change("granted_by = \"admin@us.com\"", "granted_bye = \"admin@us.com\"");
    world.change("as_of = \"2026-06-30\"", "as_of = \"30.6.2026\"");
    world.change("\"ben@us.com\"", "\"ben\"");
    world.change("[meetings]\n", "[meetings]\nformat = \"ics\"\n");
    for name in ["check", "run"] {
        let lines = lines(&world.command(name, &[]), 2);
        let numbers = lines.iter().map(|line| line.split(':').nth(1).unwrap_or_default()).collect::<Vec<_>>();
        assert_eq!(numbers, ["6", "3", "9", "19"], "{lines:#?}");
    }
    // Inputs are looked at when the file is right.
    fs::remove_file(world.path("mail.parquet")).unwrap();
    assert!(!error(&world.command("check", &[])).contains("mail.parquet"));
}

#[test]
fn check_reports_mailboxes_and_damaged_inputs_together() {
    let world = World::new();
    world.change("\"anna@us.com\", \"ben@us.com\"", "\"anna@us.com\"");
    world.change("path = \"contacts.parquet\"", "path = \"contacts.csv\"\nformat = \"csv\"");
    world.write("contacts.csv", "email,account_id\ncarl@acme.com\n");
    let lines = lines(&world.command("check", &[]), 2);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(
        lines[0].contains("[mailboxes] lists 1 mailboxes") && lines[1].contains("line 2 has 1 field"),
        "{lines:#?}"
    );
}

/// Writes an input again: the result of a statement over the table `original`.
fn rewrite(world: &World, name: &str, sql: &str) {
    let file = world.path(&format!("{name}.parquet"));
    let batch = read(&file);
    let rewritten = block_on(async {
        let ctx = session::new().unwrap();
        ctx.register_batch("original", batch).unwrap();
        let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    });
    write(&file, &rewritten);
}

/// The worked example with other types: times, lists and booleans as text and numbers, ids as floats.
fn converted(world: &World) {
    rewrite(
        world,
        "mail",
        "select message_id, conversation_id, to_char(sent_at, '%Y-%m-%dT%H:%M:%S+00:00') as sent_at, sender, \
         '[\"' || \"to\"[1] || '\"]' as \"to\", coalesce(cc[1], '') as cc, \
         case when bcc[1] is not null then '[\"' || bcc[1] || '\", null]' end as bcc, mailbox, \
         cast(is_draft as int) as is_draft, cast(cast(is_automatic as int) as double) as is_automatic from original",
    );
    rewrite(
        world,
        "meetings",
        "select meeting_id, organizer, array_to_string(attendees, '; ') as attendees, declined, \
         to_char(start_at, '%Y-%m-%d %H:%M:%S') as start_at, to_char(end_at, '%Y-%m-%dT%H:%M:%SZ') as end_at, \
         cast(is_cancelled as varchar) as is_cancelled from original",
    );
}

#[test]
fn values_of_other_types_mean_the_same() {
    let world = World::new();
    let expected = results(&world);
    converted(&world);
    assert_eq!(results(&world), expected);
}

#[test]
fn whole_numbers_as_floats_are_ids() {
    let world = World::new();
    write_rows(
        &world.path("accounts.parquet"),
        "select * from (values (7, 'Seven'), (8, 'Eight')) t(account_id, name)",
    );
    write_rows(
        &world.path("contacts.parquet"),
        "select * from (values ('carl@acme.com', 7.0, 1.0), ('dora@bolt.com', 8.0, null), ('x@x.com', 7.5, 2.5)) \
         t(email, account_id, contact_id)",
    );
    let check = String::from_utf8_lossy(&world.command("check", &[]).stdout).into_owned();
    let report = world.run();
    assert_eq!(world.query("select customerid from office order by 1"), ["7", "8"]);
    let dispositions = world.query(DISPOSITIONS);
    assert!(dispositions.contains(&"contacts,missing_account,1".to_owned()), "{dispositions:?}");
    assert!(dispositions.contains(&"contacts,used,2".to_owned()), "{dispositions:?}");
    let file = world.path("contacts.parquet").display().to_string();
    let note = format!(
        "Note: [contacts] 2 rows with a number that is not an identifier, and counts as a missing one: account_id in {file} \
         (1 row), contact_id in {file} (1 row)."
    );
    assert!(report.contains(&note) && check.contains(&note), "{report}\n{check}");
}

#[test]
fn values_that_cannot_be_read_are_counted() {
    let world = World::new();
    converted(&world);
    let good = read(&world.path("mail.parquet"));
    rewrite(
        &world,
        "mail",
        "select * from original \
         union all select 'x1', null, 'yesterday', sender, \"to\", cc, bcc, mailbox, is_draft, is_automatic \
         from original where message_id = '2' \
         union all select 'x2', null, sent_at, sender, '[\"carl@', cc, bcc, mailbox, is_draft, is_automatic \
         from original where message_id = '2' \
         union all select 'x3', null, sent_at, sender, \"to\", cc, bcc, mailbox, 2, is_automatic \
         from original where message_id = '2'",
    );
    let file = world.path("mail.parquet");
    let report = world.run();
    let dispositions = world.query(DISPOSITIONS);
    for expected in ["mail,missing_time,1", "mail,unreadable,2", "mail,used,4"] {
        assert!(dispositions.contains(&expected.to_owned()), "{dispositions:?}");
    }
    let file = file.display();
    for note in [
        format!(
            "[mail] 2 rows with a value that cannot be read (disposition unreadable): to in {file} (1 row), is_draft in {file} (1 row)."
        ),
        format!(
            "[mail] 1 row with a time that cannot be read (disposition missing_time): \"AAAAAAAAA\" in {file} (1 row),"
        ),
    ] {
        assert!(report.contains(&note), "{note}\n{report}");
    }
    // A key of a folder is text and is not converted.
    world.change("path = \"mail.parquet\"", "path = \"mail/\"");
    let columns = (0..good.num_columns()).filter(|i| good.schema().field(*i).name() != "is_draft");
    let without = good.project(&columns.collect::<Vec<_>>()).unwrap();
    fs::create_dir_all(world.path("mail/is_draft=0")).unwrap();
    write(&world.path("mail/is_draft=0/a.parquet"), &without);
    refused(&world.command("check", &[]), 1, "column 'is_draft' comes from the names of folders");
}

/// Proposes a file for a folder, which must be accepted, and returns its text.
fn proposed(folder: &Path) -> String {
    let file = folder.join("enrichment.toml");
    let (folder, file) = (folder.display().to_string(), file.display().to_string());
    let outcome = command(&["init", &folder, "--output", &file]);
    assert_eq!((outcome.status.code(), outcome.stdout.len()), (Some(0), 0), "{}", error(&outcome));
    // Nobody has given the consent yet.
    for command in [command(&["check", &file]), command(&["run", &file])] {
        refused(&command, 2, "[consent] granted_by is still \"to be filled in\"");
    }
    fill_in(Path::new(&file));
    let outcome = command(&["check", &file]);
    assert_eq!(
        (outcome.status.code(), error(&outcome).as_str()),
        (Some(0), ""),
        "{}",
        fs::read_to_string(&file).unwrap()
    );
    fs::read_to_string(&file).unwrap()
}

/// Fills in the consent of a proposed file.
pub fn fill_in(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let text = text.replace("\"to be filled in\"", "\"admin@us.com\"").replace("2000-01-01", "2026-01-01");
    fs::write(file, text).unwrap();
}

/// The worked example's files without its enrichment file.
fn unknown() -> World {
    let world = World::new();
    fs::remove_file(world.path("enrichment.toml")).unwrap();
    world
}

fn has(text: &str, keys: &[&str]) {
    for key in keys {
        let is_key = |line: &str| {
            line.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.trim_start().starts_with('#'))
        };
        assert!(text.lines().any(is_key), "{key} in\n{text}");
    }
}

#[test]
fn a_proposal_for_files_with_our_names() {
    let world = unknown();
    world.write("list.txt", "# people\nanna@us.com\nben@us.com\n");
    world.write("crm.xlsx", "PK\u{3}\u{4} xl/workbook.xml");
    world.write("notes/other.csv", "subject,body\na,b\n");
    let text = proposed(world.0.path());
    has(&text, &["file = \"list.txt\"", "[users]", "path = \"users.parquet\"", "path = \"mail.parquet\""]);
    assert!(
        text.contains("# crm.xlsx: is an Excel workbook") && text.contains("# notes/other.csv: is not"),
        "{text}"
    );
    assert!(!text.contains("\nemail =") && !text.contains("\nas_of") && !text.contains("anna"), "{text}");
    // A run needs no more than what is to be filled in.
    let file = world.path("enrichment.toml").display().to_string();
    let outcome = command(&["run", &file, "--as-of", "2026-06-30"]);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    assert_eq!(
        world.query("select customerid from office where aggregationlevel = 'year' order by 1").len(),
        3
    );
    // What a run has published is no input, and a file that exists is not replaced.
    let folder = world.0.path().display().to_string();
    refused(&command(&["init", &folder, "--output", &file]), 1, "exists, and is not replaced");
    let again = command(&["init", &folder]);
    let printed = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(!printed.contains("Office_") && !printed.contains("Office.parquet"), "{printed}");
}

/// A file that is named without a folder, with files beside it that a glob matches.
#[test]
fn a_proposal_in_the_working_directory() {
    let world = unknown();
    let bytes = world.input("mail.parquet");
    fs::remove_file(world.path("mail.parquet")).unwrap();
    for name in ["mail_2025.parquet", "mail_2026.parquet"] {
        world.write(name, &bytes);
    }
    world.write("list.txt", "anna@us.com\nben@us.com\n");
    let here = |arguments: &[&str]| {
        let arguments: Vec<_> = arguments.iter().map(|a| (*a).to_owned()).collect();
        let outcome = caught(ENGAGEMENT, &arguments).current_dir(world.0.path()).output().unwrap();
        assert_eq!(outcome.status.code(), Some(0), "{arguments:?}: {}", error(&outcome));
        [String::from_utf8_lossy(&outcome.stdout).into_owned(), error(&outcome)]
    };
    let [_, said] = here(&["init", ".", "--output", "e.toml"]);
    assert!(
        !said.contains("Note: ")
            && said.ends_with("Fill in [consent], read the rest, and run: engagement check e.toml\n"),
        "{said}"
    );
    fill_in(&world.path("e.toml"));
    let text = fs::read_to_string(world.path("e.toml")).unwrap();
    has(&text, &["path = \"mail_202*.parquet\""]);
    let checked = here(&["check", "e.toml"]);
    assert!(checked[0].contains("2 files") && checked[1].is_empty(), "{checked:?}");
    for pattern in ["*.parquet", "**/mail_*", "mail_?0*"] {
        let other =
            text.replace("mail_202*.parquet", pattern).replace("[mail] ", "[mail]").replace("out/", "other/");
        world.write("other.toml", other);
        let alone = caught(ENGAGEMENT, &["check", "other.toml"].map(str::to_owned))
            .current_dir(world.0.path())
            .output();
        let absolute = command(&["check", world.path("other.toml").to_str().unwrap()]);
        let plain = |text: Vec<u8>| {
            String::from_utf8(text).unwrap().replace(&format!("{}/", world.0.path().display()), "")
        };
        let alone = alone.unwrap();
        assert_eq!(alone.status.code(), absolute.status.code(), "{pattern}");
        assert_eq!(
            (plain(alone.stdout), plain(alone.stderr)),
            (plain(absolute.stdout), plain(absolute.stderr)),
            "{pattern}"
        );
    }
    let [printed, said] = here(&["run", "e.toml", "--as-of", "2026-06-30"]);
    assert!(printed.contains("Office: out/Office.parquet") && said.is_empty(), "{printed}{said}");
}

#[test]
fn a_proposal_for_customer_systems() {
    for (contacts, accounts, keys) in [
        (
            "contactid,fullname,emailaddress1,emailaddress2,parentcustomerid\nc1,Carl,carl@acme.com,,acme\n",
            "accountid,name,websiteurl,industry\nacme,ACME,acme.com,Metal\n",
            &[
                "email = [\"emailaddress1\", \"emailaddress2\"]",
                "account_id = \"parentcustomerid\"",
                "contact_id = \"contactid\"",
                "account_id = \"accountid\"",
                "# domain = \"websiteurl\"",
                "# attributes = [\"industry\"]",
            ][..],
        ),
        (
            "Id,AccountId,Name,Email\n003x,acme,Carl,carl@acme.com\n",
            "Id,Name,Website\nacme,ACME,acme.com\n",
            &["account_id = \"AccountId\"", "contact_id = \"Id\"", "account_id = \"Id\""],
        ),
        (
            "Record ID,First Name,Email,Associated Company ID\n1,Carl,carl@acme.com,7\n",
            "Record ID,Company name,Company Domain Name\n7,ACME,acme.com\n",
            &["account_id = \"Associated Company ID\"", "name = \"Company name\"", "format = \"csv\""],
        ),
        (
            "(Do Not Modify) Contact,Full Name,Email,Company Name\n1,Carl,carl@acme.com,ACME\n",
            "(Do Not Modify) Account,Account Name,Sector\n7,ACME,Metal\n",
            &[
                "account_id = \"Company Name\"",
                "account_id = \"Account Name\"",
                "contact_id = \"(Do Not Modify) Contact\"",
                "# Other columns that can be attributes: \"(Do Not Modify) Account\", \"Sector\"",
            ],
        ),
    ] {
        let world = unknown();
        fs::remove_file(world.path("contacts.parquet")).unwrap();
        fs::remove_file(world.path("accounts.parquet")).unwrap();
        world.write("crm/a.csv", contacts);
        world.write("crm/b.csv", accounts);
        let text = proposed(world.0.path());
        has(&text, keys);
        has(&text, &["path = \"crm/a.csv\"", "path = \"crm/b.csv\""]);
        assert!(text.contains("# The domain \"us.com\" is a guess"), "{text}");
        assert!(!text.contains("carl") && !text.contains("ACME") && !text.contains("anna"), "{text}");
    }
}

#[test]
fn a_proposal_for_folders_of_files() {
    let world = unknown();
    for name in ["mail", "meetings"] {
        let bytes = world.input(&format!("{name}.parquet"));
        fs::remove_file(world.path(&format!("{name}.parquet"))).unwrap();
        world.write(&format!("{name}/2026/a.parquet"), &bytes);
        world.write(&format!("{name}/b.parquet"), &bytes);
    }
    rename(&world.path("meetings/b.parquet"), &[("declined", "other")]);
    let bytes = world.input("users.parquet");
    fs::remove_file(world.path("users.parquet")).unwrap();
    world.write("users-1.parquet", &bytes);
    world.write("users-2.parquet", &bytes);
    let text = proposed(world.0.path());
    has(&text, &["path = \"mail/\"", "path = \"meetings/\"", "path = \"users-*.parquet\""]);
}

#[test]
fn a_proposal_for_an_export() {
    let world = unknown();
    for name in ["mail", "meetings", "users"] {
        fs::remove_file(world.path(&format!("{name}.parquet"))).unwrap();
    }
    let from = data().join("graph-data-connect");
    for file in files_in(&from) {
        let name = format!("export/{}", file.strip_prefix(&from).unwrap().display());
        world.write(&name, fs::read(&file).unwrap());
    }
    let text = proposed(world.0.path());
    has(
        &text,
        &[
            "path = \"export/mail/\"",
            "path = \"export/CalendarView.json.gz\"",
            "path = \"export/User.json\"",
            "path = \"export/groups/\"",
            "format = \"graph-data-connect\"",
        ],
    );
}

#[test]
fn a_folder_without_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    refused(&command(&["init", &path]), 1, "no file is recognized as mail, meetings, contacts");
    fs::write(folder.path().join("a.csv"), "ann@x.com,b\n1,2\n").unwrap();
    let outcome = command(&["init", &path]);
    refused(&outcome, 1, "a.csv: its first line is not a header");
    assert!(!error(&outcome).contains("ann@x.com"));
    refused(&command(&["init", "/no/such/folder"]), 1, "/no/such/folder: cannot be read");
}
