//! Computes the counts of Office again, from the staged rows in plain SQL: without address book, sets and
//! days, with one join and one GROUP BY after the other.

use crate::support::{block_on, bundled_run, rows};

/// Known addresses: internal ones with account number -1, those of an account with its number. Those that are known by
/// domain belong to the accounts with the longest domain that they end with.
const PARTY: &str = r#"raw_address as (
        select sender as raw from stg_mail
        union all select unnest("to") from stg_mail
        union all select unnest(cc) from stg_mail
        union all select unnest(bcc) from stg_mail
        union all select mailbox from stg_mail
        union all select organizer from stg_meeting
        union all select unnest(attendees) from stg_meeting
        union all select unnest(declined) from stg_meeting
        union all select mailbox from stg_meeting
    ),
    candidate as (select distinct normalize_address(raw) as address from raw_address),
    taken as (
        select address from internal_address
        union select unnest(addresses) from contact where disposition <> 'missing_account'
    ),
    nobodys as (select domain from own_domain union select domain from stg_public_mail_domain),
    stranger as (
        select candidate.address, address_domain(candidate.address) as domain
        from candidate
        left join taken on taken.address = candidate.address
        left join nobodys on nobodys.domain = address_domain(candidate.address)
        where taken.address is null and nobodys.domain is null
    ),
    name as (select address, unnest(parent_domains(domain)) as domain from stranger),
    by_domain as (
        select name.address, known.account_no,
            rank() over (partition by name.address order by length(known.domain) desc) as place
        from name join account_domain as known on known.domain = name.domain
        where known.disposition = 'used'
    ),
    party as (
        select address, -1 as account_no, person from internal_address
        union all select address, account_no, person from contact_address
        union all select address, account_no, address as person from by_domain where place = 1
    )"#;

/// The year rows of Office, by account; accounts without engagement are left out.
fn of_office(columns: &str, any: &str) -> String {
    format!(
        r#"select account_no, {columns} from "Office" join profile on account_id = "CustomerId"
        where "AggregationLevel" = 'year' and {any}"#
    )
}

/// Asserts that both queries return the same rows, and at least `at_least` of them.
fn agree(ours: &str, plain: &str, at_least: usize) {
    let run = bundled_run();
    let sorted = |sql: &str| {
        let mut rows = block_on(rows(&run.ctx, sql)).unwrap_or_else(|e| panic!("{sql}\n{e}"));
        rows.sort();
        rows
    };
    let (ours, plain) = (sorted(ours), sorted(plain));
    assert!(ours.len() >= at_least, "only {} accounts", ours.len());
    assert_eq!(ours.iter().zip(&plain).find(|(a, b)| a != b), None);
    assert_eq!(ours.len(), plain.len());
}

#[test]
fn emails() {
    let columns = r#""NoOfEmails_ToAccount", "NoOfEmails_FromAccount", "NoOfContactsInvolved_Emails",
        "NoOfAccountContactsInvolved_Emails", "DaysSinceLastEmail""#;
    let plain = format!(
        r#"with {PARTY},
        used as (select * from stg_mail where disposition = 'used'),
        named as (
            select message_id, false as received, sender as raw from used
            union all select message_id, true, unnest("to") from used
            union all select message_id, true, unnest(cc) from used
            union all select message_id, true, unnest(bcc) from used
            union all select message_id, true, mailbox from used
        ),
        role as (
            select distinct message_id, received, account_no, person
            from named join party on party.address = normalize_address(raw)
        ),
        pair as (
            select theirs.message_id, theirs.account_no, not ours.received and theirs.received as is_to,
                ours.received and not theirs.received as is_from
            from role as theirs join role as ours on ours.message_id = theirs.message_id
            where theirs.account_no >= 0 and ours.account_no = -1
        ),
        engaged as (
            select message_id, account_no, bool_or(is_to) as is_to, bool_or(is_from) as is_from
            from pair group by message_id, account_no having bool_or(is_to) or bool_or(is_from)
        ),
        people as (
            select engaged.account_no, count(distinct case when role.account_no = -1 then person end) as ours,
                count(distinct case when role.account_no >= 0 then person end) as theirs
            from engaged join role on role.message_id = engaged.message_id and role.account_no in (-1, engaged.account_no)
            group by engaged.account_no
        ),
        sent as (select message_id, min(sent_on) as sent_on from used group by message_id)
        select engaged.account_no, count(*) filter (where is_to), count(*) filter (where is_from), min(ours), min(theirs),
            date '2026-10-31' - max(sent_on)
        from engaged join people on people.account_no = engaged.account_no join sent on sent.message_id = engaged.message_id
        group by engaged.account_no"#
    );
    agree(&of_office(columns, r#""NoOfContactsInvolved_Emails" > 0"#), &plain, 30);
}

#[test]
fn meetings() {
    let columns = r#""NoOfMeetings_ToAccount", "NoOfMeetings_FromAccount", "NoOfContactsInvolved_Meetings",
        "NoOfAccountContactsInvolved_Meetings", "DaysSinceLastMeeting", "AverageDuration_Of_Meetings""#;
    let plain = format!(
        r#"with {PARTY},
        used as (select * from stg_meeting where disposition = 'used'),
        named as (
            select meeting_id, start_at, 'organizer' as part, organizer as raw from used
            union all select meeting_id, start_at, 'attendee', unnest(attendees) from used
            union all select meeting_id, start_at, 'attendee', mailbox from used
            union all select meeting_id, start_at, 'declined', unnest(declined) from used
        ),
        role as (
            select distinct meeting_id, start_at, part, account_no, person
            from named join party on party.address = normalize_address(raw)
        ),
        present as (
            select distinct role.meeting_id, role.start_at, role.part, role.account_no, role.person
            from role left join role as refusal on refusal.part = 'declined' and refusal.meeting_id = role.meeting_id
                and refusal.start_at = role.start_at and refusal.account_no = role.account_no and refusal.person = role.person
            where role.part = 'organizer' or role.part = 'attendee' and refusal.person is null
        ),
        held as (
            select meeting_id, start_at, min(held_on) as held_on, max(end_at) as end_at from used
            group by meeting_id, start_at having not bool_or(is_cancelled)
        ),
        engaged as (
            select theirs.meeting_id, theirs.start_at, theirs.account_no, bool_or(ours.part = 'organizer') as is_to,
                bool_or(theirs.part = 'organizer') as is_from, min(held_on) as held_on,
                min(cast(end_at as bigint) - cast(held.start_at as bigint)) as micros
            from present as theirs join present as ours on ours.meeting_id = theirs.meeting_id and ours.start_at = theirs.start_at
            join held on held.meeting_id = theirs.meeting_id and held.start_at = theirs.start_at
            where theirs.account_no >= 0 and ours.account_no = -1
            group by theirs.meeting_id, theirs.start_at, theirs.account_no
        ),
        people as (
            select engaged.account_no, count(distinct case when present.account_no = -1 then person end) as ours,
                count(distinct case when present.account_no >= 0 then person end) as theirs
            from engaged join present on present.meeting_id = engaged.meeting_id and present.start_at = engaged.start_at
                and present.account_no in (-1, engaged.account_no)
            group by engaged.account_no
        )
        select engaged.account_no, count(*) filter (where is_to), count(*) filter (where is_from), min(ours), min(theirs),
            date '2026-10-31' - max(held_on), cast(sum(micros) as double) / cast(count(*) * 60000000 as double)
        from engaged join people on people.account_no = engaged.account_no
        group by engaged.account_no"#
    );
    agree(&of_office(columns, r#""NoOfContactsInvolved_Meetings" > 0"#), &plain, 20);
}

/// Days are sums of the engagements credited on them, and unions of the people in these.
#[test]
fn days() {
    agree(
        "select account_no, day, emails, emails_to, emails_from, meetings, meetings_to, meetings_from, meeting_micros, replies, \
            reply_micros, distinct_people_count(internal_email_people), distinct_people_count(account_email_people), \
            distinct_people_count(internal_meeting_people), distinct_people_count(account_meeting_people) \
        from account_day",
        "with reply as ( \
            select account_no, unnest(reply_times(sent_at, message_key, to_account, from_account, 2592000000000)) as reply \
            from (select *, unnest(conversations) as conversation_key from message_account) as thread \
            group by account_no, conversation_key \
        ), \
        answer as ( \
            select account_no, local_date(min(reply['sent_at']), 'Europe/London') as replied_on, min(reply['reply_micros']) as reply_micros \
            from reply group by account_no, reply['message_key'] \
        ) \
        select account_no, day, sum(emails), sum(emails_to), sum(emails_from), sum(meetings), sum(meetings_to), sum(meetings_from), \
            sum(meeting_micros), sum(replies), sum(reply_micros), cardinality(set_union(internal_email_people)), \
            cardinality(set_union(account_email_people)), cardinality(set_union(internal_meeting_people)), \
            cardinality(set_union(account_meeting_people)) \
        from ( \
            select account_no, sent_on as day, 1 as emails, case when to_account then 1 else 0 end as emails_to, \
                case when from_account then 1 else 0 end as emails_from, 0 as meetings, 0 as meetings_to, 0 as meetings_from, \
                0 as meeting_micros, 0 as replies, 0 as reply_micros, internal_people as internal_email_people, \
                account_people as account_email_people, arrow_cast(null, 'List(UInt32)') as internal_meeting_people, \
                arrow_cast(null, 'List(UInt32)') as account_meeting_people \
            from message_account \
            union all \
            select account_no, held_on, 0, 0, 0, 1, case when to_account then 1 else 0 end, \
                case when from_account then 1 else 0 end, duration_micros, 0, 0, null, null, internal_people, account_people \
            from meeting_account \
            union all \
            select account_no, replied_on, 0, 0, 0, 0, 0, 0, 0, 1, reply_micros, null, null, null, null from answer \
        ) as credit group by account_no, day",
        900,
    );
}

/// Periods are merged days; last email and last meeting are the last ones up to the end of the period.
#[test]
fn periods() {
    let sums = [
        "emails_to",
        "emails_from",
        "meetings",
        "meetings_to",
        "meetings_from",
        "meeting_micros",
        "replies",
        "reply_micros",
    ];
    let people = [
        "internal_email_people",
        "account_email_people",
        "internal_meeting_people",
        "account_meeting_people",
    ];
    let columns = [&sums[..], &people[..]].concat().join(", ");
    let merged = sums
        .map(|c| format!("sum({c}) as {c}"))
        .into_iter()
        .chain(people.map(|c| format!("distinct_people_count(distinct_people_merge({c})) as {c}")));
    let merged = merged.collect::<Vec<_>>().join(", ");
    let keys = "account_no, level, period_start";
    agree(
        &format!(
            "select {keys}, period_end, first_on, last_email_on, last_meeting_on, {columns} from account_period"
        ),
        &format!(
            "with day as ( \
                select account_day.*, level, case level when 'year' then date '2025-11-01' when 'month' then \
                    cast(date_trunc('month', day) as date) else cast(date_trunc('week', day) as date) end as period_start \
                from account_day cross join (values ('year'), ('month'), ('week')) as known (level) \
            ), \
            period as ( \
                select {keys}, min(day) as first_on, max(day) filter (where emails > 0) as last_email_on, \
                    max(day) filter (where meetings > 0) as last_meeting_on, {merged} \
                from day group by {keys} \
            ) \
            select {keys}, least(date '2026-10-31', case level when 'year' then date '2026-10-31' when 'month' then \
                    cast(period_start + interval '1 month' - interval '1 day' as date) \
                    else cast(period_start + interval '6 days' as date) end), \
                min(first_on) over (partition by account_no), max(last_email_on) over upto_here, \
                max(last_meeting_on) over upto_here, {columns} \
            from period \
            window upto_here as (partition by account_no, level order by period_start rows between unbounded preceding and current row)"
        ),
        900,
    );
}
