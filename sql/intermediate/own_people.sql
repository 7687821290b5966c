-- One row per account, side (mail, meetings) and month of the window with engagement, if $min_people is above 1; no
-- rows otherwise. month is the first day of the month, in $time_zone. people counts the internal people in what is with
-- this account alone: messages or meetings that are with no other account. It is 0 if all are with others, too.
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
    'mail' as side,
    local_date(engaged['sent_at'], $time_zone) as day,
    engaged['internal_people'] as internal_people,
    engaged['is_only'] as is_only
  from message
  union all
  select
    engaged['account_no'],
    'meetings',
    local_date(engaged['start_at'], $time_zone),
    engaged['internal_people'],
    engaged['is_only']
  from meeting
)
select
  account_no,
  side,
  month_start(day) as month,
  coalesce(cast(cardinality(set_union(internal_people) filter (where is_only)) as bigint), 0) as people
from engagement
where $min_people > 1
  and day between cast($first_day as date) and cast($as_of as date)
group by account_no, side, month_start(day)
