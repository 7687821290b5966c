//! Inputs that do not meet: a run and a check say so, with numbers, and succeed.

use std::fs;
use std::path::Path;

use datafusion::arrow::compute::concat_batches;
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::query::session;

use crate::files::write;
use crate::process::{ENGAGEMENT, caught, error};
use crate::support::{block_on, rows};
use crate::worked;

/// Replaces an input of an enrichment by the rows of a query.
fn input(folder: &Path, name: &str, sql: &str) {
    let batch = block_on(async {
        let batches = session::new().unwrap().sql(sql).await.unwrap().collect().await.unwrap();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    });
    write(&folder.join(format!("{name}.parquet")), &batch);
}

/// The notes of a check and of a run of the enrichment in a folder.
fn notes(folder: &Path) -> [Vec<String>; 2] {
    let enrichment = Enrichment::open(folder.join("enrichment.toml")).unwrap();
    block_on(async {
        let check = pipeline::check(&enrichment).await.unwrap().notes;
        let run = pipeline::run(&enrichment, &Silent).await.unwrap().notes;
        // Whether an optional column is missing is not the subject here.
        let about_meeting = |notes: Vec<String>| {
            notes
                .into_iter()
                .filter(|n| !n.contains("is not in every file") && !n.contains("is not in the file"))
        };
        [about_meeting(check).collect(), about_meeting(run).collect()]
    })
}

fn worked() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    block_on(worked::inputs(folder.path()));
    folder
}

const NOTHING: [Vec<String>; 2] = [vec![], vec![]];

#[test]
fn inputs_that_meet_have_no_note() {
    assert_eq!(notes(worked().path()), NOTHING);
    // Contacts of accounts that are not in the profile are usual.
    let folder = worked();
    let more = "select * from (values ('carl@acme.com', 'acme'), ('eve@eve.com', 'eve'), ('x@x.com', ' ')) t(email, account_id)";
    input(folder.path(), "contacts", more);
    assert_eq!(notes(folder.path()), NOTHING);
}

/// Pairs of ids of contacts and of accounts, and what the note says of them.
#[test]
fn account_ids_that_differ_in_spelling() {
    let (lower, upper) = ("7ed4bffc-f189-40b0-9090-c58e1cba14b8", "7ED4BFFC-F189-40B0-9090-C58E1CBA14B8");
    let braces = format!("{{{lower}}}");
    let mixed = format!("{{{upper}}}");
    let bare = lower.replace('-', "");
    for (contact, account, says) in [
        (upper, lower, "1 would be if upper and lower case were ignored; ids are"),
        (&braces, lower, "1 would be if braces or brackets around them were ignored; ids"),
        (&bare, lower, "1 would be if hyphens were ignored; ids"),
        ("A1 ", "A1", "1 would be if white space around them were ignored; ids"),
        ("42.0", "42", "1 would be if a trailing .0 were ignored; ids"),
        ("00042", "42", "1 would be if leading zeros were ignored; ids"),
        ("42", "0042", "1 would be if leading zeros were ignored; ids"),
        (
            "0015g00000AbCdE",
            "0015g00000AbCdEAAV",
            "the last 3 of 18 characters (Salesforce's long form) were ignored; ids",
        ),
        (
            "0015g00000AbCdEAAV",
            "0015g00000AbCdE",
            "the last 3 of 18 characters (Salesforce's long form) were ignored; ids",
        ),
        (
            &mixed,
            lower,
            "profile (3 ids in [accounts]); 1 would be if all differences of spelling were ignored",
        ),
        (" 0042.0", "42", "; 1 would be if all differences of spelling were ignored"),
        ("Ä", "Ö", "; check which columns account_id names in [contacts] and [accounts]"),
        ("100000000000000001", "100000000000000002", "; check which columns account_id names"),
        ("0015g00000AbCdE", "0015g00000AbCdF", "; check which columns account_id names"),
    ] {
        let folder = worked();
        input(
            folder.path(),
            "contacts",
            &format!("select 'carl@acme.com' as email, '{contact}' as account_id"),
        );
        let accounts = format!("select * from (values ('{account}'), ('b1'), ('b2')) t(account_id)");
        input(folder.path(), "accounts", &accounts);
        for notes in notes(folder.path()) {
            let begins = "[contacts] the only account id is not in the profile (3 ids in [accounts]); ";
            assert!(notes[0].starts_with(begins) && notes[0].contains(says), "{contact}: {notes:?}");
            assert!(!notes.iter().any(|note| note.contains(contact)), "{notes:?}");
        }
    }
}

/// Ids are compared as bytes: two accounts that differ in case only are two accounts.
#[test]
fn ids_that_meet_are_not_taken_for_others() {
    let folder = worked();
    let ids = "(values ('0015g00000AbCdE'), ('0015g00000AbCde')) t(account_id)";
    input(folder.path(), "accounts", &format!("select account_id from {ids}"));
    input(
        folder.path(),
        "contacts",
        &format!("select concat(account_id, '@x.com') as email, account_id from {ids}"),
    );
    for notes in notes(folder.path()) {
        assert!(!notes.iter().any(|note| note.contains("account id")), "{notes:?}");
    }
    // Some ids meet and others would: the note has all numbers.
    let contacts = "select concat('p', account_id, '@x.com') as email, account_id from \
        (values ('42.0'), ('43.0'), ('044'), ('eve'), ('45')) t(account_id)";
    input(folder.path(), "contacts", contacts);
    input(
        folder.path(),
        "accounts",
        "select cast(account_id as int) as account_id from generate_series(42, 45) t(account_id)",
    );
    for notes in notes(folder.path()) {
        let says = "[contacts] 4 of the 5 account ids are not in the profile (4 ids in [accounts]); 2 would be if a \
                    trailing .0 were ignored, 1 would be if leading zeros were ignored, 3 would be if all \
                    differences of spelling were ignored; ids are compared as bytes, so write them alike in both \
                    inputs";
        assert_eq!(notes[0], says);
    }
    block_on(async {
        let enrichment = Enrichment::open(folder.path().join("enrichment.toml")).unwrap();
        let ctx = session::live(&enrichment).await.unwrap();
        let sql = "select account_id, difference from unmatched_account_id order by 1, 2";
        let expected = [
            ["044", "several"],
            ["044", "zeros"],
            ["42.0", "decimals"],
            ["42.0", "several"],
            ["43.0", "decimals"],
            ["43.0", "several"],
            ["eve", "NULL"],
        ];
        assert_eq!(rows(&ctx, sql).await.unwrap(), expected);
    });
}

#[test]
fn mailboxes_and_contacts_that_are_in_no_row() {
    let folder = worked();
    let file = folder.path().join("enrichment.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"anna@us.com\", \"ben@us.com\"", "\"anna@us.org\", \"ben@us.org\""))
        .unwrap();
    let [check, run] = notes(folder.path());
    let unknown = "[mailboxes] 2 of the 2 entries are not in [users], first \"anna@us.org\": each counts as a mailbox that has no \
                   other address";
    assert_eq!(check.len(), 3, "mail, meetings and entries: {check:?}");
    assert_eq!((check[2].as_str(), run[1].as_str()), (unknown, unknown));
    let says = "[mail] none of the 2 mailboxes is in its 8 rows; check the addresses of [mailboxes]";
    assert_eq!(check[0], says);
    assert_eq!(run.len(), 2, "{run:?}");
    assert!(
        run[0].starts_with("[mailboxes] none of the 2 mailboxes is in a used row of mail or meetings; check")
    );

    // Contacts whose column is not that of their addresses.
    fs::write(&file, text).unwrap();
    input(
        folder.path(),
        "contacts",
        "select concat(c, '@else.where') as email, 'acme' as account_id from (values ('a'), ('b')) t(c)",
    );
    let [check, run] = notes(folder.path());
    assert_eq!(check[0], "[mail] no contact is in its 8 rows; check which columns [contacts] email names");
    assert_eq!((check.len(), run.len()), (2, 2), "{check:?} {run:?}");
    assert!(
        run[0].starts_with("[mail] of 4 used rows none is between one of the 2 mailboxes (2 active)"),
        "{run:?}"
    );
    assert!(run[1].starts_with("[meetings] of "), "{run:?}");
}

#[test]
fn a_source_of_which_no_row_is_used() {
    let folder = worked();
    let file = folder.path().join("enrichment.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("2026-", "2016-")).unwrap();
    let [_, run] = notes(folder.path());
    assert!(
        run[0].starts_with("[mail] of 8 rows none is used; 6 of them have the disposition outside_window"),
        "{run:?}"
    );
}

/// An export with these Entra ids of mailboxes (`puser`), and a directory with these.
fn export(holders: &[&str], directory: Option<&[&str]>) -> [Vec<String>; 2] {
    let folder = worked();
    let path = folder.path();
    fs::create_dir(path.join("mail")).unwrap();
    let mail = holders.iter().enumerate().map(|(i, holder)| {
        let address = |address: &str| format!("{{\"emailAddress\":{{\"address\":\"{address}\"}}}}");
        format!(
            "{{\"internetMessageId\":\"{i}\",\"sentDateTime\":\"2026-06-01T09:00:00Z\",\"from\":{},\
             \"toRecipients\":[{},{}],\"puser\":\"{holder}\"}}\n",
            address("carl@acme.com"),
            address("anna@us.com"),
            address("ben@us.com")
        )
    });
    fs::write(path.join("mail/mail.json"), mail.collect::<String>()).unwrap();
    let file = path.join("enrichment.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    let meetings = text.find("[meetings]").unwrap();
    text.truncate(meetings);
    text = text.replace("path = \"mail.parquet\"", "path = \"mail/\"\nformat = \"graph-data-connect\"");
    match directory {
        None => text = text.replace("[users]\npath = \"users.parquet\"\n", ""),
        Some(ids) => {
            let mut users: Vec<_> =
                ids.iter().enumerate().map(|(i, id)| format!("('p{i}@us.com', '{id}')")).collect();
            // The listed mailboxes are known.
            users.extend(["('anna@us.com', 'a')", "('ben@us.com', 'b')"].map(str::to_owned));
            input(path, "users", &format!("select * from (values {}) t(email, entra_id)", users.join(", ")));
        }
    }
    fs::write(&file, text).unwrap();
    notes(path)
}

#[test]
fn entra_ids_of_mailboxes_that_the_directory_does_not_know() {
    assert_eq!(
        export(&["e1", "e2", "gone"], Some(&["e1", "e2"])),
        NOTHING,
        "a mailbox that was deleted is usual"
    );
    for (holders, directory, says) in [
        (
            &["E1", "E2", "e3"][..],
            Some(&["e1", "e2", "e3"][..]),
            "[mail] 2 of the 3 Entra ids of mailboxes (puser) in its 3 rows are not in [users], so the mailboxes that \
             hold these copies are unknown; 2 would be if upper and lower case were ignored",
        ),
        (
            &["x1", "x2"],
            Some(&["e1"]),
            "[mail] none of the 2 Entra ids of mailboxes (puser) in its 2 rows is in [users], so the mailboxes that \
             hold these copies are unknown; check [users]",
        ),
        (
            &["e1", "e1"],
            None,
            "[mail] without [users], the only Entra id of mailboxes (puser) in its 2 rows cannot be resolved, so the \
             mailboxes that hold these copies are unknown; add [users]",
        ),
    ] {
        for notes in export(holders, directory) {
            assert_eq!(notes, [says]);
        }
    }
}

#[test]
fn notes_are_printed_and_the_exit_code_is_0() {
    let folder = worked();
    input(folder.path(), "contacts", "select 'carl@acme.com' as email, 'ACME' as account_id");
    for command in ["check", "run"] {
        let file = folder.path().join("enrichment.toml").display().to_string();
        let outcome = caught(ENGAGEMENT, &[command.to_owned(), file]).output().unwrap();
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(text.contains("\nNote: [contacts] the only account id is not in the profile"), "{text}");
    }
}
