//! Unusual rows that real inputs contain: each produces the right result or the right disposition. Expected
//! values are computed by hand.

use std::fs;
use std::path::Path;

use datafusion::arrow::compute::concat_batches;
use datafusion::prelude::{ParquetReadOptions, SessionConfig};
use datafusion_engagement::config::{Enrichment, Level};
use datafusion_engagement::error::{ErrorKind, Result};
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::query::session;
use tempfile::TempDir;

use crate::files::write;
use crate::process::{ENGAGEMENT, caught};
use crate::support::{block_on, rows};

const ENRICHMENT: &str = r#"
name = "rows"
as_of = "2026-06-30"
levels = ["year"]
[consent]
granted_by = "admin@us.com"
granted_on = "2026-01-01"
[mailboxes]
file = "mailboxes.txt"
[contacts]
path = "contacts.parquet"
[accounts]
path = "accounts.parquet"
[mail]
path = "mail.parquet"
[meetings]
path = "meetings.parquet"
"#;

const CONTACTS: &str = "select * from (values ('carl@acme.com', 'acme', 'c1'), ('dora@bolt.com', 'bolt', 'c2')) \
    t(email, account_id, contact_id)";
const ACCOUNTS: &str = "select * from (values ('acme', 'ACME'), ('bolt', 'Bolt')) t(account_id, name)";
const NO_MAIL: &str = "select '' as message_id, '' as conversation_id, timestamp '2026-06-01T00:00:00' as sent_at, '' as sender, \
    [''] as \"to\" from generate_series(1, 0)";
const NO_MEETINGS: &str = "select '' as meeting_id, '' as organizer, [''] as attendees, timestamp '2026-06-01T00:00:00' as start_at, \
    timestamp '2026-06-01T00:00:00' as end_at from generate_series(1, 0)";

/// A folder with an enrichment. The inputs named in `given` have those rows, the others the default rows.
fn inputs(given: &[(&str, &str)]) -> (TempDir, Enrichment) {
    let folder = tempfile::tempdir().unwrap();
    let mut wanted =
        vec![("contacts", CONTACTS), ("accounts", ACCOUNTS), ("mail", NO_MAIL), ("meetings", NO_MEETINGS)];
    wanted.extend(given.iter().filter(|(name, _)| *name == "groups").copied());
    block_on(async {
        let ctx = session::new().unwrap();
        for (name, sql) in wanted {
            let sql = given.iter().find(|(given, _)| *given == name).map_or(sql, |(_, sql)| *sql);
            let frame = ctx.sql(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
            let schema = frame.schema().inner().clone();
            let batch = concat_batches(&schema, &frame.collect().await.unwrap()).unwrap();
            write(&folder.path().join(format!("{name}.parquet")), &batch);
        }
    });
    fs::write(folder.path().join("enrichment.toml"), ENRICHMENT).unwrap();
    fs::write(folder.path().join("mailboxes.txt"), "anna@us.com\nben@us.com\n").unwrap();
    let enrichment = open(folder.path());
    (folder, enrichment)
}

fn open(folder: &Path) -> Enrichment {
    Enrichment::open(folder.join("enrichment.toml")).unwrap()
}

fn run(enrichment: &Enrichment) -> Result<pipeline::Report> {
    block_on(pipeline::run(enrichment, &Silent))
}

/// The result of a query over the published tables, one line per row.
fn published(enrichment: &Enrichment, sql: &str) -> Vec<String> {
    block_on(async {
        let ctx = session::published(enrichment).await.unwrap();
        let rows = rows(&ctx, sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
        rows.iter().map(|values| values.join(" ")).collect()
    })
}

const DISPOSITIONS: &str = "select * from \"Office_Dispositions\" order by 1, 2";
/// Emails to and from the account, internal people, account's people, days since the last email, minutes to
/// reply.
const EMAILS: &str = "select \"CustomerId\", \"NoOfEmails_ToAccount\", \"NoOfEmails_FromAccount\", \
    \"NoOfContactsInvolved_Emails\", \"NoOfAccountContactsInvolved_Emails\", \"DaysSinceLastEmail\", \
    \"AverageDuration_Of_AccountEmailReplies\" from \"Office\" order by 1";

#[test]
fn nulls_everywhere_and_empty_lists() {
    let text = "arrow_cast(null, 'Utf8')";
    let (_folder, enrichment) = inputs(&[
        (
            "mail",
            "select m as message_id, c as conversation_id, arrow_cast(t, 'Timestamp(Microsecond, None)') as sent_at, s as sender, \
             a as \"to\", a as cc, a as bcc, x as mailbox, d as is_draft, d as is_automatic from (values \
             (null, null, null, null, arrow_cast(null, 'List(Utf8)'), null, arrow_cast(null, 'Boolean')), \
             ('1', null, null, null, null, null, null), \
             ('2', null, '2026-06-01T09:00:00', null, null, null, null), \
             ('3', null, '2026-06-01T09:00:00', 'anna@us.com', null, null, null), \
             ('4', null, '2026-06-01T09:00:00', 'anna@us.com', [], null, null), \
             ('5', null, '2026-06-01T09:00:00', 'anna@us.com', [null, null, ''], null, null), \
             ('6', null, '2026-06-01T09:00:00', 'anna@us.com', [null, 'carl@acme.com'], null, null)) v(m, c, t, s, a, x, d)",
        ),
        (
            "meetings",
            "select m as meeting_id, o as organizer, a as attendees, a as declined, o as mailbox, \
             arrow_cast(s, 'Timestamp(Microsecond, None)') as start_at, arrow_cast(e, 'Timestamp(Microsecond, None)') as end_at, \
             c as is_cancelled from (values \
             (null, null, arrow_cast(null, 'List(Utf8)'), null, null, arrow_cast(null, 'Boolean')), \
             ('1', null, null, null, null, null), \
             ('1', null, null, '2026-06-01T09:00:00', null, null), \
             ('1', null, null, '2026-06-01T09:00:00', '2026-06-01T09:00:00', null), \
             ('1', 'anna@us.com', null, '2026-06-01T09:00:00', '2026-06-01T09:00:00', null)) v(m, o, a, s, e, c)",
        ),
        (
            "contacts",
            "select * from (values (null, null, null), ('x@x.com', null, null), (null, 'acme', null), ('y@x.com', ' ', 'c'), \
             ('carl@acme.com', 'acme', null)) t(email, account_id, contact_id)",
        ),
        ("accounts", &format!("select 'acme' as account_id, {text} as name union all select {text}, {text}")),
    ]);
    run(&enrichment).unwrap();
    assert_eq!(
        published(&enrichment, DISPOSITIONS),
        [
            "contacts invalid_email 1",
            "contacts missing_account 3",
            "contacts used 1",
            "mail invalid_sender 1",
            "mail missing_id 1",
            "mail missing_time 1",
            "mail used 4",
            "meetings invalid_organizer 1",
            "meetings missing_id 1",
            "meetings missing_time 2",
            "meetings used 1",
        ]
    );
    assert_eq!(published(&enrichment, EMAILS), ["acme 1 0 1 1 29 NULL"]);
}

/// Rows of contacts with two addresses each; anna is internal.
#[test]
fn dispositions_of_contacts_with_several_addresses() {
    let (_folder, mut enrichment) = inputs(&[(
        "contacts",
        "select *, null as contact_id from (values \
         ('ANNA@us.com', 'carl@acme.com', 'acme'), ('carl@acme.com', 'Carl <carl@acme.com>', 'acme'), \
         ('anna@us.com', 'x', 'acme'), ('anna@us.com', null, 'gone'), (null, 'x', 'gone'), ('x', 'y', 'acme'), \
         ('carl@acme.com', 'anna@us.com', 'gone'), ('carl@acme.com', 'anna@us.com', ' ')) t(email, other, account_id)",
    )]);
    enrichment.contacts.as_mut().unwrap().email = vec!["email".into(), "other".into()];
    run(&enrichment).unwrap();
    let of_contacts = published(&enrichment, DISPOSITIONS);
    assert_eq!(
        of_contacts.iter().filter(|row| row.starts_with("contacts")).collect::<Vec<_>>(),
        [
            "contacts invalid_email 2",
            "contacts missing_account 1",
            "contacts own_mailbox 1",
            "contacts unknown_account 2",
            "contacts used 2",
        ]
    );
}

/// Items of lists, email cells of contacts and members of groups hold several addresses; a sender, a mailbox and
/// the address of a group hold one.
#[test]
fn several_addresses_in_one_value() {
    let (folder, _) = inputs(&[
        (
            "mail",
            "select m as message_id, 'k' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, s as sender, t as \"to\", \
             x as mailbox from (values \
             ('1', 'anna@us.com', ['Carl <CARL@acme.com>; Dora <dora@bolt.com>', 'x@y.z'], null), \
             ('2', 'anna@us.com', ['x@y.z, Lee, Carl <carl@acme.com>'], null), \
             ('3', 'anna@us.com', ['Lee, Carl <carl@acme.com>'], null), \
             ('4', 'anna@us.com; ben@us.com', ['carl@acme.com'], null), \
             ('5', 'carl@acme.com', ['x@y.z'], 'anna@us.com; ben@us.com'), \
             ('6', 'carl@acme.com', ['anna@us.com;ben@us.com'], 'eve@us.com'), \
             ('7', 'eve@us.com', ['erin@acme.com'], null)) t(m, s, t, x)",
        ),
        (
            "meetings",
            "select 'u' as meeting_id, 'ben@us.com' as organizer, ['Carl <carl@acme.com>, Dora <dora@bolt.com>; anna@us.com'] as attendees, \
             ['x@y.z; dora@bolt.com'] as declined, timestamp '2026-06-01T09:00:00' as start_at, \
             timestamp '2026-06-01T10:00:00' as end_at",
        ),
        (
            "contacts",
            "select * from (values ('Carl <carl@acme.com>; Erin <erin@acme.com>', 'acme', 'c1'), ('dora@bolt.com,ANNA@us.com', 'bolt', 'c2'), \
             ('anna@us.com; ben@us.com', 'bolt', 'c3'), ('Bob; Eve', 'bolt', 'c4'), ('x@y.z; q@y.z', 'gone', 'c5')) \
             t(email, account_id, contact_id)",
        ),
        (
            "groups",
            "select * from (values ('team@us.com', 'Anna <anna@us.com>; Ben <ben@us.com>, nested@us.com'), \
             ('team@us.com', 'nobody'), ('nested@us.com', 'eve@us.com;'), ('a@us.com; b@us.com', 'q@us.com')) t(group_email, member_email)",
        ),
    ]);
    let file = folder.path().join("enrichment.toml");
    let text = fs::read_to_string(&file).unwrap() + "[groups]\npath = \"groups.parquet\"\n";
    fs::write(&file, text).unwrap();
    fs::write(folder.path().join("mailboxes.txt"), "team@us.com\n").unwrap();
    let enrichment = open(folder.path());
    let report = run(&enrichment).unwrap();
    assert_eq!(report.overview.mailboxes_listed, 3, "anna, ben and eve");
    assert_eq!(
        published(&enrichment, DISPOSITIONS),
        [
            "contacts invalid_email 1",
            "contacts own_mailbox 1",
            "contacts unknown_account 1",
            "contacts used 2",
            "mail invalid_sender 1",
            "mail used 6",
            "meetings used 1",
        ]
    );
    // To acme: 1, 2, 3, 7. From acme: 6, in which three of ours take part.
    assert_eq!(published(&enrichment, EMAILS), ["acme 4 1 3 1 29 NULL", "bolt 1 0 1 1 29 NULL"]);
    let meetings = "select \"CustomerId\", \"NoOfMeetings_ToAccount\", \"NoOfContactsInvolved_Meetings\" from \"Office\" order by 1";
    assert_eq!(published(&enrichment, meetings), ["acme 1 2", "bolt 0 0"]);
}

#[test]
fn ten_thousand_recipients_in_one_mail() {
    let (_folder, enrichment) = inputs(&[
        (
            "mail",
            "select '1' as message_id, 'k' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, 'anna@us.com' as sender, \
             array_agg('p' || arrow_cast(value, 'Utf8') || '@x.com') as \"to\" from generate_series(1, 10000)",
        ),
        // Only the even numbers are contacts, each twice.
        (
            "contacts",
            "select 'P' || arrow_cast(value % 5000 * 2 + 2, 'Utf8') || '@X.com' as email, 'acme' as account_id, \
             arrow_cast(value % 5000, 'Utf8') as contact_id from generate_series(0, 9999)",
        ),
    ]);
    run(&enrichment).unwrap();
    assert_eq!(published(&enrichment, EMAILS), ["acme 1 0 1 5000 29 NULL", "bolt 0 0 0 0 NULL NULL"]);
}

#[test]
fn texts_of_a_megabyte() {
    let long = "repeat('a', 1000000)";
    let (_folder, enrichment) = inputs(&[
        (
            "mail",
            &format!(
                "select {long} || m as message_id, {long} as conversation_id, arrow_cast(t, 'Timestamp(Microsecond, None)') as sent_at, \
                 s as sender, [r] as \"to\" from (values \
                 ('1', '2026-06-01T09:00:00', 'anna@us.com', {long} || '@acme.com'), \
                 ('1', '2026-06-01T09:00:00', 'anna@us.com', {long}), \
                 ('2', '2026-06-01T09:10:00', {long} || ' <' || upper({long}) || '@acme.com>', 'anna@us.com'), \
                 ('3', '2026-06-01T09:10:00', {long}, 'anna@us.com')) v(m, t, s, r)"
            ),
        ),
        (
            "contacts",
            &format!(
                "select {long} || '@acme.com' as email, {long} as account_id, {long} as contact_id union all \
                 select {long} || '@acme.com', {long}, {long} || 'b'"
            ),
        ),
        ("accounts", &format!("select {long} as account_id, {long} as name")),
    ]);
    run(&enrichment).unwrap();
    let office = published(&enrichment, EMAILS);
    assert_eq!(office.len(), 1);
    let expected = format!("{} 1 1 1 1 29 10.0", "a".repeat(1_000_000));
    assert!(office[0] == expected, "{}", &office[0][999_990..]);
    let mail = published(&enrichment, DISPOSITIONS).split_off(1);
    assert_eq!(mail, ["mail invalid_sender 1", "mail used 3"]);
}

#[test]
fn times_at_the_ends_of_every_unit() {
    for unit in ["Second", "Millisecond", "Microsecond", "Nanosecond"] {
        for zone in ["None", "Some(\"+14:00\")"] {
            let time = |n: &str| format!("arrow_cast({n}, 'Timestamp({unit}, {zone})')");
            let per_second = match unit {
                "Second" => 1,
                "Millisecond" => 1_000,
                "Microsecond" => 1_000_000,
                _ => 1_000_000_000_i64,
            };
            // 2026-06-01 09:00 UTC, and years 1 and 9999 if the unit can express them.
            let (now, first, last) = (1_780_304_400_i64, -62_135_596_800_i64, 253_402_300_799_i64);
            let at = |seconds: i64| seconds.checked_mul(per_second).unwrap_or(i64::MIN).to_string();
            let ends = [i64::MIN.to_string(), i64::MAX.to_string(), at(first), at(last), "0".to_string()];
            let mail = |n: &str| {
                format!(
                    "select '1' as message_id, {} as sent_at, 'anna@us.com' as sender, ['carl@acme.com'] as \"to\"",
                    time(n)
                )
            };
            let all: Vec<_> = ends.iter().map(|n| mail(n)).chain([mail(&at(now))]).collect();
            let meeting = |id: &str, start: &str, end: &str| {
                format!(
                    "select '{id}' as meeting_id, 'anna@us.com' as organizer, ['carl@acme.com'] as attendees, {} as start_at, \
                     {} as end_at",
                    time(start),
                    time(end)
                )
            };
            let (least, most) = (i64::MIN.to_string(), i64::MAX.to_string());
            let meetings = [
                meeting("1", &least, &most),
                meeting("2", &most, &least),
                meeting("3", &at(now), &least),
                meeting("4", &at(now), &at(now + 60)),
            ];
            let (_folder, enrichment) =
                inputs(&[("mail", &all.join(" union all ")), ("meetings", &meetings.join(" union all "))]);
            run(&enrichment).unwrap();
            assert_eq!(
                published(&enrichment, DISPOSITIONS)[1..],
                [
                    "mail outside_window 5",
                    "mail used 1",
                    "meetings ends_before_start 2",
                    "meetings outside_window 1",
                    "meetings used 1"
                ],
                "{unit} {zone}"
            );
            let minutes =
                "select \"AverageDuration_Of_Meetings\" from \"Office\" where \"CustomerId\" = 'acme'";
            assert_eq!(published(&enrichment, minutes), ["1.0"], "{unit} {zone}");
        }
    }
}

/// Each meeting takes about 290,000 years: the sum does not fit into 64 bits, but the mean does.
#[test]
fn meetings_without_end() {
    let most = i64::MAX;
    let (_folder, enrichment) = inputs(&[(
        "meetings",
        &format!(
            "select arrow_cast(value, 'Utf8') as meeting_id, 'anna@us.com' as organizer, ['carl@acme.com'] as attendees, \
             arrow_cast(1780304400000000, 'Timestamp(Microsecond, None)') as start_at, \
             arrow_cast({most}, 'Timestamp(Microsecond, None)') as end_at from generate_series(1, 5)"
        ),
    )]);
    run(&enrichment).unwrap();
    let mean = (5 * i128::from(most - 1_780_304_400_000_000)) as f64 / (5 * 60_000_000) as f64;
    let minutes = "select \"AverageDuration_Of_Meetings\" from \"Office\" where \"CustomerId\" = 'acme'";
    assert_eq!(published(&enrichment, minutes), [format!("{mean:?}")]);
}

/// `n` copies of one message.
fn copies(n: u32) -> String {
    format!(
        "select '1' as message_id, 'k' || arrow_cast(value % 1000, 'Utf8') as conversation_id, \
         arrow_cast(1780304400000000 + value % 5000 * 1000000, 'Timestamp(Microsecond, None)') as sent_at, \
         case when value % 2 = 0 then 'anna@us.com' else 'Anna <ANNA@us.com>' end as sender, ['x@x.com'] as \"to\", \
         case when value % 100 = 0 then 'carl@acme.com' when value % 100 = 1 then 'ben@us.com' end as mailbox \
         from generate_series(1, {n})"
    )
}

#[test]
fn a_hundred_thousand_copies_of_one_message() {
    let (_folder, enrichment) = inputs(&[("mail", &copies(100_000))]);
    run(&enrichment).unwrap();
    assert_eq!(published(&enrichment, EMAILS), ["acme 1 0 2 1 29 NULL", "bolt 0 0 0 0 NULL NULL"]);
    assert_eq!(published(&enrichment, DISPOSITIONS)[1..], ["mail used 100000"]);
}

/// `n` messages of one conversation, alternately from the account and to it, ten seconds apart, from
/// 2026-03-01.
fn conversation(n: u32) -> String {
    format!(
        "select arrow_cast(value, 'Utf8') as message_id, 'k' as conversation_id, \
         arrow_cast(1772323200000000 + value * 10000000, 'Timestamp(Microsecond, None)') as sent_at, \
         case when value % 2 = 0 then 'anna@us.com' else 'carl@acme.com' end as sender, \
         [case when value % 2 = 0 then 'carl@acme.com' else 'anna@us.com' end] as \"to\" from generate_series(1, {n})"
    )
}

#[test]
fn one_conversation_with_a_million_messages() {
    let (_folder, enrichment) = inputs(&[("mail", &conversation(1_000_000))]);
    run(&enrichment).unwrap();
    // Ten million seconds after the start it is June 24. Ten seconds are a sixth of a minute.
    assert_eq!(
        published(&enrichment, EMAILS),
        ["acme 500000 500000 1 1 6 0.16666666666666666", "bolt 0 0 0 0 NULL NULL"]
    );
}

/// `n` messages from one internal person, each to another person of one account.
fn one_account(n: u32) -> [String; 2] {
    let mail = format!(
        "select arrow_cast(value, 'Utf8') as message_id, 'k' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, \
         'anna@us.com' as sender, ['p' || arrow_cast(value, 'Utf8') || '@acme.com'] as \"to\" from generate_series(1, {n})"
    );
    let contacts = format!(
        "select 'p' || arrow_cast(value, 'Utf8') || '@acme.com' as email, 'acme' as account_id, \
         arrow_cast(value, 'Utf8') as contact_id from generate_series(1, {n})"
    );
    [mail, contacts]
}

#[test]
fn one_account_with_everything() {
    let [mail, contacts] = one_account(50_000);
    let (_folder, enrichment) = inputs(&[("mail", &mail), ("contacts", &contacts)]);
    run(&enrichment).unwrap();
    assert_eq!(published(&enrichment, EMAILS), ["acme 50000 0 1 50000 29 NULL", "bolt 0 0 0 0 NULL NULL"]);
    // It is the only engaged account, so its standing is 1 in each measure that is not 0: 10 + 5 + 10 + 10.
    let scores = "select \"CustomerId\", \"EngagementScore\" from \"Office\" order by 1";
    assert_eq!(published(&enrichment, scores), ["acme 35.0", "bolt 0.0"]);
}

/// One email to `n` people, all of them contacts.
fn recipients(n: u32) -> [String; 2] {
    let mail = format!(
        "select '1' as message_id, 'k' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, 'anna@us.com' as sender, \
         array_agg('p' || arrow_cast(value, 'Utf8') || '@acme.com') as \"to\" from generate_series(1, {n})"
    );
    [mail, one_account(n)[1].clone()]
}

/// One email to an address that belongs to `n` accounts.
fn accounts(n: u32) -> [String; 2] {
    let mail = "select '1' as message_id, 'k' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, \
        'anna@us.com' as sender, ['shared@agency.com'] as \"to\"";
    let contacts = format!(
        "select 'shared@agency.com' as email, 'a' || arrow_cast(value, 'Utf8') as account_id, 'c' as contact_id \
         from generate_series(1, {n})"
    );
    [mail.to_owned(), contacts]
}

/// With four times as much input of one shape, reserved memory and the rows passed between stages grow at
/// most in proportion.
#[test]
fn memory_and_work_in_proportion() {
    let shapes: [(&str, u32, fn(u32) -> [String; 2]); 5] = [
        ("copies of a message", 25_000, |n| [copies(n), CONTACTS.to_owned()]),
        ("messages of a conversation", 25_000, |n| [conversation(n), CONTACTS.to_owned()]),
        ("people of an account", 10_000, one_account),
        ("recipients of a mail", 5_000, recipients),
        ("accounts of an address", 2_500, accounts),
    ];
    for (name, n, shape) in shapes {
        let [less, more] = [n, 4 * n].map(|n| {
            let [mail, contacts] = shape(n);
            // The profile contains every account of the contacts.
            let profile = format!("select distinct account_id, account_id as name from ({contacts})");
            let (_folder, enrichment) =
                inputs(&[("mail", &mail), ("contacts", &contacts), ("accounts", &profile)]);
            let ctx = session::with_config(SessionConfig::new().with_target_partitions(2)).unwrap();
            let report = block_on(pipeline::run_on(&ctx, &enrichment, &Silent)).unwrap();
            let reserved = report.stages.iter().map(|stage| stage.peak_memory).max().unwrap();
            let rows = report
                .stages
                .iter()
                .map(|stage| stage.rows_in.unwrap() + stage.rows_out.unwrap())
                .sum::<u64>();
            (reserved, rows)
        });
        assert!(more.0 <= 5 * less.0 + (8 << 20), "{name}: {} bytes, then {}", less.0, more.0);
        assert!(more.1 <= 5 * less.1 + 10_000, "{name}: {} rows, then {}", less.1, more.1);
    }
}

#[test]
fn an_address_in_a_thousand_accounts() {
    let id = "'a' || arrow_cast(value, 'Utf8')";
    let (_folder, enrichment) = inputs(&[
        ("accounts", &format!("select {id} as account_id, {id} as name from generate_series(1, 1000)")),
        (
            "contacts",
            &format!(
                "select 'shared@agency.com' as email, {id} as account_id, 'c' as contact_id from generate_series(1, 1000)"
            ),
        ),
        (
            "mail",
            "select '1' as message_id, 'k' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, 'anna@us.com' as sender, \
             ['shared@agency.com'] as \"to\"",
        ),
    ]);
    let report = run(&enrichment).unwrap();
    assert_eq!((report.overview.shared_addresses, report.overview.accounts_engaged), (1, 1000));
    assert_eq!(report.overview.messages_engaged, Some(1));
    let all_alike = "select count(*), min(\"EngagementScore\"), max(\"EngagementScore\"), sum(\"NoOfEmails_ToAccount\"), \
        sum(\"NoOfAccountContactsInvolved_Emails\"), sum(\"NoOfContactsInvolved_Emails\") from \"Office\"";
    // Weights of emails to the account, internal people, the account's people, and recency: 10 + 5 + 10 + 10.
    assert_eq!(published(&enrichment, all_alike), ["1000 35.0 35.0 1000 1000 1000"]);
}

#[test]
fn as_many_mailboxes_as_there_may_be() {
    let (folder, enrichment) = inputs(&[(
        "mail",
        "select 'm' || arrow_cast(value, 'Utf8') as message_id, 'k' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, \
         'p' || arrow_cast(value, 'Utf8') || '@us.com' as sender, ['carl@acme.com'] as \"to\" from generate_series(1, 2501)",
    )]);
    let list = |n: usize| {
        let lines: String = (1..=n).map(|i| format!("p{i}@us.com\n")).collect();
        fs::write(folder.path().join("mailboxes.txt"), lines).unwrap();
        open(folder.path())
    };
    let error = run(&list(2501)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Enrichment);
    assert!(error.to_string().contains("lists 2501 mailboxes"), "{error}");
    run(&list(2500)).unwrap();
    assert_eq!(published(&enrichment, EMAILS), ["acme 2500 0 2500 1 29 NULL", "bolt 0 0 0 0 NULL NULL"]);
}

#[test]
fn nul_and_characters_that_turn_text_around() {
    let (folder, enrichment) = inputs(&[
        ("accounts", "select 'a\0\u{202e}b' as account_id, 'N\0\u{202e}eman\u{2066}\n\u{1b}[31m' as name"),
        (
            "contacts",
            "select 'c\0\u{202e}@acme.com' as email, 'a\0\u{202e}b' as account_id, '\0' as contact_id union all \
             select 'c@acme.com', 'a', '\0'",
        ),
        (
            "mail",
            "select '\0' as message_id, '\0' as conversation_id, timestamp '2026-06-01T09:00:00' as sent_at, \
             'Anna \0\u{202e}<anna@us.com>' as sender, ['c\0\u{202e}@acme.com', 'c@acme.com', '\0'] as \"to\"",
        ),
    ]);
    run(&enrichment).unwrap();
    assert_eq!(published(&enrichment, EMAILS), ["a\0\u{202e}b 1 0 1 1 29 NULL"]);
    let card = "select \"Name\" from \"CustomerCard\"";
    assert_eq!(published(&enrichment, card), ["N\0\u{202e}eman\u{2066}\n\u{1b}[31m"], "as it was given");
    // A table on a terminal must not contain these characters.
    let file = folder.path().join("enrichment.toml").display().to_string();
    let query = "select * from customercard";
    let arguments = ["sql", &file, "--format", "table", "-c", query].map(String::from);
    let outcome = caught(ENGAGEMENT, &arguments).output().unwrap();
    let shown = String::from_utf8(outcome.stdout).unwrap();
    assert_eq!(outcome.status.code(), Some(0));
    assert!(shown.contains("eman"), "{shown:?}");
    let hidden = ['\0', '\u{202e}', '\u{2066}', '\u{1b}'];
    assert!(!shown.contains(hidden), "{shown:?}");
}

/// Office is sorted by one number instead of its key. This must also work for days that are centuries apart.
#[test]
fn centuries_in_the_order_of_office() {
    let mail = "select m as message_id, m as conversation_id, arrow_cast(t, 'Timestamp(Microsecond, None)') as sent_at, \
         'anna@us.com' as sender, [a] as \"to\" from (values \
         ('1', '2026-06-01T09:00:00', 'carl@acme.com'), ('2', '0001-01-10T09:00:00', 'carl@acme.com'), \
         ('3', '1601-01-01T00:00:00', 'dora@bolt.com'), ('4', '1600-12-31T00:00:00', 'dora@bolt.com'), \
         ('5', '2026-06-30T00:00:00', 'dora@bolt.com')) v(m, t, a)";
    let (_folder, mut enrichment) = inputs(&[("mail", mail)]);
    // The window begins on January 8 of year 1; the month and the week of that day begin before it.
    enrichment.window_days = 739_790;
    enrichment.levels = vec![Level::Year, Level::Month, Level::Week];
    let office = run(&enrichment).unwrap().office;
    let as_written = block_on(async {
        let ctx = session::with_config(SessionConfig::new().with_target_partitions(1)).unwrap();
        let office = ctx.read_parquet(office, ParquetReadOptions::default()).await.unwrap();
        ctx.register_table("office", office.into_view()).unwrap();
        let key = "select \"AggregationLevel\", \"CustomerId\", \"AggregationStartDate\" from office";
        rows(&ctx, key).await.unwrap()
    });
    let mut sorted = as_written.clone();
    sorted.sort();
    assert_eq!(as_written, sorted);
    let lines: Vec<_> = as_written.iter().map(|values| values.join(" ")).collect();
    assert_eq!(lines[..3], ["month acme 0001-01-01", "month acme 2026-06-01", "month bolt 1600-12-01"]);
    assert_eq!(lines.len(), 12, "{lines:?}");
}
