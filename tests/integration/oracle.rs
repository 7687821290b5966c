//! Every aggregate function of this crate agrees with plain SQL over built-in functions, on generated rows.

use datafusion::prelude::SessionContext;

use crate::support::{block_on, rows, session};

/// Target partitions, and rows per batch.
const SETTINGS: [(usize, usize); 4] = [(1, 8192), (2, 8192), (8, 8192), (8, 64)];

/// 4,000 events in three partitions: group, day, value, person (sometimes NULL or blank), list.
const EVENTS: &str = "create table event as \
    select v, v * v % 61 as grp, date '2026-01-01' + arrow_cast(v * 7 % 40, 'Int32') as day, v * v % 97 - 40 as measure, \
        case when v % 11 = 0 then null when v % 13 = 0 then ' ' else arrow_cast(v * 31 % 149, 'Utf8') end as person, \
        arrow_cast(case when v % 5 = 0 then null when v % 7 = 0 then [v % 3, null] else [v % 17, v % 19, v % 17] end, \
            'List(UInt64)') as list \
    from (select value as v from generate_series(1, 1500) union all select value from generate_series(1501, 2000) \
        union all select value from generate_series(2001, 4000)) as series";

/// Sessions with different settings over the same generated tables.
async fn sessions(setup: &[&str]) -> Vec<SessionContext> {
    let mut sessions = vec![];
    for (target_partitions, batch_size) in SETTINGS {
        let ctx = session(target_partitions, batch_size);
        for statement in setup {
            ctx.sql(statement).await.unwrap().collect().await.unwrap();
        }
        sessions.push(ctx);
    }
    sessions
}

/// Asserts that both queries return the same rows with all settings, and at least `at_least` of them.
async fn agree(sessions: &[SessionContext], ours: &str, plain: &str, at_least: usize) {
    for (ctx, setting) in sessions.iter().zip(SETTINGS) {
        // Sorted here, not by SQL: if a list of a group is unnested, the engine treats the group key as a key
        // of the rows and drops the rest of ORDER BY.
        let run = async |sql: &str| {
            let mut rows = rows(ctx, sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
            rows.sort();
            rows
        };
        let (ours, plain) = (run(ours).await, run(plain).await);
        assert!(ours.len() >= at_least, "only {} rows", ours.len());
        let first = ours.iter().zip(&plain).find(|(a, b)| a != b);
        assert_eq!((ours.len(), first), (plain.len(), None), "{setting:?}");
    }
}

#[test]
fn aggregation_has_two_phases() {
    block_on(async {
        let ctx = &sessions(&[EVENTS]).await[2];
        let plan = rows(ctx, "explain select grp, set_union(list) from event group by grp").await.unwrap();
        let plan = plan.concat().concat();
        assert!(plan.contains("mode=Partial") && plan.contains("mode=FinalPartitioned"), "{plan}");
    });
}

#[test]
fn set_union() {
    block_on(async {
        let sessions = sessions(&[EVENTS]).await;
        for set in ["list", "[day]", "day"] {
            let items = if set == "list" { "unnest(list)" } else { "day" };
            let plain = format!(
                "select grp, array_sort(array_agg(distinct item)) from (select grp, {items} as item from event) \
                 where item is not null group by grp"
            );
            let ours = format!("select grp, set_union({set}) from event group by grp");
            agree(&sessions, &ours, &plain, 30).await;
        }
        agree(
            &sessions,
            "select set_union(id_hash(person)) = array_sort(set_union(id_hash(person))), cardinality(set_union(id_hash(person))) \
             from event",
            "select true, count(distinct person) from event",
            1,
        )
        .await;
    });
}

#[test]
fn distinct_people() {
    block_on(async {
        let sessions = sessions(&[EVENTS]).await;
        let plain =
            "select grp, count(distinct person) filter (where trim(person) <> '') from event group by grp";
        for ours in [
            "select grp, distinct_people(person) from event group by grp",
            "select grp, distinct_people_count(distinct_people_state(person)) from event group by grp",
            "select grp, distinct_people_count(distinct_people_merge(people)) from \
             (select grp, day, distinct_people_state(person) as people from event group by grp, day) \
             group by grp",
        ] {
            agree(&sessions, ours, plain, 30).await;
        }
        agree(
            &sessions,
            "select distinct_people(person), distinct_people(null) from event",
            "select count(distinct person) filter (where trim(person) <> ''), 0 from event",
            1,
        )
        .await;
    });
}

#[test]
fn cumulative_counts() {
    block_on(async {
        let sessions = sessions(&[EVENTS]).await;
        agree(
            &sessions,
            "select v, count_at_most(s, measure), count_at_most(less, -measure) from event join \
             (select grp, cumulative_counts(measure) as s, cumulative_counts(-measure) as less from event group by grp) as standing using (grp) \
            ",
            "select v, count(*) over (partition by grp order by measure range between unbounded preceding and current row), \
             count(*) over (partition by grp order by measure desc range between unbounded preceding and current row) \
             from event",
            4000,
        )
        .await;
        // Values that do not occur, compared with a correlated count.
        agree(
            &sessions,
            "select p, count_at_most((select cumulative_counts(measure) from event), p) from (select value - 50 as p from generate_series(0, 120)) \
            ",
            "select p, count(*) filter (where measure <= p) from (select value - 50 as p from generate_series(0, 120)) \
             cross join event group by p",
            100,
        )
        .await;
    });
}

/// 3,000 messages in 100 conversations, many of them at the same instant; a tenth of them are both to and
/// from the account.
const TALK: &str = "create table talk as \
    select v % 100 as c, id_hash(arrow_cast(v, 'Utf8')) as key, \
        arrow_cast(1767225600000000 + v * v % 191 * 3600000000, 'Timestamp(Microsecond, Some(\"UTC\"))') as sent_at, \
        v * v % 10 < 5 as to_account, v * v % 10 >= 5 or v % 10 = 0 as from_account \
    from (select value as v from generate_series(1, 1000) union all select value from generate_series(1001, 3000)) as series";

#[test]
fn reply_times() {
    block_on(async {
        let sessions = sessions(&[TALK]).await;
        agree(
            &sessions,
            "select c, reply['message_key'], reply['sent_at'], reply['reply_micros'] from ( \
                select c, unnest(reply_times(sent_at, key, to_account, from_account, 36000000000)) as reply from talk group by c \
             )",
            "with instant as (select c, sent_at, bool_or(to_account) as asked from talk group by c, sent_at), \
             before as ( \
                select c, sent_at, lag(sent_at) over (partition by c order by sent_at) as sent_before, \
                    lag(asked) over (partition by c order by sent_at) as asked_before from instant \
             ) \
             select c, key, sent_at, micros from ( \
                select talk.c, key, talk.sent_at, cast(talk.sent_at as bigint) - cast(sent_before as bigint) as micros \
                from talk join before on before.c = talk.c and before.sent_at = talk.sent_at \
                where from_account and asked_before \
             ) where micros <= 36000000000",
            200,
        )
        .await;
    });
}

/// 150 addresses: internal ones and those of nine accounts. Some people have several addresses, some
/// addresses belong to several accounts.
const KNOWN: &str = "create table known as \
    select distinct 'p' || arrow_cast(v % 150, 'Utf8') || '@x.com' as address, \
        arrow_cast(case when v % 150 % 10 = 0 then null else v % 150 % 10 + v / 150 end, 'Int32') as account_no, \
        arrow_cast(v % 75, 'Utf8') as person \
    from (select value as v from generate_series(0, 180)) as series";

/// 2,000 messages with zero to three recipients, some of them unknown, in any spelling.
const MAIL: &str = "create table mail as \
    select v, 'p' || arrow_cast(v * v % 163, 'Utf8') || '@x.com' as sender, \
        case when v % 9 = 0 then null when v % 8 = 0 then [] \
            else ['P' || arrow_cast(v * 3 % 170, 'Utf8') || '@X.com', null, 'p' || arrow_cast(v * 10 % 150, 'Utf8') || '@x.com', \
                'You <p' || arrow_cast(v % 31, 'Utf8') || '@x.com>'] end as recipients \
    from (select value as v from generate_series(1, 700) union all select value from generate_series(701, 2000)) as series";

#[test]
fn address_book() {
    block_on(async {
        let sessions = sessions(&[KNOWN, MAIL]).await;
        let book = "(select address_book(address, account_no, person) from known)";
        let ours = format!(
            "select v, m['account_no'], m['to_account'], m['from_account'], cardinality(m['internal_people']), \
                cardinality(m['account_people']) \
             from (select v, unnest(list_engaged_messages({book}, message_copies(id_hash(arrow_cast(v, 'Utf8')), timestamp '2026-06-01', \
                    lookup_people(b, sender), lookup_people(b, recipients), null))) as m \
                from (select *, {book} as b from mail) group by v)"
        );
        agree(
            &sessions,
            &ours,
            "with named as ( \
                select v, false as received, normalize_address(sender) as address from mail \
                union all \
                select v, true, normalize_address(address) from (select v, unnest(recipients) as address from mail) \
             ), \
             role as (select v, received, account_no, person from named join known on known.address = named.address) \
             select theirs.v, theirs.account_no, bool_or(not ours.received) and bool_or(theirs.received), \
                bool_or(ours.received) and bool_or(not theirs.received), count(distinct ours.person), count(distinct theirs.person) \
             from role as theirs join role as ours on ours.v = theirs.v \
             where theirs.account_no is not null and ours.account_no is null \
             group by theirs.v, theirs.account_no \
             having bool_or(not ours.received) and bool_or(theirs.received) or bool_or(ours.received) and bool_or(not theirs.received)",
            500,
        )
        .await;
        let ours = format!("select v, cardinality(lookup_people({book}, sender, recipients)) from mail");
        agree(
            &sessions,
            &ours,
            "with named as ( \
                select v, normalize_address(sender) as address from mail \
                union all \
                select v, normalize_address(address) from (select v, unnest(recipients) as address from mail) \
             ) \
             select mail.v, count(distinct case when person is null then null else concat(account_no, '/', person) end) from mail \
             left join named on named.v = mail.v left join known on known.address = named.address \
             group by mail.v",
            2000,
        )
        .await;
    });
}

#[test]
fn local_date() {
    block_on(async {
        let ctx = session(2, 8192);
        for zone in ["Europe/London", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe"] {
            // 20,000 instants, about four and a half hours apart: ten years.
            let differ = format!(
                "select count(*), count(*) filter (where local_date(t, '{zone}') <> \
                 cast(arrow_cast(t, 'Timestamp(Microsecond, Some(\"{zone}\"))') as date)) \
                 from (select arrow_cast(1450000000000000 + value * 16200000001, 'Timestamp(Microsecond, Some(\"UTC\"))') as t \
                 from generate_series(1, 20000)) as series"
            );
            assert_eq!(rows(&ctx, &differ).await.unwrap(), [["20000", "0"]], "{zone}");
        }
    });
}
