-- One row per account, kind of engagement and month of the window, if $min_people is above 1; no rows otherwise. Kinds are
-- emails and meetings, each to the account, from it, in both directions (copies disagree), or in neither (a third party
-- organizes). Every published number is a sum over whole kinds. month is the first day of the month, in $time_zone. people
-- counts the internal people in what is with this account alone: messages or meetings that are with no other account. It is
-- 0 if all are with others, too.
with message as (
  select unnest(list_engaged_messages(address_book.book, copies)) as engaged
  from address_book
  cross join mail_bucket
),
meeting as (
  select unnest(list_engaged_meetings(address_book.book, copies)) as engaged
  from address_book
  cross join meeting_bucket
),
engagement as (
  select
    engaged['account_no'] as account_no,
    concat_ws(' ', 'emails', engaged['to_account'], engaged['from_account']) as kind,
    local_date(engaged['sent_at'], $time_zone) as day,
    engaged['internal_people'] as internal_people,
    engaged['is_only'] as is_only
  from message
  union all
  select
    engaged['account_no'],
    concat_ws(' ', 'meetings', engaged['to_account'], engaged['from_account']),
    local_date(engaged['start_at'], $time_zone),
    engaged['internal_people'],
    engaged['is_only']
  from meeting
)
select
  account_no,
  kind,
  month_start(day) as month,
  coalesce(cast(cardinality(set_union(internal_people) filter (where is_only)) as bigint), 0) as people
from engagement
where $min_people > 1
  and day between cast($first_day as date) and cast($as_of as date)
group by account_no, kind, month_start(day)
