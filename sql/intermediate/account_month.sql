-- One row per account of the profile and month of the window, if $min_people is above 1; no rows otherwise. month is the
-- first day of the month, in $time_zone. numbers has, as text, everything from which published numbers of the month and
-- of longer periods are computed; a month without engagement has zeros. Internal people are counted in steps of
-- $min_people, as they are published.
select
  profile.account_no,
  profile.account_id,
  window_month.month,
  coalesce(counted.numbers, '0') as numbers
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
    account_no,
    period_start,
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
      internal_email_people / $min_people,
      account_email_people,
      internal_meeting_people / $min_people,
      account_meeting_people
    ) as numbers
  from account_period
  where level = 'month'
) as counted on counted.account_no = profile.account_no and counted.period_start = window_month.month
where $min_people > 1
