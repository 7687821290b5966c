//! Folders as other programs write them: tables of Delta, Iceberg and Hudi, Hive-style partitions, and the
//! output folder of a run. No row is counted twice, and none is lost without a word.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::process::{ENGAGEMENT, caught, error, refused};
use crate::support::{block_on, files_in};
use crate::worked;

/// The worked example, whose mail is what a test writes.
pub struct World(pub tempfile::TempDir);

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        block_on(worked::inputs(folder.path()));
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The bytes of an input of the worked example.
    pub fn input(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Changes the enrichment file.
    pub fn change(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("enrichment.toml")).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(self.path("enrichment.toml"), text.replace(from, to)).unwrap();
    }

    pub fn command(&self, name: &str, more: &[&str]) -> Output {
        let file = self.path("enrichment.toml").display().to_string();
        let arguments = [&[name, &file][..], more].concat();
        caught(ENGAGEMENT, &arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()).output().unwrap()
    }

    /// What a command prints that must succeed without a word on standard error.
    fn printed_by(&self, command: &str) -> String {
        let outcome = self.command(command, &[]);
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
        String::from_utf8_lossy(&outcome.stdout).into_owned()
    }

    /// A run that must succeed without a word on standard error.
    pub fn run(&self) -> String {
        self.printed_by("run")
    }

    /// What a check and a run print.
    pub fn printed(&self) -> [String; 2] {
        ["check", "run"].map(|command| self.printed_by(command))
    }

    /// A check and a run print this note.
    pub fn says(&self, note: &str) {
        for text in self.printed() {
            assert!(text.contains(&format!("\nNote: {note}\n")), "{note}: {text}");
        }
    }

    /// Publishes with a history from now on.
    pub fn with_history(&self) {
        let text = fs::read_to_string(self.path("enrichment.toml")).unwrap();
        let output = "\n[output]\npath = \"out/\"\nhistory = true\n";
        assert!(!text.contains("[output]"));
        fs::write(self.path("enrichment.toml"), text + output).unwrap();
    }

    /// The result of a query over the published tables, as CSV without its header.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let outcome = self.command("sql", &["--format", "csv", "-c", sql]);
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{sql}");
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        text.lines().skip(1).map(str::to_owned).collect()
    }
}

const DISPOSITIONS: &str =
    "select source, disposition, rows from office_dispositions order by source, disposition";
const OFFICE: &str = "select * from office order by customerid";

/// A file of each table format with the mail, beside what marks the table.
fn tables(world: &World) {
    let mail = world.input("mail.parquet");
    world.write("lake/delta/_delta_log/00000000000000000000.json", "{}");
    world.write("lake/delta/d=1/a.parquet", &mail);
    world.write("ice/metadata/v2.metadata.json", "{\"format-version\":2}");
    world.write("ice/data/00000-0-old.parquet", &mail);
    world.write("hudi/.hoodie/hoodie.properties", "hoodie.table.name=mail");
    world.write("hudi/f1_0-1-0_1.parquet", &mail);
    world.write("stream/_spark_metadata/0", "v1\n");
    world.write("stream/d=1/part-00000-1.snappy.parquet", &mail);
}

#[test]
fn files_of_table_formats_are_refused_by_every_path() {
    let world = World::new();
    tables(&world);
    let mut mail = "path = \"mail.parquet\"".to_owned();
    let mut with = |path: &str| {
        let new = format!("path = \"{path}\"");
        world.change(&mail, &new);
        mail = new;
    };
    let folder = |name: &str| world.path(name).display().to_string();
    for (path, table, what) in [
        (
            "lake",
            "lake/delta",
            "is a Delta table; to read it, set path to this folder and format = \"delta\" in [mail]",
        ),
        ("lake/delta", "lake/delta", "is a Delta table"),
        ("lake/delta/d=1/", "lake/delta", "is a Delta table"),
        ("lake/delta/d=1/a.parquet", "lake/delta", "is a Delta table"),
        ("lake/**/*.parquet", "lake/delta", "is a Delta table"),
        ("lake/delta/*/a.parquet", "lake/delta", "is a Delta table"),
        ("ice", "ice", "is an Iceberg table, whose files also contain deleted and old rows; export its rows"),
        ("ice/data", "ice", "is an Iceberg table"),
        ("ice/data/*.parquet", "ice", "is an Iceberg table"),
        ("hudi/*.parquet", "hudi", "is a Hudi table, whose files also contain deleted and old rows"),
        ("hudi/f1_0-1-0_1.parquet", "hudi", "is a Hudi table"),
        (
            "stream",
            "stream",
            "is the output of a stream of Spark, whose files also contain rows of attempts that failed, which its folder \
             _spark_metadata does not list; export its rows to a folder of their own",
        ),
        ("stream/d=1/*.parquet", "stream", "is the output of a stream of Spark"),
    ] {
        with(path);
        for command in ["check", "run"] {
            let outcome = world.command(command, &[]);
            refused(&outcome, 1, &format!("[mail] path = \"{path}\": {} {what}", folder(table)));
        }
    }
    // Files beside the tables are read.
    world.write("lake/plain/metadata/note.json", "{}");
    world.write("lake/plain/_SUCCESS", "");
    world.write("lake/plain/a.parquet", world.input("mail.parquet"));
    with("lake/plain");
    world.run();
}

#[test]
fn paths_in_statements_are_not_read_file_by_file_either() {
    let world = World::new();
    world.with_history();
    for date in ["2026-05-31", "2026-06-30"] {
        assert_eq!(world.command("run", &["--as-of", date]).status.code(), Some(0));
    }
    tables(&world);
    let of = |name: &str| world.path(name).display().to_string();
    std::os::unix::fs::symlink(of("out/.engagement/Office/current"), of("link")).unwrap();
    let query = |sql: &str| world.command("sql", &["--allow-files", "--format", "csv", "-c", sql]);
    for (path, what) in [
        ("lake/delta/", "which is a Delta table: its files also contain deleted and old rows"),
        ("lake/delta", "which is a Delta table"),
        ("lake/delta/d=1/a.parquet", "which is a Delta table"),
        ("lake/delta/d=1/*.parquet", "which is a Delta table"),
        ("ice/data/", "which is an Iceberg table"),
        ("ice/data/00000-0-old.parquet", "which is an Iceberg table"),
        ("hudi/f1_0-1-0_1.parquet", "which is a Hudi table"),
        ("stream/d=1/", "which is the output of a stream of Spark: its files also contain rows of attempts"),
        ("out/", "contains several files of an output folder"),
        ("out/*.parquet", "contains several files of an output folder"),
        ("out/history/Office/", "contains several files of an output folder"),
        ("out/.engagement/Office/", "contains several files of an output folder"),
        ("out/.engagement/Office/current/", "contains several files of an output folder"),
        ("out/.engagement/Office/current/*.parquet", "contains several files of an output folder"),
        ("link/", "contains several files of an output folder"),
    ] {
        let path = of(path);
        for sql in [
            format!("select count(*) from '{path}'"),
            format!("explain select count(*) from '{path}'"),
            format!("create view v as select * from (select 1 as one) t, '{path}' x"),
            format!("create external table t stored as parquet location '{path}'"),
        ] {
            refused(&query(&sql), 2, &format!("'{path}' "));
            refused(&query(&sql), 2, what);
        }
    }
    let count = |sql: &str| {
        let outcome = query(sql);
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{sql}");
        String::from_utf8_lossy(&outcome.stdout).lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(count(&format!("select count(*) from '{}'", of("mail.parquet"))), "8");
    let office = count("select count(*) from office");
    assert_eq!(count(&format!("select count(*) from '{}'", of("out/Office.parquet"))), office);
    let one = of("out/history/Office_Overview/AsOfDate=2026-05-31/Office_Overview.parquet");
    assert_eq!(count(&format!("select count(*) from '{one}'")), "1");
    world.write("two/a.parquet", world.input("mail.parquet"));
    world.write("two/b.parquet", world.input("mail.parquet"));
    assert_eq!(count(&format!("select count(*) from '{}/'", of("two"))), "16");
}

#[test]
fn statements_do_not_write_into_outputs_and_tables() {
    let world = World::new();
    world.with_history();
    world.run();
    tables(&world);
    let of = |name: &str| world.path(name).display().to_string();
    std::os::unix::fs::symlink(of("out"), of("link")).unwrap();
    let query = |sql: &str| world.command("sql", &["--allow-files", "--format", "csv", "-c", sql]);
    let files = || {
        let folders = ["out", "lake", "ice", "hudi"].map(|name| files_in(&world.path(name)));
        folders.concat().into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect::<Vec<_>>()
    };
    let before = files();
    let is_output = "an output folder of an enrichment; only a run changes the tables";
    for (path, what) in [
        ("out/Office.parquet", is_output),
        ("out/mine.csv", is_output),
        ("out/", is_output),
        ("link/mine.csv", is_output),
        ("out/history/mine.csv", is_output),
        ("out/history/Office/AsOfDate=2030-01-01/Office.parquet", is_output),
        ("out/as_of=2030-01-01/Office.parquet", is_output),
        ("out/.engagement/Office/current/Office.parquet", is_output),
        ("out/.engagement/new/", is_output),
        ("lake/delta/z.parquet", "which is a Delta table; only a run changes the tables"),
        ("lake/delta/d=9/", "which is a Delta table"),
        ("ice/data/new.parquet", "which is an Iceberg table"),
        ("hudi/", "which is a Hudi table"),
    ] {
        let path = of(path);
        for sql in [
            format!("copy (select 1 as one) to '{path}' stored as parquet"),
            format!("explain analyze copy (select 1 as one) to '{path}' stored as parquet"),
        ] {
            refused(&query(&sql), 2, " cannot be written to: it is in ");
            refused(&query(&sql), 2, what);
        }
    }
    for (location, what) in [("out/as_of=2030-01-01/", is_output), ("lake/delta/", "which is a Delta table")]
    {
        let create = format!("create external table t (one int) stored as csv location '{}'", of(location));
        refused(&query(&format!("{create}; insert into t values (1)")), 2, what);
    }
    let one = of("out/Office_Overview.parquet");
    refused(&query(&format!("insert into '{one}' select * from office_overview")), 2, is_output);
    refused(&query("insert into office_overview select * from office_overview"), 2, is_output);
    assert!(files() == before, "nothing is written");
    // Beside them, files are written.
    let outcome = query(&format!(
        "copy (select 1 as one) to '{}'; create external table t (one bigint) stored as parquet location \
         '{}'; insert into t values (2); select sum(one) from t",
        of("mine/a.parquet"),
        of("mine/")
    ));
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    assert!(String::from_utf8_lossy(&outcome.stdout).ends_with("\n3\n"));
}

#[test]
fn parquet_files_with_other_names_are_not_passed_over_in_silence() {
    let world = World::new();
    world.write("mail/a.parquet", world.input("mail.parquet"));
    for name in ["b.parq", "c/part-00000", "d.pq", "e.PQT"] {
        world.write(&format!("mail/{name}"), world.input("mail.parquet"));
    }
    world.write("mail/README", "not Parquet");
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    let says = "[mail] 4 Parquet files are not read, because their names do not end in .parquet: ";
    for command in ["check", "run"] {
        let outcome = world.command(command, &[]);
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned() + &error(&outcome);
        assert_eq!(outcome.status.code(), Some(0), "{text}");
        assert!(text.contains(says) && text.contains("b.parq") && text.contains(" and 1 more; "), "{text}");
    }
}

#[test]
fn files_with_other_names_are_not_passed_over_in_silence() {
    let world = World::new();
    world.write("mail/a.parquet", world.input("mail.parquet"));
    for name in ["manifest.json", "a.parquet.crc", "_SUCCESS", "empty"] {
        world.write(&format!("mail/{name}"), if name == "empty" { "" } else { "x" });
    }
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    let says = |says: &str, count: usize| {
        for command in ["check", "run"] {
            let outcome = world.command(command, &[]);
            let text = String::from_utf8_lossy(&outcome.stdout).into_owned() + &error(&outcome);
            assert_eq!(outcome.status.code(), Some(0), "{text}");
            assert_eq!(
                (text.matches(says).count(), text.matches("not read").count()),
                (count, count),
                "{text}"
            );
        }
    };
    says("not read", 0);
    world.write("mail/b.parquet.bak", "x");
    let file = world.path("mail/b.parquet.bak").display().to_string();
    says(&format!("[mail] 1 file is not read, because its name does not end in .parquet: {file}; "), 1);
    world.write("mail/c.parq", world.input("mail.parquet"));
    world.write("mail/part-0", "x");
    says("[mail] 3 files are not read, because their names do not end in .parquet: ", 1);
}

#[test]
fn a_signature_behind_a_local_path_is_not_shown() {
    let world = World::new();
    world.change("path = \"mail.parquet\"", "path = \"mail.parquet?sv=1&sig=SECRET\"");
    let outcome = world.command("check", &[]);
    refused(&outcome, 1, "mail.parquet?...\" matches nothing: there is no file");
    assert!(!error(&outcome).contains("SECRET"), "{}", error(&outcome));
}

#[test]
fn folders_with_files_of_other_formats() {
    let world = World::new();
    world.write("mail/part-00000", world.input("mail.parquet"));
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    refused(
        &world.command("check", &[]),
        1,
        "part-00000 is a Parquet file: give it that ending, or set path to a glob",
    );
    std::fs::remove_file(world.path("mail/part-00000")).unwrap();
    world.write("mail/a.JSON", "{}");
    refused(
        &world.command("check", &[]),
        1,
        "for the *.json, *.jsonl, *.ndjson files there, set format = \"graph-data-connect\" in [mail]",
    );
    let world = World::new();
    world.write("contacts/a.csv", "email,account_id\n");
    world.write("contacts/b.json", "{}");
    world.change("path = \"contacts.parquet\"", "path = \"contacts\"");
    refused(&world.command("check", &[]), 1, "for the *.csv files there, set format = \"csv\" in [contacts]");
}

#[test]
fn output_in_the_folder_that_is_read() {
    let world = World::new();
    fs::create_dir(world.path("in")).unwrap();
    fs::rename(world.path("mail.parquet"), world.path("in/mail.parquet")).unwrap();
    world.change("path = \"mail.parquet\"", "path = \"in\"");
    world.change("[users]", "[output]\npath = \"in/out\"\n[users]");
    let says =
        "[output] path is in the folder that [mail] reads, so the next run would read the published tables";
    for command in ["check", "run"] {
        refused(&world.command(command, &[]), 2, says);
    }
    assert!(!world.path("in/out").exists());
    world.change("path = \"in/out\"", "path = \"in/../out\"");
    world.run();
    fs::copy(world.path("out/Office.parquet"), world.path("in/Office.parquet")).unwrap();
    refused(
        &world.command("run", &[]),
        1,
        "this file was published by an enrichment: give [output] a path outside of that of [mail]",
    );
}

#[test]
fn keys_of_folders_are_columns() {
    let world = World::new();
    let whole = {
        world.run();
        (world.query(OFFICE), world.query(DISPOSITIONS))
    };
    let with = |folder: &str, sql: &str| write(&world, folder, sql);
    // The accounts of the contacts, and one mailbox, are only in the names of folders.
    with(
        "contacts/account_id=acme",
        "select 'carl@acme.com' as email, 'c1' as contact_id union all select 'carl2@acme.com', 'c1'",
    );
    with("contacts/Account_ID=bolt/year=2026", "select 'DORA@bolt.com' as email, 'c2' as contact_id");
    world.change("path = \"contacts.parquet\"", "path = \"contacts/\"");
    world.run();
    assert_eq!((world.query(OFFICE), world.query(DISPOSITIONS)), whole);
    world.change("path = \"contacts/\"", "path = \"contacts/*/**/*.parquet\"");
    world.run();
    assert_eq!((world.query(OFFICE), world.query(DISPOSITIONS)), whole);

    // A null, an encoded value, and a value in no file's column.
    with(
        "contacts/account_id=__HIVE_DEFAULT_PARTITION__",
        "select 'nobody@x.com' as email, 'c3' as contact_id",
    );
    with("contacts/account_id=a%2Fb%25", "select 'eve@x.com' as email, 'c4' as contact_id");
    world.change("[accounts]\npath = \"accounts.parquet\"\n", "");
    world.run();
    let accounts = world.query("select customerid from office order by 1");
    assert_eq!(accounts, ["a/b%", "acme", "bolt"]);
    assert!(world.query(DISPOSITIONS).contains(&"contacts,missing_account,1".to_owned()));

    // A filter on the key finds its files, and only those.
    let sql = "select account_id, count(*) as n from input_contacts where account_id = 'acme' group by 1";
    let outcome = world.command("sql", &["--live", "--format", "csv", "-c", sql]);
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "account_id,n\nacme,2\n", "{}", error(&outcome));

    // A file outside of such folders lacks the column.
    with("contacts/other", "select 'x@x.com' as email, 'c5' as contact_id");
    refused(
        &world.command("check", &[]),
        1,
        "column 'account_id' is missing; the file has: email, contact_id",
    );
    fs::remove_dir_all(world.path("contacts/other")).unwrap();
    // Where a file has the column, the names of folders do not count.
    with("contacts/account_id=wrong", "select 'x@x.com' as email, 'c5' as contact_id, 'acme' as ACCOUNT_ID");
    refused(
        &world.command("check", &[]),
        1,
        "column 'account_id' is missing; the file has: email, contact_id",
    );
}

#[test]
fn keys_of_folders_are_text() {
    let world = World::new();
    write(
        &world,
        "mail/is_draft=true",
        "select '1' as message_id, timestamp '2026-06-01T00:00:00' as sent_at, \
        'anna@us.com' as sender, ['carl@acme.com'] as \"to\"",
    );
    world.change("path = \"mail.parquet\"", "path = \"mail\"");
    refused(
        &world.command("check", &[]),
        1,
        "column 'is_draft' comes from the names of folders, which are text, but a boolean is needed",
    );
}

/// The mailbox of each copy of a message is the name of a folder, in Parquet files and in an export.
#[test]
fn mailboxes_as_folders() {
    let world = World::new();
    let mail = "select '1' as message_id, timestamp '2026-06-01T00:00:00' as sent_at, 'carl@acme.com' as sender, \
        ['list@us.com'] as \"to\"";
    for (mailbox, expected) in [("anna%40us.com", "acme,1,1"), ("nobody%40us.com", "acme,0,0")] {
        let folder = format!("mail/mailbox={mailbox}");
        write(&world, &folder, mail);
        let file = fs::read_to_string(world.path("enrichment.toml")).unwrap();
        world.change("path = \"mail.parquet\"", "path = \"mail\"");
        world.run();
        let office = world.query(
            "select customerid, noofemails_fromaccount, noofcontactsinvolved_emails from office where customerid = 'acme'",
        );
        assert_eq!(office, [expected]);
        fs::write(world.path("enrichment.toml"), file).unwrap();
        fs::remove_dir_all(world.path("mail")).unwrap();
    }
    let message = "{\"internetMessageId\": \"1\", \"sentDateTime\": \"2026-06-01T00:00:00Z\", \
        \"from\": {\"emailAddress\": {\"address\": \"carl@acme.com\"}}, \
        \"toRecipients\": [{\"emailAddress\": {\"address\": \"list@us.com\"}}]}";
    world.write("mail/puser=e1/part.json", message);
    write(
        &world,
        "mail/puser=e2",
        "select '1' as \"internetMessageId\", '2026-06-01T00:00:00Z' as \"sentDateTime\", \
        '{\"emailAddress\": {\"address\": \"carl@acme.com\"}}' as \"from\", \
        '[{\"emailAddress\": {\"address\": \"list@us.com\"}}]' as \"toRecipients\"",
    );
    world.change("path = \"mail.parquet\"", "path = \"mail\"\nformat = \"graph-data-connect\"");
    world.run();
    let people = world.query("select noofcontactsinvolved_emails from office where customerid = 'acme'");
    assert_eq!(people, ["2"]);
}

/// Writes the rows of a query to a file in a folder.
fn write(world: &World, folder: &str, sql: &str) {
    fs::create_dir_all(world.path(folder)).unwrap();
    write_rows(&world.path(folder).join("part-0.parquet"), sql);
}

/// Writes the rows of a query to a Parquet file.
pub fn write_rows(file: &Path, sql: &str) {
    block_on(async {
        let ctx = datafusion_engagement::query::session::new().unwrap();
        let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
        let schema = batches[0].schema();
        crate::files::write(file, &datafusion::arrow::compute::concat_batches(&schema, &batches).unwrap());
    });
}
