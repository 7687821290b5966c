//! Small published tables for unit tests: invented data with the columns of the contract.

use std::path::Path;

use datafusion::prelude::SessionContext;

use crate::config::Enrichment;

const OFFICE: &str = r#"
select "CustomerId", "EngagementScore", "ToAccount" as "NoOfEmails_ToAccount",
    "FromAccount" as "NoOfEmails_FromAccount", 0 as "NoOfMeetings_FromAccount",
    "Meetings" as "NoOfMeetings_ToAccount", 1 as "NoOfContactsInvolved_Meetings",
    1 as "NoOfContactsInvolved_Emails", "TheirsMeetings" as "NoOfAccountContactsInvolved_Meetings",
    "TheirsEmails" as "NoOfAccountContactsInvolved_Emails",
    case when "EngagementScore" > 0 then date '2026-01-05' end as "EngagementStartDate", "SinceEmail" as "DaysSinceLastEmail",
    "SinceMeeting" as "DaysSinceLastMeeting", cast(null as double) as "AverageDuration_Of_Meetings",
    cast(null as double) as "AverageDuration_Of_AccountEmailReplies",
    cast("Start" as date) as "AggregationStartDate", "Level" as "AggregationLevel"
from (values
    ('a1', 95.0, 40, 30, 4, 3, 5,    2, 10,   '2025-11-23', 'year'),
    ('a2', 55.0, 12,  0, 0, 0, 1,   61, null, '2025-11-23', 'year'),
    ('a3', 30.0,  3,  2, 1, 1, 1,   61, 61,   '2025-11-23', 'year'),
    ('a4', 20.0,  3,  2, 1, 1, 2,   60, 90,   '2025-11-23', 'year'),
    ('a5',  0.0,  0,  0, 0, 0, 0, null, null, '2025-11-23', 'year'),
    ('a1', 90.0,  4,  3, 1, 1, 2,    2, 10,   '2026-11-01', 'month'),
    ('a1', 70.0,  4,  3, 1, 1, 2,    2, 10,   '2026-10-01', 'month'),
    ('a2', 35.0,  1,  0, 0, 0, 1,   61, null, '2026-11-01', 'month'),
    ('a2', 55.0,  9,  0, 0, 0, 1,   30, null, '2026-10-01', 'month'),
    ('a3', 40.0,  1,  1, 0, 0, 1,   30, null, '2026-10-01', 'month'),
    ('a4', 50.0,  1,  1, 0, 0, 1,    3, null, '2026-11-01', 'month'),
    ('a4', 69.0,  1,  1, 0, 0, 1,   33, null, '2026-10-01', 'month'),
    ('a1', 10.0,  1,  1, 0, 0, 1,    3, null, '2026-11-16', 'week'))
    as t ("CustomerId", "EngagementScore", "ToAccount", "FromAccount", "Meetings",
          "TheirsMeetings", "TheirsEmails", "SinceEmail", "SinceMeeting", "Start", "Level")"#;

const TABLES: [(&str, &str); 8] = [
    ("Office", OFFICE),
    (
        "Office_Accounts",
        r#"select * from (values ('a1', 'Acme Ltd', 'Tools', 12), ('a2', 'Globex', null, null), ('a3', null, null, 0),
           ('a4', 'Initech', 'Software', 1), ('a5', 'Hooli', 'Software', 2))
           as t ("CustomerId", "Name", "Industry", "Seats")"#,
    ),
    (
        "Office_UserTable",
        r#"select * from (values ('anna@contoso.com', 'e-1'), ('ben@contoso.com', null))
           as t ("Email", "EntraId")"#,
    ),
    (
        "Office_Overview",
        r#"select 'us-sales' as "Enrichment", date '2026-11-22' as "AsOfDate",
           date '2026-01-05' as "FirstDay", date '2026-11-20' as "LastDay", 200 as "DaysCovered",
           2 as "MailboxesListed", 2 as "MailboxesActive", 99 as "MessagesEngaged",
           6 as "MeetingsEngaged", 5 as "AccountsInProfile", 4 as "AccountsEngaged",
           0 as "SharedAddresses", 0 as "AddressesByDomain", 0 as "AccountsByDomain",
           0 as "SharedDomains""#,
    ),
    (
        "Office_Dispositions",
        "select * from (values ('mail', 'used', 120), ('mail', 'draft', 3), ('meetings', 'used', 6))
         as t (source, disposition, rows)",
    ),
    (
        "Office_ScoreExplained",
        r#"select 'a1' as "CustomerId", 'year' as "AggregationLevel",
           date '2025-11-23' as "AggregationStartDate", 'recency' as "Measure", 2 as "Value",
           1.0 as "Standing", 10 as "Weight", 10.0 as "Points""#,
    ),
    (
        "CustomerCard",
        r#"select * from (values ('a1', 'Acme Ltd', 95.0, 70, 4), ('a2', 'Globex', 55.0, 12, 0),
           ('a3', null, 30.0, 5, 1), ('a4', 'Initech', 20.0, 5, 1), ('a5', 'Hooli', 0.0, 0, 0))
           as t ("CustomerId", "Name", "EngagementScore", "Emails", "Meetings")"#,
    ),
    (
        "CustomerCard_History",
        r#"select 'a1' as "CustomerId", cast(m as date) as "Month", e as "Emails", n as "Meetings"
           from (values ('2026-10-01', 7, 1), ('2026-11-01', 12, 0)) as t (m, e, n)"#,
    ),
];

/// A session with the published tables.
pub(crate) async fn published() -> SessionContext {
    let ctx = crate::engine::session::new().unwrap();
    for (name, query) in TABLES {
        table(&ctx, name, query).await;
    }
    ctx
}

/// Registers the result of a query as a table of exactly this name.
pub(crate) async fn table(ctx: &SessionContext, name: &str, query: &str) {
    let frame = ctx.sql(&format!("create table \"{name}\" as {query}")).await;
    frame.unwrap_or_else(|e| panic!("{name}: {e}"));
}

/// An enrichment whose file is in a folder.
pub(crate) fn enrichment(folder: &Path) -> Enrichment {
    let file = folder.join("enrichment.toml");
    let text = r#"
        name = "us-sales"
        as_of = "2026-11-22"
        consent = { granted_by = "admin@contoso.com", granted_on = "2026-11-01" }
        mailboxes = { addresses = ["anna@contoso.com", "ben@contoso.com"] }
        contacts = { path = "contacts.parquet" }
        mail = { path = "mail.parquet" }
        meetings = { path = "meetings.parquet" }"#;
    std::fs::write(&file, text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    Enrichment::open(&file).unwrap_or_else(|e| panic!("{e}"))
}
