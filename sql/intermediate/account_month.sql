-- One row per account of the profile and month of the window, if $min_people is above 1; no rows otherwise. month is the
-- first day of the month, in $time_zone. numbers and people have, as text, everything from which published numbers of the
-- month and of longer periods are computed. numbers of a month without engagement are '0'. people has $min_people, and the
-- internal people of emails and of meetings in steps of it, as they are published.
with engaged_month as (
  select
    day['account_no'] as account_no,
    month_start(day['day']) as month,
    min(day['day']) as first_on,
    max(case when day['emails'] > 0 then day['day'] end) as last_email_on,
    max(case when day['meetings'] > 0 then day['day'] end) as last_meeting_on
  from (select unnest(days) as day from account_days where $min_people > 1) as account_day
  group by day['account_no'], month_start(day['day'])
)
select
  profile.account_no,
  profile.account_id,
  window_month.month,
  coalesce(counted.numbers, '0') as numbers,
  concat_ws(
    ' ',
    $min_people,
    coalesce(counted.internal_email_people, 0) / $min_people,
    coalesce(counted.internal_meeting_people, 0) / $min_people
  ) as people
from (
  select cast(unnest(generate_series(
    cast($first_day as date),
    month_start(cast($as_of as date)),
    interval '1 month'
  )) as date) as month
) as window_month
cross join profile
left join (
  select
    account_period.account_no,
    period_start,
    internal_email_people,
    internal_meeting_people,
    concat_ws(
      ' ',
      emails,
      emails_to,
      emails_from,
      meetings,
      meetings_to,
      meetings_from,
      cast(meeting_micros as varchar),
      replies,
      cast(reply_micros as varchar),
      account_email_people,
      account_meeting_people,
      engaged_month.first_on,
      coalesce(cast(engaged_month.last_email_on as varchar), '-'),
      coalesce(cast(engaged_month.last_meeting_on as varchar), '-')
    ) as numbers
  from account_period
  join engaged_month
    on engaged_month.account_no = account_period.account_no and engaged_month.month = account_period.period_start
  where level = 'month'
) as counted on counted.account_no = profile.account_no and counted.period_start = window_month.month
where $min_people > 1
