//! Contacts, accounts, users and groups as CSV: the same result as from Parquet, however the file is written.

use std::fs;
use std::io::Write;

use crate::layouts::World;
use crate::process::{error, refused};

const CONTACTS: &str = "Email , account_id,contact_id,\"remark, if any\"\n\
    Carl <carl@acme.com>,acme,c1,\"two\nlines\"\ncarl2@acme.com,acme,c1,\n\"DORA@bolt.com\",\"bolt\",c2,\"\"\n";
const ACCOUNTS: &str = "account_id,name\nacme,ACME\nbolt,Bolt\ncalm,Calm\n";
const USERS: &str = "entra_id,email\ne1,anna@us.com\ne1,anna.alias@us.com\ne2,ben@us.com\n";

const OFFICE: &str = "select * from office order by customerid";
const CARD: &str = "select * from customercard order by 1";
const DISPOSITIONS: &str =
    "select source, disposition, rows from office_dispositions order by source, disposition";

fn results(world: &World) -> [Vec<String>; 3] {
    world.run();
    [OFFICE, CARD, DISPOSITIONS].map(|sql| world.query(sql))
}

/// The worked example with CSV instead of Parquet.
fn in_csv() -> World {
    let world = World::new();
    for name in ["contacts", "accounts", "users"] {
        world.change(
            &format!("path = \"{name}.parquet\""),
            &format!("path = \"{name}.csv\"\nformat = \"csv\""),
        );
    }
    world.write("accounts.csv", ACCOUNTS);
    world.write("users.csv", USERS);
    world.write("contacts.csv", CONTACTS);
    world
}

#[test]
fn every_way_to_write_csv() {
    let expected = results(&World::new());
    let world = in_csv();
    assert_eq!(results(&world), expected);
    let utf_16 =
        |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    gzip.write_all(CONTACTS.as_bytes()).unwrap();
    let semicolons = CONTACTS.replace("remark, if any", "remark").replace(',', ";");
    for (what, bytes) in [
        ("semicolons", semicolons.clone().into_bytes()),
        ("tabs", semicolons.replace(';', "\t").into_bytes()),
        ("line ends of Windows", CONTACTS.replace('\n', "\r\n").into_bytes()),
        ("a mark", [b"\xef\xbb\xbf", CONTACTS.as_bytes()].concat()),
        ("UTF-16 with a mark", utf_16(&format!("\u{feff}{CONTACTS}"), u16::to_le_bytes)),
        ("UTF-16 without a mark", utf_16(CONTACTS, u16::to_le_bytes)),
        ("big-endian UTF-16", utf_16(CONTACTS, u16::to_be_bytes)),
        ("no line end at the end", CONTACTS.trim_end().as_bytes().to_vec()),
        ("blank lines", format!("\n\n{CONTACTS}\n\n").into_bytes()),
        ("gzip", gzip.finish().unwrap()),
        ("a declared delimiter", format!("sep=,\r\n{CONTACTS}").into_bytes()),
        ("blanks before quotes", CONTACTS.replace(",\"", ", \"").into_bytes()),
    ] {
        world.write("contacts.csv", bytes);
        assert_eq!(results(&world), expected, "{what}");
    }
}

#[test]
fn folders_of_csv_with_other_columns_and_keys() {
    let expected = results(&World::new());
    let world = in_csv();
    world.change("path = \"contacts.csv\"", "path = \"contacts/\"");
    world.write(
        "contacts/a/account_id=acme/part.csv",
        "contact_id;EMAIL\nc1;Carl <carl@acme.com>\nc1;carl2@acme.com\n",
    );
    world.write("contacts/b/account_id=bolt/part.CSV", "email\tcontact_id\nDORA@bolt.com\tc2");
    world.write("contacts/_note.csv", "is not read");
    world.write("contacts/note.txt", "is not read");
    assert_eq!(results(&world), expected);
    let report = world.command("check", &[]);
    let text = String::from_utf8_lossy(&report.stdout).into_owned();
    assert!(text.contains("contacts  csv                 2 files  3 rows"), "{text}");
    let left_out = "[contacts] 1 file is not read, because its name does not end in .csv, .csv.gz: ";
    assert!(text.contains(left_out) && text.contains("note.txt; "), "{text}");
    // An optional column that one file lacks.
    world.write("contacts/b/account_id=bolt/part.CSV", "email\nDORA@bolt.com");
    let report = world.command("check", &[]);
    assert!(String::from_utf8_lossy(&report.stdout).contains("column contact_id is not in every file"));
    world.write("contacts/b/account_id=bolt/part.CSV", "mail\nDORA@bolt.com");
    refused(&world.command("check", &[]), 1, "part.CSV: column 'email' is missing; the file has: mail");
}

/// Attributes of a CSV file are text. A segment that takes one for a number says so, and what to write.
#[test]
fn a_number_with_commas_in_a_segment() {
    let world = in_csv();
    world.change(
        "path = \"accounts.csv\"\nformat = \"csv\"",
        "path = \"accounts.csv\"\nformat = \"csv\"\nattributes = [\"employees\"]",
    );
    world.write("accounts.csv", "account_id,name,employees\nacme,ACME,\"2,200\"\nbolt,Bolt,7\ncalm,Calm,-\n");
    world.write("segments/big.sql", "select customerid from office_accounts where employees >= 100");
    let number = "try_cast(replace(employees, ',', '') as bigint)";
    world
        .write("segments/large.sql", format!("select customerid from office_accounts where {number} >= 100"));
    world.run();
    let outcome = world.command("segment", &["big"]);
    refused(&outcome, 2, "error: segment big: Cast error: Cannot cast string '");
    assert!(
        error(&outcome).contains("; try_cast(... as bigint) is null for such texts"),
        "{}",
        error(&outcome)
    );
    let found = world.command("segment", &["large", "--format", "csv"]);
    assert!(String::from_utf8_lossy(&found.stdout).contains("\nacme,ACME,"), "{}", error(&found));
    // The footer of a report is not a record.
    world.write("accounts.csv", "account_id,name,employees\nacme,ACME,1\n\nGrand Totals (1 record)\n");
    refused(
        &world.command("check", &[]),
        1,
        "line 4 has 1 field, but the header has 3; if the line is not a record",
    );
}

/// An empty field is null, a quoted one is an empty text: both are missing ids, but not both are names.
#[test]
fn empty_fields() {
    let world = in_csv();
    world.write("accounts.csv", "account_id,name\nacme,\nbolt,\"\"\ncalm,Calm\n");
    world.write(
        "contacts.csv",
        "email,account_id,contact_id\ncarl@acme.com,,c1\nx@x.com,\"\",c2\nDORA@bolt.com,bolt,\n",
    );
    world.run();
    let names = world
        .query("select customerid, name is null as no_name, name = '' as empty from customercard order by 1");
    assert_eq!(names, ["acme,true,", "bolt,false,true", "calm,false,false"]);
    assert!(world.query(DISPOSITIONS).contains(&"contacts,missing_account,2".to_owned()));
}

#[test]
fn groups_in_csv() {
    let world = in_csv();
    world.change("[contacts]", "[groups]\npath = \"groups.csv\"\nformat = \"csv\"\n[contacts]");
    world.change("\"ben@us.com\"", "\"sales@us.com\"");
    world.write("groups.csv", "group_email;member_email\nsales@us.com;ben@us.com\n");
    world.run();
    assert_eq!(world.query("select email from office_usertable order by 1"), ["anna@us.com", "ben@us.com"]);
}

#[test]
fn damaged_csv_is_named_with_its_line() {
    let world = in_csv();
    let parquet = world.input("contacts.parquet");
    let file = world.path("contacts.csv").display().to_string();
    let cut = &CONTACTS[..CONTACTS.find("lines").unwrap()];
    for (bytes, says) in [
        (
            b"email,account_id\na@x.com,acme\nb@x.com\n".to_vec(),
            "is damaged: line 3 has 1 field, but the header has 2",
        ),
        (
            b"email,account_id\na@x.com,acme,x\n".to_vec(),
            "is damaged: line 2 has 3 fields, but the header has 2",
        ),
        (cut.as_bytes().to_vec(), "is damaged or cut short: a quote that begins at line 2 is not closed"),
        (b"email,account_id\n\"a\"b,acme\n".to_vec(), "at line 2, text follows a closing quote"),
        (
            b"email,account_id\nJ\xfcrgen,acme\n".to_vec(),
            "line 2 is not UTF-8 text; save the file as CSV in UTF-8",
        ),
        (b"email,account_id\n=\"x\",acme\n".to_vec(), "has a formula at line 2, such as =\"A1\""),
        (
            b"email,account_id\nca\"rl@x.com,acme\n".to_vec(),
            "at line 2, a field without quotes has a quote in it",
        ),
        (
            b"carl@x.com,acme\ndora@x.com,bolt\n".to_vec(),
            ": its first line is not a header: it contains an address; put",
        ),
        (b"".to_vec(), "is empty (0 bytes)"),
        (b"\n\n".to_vec(), "is not CSV but white space only; write it again"),
        (b"email;konto\na;b\n".to_vec(), ": column 'account_id' is missing; the file has: email, konto"),
        (
            b"email|account_id\na|b\n".to_vec(),
            "its first line has no comma, semicolon or tab, so the file has one column",
        ),
        (
            b"Export\nemail,account_id\na,b\n".to_vec(),
            "write the names of all columns into the first line, with one of",
        ),
        (
            b"e1,Email,EMAIL,account_id\na,b,c,d\n".to_vec(),
            ": column 'email' is ambiguous: there are 'Email' and 'EMAIL'",
        ),
        (parquet, "is not CSV but a Parquet file; set format = \"canonical\" in [contacts]"),
        (
            b"PK\x03\x04 xl/workbook.xml".to_vec(),
            "is not CSV but an Excel workbook (XLSX) or another Office document; save it as CSV (UTF-8)",
        ),
        (b"\x28\xb5\x2f\xfd...".to_vec(), "is not CSV but a file compressed with zstd; decompress it"),
        (b"[{\"email\": 1,\n\"account_id\": 2}]".to_vec(), "is not CSV but JSON; convert it to CSV"),
        (b"<html>\n".to_vec(), "is not CSV but an HTML page; it may be the answer of a server"),
    ] {
        world.write("contacts.csv", &bytes);
        for command in ["check", "run"] {
            let outcome = world.command(command, &[]);
            refused(&outcome, 1, &format!("[contacts] {file}"));
            refused(&outcome, 1, says);
            assert!(!error(&outcome).contains("@x.com"), "{}", error(&outcome));
        }
    }
    // A compressed file that is cut short.
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    gzip.write_all(CONTACTS.repeat(50).as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();
    world.write("contacts.csv", &whole[..whole.len() / 2]);
    refused(&world.command("check", &[]), 1, "contacts.csv cannot be read");
    fs::remove_file(world.path("contacts.csv")).unwrap();
    refused(&world.command("check", &[]), 1, "matches nothing: there is no file");
}
