-- The pivot: one row per account and local day with engagement. Every column can be merged: counts
-- and sums add up, sets of people (binary state) unite. Week, month and year are merges of it.
select
  account_no,
  day,
  sum(emails) as emails,
  sum(emails_to) as emails_to,
  sum(emails_from) as emails_from,
  sum(meetings) as meetings,
  sum(meetings_to) as meetings_to,
  sum(meetings_from) as meetings_from,
  sum(meeting_micros) as meeting_micros,
  sum(replies) as replies,
  sum(reply_micros) as reply_micros,
  distinct_people_merge(our_email_people) as our_email_people,
  distinct_people_merge(account_email_people) as account_email_people,
  distinct_people_merge(our_meeting_people) as our_meeting_people,
  distinct_people_merge(account_meeting_people) as account_meeting_people
from (
  select
    account_no,
    sent_on as day,
    1 as emails,
    cast(to_account as bigint) as emails_to,
    cast(from_account as bigint) as emails_from,
    0 as meetings,
    0 as meetings_to,
    0 as meetings_from,
    cast(0 as decimal(38, 0)) as meeting_micros,
    0 as replies,
    cast(0 as decimal(38, 0)) as reply_micros,
    our_people as our_email_people,
    account_people as account_email_people,
    null as our_meeting_people,
    null as account_meeting_people
  from message_account
  union all
  select account_no, held_on, 0, 0, 0, 1, cast(to_account as bigint), cast(from_account as bigint), duration_micros,
    0, 0, null, null, our_people, account_people
  from meeting_account
  union all
  select account_no, replied_on, 0, 0, 0, 0, 0, 0, 0, 1, reply_micros, null, null, null, null
  from account_reply
) as credit
group by account_no, day
