//! Which files a path means: folders that a glob matches, hidden names, and links to one file.

use std::os::unix::fs::symlink;

use crate::layouts::{World, write_rows};
use crate::process::{ENGAGEMENT, caught, error, refused};

/// The number of rows of a source, whatever their disposition.
fn rows(world: &World, source: &str) -> String {
    world.query(&format!("select sum(rows) from office_dispositions where source = '{source}'"))[0].clone()
}

#[test]
fn a_glob_that_matches_folders_reads_them() {
    let world = World::new();
    for name in ["2026-05.parquet/part-0.parquet", "2026-06.parquet/x/part-0.parquet", "2026-07.parquet"] {
        world.write(&format!("mail/{name}"), world.input("mail.parquet"));
    }
    world.write("mail/2026-06.parquet/_SUCCESS", "");
    world.write("mail/2026-08.parquet/note.txt", "");
    world.change("path = \"mail.parquet\"", "path = \"mail/*.parquet\"");
    let empty = world.path("mail/2026-08.parquet").display().to_string();
    world.says(&format!("[mail] 1 folder that path matches has no *.parquet: {empty}"));
    assert_eq!(rows(&world, "mail"), "24");
    for path in ["mail/*", "mail/**", "mail/**/*.parquet", "mail"] {
        world.change("path = \"mail/*.parquet\"", &format!("path = \"{path}\""));
        world.run();
        assert_eq!(rows(&world, "mail"), "24", "{path}");
        world.change(&format!("path = \"{path}\""), "path = \"mail/*.parquet\"");
    }
    world.change("path = \"mail/*.parquet\"", "path = \"mail/2026-08*\"");
    let outcome = world.command("check", &[]);
    refused(&outcome, 1, "path = \"mail/2026-08*\" matches nothing: no *.parquet in the folders ");
}

/// A wildcard in the first part of a path, and an enrichment file that is given without a folder.
#[test]
fn a_glob_in_the_folder_of_the_enrichment_file() {
    let world = World::new();
    for name in ["mail-1.parquet", "mail-2.parquet", "more/mail.parquet"] {
        world.write(name, world.input("mail.parquet"));
    }
    for (glob, expected) in [("mail-*.parquet", "16"), ("more*/", "8"), ("m*e/*.parquet", "8")] {
        world.change("path = \"mail.parquet\"", &format!("path = \"{glob}\""));
        for command in ["check", "run"] {
            let mut command = caught(ENGAGEMENT, &[command.to_owned(), "enrichment.toml".to_owned()]);
            let outcome = command.current_dir(world.path("")).output().unwrap();
            assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{glob}");
        }
        assert_eq!(rows(&world, "mail"), expected, "{glob}");
        world.change(&format!("path = \"{glob}\""), "path = \"mail.parquet\"");
    }
}

/// The folders at the beginning of a glob are taken literally, like a path that exists.
#[test]
fn a_folder_with_the_signs_of_a_glob() {
    let world = World::new();
    let mail = world.input("mail.parquet");
    for name in ["mail[1]/a.parquet", "mail1/a.parquet", "mail1/b.parquet", "mail2/a.parquet"] {
        world.write(name, &mail);
    }
    for (glob, expected) in [("mail[1]/*.parquet", "8"), ("mail[12]/*.parquet", "24"), ("mail?/*", "24")] {
        world.change("path = \"mail.parquet\"", &format!("path = \"{glob}\""));
        world.run();
        assert_eq!(rows(&world, "mail"), expected, "{glob}");
        world.change(&format!("path = \"{glob}\""), "path = \"mail.parquet\"");
    }
    symlink("nowhere", world.path("mail2/b.parquet")).unwrap();
    world.change("path = \"mail.parquet\"", "path = \"mail2/*\"");
    refused(&world.command("check", &[]), 1, "b.parquet cannot be read: it is a link that leads nowhere");
}

#[test]
fn in_csv_and_exports_too() {
    let world = World::new();
    world.change("path = \"contacts.parquet\"", "path = \"contacts/*.csv\"\nformat = \"csv\"");
    world.write("contacts/a.csv/part-0.csv", "email,account_id\ncarl@acme.com,acme\n");
    world.write("contacts/b.csv", "account_id,email\nbolt,dora@bolt.com\n");
    world.write("contacts/_temporary/part-1.csv", "email,account_id\neve@acme.com,acme\n");
    world.change("path = \"mail.parquet\"", "path = \"mail/*\"\nformat = \"graph-data-connect\"");
    let message = |id: &str| {
        format!(
            "{{\"internetMessageId\": \"{id}\", \"sentDateTime\": \"2026-06-01T00:00:00Z\", \"from\": \"carl@acme.com\", \
             \"toRecipients\": [\"anna@us.com\"]}}"
        )
    };
    world.write("mail/2026-06-01/a.json", message("1"));
    world.write("mail/b.json", message("2"));
    world.run();
    assert_eq!((rows(&world, "contacts"), rows(&world, "mail")), ("2".to_owned(), "2".to_owned()));
}

#[test]
fn hidden_data_files_are_left_out_with_a_note() {
    let world = World::new();
    let mail = world.input("mail.parquet");
    for name in ["a.parquet", "_temporary/0/b.parquet", "x/.c.parquet", "_year=2026/d.parquet"] {
        world.write(&format!("mail/{name}"), &mail);
    }
    world.write("mail/x/e.parquet", &mail);
    world.write("mail/x/_committed_1", "{}");
    world.write("mail/x/._e.parquet", "what macOS leaves");
    let hidden = ["_temporary/0/b.parquet", "_year=2026/d.parquet", "x/.c.parquet"];
    let hidden = hidden.map(|name| world.path(&format!("mail/{name}")).display().to_string()).join(", ");
    let note = format!(
        "[mail] 3 files are not read, because a name in their paths begins with _ or .: {hidden}; to read them, give other \
         names"
    );
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    world.says(&note);
    assert_eq!(rows(&world, "mail"), "16");
    world.change("path = \"mail\"", "path = \"mail/**/*.parquet\"");
    world.says(&note);
    assert_eq!(rows(&world, "mail"), "16");
    // What the path names is read.
    world.change("path = \"mail/**/*.parquet\"", "path = \"mail/_temporary/*/*.parquet\"");
    world.printed().iter().for_each(|text| assert!(!text.contains("not read"), "{text}"));
    assert_eq!(rows(&world, "mail"), "8");
}

#[test]
fn a_folder_with_hidden_files_only_is_an_error_that_names_one() {
    let world = World::new();
    world.write("mail/_a.parquet", world.input("mail.parquet"));
    for path in ["mail", "mail/*.parquet"] {
        world.change("path = \"mail.parquet\"", &format!("path = \"{path}\""));
        let file = world.path("mail/_a.parquet").display().to_string();
        refused(
            &world.command("check", &[]),
            1,
            &format!("; {file} is not read, because a name in its path begins with _"),
        );
        world.change(&format!("path = \"{path}\""), "path = \"mail.parquet\"");
    }
}

#[test]
fn a_file_to_which_two_links_lead_is_read_once() {
    let world = World::new();
    world.write("real/a.parquet", world.input("mail.parquet"));
    world.write("mail/b.parquet", world.input("mail.parquet"));
    symlink(world.path("real"), world.path("mail/one")).unwrap();
    symlink(world.path("real/a.parquet"), world.path("mail/two.parquet")).unwrap();
    world.change("path = \"mail.parquet\"", "path = \"mail/*\"");
    let second = world.path("mail/two.parquet").display().to_string();
    world.says(&format!("[mail] 1 file is read once, though links lead to it a second time: {second}"));
    assert_eq!(rows(&world, "mail"), "16");
    // Rows in folders with other keys differ.
    let world = World::new();
    let sql = "select '1' as message_id, timestamp '2026-06-01T00:00:00' as sent_at, 'carl@acme.com' as sender, \
               ['list@us.com'] as \"to\"";
    std::fs::create_dir_all(world.path("real")).unwrap();
    write_rows(&world.path("real/a.parquet"), sql);
    std::fs::create_dir_all(world.path("mail")).unwrap();
    for mailbox in ["anna@us.com", "ben@us.com"] {
        symlink(world.path("real"), world.path(&format!("mail/mailbox={mailbox}"))).unwrap();
    }
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    world.printed().iter().for_each(|text| assert!(!text.contains("read once"), "{text}"));
    assert_eq!(rows(&world, "mail"), "2");
    let people = "select noofcontactsinvolved_emails from office where customerid = 'acme'";
    assert_eq!(world.query(people), ["2"], "each row has the mailbox of its own folder");
}
