//! A few messages and meetings whose Office is computed by hand.

use std::fs;
use std::path::Path;

use datafusion::arrow::compute::concat_batches;
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::query::session;

use crate::files::write;
use crate::support::{block_on, rows};

const ENRICHMENT: &str = r#"
name = "worked"
as_of = "2026-06-30"
levels = ["year"]
[consent]
granted_by = "admin@us.com"
granted_on = "2026-01-01"
[mailboxes]
addresses = ["anna@us.com", "ben@us.com"]
[users]
path = "users.parquet"
[contacts]
path = "contacts.parquet"
[accounts]
path = "accounts.parquet"
[mail]
path = "mail.parquet"
[meetings]
path = "meetings.parquet"
"#;

/// Anna has two addresses, and so does Carl of ACME.
const PEOPLE: [(&str, &str); 3] = [
    (
        "users",
        "select * from (values ('anna@us.com', 'e1'), ('anna.alias@us.com', 'e1'), ('ben@us.com', 'e2')) t(email, entra_id)",
    ),
    (
        "contacts",
        "select * from (values ('Carl <carl@acme.com>', 'acme', 'c1'), ('carl2@acme.com', 'acme', 'c1'), ('DORA@bolt.com', 'bolt', 'c2')) \
         t(email, account_id, contact_id)",
    ),
    (
        "accounts",
        "select * from (values ('acme', 'ACME'), ('bolt', 'Bolt'), ('calm', 'Calm')) t(account_id, name)",
    ),
];

/// 1: Anna writes to an unknown person, with Carl in bcc; Ben has another copy, sent a little later.
/// 2: Carl answers from his other address after half an hour.
/// 3: Dora of Bolt writes to Carl, with Ben in cc: engaged for Bolt only, not for ACME.
/// 4, 5, 6, 7: a draft, an automatic reply, one message a day before the window, one a day after it.
const MAIL: &str = "select m as message_id, k as conversation_id, arrow_cast(t, 'Timestamp(Microsecond, None)') as sent_at, \
    s as sender, [a] as \"to\", [c] as cc, [b] as bcc, x as mailbox, d as is_draft, o as is_automatic from (values \
    ('1', 'k', '2026-06-01T10:00:00', 'anna.alias@us.com', 'x@x.com', null, 'carl@acme.com', null, false, false), \
    ('1', null, '2026-06-01T10:05:00', 'anna.alias@us.com', 'x@x.com', null, null, 'ben@us.com', null, null), \
    ('2', 'k', '2026-06-01T10:30:00', 'carl2@acme.com', 'ANNA@us.com', null, null, 'anna@us.com', false, false), \
    ('3', 'q', '2026-06-20T12:00:00', 'dora@bolt.com', 'carl@acme.com', 'ben@us.com', null, null, false, false), \
    ('4', 'q', '2026-06-21T12:00:00', 'anna@us.com', 'dora@bolt.com', null, null, null, true, false), \
    ('5', 'q', '2026-06-21T12:00:00', 'anna@us.com', 'dora@bolt.com', null, null, null, false, true), \
    ('6', 'q', '2025-06-30T23:59:59', 'anna@us.com', 'dora@bolt.com', null, null, null, false, false), \
    ('7', 'q', '2026-07-01T00:00:00', 'anna@us.com', 'dora@bolt.com', null, null, null, false, false) \
    ) v(m, k, t, s, a, c, b, x, d, o)";

/// 1: Dora invites Anna and Ben for an hour; Ben declines in another copy.
/// 2: Anna invites Carl, but the meeting is cancelled in one copy.
/// 3: an unknown person invites Ben and Carl, Carl with both addresses, for half an hour.
const MEETINGS: &str = "select m as meeting_id, o as organizer, a as attendees, [d] as declined, \
    arrow_cast(s, 'Timestamp(Microsecond, None)') as start_at, arrow_cast(e, 'Timestamp(Microsecond, None)') as end_at, \
    c as is_cancelled from (values \
    ('1', 'dora@bolt.com', ['anna@us.com', 'ben@us.com'], null, '2026-06-10T09:00:00', '2026-06-10T10:00:00', false), \
    ('1', 'dora@bolt.com', ['anna@us.com', 'ben@us.com'], 'ben@us.com', '2026-06-10T09:00:00', '2026-06-10T09:45:00', null), \
    ('2', 'anna@us.com', ['carl@acme.com', 'anna@us.com'], null, '2026-06-11T09:00:00', '2026-06-11T10:00:00', false), \
    ('2', 'anna@us.com', ['carl@acme.com', 'anna@us.com'], null, '2026-06-11T09:00:00', '2026-06-11T10:00:00', true), \
    ('3', 'x@x.com', ['ben@us.com', 'carl@acme.com', 'carl2@acme.com'], null, '2026-06-12T11:00:00', '2026-06-12T11:30:00', false) \
    ) v(m, o, a, d, s, e, c)";

/// Of 2 engaged accounts, ACME has the standings 2 2 0 0 2 2 2 2 1 (emails to and from, meetings from and to,
/// internal people in meetings and emails, account's people in both, recency) and Bolt 0 2 2 0 2 1 2 2 2.
/// With weights 10 20 15 15 5 5 10 10 10 that is 130 / 2 and 145 / 2.
const OFFICE: [&str; 3] = [
    "acme 65.0 1 1 0 0 1 2 1 1 2026-06-01 29 18 30.0 30.0 2025-07-01 year",
    "bolt 72.5 0 1 1 0 1 1 1 1 2026-06-10 10 20 60.0 NULL 2025-07-01 year",
    "calm 0.0 0 0 0 0 0 0 0 0 NULL NULL NULL NULL NULL 2025-07-01 year",
];

const OTHERS: [(&str, &[&str]); 4] = [
    ("Office_UserTable", &["anna@us.com e1", "ben@us.com e2"]),
    ("Office_Overview", &["worked 2026-06-30 2026-06-01 2026-06-20 5 2 2 3 2 3 2 0 0 0 0"]),
    (
        "Office_Dispositions",
        &[
            "contacts used 3",
            "mail automatic 1",
            "mail draft 1",
            "mail outside_window 2",
            "mail used 4",
            "meetings used 5",
        ],
    ),
    ("CustomerCard", &["acme ACME 65.0 2 0", "bolt Bolt 72.5 1 1", "calm Calm 0.0 0 0"]),
];

/// Writes the enrichment and its inputs to a folder.
pub async fn inputs(folder: &Path) {
    let ctx = session::new().unwrap();
    for (name, sql) in PEOPLE.into_iter().chain([("mail", MAIL), ("meetings", MEETINGS)]) {
        let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
        let batch = concat_batches(&batches[0].schema(), &batches).unwrap();
        write(&folder.join(format!("{name}.parquet")), &batch);
    }
    fs::write(folder.join("enrichment.toml"), ENRICHMENT).unwrap();
}

#[test]
fn office_is_what_was_worked_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        inputs(folder.path()).await;
        let enrichment = Enrichment::open(folder.path().join("enrichment.toml")).unwrap();
        pipeline::run(&enrichment, &Silent).await.unwrap();
        let ctx = session::published(&enrichment).await.unwrap();
        for (table, expected) in [("Office", &OFFICE[..])].into_iter().chain(OTHERS) {
            let rows = rows(&ctx, &format!("select * from \"{table}\" order by 1, 2")).await.unwrap();
            let rows: Vec<_> = rows.iter().map(|values| values.join(" ")).collect();
            assert_eq!(rows, expected, "{table}");
        }
    });
}
