-- account_day merged upward: one row per account, level and period with engagement.
-- level is year (the whole window), month or week (from Monday); period_start is the period's
-- first day, even where it lies before the window, period_end its last, at most $as_of.
-- The year is always here, because the customer card needs it.
with day as (
  select
    account_day.*,
    level.level,
    case level.level
      when 'year' then cast($first_day as date)
      when 'month' then month_start(day)
      else week_start(day)
    end as period_start
  from account_day
  cross join (
    select level
    from (values ('year'), ('month'), ('week')) as known (level)
    where level = 'year' or array_has($levels, level)
  ) as level
),
period as (
  select
    account_no,
    level,
    period_start,
    min(day) as first_on,
    max(day) filter (where emails > 0) as last_email_on,
    max(day) filter (where meetings > 0) as last_meeting_on,
    sum(emails_to) as emails_to,
    sum(emails_from) as emails_from,
    sum(meetings) as meetings,
    sum(meetings_to) as meetings_to,
    sum(meetings_from) as meetings_from,
    sum(meeting_micros) as meeting_micros,
    sum(replies) as replies,
    sum(reply_micros) as reply_micros,
    distinct_people_count(distinct_people_merge(our_email_people)) as our_email_people,
    distinct_people_count(distinct_people_merge(account_email_people)) as account_email_people,
    distinct_people_count(distinct_people_merge(our_meeting_people)) as our_meeting_people,
    distinct_people_count(distinct_people_merge(account_meeting_people)) as account_meeting_people
  from day
  group by account_no, level, period_start
)
select
  account_no,
  level,
  period_start,
  least(
    case level
      when 'year' then cast($as_of as date)
      when 'month' then cast(period_start + interval '1 month' - interval '1 day' as date)
      else cast(period_start + interval '6 days' as date)
    end,
    cast($as_of as date)
  ) as period_end,
  min(first_on) over (partition by account_no) as first_on,
  max(last_email_on) over upto_here as last_email_on,
  max(last_meeting_on) over upto_here as last_meeting_on,
  emails_to,
  emails_from,
  meetings,
  meetings_to,
  meetings_from,
  meeting_micros,
  replies,
  reply_micros,
  our_email_people,
  account_email_people,
  our_meeting_people,
  account_meeting_people
from period
window upto_here as (
  partition by account_no, level
  order by period_start
  rows between unbounded preceding and current row
)
