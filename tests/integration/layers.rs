//! The views form layers: each view reads only its own layer and the one before. On the bundled data, the
//! results of one layer agree with those of the next.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use datafusion::prelude::{ParquetReadOptions, SessionContext};
use datafusion_engagement::publish::TABLES;
use datafusion_engagement::query::segments::Segment;
use datafusion_engagement::query::session;
use datafusion_engagement::views::{Layer, VIEWS, View};

use crate::support::{block_on, bundled_run, data, rows, value};

fn folder(layer: Layer) -> &'static str {
    match layer {
        Layer::Staging => "staging",
        Layer::Intermediate => "intermediate",
        Layer::Office => "office",
        Layer::Inspect => "inspect",
    }
}

/// The tables that a statement reads, without the names of its WITH clause.
fn tables_of(view: &View) -> BTreeSet<String> {
    tables_in(view.sql)
}

fn tables_in(sql: &str) -> BTreeSet<String> {
    let state = SessionContext::new().state();
    let dialect = state.config_options().sql_parser.dialect;
    let statement = state.sql_to_statement(sql, &dialect).unwrap();
    let tables = state.resolve_table_references(&statement).unwrap();
    tables.iter().map(|t| t.table().to_string()).collect()
}

#[test]
fn each_layer_reads_only_its_own_and_the_one_before() {
    let steps = [Layer::Staging, Layer::Intermediate, Layer::Office];
    let number = |layer| steps.iter().position(|step| *step == layer);
    for (position, view) in VIEWS.iter().enumerate() {
        let tables = tables_of(view);
        assert!(!tables.is_empty(), "{} reads nothing", view.name);
        for table in tables {
            if table.starts_with("input_") {
                assert_eq!(view.layer, Layer::Staging, "{} reads {table}", view.name);
                continue;
            }
            let read = VIEWS.iter().position(|v| v.name == table);
            let read = read.unwrap_or_else(|| panic!("{} reads {table}, which is no view", view.name));
            assert!(read < position, "{} stands before {table}, which it reads", view.name);
            let reads = VIEWS[read].layer;
            let may_read = match view.layer {
                // What is only for inspection reads any step, and no step reads it.
                Layer::Inspect => reads != Layer::Office,
                own => number(own) == number(reads) || number(own) == number(reads).map(|n| n + 1),
            };
            assert!(may_read, "{} reads {table}", view.name);
        }
    }
}

/// The check above must find every table, not only the one in the first FROM.
#[test]
fn tables_are_found_in_subqueries_and_not_in_with() {
    let mail_copy = View::named("mail_copy").unwrap();
    assert_eq!(
        tables_of(mail_copy),
        BTreeSet::from(["address_book", "holder", "stg_mail"].map(String::from))
    );
}

#[test]
fn every_file_is_a_view_of_its_folder() {
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let mut listed = BTreeSet::new();
    for view in VIEWS {
        let file = sql.join(folder(view.layer)).join(format!("{}.sql", view.name.to_lowercase()));
        assert_eq!(fs::read_to_string(&file).unwrap(), view.sql, "{}", file.display());
        assert!(listed.insert(file), "{} is listed twice", view.name);
    }
    for layer in fs::read_dir(&sql).unwrap().map(|e| e.unwrap()) {
        // Views over published tables, segments, companies and queries over exports have their own lists.
        if ["companies", "graph", "published", "segments"].iter().any(|name| layer.file_name() == *name) {
            continue;
        }
        for file in fs::read_dir(layer.path()).unwrap().map(|e| e.unwrap().path()) {
            assert!(listed.contains(&file), "{} is no view", file.display());
        }
    }
}

/// Segments, and views that replace others in sessions over the published tables.
#[test]
fn the_rest_of_the_sql_reads_published_tables() {
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let mut published: BTreeSet<String> = TABLES.iter().map(|t| t.name.to_lowercase()).collect();
    // Tables with the rows of every retained date.
    for each_date in ["overview_of_each_date", "rows_of_each_date", "customercard_alldates"] {
        published.insert(each_date.to_string());
    }
    let mut segments: BTreeSet<_> =
        Segment::shipped().into_iter().map(|s| format!("{}.sql", s.name)).collect();
    for (folder, files) in [("segments", 6), ("published", 4)] {
        let entries: Vec<_> = fs::read_dir(sql.join(folder)).unwrap().map(|e| e.unwrap()).collect();
        assert_eq!(entries.len(), files, "sql/{folder}");
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(folder == "published" || segments.remove(&name), "{name} is no segment");
            for table in tables_in(&fs::read_to_string(entry.path()).unwrap()) {
                assert!(published.contains(&table.to_lowercase()), "{folder}/{name} reads {table}");
            }
        }
    }
    assert!(segments.is_empty(), "{segments:?} have no file");
}

/// Asserts that this query over the shared run returns no row, which means that the layers agree.
fn nothing(sql: &str) {
    let found = block_on(rows(&bundled_run().ctx, sql)).unwrap_or_else(|e| panic!("{sql}\n{e}"));
    assert!(found.is_empty(), "{sql}\n{:?}", &found[..found.len().min(5)]);
}

fn count(sql: &str) -> i64 {
    block_on(value(&bundled_run().ctx, sql)).parse().unwrap()
}

#[test]
fn dispositions_add_up_to_the_rows_of_the_inputs() {
    for (source, path) in
        [("mail", "mail"), ("meetings", "meetings.parquet"), ("contacts", "contacts.parquet")]
    {
        let path = data().join(path).display().to_string();
        let rows = block_on(async {
            let ctx = SessionContext::new();
            ctx.read_parquet(path, ParquetReadOptions::default()).await.unwrap().count().await.unwrap()
        });
        assert!(rows > 0);
        let dispositions = bundled_run().report.dispositions.iter().filter(|d| d.source == source);
        let (kinds, sum) = dispositions.fold((0, 0), |(kinds, sum), d| (kinds + 1, sum + d.rows));
        assert_eq!(sum, rows as i64, "{source}");
        assert!(kinds > 1, "{source} has only one disposition");
    }
}

#[test]
fn years_are_sums_of_days() {
    let year =
        r#""Office" as office join profile on account_id = "CustomerId" where "AggregationLevel" = 'year'"#;
    assert!(count(&format!("select count(*) from {year}")) > 50);
    nothing(
        r#"select * from (select * from "Office" where "AggregationLevel" = 'year') as office
        join profile on account_id = "CustomerId"
        full join (
            select account_no, sum(emails_to) as emails_to, sum(emails_from) as emails_from, sum(meetings_to) as meetings_to,
                sum(meetings_from) as meetings_from, sum(meetings) as meetings, sum(meeting_micros) as meeting_micros,
                sum(replies) as replies, sum(reply_micros) as reply_micros, min(day) as first_on,
                max(day) filter (where emails > 0) as last_email_on, max(day) filter (where meetings > 0) as last_meeting_on
            from account_day group by account_no
        ) as day on day.account_no = profile.account_no
        where "CustomerId" is null
            or "NoOfEmails_ToAccount" <> coalesce(emails_to, 0)
            or "NoOfEmails_FromAccount" <> coalesce(emails_from, 0)
            or "NoOfMeetings_ToAccount" <> coalesce(meetings_to, 0)
            or "NoOfMeetings_FromAccount" <> coalesce(meetings_from, 0)
            or ("EngagementStartDate" is distinct from first_on)
            or ("DaysSinceLastEmail" is distinct from date '2026-10-31' - last_email_on)
            or ("DaysSinceLastMeeting" is distinct from date '2026-10-31' - last_meeting_on)
            or ("AverageDuration_Of_Meetings" is distinct from
                case when meetings > 0 then cast(meeting_micros as double) / (cast(meetings as double) * 6e7) end)
            or ("AverageDuration_Of_AccountEmailReplies" is distinct from
                case when replies > 0 then cast(reply_micros as double) / (cast(replies as double) * 6e7) end)"#,
    );
}

#[test]
fn people_of_the_year_are_the_people_of_its_messages_and_meetings() {
    for (column, table, people) in [
        ("NoOfContactsInvolved_Emails", "message_account", "internal_people"),
        ("NoOfAccountContactsInvolved_Emails", "message_account", "account_people"),
        ("NoOfContactsInvolved_Meetings", "meeting_account", "internal_people"),
        ("NoOfAccountContactsInvolved_Meetings", "meeting_account", "account_people"),
    ] {
        nothing(&format!(
            r#"select * from (select * from "Office" where "AggregationLevel" = 'year') as office
            join profile on account_id = "CustomerId"
            left join (
                select account_no, cardinality(set_union({people})) as people from {table} group by account_no
            ) as side on side.account_no = profile.account_no
            where "{column}" <> coalesce(people, 0)"#
        ));
    }
}

#[test]
fn months_and_weeks_add_up_to_the_year() {
    for level in ["month", "week"] {
        nothing(&format!(
            r#"select * from (select * from "Office" where "AggregationLevel" = 'year') as year
            left join (
                select "CustomerId", sum("NoOfEmails_ToAccount") as emails_to, sum("NoOfEmails_FromAccount") as emails_from,
                    sum("NoOfMeetings_ToAccount") as meetings_to, sum("NoOfMeetings_FromAccount") as meetings_from,
                    min("EngagementStartDate") as first_on, max("EngagementStartDate") as first_on_too,
                    max("NoOfAccountContactsInvolved_Emails") as most, sum("NoOfAccountContactsInvolved_Emails") as total
                from "Office" where "AggregationLevel" = '{level}' group by "CustomerId"
            ) as part on part."CustomerId" = year."CustomerId"
            where "NoOfEmails_ToAccount" <> coalesce(emails_to, 0)
                or "NoOfEmails_FromAccount" <> coalesce(emails_from, 0)
                or "NoOfMeetings_ToAccount" <> coalesce(meetings_to, 0)
                or "NoOfMeetings_FromAccount" <> coalesce(meetings_from, 0)
                or ("EngagementStartDate" is distinct from first_on)
                or (first_on is distinct from first_on_too)
                or "NoOfAccountContactsInvolved_Emails" not between coalesce(most, 0) and coalesce(total, 0)"#
        ));
    }
    nothing(
        r#"select * from "Office" where "AggregationLevel" = 'week' and date_part('dow', "AggregationStartDate") <> 1"#,
    );
    nothing(
        r#"select * from "Office" where "AggregationLevel" = 'month' and date_part('day', "AggregationStartDate") <> 1"#,
    );
    nothing(r#"select * from "Office" where "AggregationLevel" <> 'year' and "EngagementStartDate" is null"#);
}

#[test]
fn accounts_without_engagement_have_a_year_and_nothing_else() {
    let silent = r#"from "Office" where "EngagementStartDate" is null"#;
    assert!(count(&format!("select count(*) {silent}")) > 0);
    nothing(&format!(
        r#"select * {silent} and ("AggregationLevel" <> 'year' or "EngagementScore" <> 0 or "DaysSinceLastEmail" is not null
            or "DaysSinceLastMeeting" is not null or "AverageDuration_Of_Meetings" is not null
            or "NoOfContactsInvolved_Meetings" + "NoOfContactsInvolved_Emails" > 0)"#
    ));
    assert_eq!(
        count(r#"select count(*) from "Office" where "AggregationLevel" = 'year'"#),
        count("select count(*) from profile")
    );
}

#[test]
fn the_overview_is_that_of_its_tables() {
    nothing(
        r#"select * from "Office_Overview"
        cross join (
            select count(*) as profile, count("EngagementStartDate") as engaged, min("EngagementStartDate") as first_day
            from "Office" where "AggregationLevel" = 'year'
        ) as office
        cross join (select max(day) as last_day, count(distinct day) as days from account_day) as day
        cross join (select count(*) as mailboxes from "Office_UserTable") as mailbox
        where "AccountsInProfile" <> profile or "AccountsEngaged" <> engaged or "FirstDay" <> first_day
            or "LastDay" <> last_day or "DaysCovered" < days or "MailboxesListed" <> mailboxes
            or "MailboxesActive" > mailboxes or "SharedAddresses" = 0"#,
    );
    let (first, last) = bundled_run().report.covered.unwrap();
    let used = "select sent_on as day from stg_mail where disposition = 'used' \
                union all select held_on from stg_meeting where disposition = 'used'";
    nothing(&format!(
        "select * from (select min(day) as first, max(day) as last from ({used}) as used) as days \
         where first <> date '{first}' or last <> date '{last}'"
    ));
    let overview = &bundled_run().report.overview;
    assert_eq!(overview.as_of.to_string(), "2026-10-31");
    assert_eq!(
        overview.messages_engaged,
        Some(count("select count(distinct message_key) from message_account"))
    );
    assert_eq!(
        overview.meetings_engaged,
        Some(count("select count(*) from (select meeting_key, start_at from meeting_account group by 1, 2)"))
    );
}

#[test]
fn the_card_agrees_with_office() {
    nothing(
        r#"select * from (select * from "Office" where "AggregationLevel" = 'year') as office
        full join "CustomerCard" as card on card."CustomerId" = office."CustomerId"
        where (card."EngagementScore" is distinct from office."EngagementScore")
            or "Emails" <> "NoOfEmails_ToAccount" + "NoOfEmails_FromAccount"
            or "Meetings" <> "NoOfMeetings_ToAccount" + "NoOfMeetings_FromAccount" or "Name" is null"#,
    );
    nothing(
        r#"select * from "CustomerCard_History" as history
        left join (select * from "Office" where "AggregationLevel" = 'month') as office
            on office."CustomerId" = history."CustomerId" and "AggregationStartDate" = "Month"
        where "Emails" <> coalesce("NoOfEmails_ToAccount" + "NoOfEmails_FromAccount", 0)
            or "Meetings" <> coalesce("NoOfMeetings_ToAccount" + "NoOfMeetings_FromAccount", 0)"#,
    );
    nothing(
        r#"select "CustomerId" from "CustomerCard_History" group by 1 having count(*) <> 12 or count(distinct "Month") <> 12"#,
    );
    assert_eq!(
        count(r#"select sum("Emails") - sum("Emails") + min("Emails") from "CustomerCard_History""#),
        0
    );
}

#[test]
fn nobody_but_the_listed_mailboxes_is_published() {
    let run = bundled_run();
    block_on(async {
        let published = session::published(&run.enrichment).await.unwrap();
        let listed = rows(&published, r#"select "Email" from "Office_UserTable""#).await.unwrap().concat();
        let people =
            rows(&run.ctx, "select person from contact_address union select person from internal_address")
                .await;
        let people: BTreeSet<String> = people.unwrap().into_iter().flatten().collect();
        assert!(people.len() > 50);
        for table in TABLES {
            for value in
                rows(&published, &format!("select * from \"{}\"", table.name)).await.unwrap().concat()
            {
                let of_a_mailbox = table.name == "Office_UserTable";
                assert!(
                    !value.contains('@') || of_a_mailbox && listed.contains(&value),
                    "{}: {value}",
                    table.name
                );
                assert!(!people.contains(&value) || of_a_mailbox, "{}: {value}", table.name);
            }
        }
    });
}

#[test]
fn scores_are_explained_alike_by_the_live_and_the_published_session() {
    let run = bundled_run();
    block_on(async {
        let live = session::live(&run.enrichment).await.unwrap();
        let published = session::published(&run.enrichment).await.unwrap();
        let explained = r#"select * from "Office_ScoreExplained" order by 1, 2, 3, 4"#;
        let (from_live, from_published) =
            (rows(&live, explained).await.unwrap(), rows(&published, explained).await.unwrap());
        assert!(from_live.len() > 1000);
        assert_eq!(from_live.iter().zip(&from_published).find(|(a, b)| a != b), None);
        assert_eq!(from_live.len(), from_published.len());

        let office =
            r#"select * from "Office" order by "CustomerId", "AggregationLevel", "AggregationStartDate""#;
        let (from_live, from_published) =
            (rows(&live, office).await.unwrap(), rows(&published, office).await.unwrap());
        assert_eq!(from_live.iter().zip(&from_published).find(|(a, b)| a != b), None);
        assert_eq!(from_live.len() as u64, run.report.office_rows);
        assert_eq!(from_published.len() as u64, run.report.office_rows);

        // Every Office row has nine measures, and their points add up to the score.
        let off = r#"select * from "Office" as office full join (
                select "CustomerId", "AggregationLevel", "AggregationStartDate", sum("Standing" * "Weight") as score, sum("Points") as points,
                    count(distinct "Measure") as measures, sum("Weight") as weights, min("Standing") as least, max("Standing") as most
                from "Office_ScoreExplained" group by 1, 2, 3
            ) as explained on explained."CustomerId" = office."CustomerId"
                and explained."AggregationLevel" = office."AggregationLevel"
                and explained."AggregationStartDate" = office."AggregationStartDate"
            where coalesce(abs(score - "EngagementScore") > 1e-9, true) or coalesce(abs(points - "EngagementScore") > 1e-9, true) or measures <> 9 or weights <> 100 or least < 0 or most > 1"#;
        assert_eq!(rows(&published, off).await.unwrap(), Vec::<Vec<String>>::new());
    });
}
