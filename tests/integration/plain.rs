//! The counts of Office once more, from the staged rows in plain SQL: no address book, no sets, no
//! days, but one join and one GROUP BY after the other.

use crate::support::{block_on, bundled_run, rows};

/// Who is known: of ours under -1, of an account under its number.
const PARTY: &str = "party as ( \
    select address, -1 as account_no, person from own_address \
    union all \
    select address, account_no, person from contact_address)";

/// What the views say of the year, by account; accounts without anything are left out.
fn of_office(columns: &str, any: &str) -> String {
    format!(
        r#"select account_no, {columns} from "Office" join profile on account_id = "CustomerId"
        where "AggregationLevel" = 'year' and {any}"#
    )
}

/// Both queries give the same rows, and at least so many.
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

/// Days are sums of what was credited on them.
#[test]
fn days() {
    agree(
        "select account_no, day, emails, emails_to, emails_from, meetings, meetings_to, meetings_from, meeting_micros, replies, \
            reply_micros from account_day",
        "select account_no, day, sum(emails), sum(emails_to), sum(emails_from), sum(meetings), sum(meetings_to), sum(meetings_from), \
            sum(meeting_micros), sum(replies), sum(reply_micros) \
        from ( \
            select account_no, sent_on as day, 1 as emails, case when to_account then 1 else 0 end as emails_to, \
                case when from_account then 1 else 0 end as emails_from, 0 as meetings, 0 as meetings_to, 0 as meetings_from, \
                0 as meeting_micros, 0 as replies, 0 as reply_micros from message_account \
            union all \
            select account_no, held_on, 0, 0, 0, 1, case when to_account then 1 else 0 end, \
                case when from_account then 1 else 0 end, duration_micros, 0, 0 from meeting_account \
            union all \
            select account_no, replied_on, 0, 0, 0, 0, 0, 0, 0, 1, reply_micros from account_reply \
        ) as credit group by account_no, day",
        900,
    );
}
