//! Accounts by domain: whom they bring, the companies that the profile does not know, and attributes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    IntervalYearMonthArray, LargeBinaryArray, LargeStringArray, NullArray, RecordBatch, StringArray,
    StringDictionaryBuilder, StringViewArray, Time32SecondArray, Time64NanosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, UInt8Array, UInt64Array,
};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Int8Type};
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Report, Silent};
use datafusion_engagement::query::session;
use tempfile::TempDir;

use crate::files::write;
use crate::process::{ENGAGEMENT, caught, refused};
use crate::stores::{Lake, fine};
use crate::support::{block_on, published, rows, session as session_of};

const ENRICHMENT: &str = r#"
name = "domains"
as_of = "2026-06-30"
levels = ["year"]
[consent]
granted_by = "admin@ours.net"
granted_on = "2026-01-01"
[mailboxes]
addresses = ["anna@ours.net", "ben@ours.net"]
[users]
path = "users.parquet"
[contacts]
path = "contacts.parquet"
[accounts]
path = "accounts.parquet"
name = "name"
domain = ["site", "mail_domain"]
public_mail_domains = "free.txt"
attributes = ["Tier"]
[mail]
path = "mail.parquet"
[meetings]
path = "meetings.parquet"
"#;

/// acme.com is ACME's, twice. shared.com is of ACME and BOLT; emea.acme.com is BOLT's. Six values are left out.
const ACCOUNTS: &str = "select * from (values \
    ('acme', 'ACME', 'https://www.acme.com/x; ACME.COM', 'shared.com', 'a'), \
    ('acme', 'AAA', null, 'n/a, co.uk', 'b'), \
    ('bolt', 'Bolt', 'emea.acme.com shared.com', 'gmail.com', null), \
    ('calm', null, 'ours.net, other-ours.net', null, 'c')) t(account_id, name, \"SITE\", mail_domain, tier)";

/// known@acme.com is a contact of an account outside of the profile, lost@acme.com of none.
const CONTACTS: &str = "select * from (values ('carl@acme.com', 'bolt', 'c1'), ('known@acme.com', 'gone', 'c2'), \
    ('lost@acme.com', null, 'c3')) t(email, account_id, contact_id)";

/// The alias is Anna's, so its domain is ours, too.
const USERS: &str =
    "select * from (values ('anna@ours.net', 'e1'), ('anna@other-ours.net', 'e1')) t(email, entra_id)";

/// 1: to a person of ACME and one at a mail server of it. 2: from a person of BOLT's longer domain. 3: a contact, whom
/// the CRM gives to BOLT. 4: to somebody at a shared domain. 5: to nobody: a public mail provider, a contact outside
/// of the profile, a domain that only ends like ACME's, our own. 6: a contact of no account is nobody's contact.
/// 7: without one of ours. 8: a draft does not bring anybody. 9, 10: two companies, with subdomains.
const MAIL: &str = "select m as message_id, arrow_cast(1780308000000000 + d * 86400000000, 'Timestamp(Microsecond, None)') as sent_at, s as sender, \
    t as \"to\", x as is_draft from (values \
    ('1', 0, 'anna@ours.net', ['P@acme.com', 'q@mail.acme.com'], false), \
    ('2', 1, 'r@uk.emea.acme.com', ['ben@ours.net'], false), \
    ('3', 2, 'carl@acme.com', ['ben@ours.net'], false), \
    ('4', 3, 'anna@ours.net', ['s@shared.com'], false), \
    ('5', 4, 'anna@ours.net', ['z@gmail.com', 'known@acme.com', 't@notacme.com', 'x@ours.net', 'y@other-ours.net'], false), \
    ('6', 5, 'anna@ours.net', ['lost@acme.com'], false), \
    ('7', 6, 'who@else.com', ['u@acme.com'], false), \
    ('8', 7, 'anna@ours.net', ['v@acme.com'], true), \
    ('9', 8, 'one@new.co.uk', ['anna@ours.net', 'two@a.new.co.uk'], false), \
    ('10', 9, 'ben@ours.net', ['three@new.co.uk', 'one@new.co.uk', 'mary@tiny.com', 'me@other.ours.net'], false)) \
    t(m, d, s, t, x)";

/// P declines, so only the other one at acme.com takes part.
const MEETINGS: &str = "select '1' as meeting_id, 'anna@ours.net' as organizer, ['p@acme.com', 'w@acme.com', 'ben@ours.net', 'two@a.new.co.uk'] \
    as attendees, ['p@acme.com'] as declined, timestamp '2026-06-20T09:00:00' as start_at, timestamp '2026-06-20T10:00:00' as end_at";

/// Writes the tables, and an enrichment file.
async fn inputs(text: &str, changed: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ctx = session::new().unwrap();
    for (name, sql) in [
        ("accounts", ACCOUNTS),
        ("contacts", CONTACTS),
        ("users", USERS),
        ("mail", MAIL),
        ("meetings", MEETINGS),
    ] {
        let sql = changed.iter().find(|(changed, _)| *changed == name).map_or(sql, |(_, sql)| sql);
        let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
        write(
            &folder.path().join(format!("{name}.parquet")),
            &concat_batches(&batches[0].schema(), &batches).unwrap(),
        );
    }
    fs::write(folder.path().join("free.txt"), "# free\ngmail.com\n").unwrap();
    fs::write(folder.path().join("enrichment.toml"), text).unwrap();
    folder
}

fn open(folder: &Path) -> Enrichment {
    Enrichment::open(folder.join("enrichment.toml")).unwrap()
}

async fn run(folder: &Path) -> Report {
    pipeline::run(&open(folder), &Silent).await.unwrap()
}

async fn table(folder: &Path, sql: &str) -> Vec<String> {
    let ctx = session::published(&open(folder)).await.unwrap();
    rows(&ctx, sql).await.unwrap().iter().map(|row| row.join(" ")).collect()
}

const OFFICE: &str = r#"select "CustomerId", "NoOfEmails_ToAccount", "NoOfEmails_FromAccount", "NoOfMeetings_ToAccount",
    "NoOfAccountContactsInvolved_Emails", "NoOfAccountContactsInvolved_Meetings" from "Office" order by 1"#;

#[test]
fn people_are_known_by_the_longest_domain() {
    block_on(async {
        let folder = inputs(ENRICHMENT, &[]).await;
        let report = run(folder.path()).await;
        // ACME: to 1, 4, 6; p, q, s, lost by mail, w by meeting. BOLT: to 4, from 2 and 3; r, c1, s.
        let expected = ["acme 3 0 1 4 1", "bolt 1 2 0 3 0", "calm 0 0 0 0 0"];
        assert_eq!(table(folder.path(), OFFICE).await, expected);
        let overview = r#"select "SharedAddresses", "AddressesByDomain", "AccountsByDomain", "SharedDomains" from "Office_Overview""#;
        // p, q, r, s, lost, u and w; ACME has no contact; shared.com.
        assert_eq!(table(folder.path(), overview).await, ["0 7 1 1"]);
        let dispositions =
            r#"select disposition, rows from "Office_Dispositions" where source = 'domains' order by 1"#;
        assert_eq!(
            table(folder.path(), dispositions).await,
            ["invalid_domain 1", "own_domain 2", "public_mail 1", "public_suffix 1", "repeated 1", "used 4"]
        );
        let accounts = r#"select * from "Account" order by 1"#;
        assert_eq!(table(folder.path(), accounts).await, ["acme AAA b", "bolt Bolt NULL", "calm NULL c"]);
        let line = "2 accounts have one; 1 is that of several accounts; 6 values are left out: invalid_domain 1, own_domain 2, public_mail 1, \
                    public_suffix 1, repeated 1";
        let brings = format!("{line}; they add 7 addresses, and 1 account without contacts");
        assert_eq!(report.domains, Some(brings));
        let check = pipeline::check(&open(folder.path())).await.unwrap();
        assert_eq!(check.domains.as_deref(), Some(line));
    });
}

#[test]
fn partitions_and_batches_do_not_matter() {
    block_on(async {
        let folder = inputs(ENRICHMENT, &[]).await;
        run(folder.path()).await;
        let output = folder.path().join("out");
        let expected = published(&output);
        for (partitions, batch) in [(1, 1), (2, 3), (8, 8192)] {
            pipeline::run_on(&session_of(partitions, batch), &open(folder.path()), &Silent).await.unwrap();
            assert!(published(&output) == expected, "{partitions} partitions, batches of {batch}");
        }
    });
}

/// Without the key, columns that are called like it mean nothing, and contacts are required.
#[test]
fn nothing_changes_without_the_key() {
    let without = |text: &str| {
        let lines = text.lines().filter(|line| {
            !["domain =", "public_mail_domains", "attributes"].iter().any(|key| line.starts_with(key))
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    block_on(async {
        let plain = "select 'acme' as account_id, 'ACME' as name union all select 'bolt', 'Bolt' union all select 'calm', null \
                     union all select 'acme', 'AAA'";
        let dressed = format!(
            "select *, 'acme.com' as domain, 'x' as attributes, 'y' as domains from ({plain}) as plain"
        );
        let [plain, dressed] = [plain, &dressed].map(|sql| [("accounts", sql)]);
        let (plain, dressed) =
            (inputs(&without(ENRICHMENT), &plain).await, inputs(&without(ENRICHMENT), &dressed).await);
        let reports = [run(plain.path()).await, run(dressed.path()).await];
        assert!(reports.iter().all(|report| report.domains.is_none()));
        assert!(published(&plain.path().join("out")) == published(&dressed.path().join("out")));
        assert_eq!(table(plain.path(), OFFICE).await, ["acme 0 0 0 0 0", "bolt 0 1 0 1 0", "calm 0 0 0 0 0"]);
        let overview =
            r#"select "AddressesByDomain", "AccountsByDomain", "SharedDomains" from "Office_Overview""#;
        assert_eq!(table(plain.path(), overview).await, ["0 0 0"]);
        assert_eq!(table(plain.path(), r#"select * from "Account" order by 1"#).await.len(), 3);
        let no_contacts = without(ENRICHMENT).replace("[contacts]\npath = \"contacts.parquet\"\n", "");
        fs::write(plain.path().join("enrichment.toml"), no_contacts).unwrap();
        let error = Enrichment::open(plain.path().join("enrichment.toml")).unwrap_err().to_string();
        assert!(error.contains("[contacts] is missing"), "{error}");
    });
}

#[test]
fn domains_without_contacts() {
    block_on(async {
        let text = ENRICHMENT.replace("[contacts]\npath = \"contacts.parquet\"\n", "");
        let folder = inputs(&text, &[]).await;
        let report = run(folder.path()).await;
        let notes = [
            "[mailboxes] 1 of the 2 entries is not in [users], first \"ben@ours.net\": it counts as a mailbox that has no other \
             address",
            "[accounts] 1 account id has rows with different names; the row with the smallest name counts",
        ];
        assert_eq!(report.notes, notes);
        // carl and known are ACME's now.
        let expected = ["acme 4 1 1 6 1", "bolt 1 1 0 2 0", "calm 0 0 0 0 0"];
        assert_eq!(table(folder.path(), OFFICE).await, expected);
    });
}

/// Suppression holds for people by domain as for contacts, and the overview does not count those of a suppressed
/// account.
#[test]
fn small_groups_are_suppressed_with_domains() {
    block_on(async {
        let private = format!("{ENRICHMENT}[privacy]\nmin_people = 2\n");
        let folder = inputs(&private, &[]).await;
        let report = run(folder.path()).await;
        // Only Anna has mail with ACME. What she has with BOLT is at a domain that is also ACME's.
        let suppressed = ["acme NULL NULL NULL NULL NULL", "bolt NULL NULL NULL NULL NULL", "calm 0 0 0 0 0"];
        assert_eq!(table(folder.path(), OFFICE).await, suppressed);
        // Both have mail to BOLT's contact and from him.
        let more = "('11', 9, 'anna@ours.net', ['carl@acme.com'], false), ('12', 9, 'ben@ours.net', ['carl@acme.com'], false), \
                    ('13', 9, 'carl@acme.com', ['anna@ours.net'], false), ('10', 9";
        let more = MAIL.replace("('10', 9", more);
        let with_more = inputs(&private, &[("mail", &more)]).await;
        run(with_more.path()).await;
        let expected = ["acme NULL NULL NULL NULL NULL", "bolt 3 3 0 3 0", "calm 0 0 0 0 0"];
        assert_eq!(table(with_more.path(), OFFICE).await, expected);
        let overview = r#"select "MessagesEngaged", "AddressesByDomain" from "Office_Overview""#;
        assert_eq!(table(folder.path(), overview).await, ["NULL NULL"]);
        assert!(report.domains.unwrap().contains("they add a suppressed number of addresses"));
    });
}

/// The command `domains` with these arguments; its output.
fn companies(folder: &Path, more: &[&str]) -> String {
    let file = folder.join("enrichment.toml").display().to_string();
    let arguments = [&["domains", &file, "--format", "csv"], more].concat();
    fine(&caught(ENGAGEMENT, &arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()).output().unwrap())
}

#[test]
fn companies_that_the_profile_does_not_know() {
    let folder = block_on(inputs(ENRICHMENT, &[]));
    let header = "Domain,Messages,Meetings,People,OurPeople,FirstDay,LastDay\n";
    // Messages 9 and 10 and the meeting; one, two and three; Anna (e1) and Ben. other.ours.net is registrable as ours.net,
    // which is ours; tiny.com, notacme.com and else.com have one person each.
    let new = "new.co.uk,2,1,3,2,2026-06-09,2026-06-20\n";
    assert_eq!(companies(folder.path(), &[]), format!("{header}{new}"));
    assert_eq!(companies(folder.path(), &["--min-people", "4"]), header);
    assert_eq!(companies(folder.path(), &["--limit", "0"]), header);
    let before = "new.co.uk,2,0,3,2,2026-06-09,2026-06-10\n";
    assert_eq!(companies(folder.path(), &["--as-of", "2026-06-19"]), format!("{header}{before}"));
    assert!(!folder.path().join("out").exists(), "nothing is published");
    // Without the key, ACME's people are a company.
    let text = ENRICHMENT.replace("domain = [\"site\", \"mail_domain\"]\n", "");
    fs::write(folder.path().join("enrichment.toml"), text).unwrap();
    let acme = "acme.com,3,1,5,2,2026-06-01,2026-06-20\n";
    assert_eq!(companies(folder.path(), &[]), format!("{header}{acme}{new}"));
    // With suppression, companies of fewer people of ours are left out: one of them has the meeting.
    let private = |k: u32| {
        let text = format!("{ENRICHMENT}[privacy]\nmin_people = {k}\n");
        fs::write(folder.path().join("enrichment.toml"), text).unwrap();
    };
    private(2);
    assert_eq!(companies(folder.path(), &[]), header);
    private(3);
    for command in ["domains", "check", "run"] {
        let arguments = [command.to_owned(), folder.path().join("enrichment.toml").display().to_string()];
        let says = "[privacy] min_people = 3, but [mailboxes] lists the mailboxes of 2 people, so numbers would be about";
        refused(&caught(ENGAGEMENT, &arguments).output().unwrap(), 2, says);
    }
}

#[test]
fn a_list_of_companies_is_not_about_individuals() {
    let folder = block_on(inputs(ENRICHMENT, &[]));
    for format in ["table", "csv", "json", "ndjson"] {
        let file = folder.path().join("enrichment.toml").display().to_string();
        let arguments = ["domains", &file, "--min-people", "2", "--format", format].map(str::to_owned);
        let output = caught(ENGAGEMENT, &arguments).output().unwrap();
        let text = format!("{}{}", fine(&output), String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("new.co.uk") && !text.contains('@'), "{text}");
        for person in ["tiny", "mary", "anna", "e1", "a.new"] {
            assert!(!text.contains(person), "{person}: {text}");
        }
    }
    let file = folder.path().join("enrichment.toml").display().to_string();
    let one = ["domains", &file, "--min-people", "1"].map(str::to_owned);
    assert_eq!(caught(ENGAGEMENT, &one).output().unwrap().status.code(), Some(2));
}

#[test]
fn a_hundred_thousand_mailboxes() {
    let text = ENRICHMENT.replace(
        "addresses = [\"anna@ours.net\", \"ben@ours.net\"]",
        "addresses = [\"all@ours.net\"]\nfile = \"mailboxes.txt\"\nlimit = 100_001",
    );
    let text = text.replace("[contacts]", "[groups]\npath = \"groups.parquet\"\n[contacts]");
    block_on(async {
        let folder = inputs(&text, &[]).await;
        let groups = "select 'all@ours.net' as group_email, column1 as member_email from (values ('anna@ours.net'), ('ben@ours.net'))";
        let batches = session::new().unwrap().sql(groups).await.unwrap().collect().await.unwrap();
        write(&folder.path().join("groups.parquet"), &batches[0]);
        let list = |n: usize| {
            let lines: String = (0..n).map(|i| format!("p{i}@ours.net\n")).collect();
            fs::write(folder.path().join("mailboxes.txt"), lines).unwrap();
        };
        list(99_998);
        run(folder.path()).await;
        let overview = r#"select "MailboxesListed", "MailboxesActive" from "Office_Overview""#;
        assert_eq!(table(folder.path(), overview).await, ["100000 2"]);
        list(100_000);
        let error = pipeline::check(&open(folder.path())).await.unwrap_err().to_string();
        assert!(
            error.contains("lists 100002 mailboxes") && error.contains("2 to 100001 are needed"),
            "{error}"
        );
    });
}

/// One column of each type: three values, the last of which is null.
fn every_type() -> Vec<(&'static str, ArrayRef)> {
    let mut coded = StringDictionaryBuilder::<Int8Type>::new();
    coded.extend([Some("x"), Some("y"), None]);
    vec![
        ("text", Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]))),
        ("large", Arc::new(LargeStringArray::from(vec![Some("a"), Some("b"), None]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("a"), Some("b"), None]))),
        ("coded", Arc::new(coded.finish())),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("i8", Arc::new(Int8Array::from(vec![Some(1), Some(-2), None]))),
        ("i16", Arc::new(Int16Array::from(vec![Some(1), Some(-2), None]))),
        ("i32", Arc::new(Int32Array::from(vec![Some(1), Some(-2), None]))),
        ("i64", Arc::new(Int64Array::from(vec![Some(1), Some(-2), None]))),
        ("u8", Arc::new(UInt8Array::from(vec![Some(1), Some(200), None]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(1), Some(u64::MAX), None]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(0.5), Some(-1.0), None]))),
        ("f64", Arc::new(Float64Array::from(vec![Some(0.5), Some(-1.0), None]))),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(1050), Some(-1), None])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
        ),
        ("date", Arc::new(Date32Array::from(vec![Some(0), Some(20_000), None]))),
        ("seconds", Arc::new(Time32SecondArray::from(vec![Some(0), Some(3_661), None]))),
        ("nanos", Arc::new(Time64NanosecondArray::from(vec![Some(0), Some(1), None]))),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from(vec![Some(0), Some(1_500), None]).with_timezone("UTC")),
        ),
        ("local", Arc::new(TimestampNanosecondArray::from(vec![Some(0), Some(1_500_000), None]))),
        ("span", Arc::new(DurationMicrosecondArray::from(vec![Some(0), Some(7), None]))),
        ("months", Arc::new(IntervalYearMonthArray::from(vec![Some(0), Some(14), None]))),
        ("bytes", Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\xff"), Some(b"x"), None]))),
        ("many_bytes", Arc::new(LargeBinaryArray::from_opt_vec(vec![Some(b"\xff"), Some(b"x"), None]))),
        (
            "fixed",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                    [Some([1, 2]), Some([3, 4]), None].into_iter(),
                    2,
                )
                .unwrap(),
            ),
        ),
        ("nothing", Arc::new(NullArray::new(3))),
    ]
}

/// The enrichment of one account per row of every type, with these lines for `[output]`.
async fn of_every_type(output: &str) -> TempDir {
    let columns = every_type();
    let names: Vec<_> = columns.iter().map(|(name, _)| format!("{name:?}")).collect();
    let text = ENRICHMENT.replace("attributes = [\"Tier\"]", &format!("attributes = [{}]", names.join(", ")));
    let text = text.replace("domain = [\"site\", \"mail_domain\"]\n", "").replace("name = \"name\"\n", "");
    let folder = inputs(&format!("{text}\n[output]\n{output}\n"), &[]).await;
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["acme", "bolt", "calm"]));
    let columns = std::iter::once(("account_id", ids)).chain(columns);
    write(
        &folder.path().join("accounts.parquet"),
        &RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
            .unwrap(),
    );
    folder
}

/// The type with which an attribute is published.
fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _) => DataType::Utf8,
        other => other.clone(),
    }
}

#[test]
fn attributes_of_every_type() {
    block_on(async {
        let folder = of_every_type("path = \"out\"").await;
        run(folder.path()).await;
        let file = folder.path().join("out/Office_Accounts.parquet");
        let accounts = crate::files::read(&file);
        let expected = every_type();
        assert_eq!(accounts.num_columns(), 2 + expected.len());
        for (i, (name, column)) in expected.iter().enumerate() {
            let field = accounts.schema().field(2 + i).clone();
            assert_eq!((field.name().as_str(), field.data_type()), (*name, &plain(column.data_type())));
            let expected = datafusion::arrow::compute::cast(column, field.data_type()).unwrap();
            assert_eq!(&expected, accounts.column(2 + i), "{name}");
        }
        let query = r#"select i64, coded, "decimal" from "Account" where "CustomerId" = 'acme'"#;
        assert_eq!(table(folder.path(), query).await, ["1 x 10.50"]);
    });
}

#[test]
fn attributes_in_an_object_store() {
    let lake = Lake::s3("attributes");
    let folder = block_on(of_every_type("path = \"out/\""));
    for name in ["accounts", "contacts", "users", "mail", "meetings"].map(|name| format!("{name}.parquet")) {
        lake.put(&name, fs::read(folder.path().join(&name)).unwrap());
    }
    let text = fs::read_to_string(folder.path().join("enrichment.toml")).unwrap();
    let file = lake.write(&text.replace("public_mail_domains = \"free.txt\"\n", ""), "out/");
    fine(&lake.command("run", &file, &[]));
    let query = "select i64, text, decimal from account where customerid = 'bolt'";
    assert_eq!(
        fine(&lake.command("sql", &file, &["--format", "csv", "-c", query])),
        "i64,text,decimal\n-2,b,-0.01\n"
    );
    assert!(fine(&lake.command("card", &file, &["acme"])).contains("\ndecimal     10.50\n"));
}

#[cfg(feature = "delta")]
#[test]
fn attributes_in_delta_tables() {
    block_on(async {
        let folder = of_every_type("path = \"out\"\nformat = \"delta\"").await;
        run(folder.path()).await;
        let query = r#"select u8, u64, "text", "decimal", at, local, seconds, nothing from "Account" order by "CustomerId""#;
        let expected = [
            "1 1 a 10.50 1970-01-01T00:00:00Z 1970-01-01T00:00:00Z 00:00:00 NULL",
            "200 18446744073709551615 b -0.01 1970-01-01T00:00:01.500Z 1970-01-01T00:00:00.001500Z 01:01:01 NULL",
            "NULL NULL NULL NULL NULL NULL NULL NULL",
        ];
        assert_eq!(table(folder.path(), query).await, expected);
        run(folder.path()).await;
        // A run does not change the schema of a table, and says so before it computes.
        let file = folder.path().join("enrichment.toml");
        let text = fs::read_to_string(&file).unwrap();
        for (from, to, says) in [
            ("\"flag\", ", "", "column flag is not expected"),
            ("\"i64\"", "\"I64\"", "column I64 is missing"),
        ] {
            fs::write(&file, text.replace(from, to)).unwrap();
            let enrichment = open(folder.path());
            for error in [
                pipeline::run(&enrichment, &Silent).await.unwrap_err().to_string(),
                pipeline::check(&enrichment).await.unwrap_err().to_string(),
            ] {
                assert!(error.contains(says) && error.contains("move the table away"), "{error}");
            }
        }
        assert_eq!(table(folder.path(), query).await, expected, "what is published stays");
    });
}
